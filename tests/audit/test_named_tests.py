"""Printed p-values of ordinary software, of data whose truth is known, and what a paper says of its tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm, ranksums, ttest_ind, ttest_ind_from_stats

from tests.conftest import REFERENCE
from tests.made_up_paper import write_paper
from vpresearch.audit import Check, audit
from vpresearch.audit.witness import table_p
from vpresearch.cli import main
from vpresearch.core.errors import LANGUAGES, InputError, line
from vpresearch.inference import mann_whitney, rank_permutation
from vpresearch.published import read_paper
from vpresearch.render import labels


def _coin_normal(a: Any, b: Any) -> float:
    """Standardise the sum of a group by its variance over every division, as R's coin does (``oneway_test``)."""
    values = np.concatenate([a, b])
    gap, n = a.mean() - values.mean(), len(values)
    return float(2 * norm.sf(abs(gap) / np.sqrt(values.var(ddof=1) / len(a) * len(b) / n)))


P_OF: dict[str, Callable[[Any, Any], Any]] = {
    "student": lambda a, b: ttest_ind(a, b).pvalue,
    "welch": lambda a, b: ttest_ind(a, b, equal_var=False).pvalue,
    "kruskal": lambda a, b: mannwhitneyu(a, b, method="asymptotic", use_continuity=False).pvalue,
    "kruskal_uncorrected": lambda a, b: ranksums(a, b).pvalue,
    "mann_whitney": lambda a, b: mannwhitneyu(a, b, method="asymptotic").pvalue,
    "mann_whitney_uncorrected": lambda a, b: mann_whitney(a, b, corrected=False).p_value,
    "mann_whitney_exact": lambda a, b: mannwhitneyu(a, b, method="exact").pvalue,
    "permutation_distance": lambda a, b: rank_permutation(a, b, "distance").p_value,
    "permutation_doubled": lambda a, b: rank_permutation(a, b, "doubled").p_value,
    "permutation_mid": lambda a, b: _divided(a, b, np.sign, mid=True),
    "permutation_means": lambda a, b: _divided(a, b, np.asarray),
    "permutation_normal": _coin_normal,
}


def _divided(a: Any, b: Any, compared: Callable[[Any], Any], *, mid: bool = False) -> float:
    """Count the divisions as far apart as the observed one, as R's coin does (``midpvalue``, ``oneway_test``)."""
    values = np.concatenate([a, b])
    chosen = np.array(list(combinations(range(len(values)), len(a))))
    gaps = compared(values[:, None] - values[None]).sum(axis=1)[chosen].sum(axis=1)
    return float((abs(gaps) >= abs(gaps[0])).mean() - mid * (abs(gaps) == abs(gaps[0])).mean() / 2)


def _paper(a: Any, b: Any, p: str, **said: Any) -> dict[str, Any]:
    claims: list[dict[str, Any]] = []
    for arm, values in (("a", a), ("b", b)):
        for kind, printed in (
            ("n", str(len(values))),
            ("mean", f"{values.mean():.2f}"),
            ("sd", f"{values.std(ddof=1):.2f}"),
        ):
            compute = {"statistic": kind, "over": "patients", "group": {"arm": arm}}
            compute |= {} if kind == "n" else {"variable": "score"}
            kind_of = "count" if kind == "n" else kind
            claims.append(
                {"id": f"{arm}.{kind}", "printed": printed, "kind": kind_of, "places": ["t"], "compute": compute}
            )
    compute = {"statistic": "p", "over": "patients", "variable": "score"}
    claims.append({"id": "s.p", "printed": p, "kind": "p", "places": ["t"], "compute": compute, **said})
    grid = {"over": "patients", "step": "1", "low": "0", "high": "6"}
    return {"paper": {"key": "made-up"}, "variables": {"score": grid}, "claims": claims}


def _audited(content: dict[str, Any], path: Path) -> list[Check]:
    return [check for check in audit(read_paper(write_paper(content, path / "p.yaml"))) if check.claims[0] == "s.p"]


def _groups(seed: int, n_a: int = 9, n_b: int = 7) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 6, n_a), rng.integers(1, 7, n_b)


@pytest.mark.parametrize("test", P_OF)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_true_p_of_any_test_raises_no_alarm(test: str, seed: int, tmp_path: Path) -> None:
    a, b = _groups(seed)
    checks = _audited(_paper(a, b, f"{P_OF[test](a, b):.3f}"), tmp_path)
    assert {check.check for check in checks} >= {f"p_{name}" for name in P_OF}
    assert [check.verdict for check in checks if check.check == f"p_{test}"] == ["possible"]
    assert not any(check.alarm for check in checks)


@pytest.mark.parametrize(
    ("named", "test"), [("kruskal", "kruskal_uncorrected"), ("permutation", "permutation_doubled")]
)
def test_a_named_test_alone_is_tried(named: str, test: str, tmp_path: Path) -> None:
    a, b = _groups(4)
    checks = _audited(_paper(a, b, f"{P_OF[test](a, b):.3f}", test=named), tmp_path)
    assert {check.values["test"] for check in checks if "test" in check.values} == {
        name for name in P_OF if name.startswith(named)
    }
    assert labels.text("word.tests_named", "en") in labels.audited(checks[-1], "en")
    wrong = _audited(_paper(a, b, f"{P_OF[test](a, b):.3f}", test="student"), tmp_path)
    assert [check.alarm for check in wrong] == [False, True]


@pytest.mark.parametrize("side", ["less", "greater"])
def test_a_one_sided_p_is_half_of_one(side: Literal["less", "greater"], tmp_path: Path) -> None:
    a, b = _groups(5)
    p = f"{ttest_ind(a, b, alternative=side).pvalue:.3f}"
    (student, source) = _audited(_paper(a, b, p, test="student", sided="one"), tmp_path)
    assert (student.verdict, source.alarm) == ("possible", False)
    assert "one-sided" in labels.audited(source, "en")
    assert _audited(_paper(a, b, p, test="student"), tmp_path)[-1].alarm


def test_every_one_sided_test_finds_its_p(tmp_path: Path) -> None:
    a, b = _groups(6)
    p = f"{rank_permutation(a, b, 'doubled').p_value / 2:.3f}"
    checks = {check.check: check for check in _audited(_paper(a, b, p, sided="one"), tmp_path)}
    assert checks["p_permutation_doubled"].verdict == "possible"
    assert "p_permutation_distance" not in checks
    far = {check.check: check for check in _audited(_paper(a, b, "0.500", test="welch", sided="one"), tmp_path)}
    assert far["p_welch"].code in {"p_not_attained", "p_out_of_reach_one"}


def test_a_p_of_nought_is_remarked_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = _paper(np.repeat([0, 1], [6, 6]), np.repeat([5, 6], [6, 6]), "0.000")
    (nought, *_) = checks = _audited(content, tmp_path)
    assert (nought.check, nought.alarm, nought.values["least"]) == ("p_nought", False, "0.001")
    assert not any(check.alarm for check in checks)
    path = write_paper(content, tmp_path / "p.yaml")
    assert main(["audit", str(path), "--out", str(tmp_path / "out"), "--language", "es", "--strict"]) == 0
    said = capsys.readouterr().out
    assert "observación: t, p, score: Se imprime 0,000, pero ninguna p vale cero: debería ser p < 0,001." in said
    assert labels.text("test.kruskal_uncorrected", "es") in said.splitlines()[1]


def test_a_test_for_another_kind_of_numbers_is_not_tried(tmp_path: Path) -> None:
    a, b = _groups(7)
    (check,) = _audited(_paper(a, b, "0.500", test="fisher"), tmp_path)
    assert (check.code, check.verdict) == ("p_untried", "undecided")
    assert "Fisher" in labels.audited(check, "en")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"test": "magic"}, "test_unknown"),
        ({"test": []}, "test_unknown"),
        ({"test": ["kruskal", 3]}, "test_unknown"),
        ({"sided": True}, "test_unknown"),
        ({"sided": "left"}, "test_unknown"),
    ],
)
def test_words_that_are_no_tests_are_refused_by_line(said: dict[str, Any], code: str, tmp_path: Path) -> None:
    a, b = _groups(8)
    path = write_paper(_paper(a, b, "0.500", **said), tmp_path / "p.yaml")
    with pytest.raises(InputError) as error:
        read_paper(path)
    (problem,) = error.value.problems
    (key,) = said
    assert problem.code == code
    assert path.read_text(encoding="utf-8").splitlines()[int(problem.line or 0) - 1].strip().startswith(f"{key}:")
    assert all(key in line(problem, language) and "s.p" in line(problem, language) for language in LANGUAGES)


def test_only_a_p_has_a_test(tmp_path: Path) -> None:
    content = _paper(*_groups(9), "0.500")
    content["claims"][0]["test"] = "kruskal"
    with pytest.raises(InputError, match="belongs to a p-value"):
        read_paper(write_paper(content, tmp_path / "p.yaml"))


@pytest.mark.parametrize("named", ["paired", "paired_t", "signed_rank", ["student", "signed_rank"]])
@pytest.mark.parametrize(
    ("language", "said", "unchecked"),
    [("en", "not checked, because", "not checked: 1;"), ("es", "no comprobada, porque", "no comprobados: 1;")],
)
def test_a_p_of_pairs_is_not_checked(
    named: Any, language: str, said: str, unchecked: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = _paper(*_groups(10), "0.0001", test=named)
    (check,) = _audited(content, tmp_path)
    assert (check.code, check.alarm) == ("p_paired", False)
    assert said in labels.audited(check, language)
    path = str(write_paper(content, tmp_path / "p.yaml"))
    assert main(["audit", path, "--out", str(tmp_path / "out"), "--language", language, "--strict"]) == 0
    assert unchecked in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("sided", "words"),
    [
        ("two", {"en": "independent groups, two-sided: Stud", "es": "grupos independientes, bilateral: t"}),
        ("one", {"en": "independent groups, one-sided: Stud", "es": "grupos independientes, unilateral: t"}),
    ],
)
def test_impossible_is_said_of_independent_groups_and_of_sides(
    sided: str, words: dict[str, str], tmp_path: Path
) -> None:
    a, b = np.repeat([0, 1], [6, 6]), np.repeat([5, 6], [6, 6])
    source = _audited(_paper(a, b, "0.500", test="student", sided=sided), tmp_path)[-1]
    assert source.alarm
    assert all(said in labels.audited(source, language) for language, said in words.items())


def test_a_p_of_counts_alone_takes_part_in_no_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = _paper(*_groups(11), "0.900")
    content["claims"] = [claim for claim in content["claims"] if claim["kind"] in ("count", "p")]
    path = str(write_paper(content, tmp_path / "p.yaml"))
    assert main(["audit", path, "--out", str(tmp_path / "out"), "--language", "en"]) == 0
    *_, why, last = capsys.readouterr().out.splitlines()
    assert "not checked (1), because no mean of the groups that it compares is printed: " in why
    assert "not checked: 1;" in last or "not checked: " in last


_MID_P = json.loads((REFERENCE / "mid_p.json").read_text(encoding="utf-8"))["tables"]


@pytest.mark.parametrize("told", _MID_P)
def test_mid_p_agrees_with_r_one_sided_and_two_sided_by_three_ways(told: dict[str, Any]) -> None:
    first, second = (np.repeat([1, 0], row)[None] for row in told["table"])
    for one_sided, names in ((True, ("less", "greater")), (False, ("doubled", "by_likelihood", "of_fisher"))):
        p = table_p(first, second, "fisher_mid", one_sided=one_sided).ravel()
        np.testing.assert_allclose(p, [told[name] for name in names], rtol=1e-10, atol=1e-13)


def _of_two(step: str, high: str | None, *groups: tuple[str, str, str], p: str) -> dict[str, Any]:
    grid = {"over": "patients", "step": step} | ({"low": "0", "high": high} if high else {})
    claims = []
    for arm, (n, mean, sd) in zip("ab", groups, strict=True):
        for kind, printed in (("count", n), ("mean", mean), ("sd", sd)):
            compute: dict[str, Any] = {"statistic": {"count": "n"}.get(kind, kind), "over": "patients"}
            compute |= {"group": {"arm": arm}} | ({} if kind == "count" else {"variable": "score"})
            claims.append({"id": f"{arm}.{kind}", "printed": printed, "kind": kind, "places": [], "compute": compute})
    asked = {"statistic": "p", "over": "patients", "variable": "score"}
    claims.append({"id": "p", "printed": p, "kind": "p", "places": [], "compute": asked})
    return {"paper": {"key": "two"}, "variables": {"score": grid}, "claims": claims}


@pytest.mark.parametrize(
    ("p", "student", "code"),
    [("0.134", "possible", "p_attained"), ("0.131", "impossible", "p_not_attained")],
)
def test_student_on_a_grid_without_end_is_decided_by_its_sums(p: str, student: str, code: str, tmp_path: Path) -> None:
    # The means leave one sum each and the SDs one sum of squares: only p = 0.1337 is attained.
    groups = ("38", "3.16", "1.76"), ("34", "2.53", "1.74")
    checks = audit(read_paper(write_paper(_of_two("1", None, *groups, p=p), tmp_path / "paper.yaml")))
    (check,) = [check for check in checks if check.check == "p_student"]
    assert (check.verdict, check.code) == (student, code)


def test_where_the_sums_of_squares_of_one_group_are_too_many_nothing_is_impossible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = ("38", "3.16", "1.76"), ("34", "2.53", "1.7")
    paper = read_paper(write_paper(_of_two("1", None, *groups, p="0.131"), tmp_path / "paper.yaml"))
    for most, verdict in ((300, "impossible"), (1, "undecided")):
        monkeypatch.setattr("vpresearch.audit.p_values._MOST_SQUARES", most)
        (check,) = [check for check in audit(paper) if check.check == "p_student"]
        assert check.verdict == verdict


def test_means_that_no_grid_has_can_still_give_their_p(tmp_path: Path) -> None:
    groups = ("38", "79.30", "10.40"), ("34", "78.04", "9.80")
    checks = audit(read_paper(write_paper(_of_two("2", "100", *groups, p="0.600"), tmp_path / "paper.yaml")))
    assert [check.check for check in checks if check.alarm] == ["grimmer", "grimmer"]
    (check,) = [check for check in checks if check.check == "p_student"]
    assert (check.verdict, check.code) == ("possible", "p_off_grid")
    numbers = [float(number) for number in re.findall(r"[0-9.]+", check.witness)]
    found = ttest_ind_from_stats(numbers[0], numbers[1], 38, numbers[2], numbers[3], 34).pvalue
    assert 0.5995 <= found <= 0.6005


@pytest.mark.parametrize(("p", "alarms"), [("0.155", ["grim"]), ("0.555", ["grim", "p_source"])])
def test_a_mean_that_no_coarse_grid_has_is_one_fault(p: str, alarms: list[str], tmp_path: Path) -> None:
    # No 15 whole values have the mean; 0.155 is the p of the printed means and SDs, 0.555 is not.
    content = _of_two("1", "10", ("15", "2.51", "1.91"), ("14", "3.43", "1.40"), p=p)
    next(claim for claim in content["claims"] if claim["kind"] == "p")["test"] = "student"
    checks = audit(read_paper(write_paper(content, tmp_path / "paper.yaml")))
    names = [check.check for check in checks if check.alarm]
    assert [name.replace("grimmer", "grim") for name in names] == alarms


def test_of_many_p_the_t_test_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vpresearch.audit.p_values.MANY", 0)
    groups = ("12", "3.17", "1.75"), ("11", "2.55", "1.75")
    for p, tests in (("0.405", {"student"}), ("0.92", {"student", "kruskal"})):
        checks = audit(read_paper(write_paper(_of_two("1", "10", *groups, p=p), tmp_path / "paper.yaml")))
        assert tests <= {str(check.values["test"]) for check in checks if "test" in check.values}
        assert ("kruskal" in tests) == any(check.check == "p_kruskal" for check in checks)
