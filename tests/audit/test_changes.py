"""Change scores: no true pairs are ever called impossible, and the correlation told is the one that they have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_rel

from tests.made_up_paper import write_paper
from vpresearch.audit import Check, audit
from vpresearch.published import read_paper


def checks(folder: Path, cells: list[str], tests: list[str] = []) -> dict[str, Check]:  # noqa: B006
    for name, rows in (("t.csv", cells), ("t-tests.csv", tests)):
        if rows:
            (folder / name).write_text("\n".join(rows), encoding="utf-8")
    return {check.check: check for check in audit(read_paper(folder / "t.csv"))}


@pytest.mark.parametrize("seed", range(12))
def test_no_true_change_is_called_impossible(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    n, digits = int(rng.integers(3, 30)), int(rng.integers(0, 3))
    before = rng.normal(6, 2, n).round(int(rng.integers(0, 3)))
    after = before * rng.choice([-1.0, 0.0, 1.0]) + rng.normal(0, rng.choice([0.01, 1]), n).round(2)
    change = (after - before) * rng.choice([-1, 1])
    rows = ["variable;group;n;mean;sd;from;to"]
    for name, values in (("pre", before), ("post", after), ("change", change)):
        between = "pre;post" if name == "change" else ";"
        rows.append(f"y;{name};{n};{values.mean():.{digits}f};{values.std(ddof=1):.{digits}f};{between}")
    p = ttest_rel(before, after).pvalue
    found = checks(tmp_path, rows, ["variable;test;p", f"y;paired_t;{p:.3f}"])
    assert {found[name].verdict for name in ("change_mean", "change_sd", "p_of_change")} == {"possible"}
    assert not any(check.alarm for check in found.values())
    r = np.corrcoef(before, after)[0, 1]
    assert found["change_sd"].values["low"] - 1e-9 <= r <= found["change_sd"].values["high"] + 1e-9  # type: ignore[operator]


HEAD = "variable;group;n;mean;sd;from;to"
PRE, POST = "pre;a;20;6.20;1.90;;", "post;a;20;4.10;2.20;;"


@pytest.mark.parametrize(
    ("change", "mean", "sd"),
    [
        ("-2.10;1.80", "possible", "possible"),
        ("2.11;1.80", "possible", "possible"),
        ("-2.12;4.12", "impossible", "impossible"),
        ("2.08;0.28", "impossible", "impossible"),
        ("-2.10;4.11", "possible", "possible"),
        ("-2.10;0.29", "possible", "possible"),
    ],
)
def test_means_and_sds_bound_a_change(change: str, mean: str, sd: str, tmp_path: Path) -> None:
    found = checks(tmp_path, [HEAD, PRE, POST, f"fall;a;20;{change};pre;post"])
    assert (found["change_mean"].verdict, found["change_sd"].verdict) == (mean, sd)
    other = checks(tmp_path, [HEAD, PRE, POST, f"fall;a;19;{change};pre;post"])
    softer = {"impossible": "undecided"}
    assert other["change_mean"].verdict == softer.get(mean, mean)
    assert other["change_sd"].verdict == softer.get(sd, sd)
    assert other["change_sd"].remark == (sd == "impossible")


def test_the_correlation_that_a_change_forces_is_told(tmp_path: Path) -> None:
    found = checks(
        tmp_path, [HEAD, "pre;a;20;6.20;2.0000;;", "post;a;20;4.10;1.0000;;", "fall;a;20;-2.10;2.0000;pre;post"]
    )
    assert found["change_sd"].values["low"] == pytest.approx(0.25, abs=0.001)
    # Before, the SD may be where its square is the difference of the other two, and not at an end.
    wide = checks(tmp_path, [HEAD, "pre;a;20;6.2;1;;", "post;a;20;4.1;1.5000;;", "fall;a;20;-2.1;1.0000;pre;post"])
    assert wide["change_sd"].values["low"] == pytest.approx(1.25**0.5 / 1.5, abs=0.001)


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ("fall;a;paired_t;0.01", "impossible"),
        ("fall;a;paired_t;<0.001", "possible"),
        ("fall;;paired_t;0.01", "undecided"),  # of which group is not told
        ("fall;a;paired;0.01", "undecided"),  # ranks may have given it
    ],
)
def test_a_paired_t_is_bounded_by_the_change(row: str, verdict: str, tmp_path: Path) -> None:
    found = checks(tmp_path, [HEAD, PRE, POST, "fall;a;20;-2.10;1.80;pre;post"], ["variable;group;test;p", row])
    assert found["p_of_change"].verdict == verdict
    sides = checks(
        tmp_path,
        [HEAD, PRE, POST, "fall;a;20;-0.40;1.80;pre;post"],
        ["variable;group;test;sided;p", "fall;a;paired_t;one;0.16"],
    )
    assert sides["p_of_change"].verdict == "possible"


def test_a_change_among_the_groups_is_compared_with_none(tmp_path: Path) -> None:
    rows = [HEAD, "y;pre;20;6.20;1.90;;", "y;post;20;4.10;2.20;;", "y;change;20;-2.10;1.80;pre;post"]
    found = checks(tmp_path, rows, ["variable;p", "y;0.003"])
    assert not {"p_anova", "p_kruskal"} & set(found) or not found["p_student"].alarm
    assert "p_anova" not in found


def test_a_change_of_nothing_printed_is_told(tmp_path: Path) -> None:
    found = checks(tmp_path, [HEAD, PRE, "fall;a;20;-2.10;1.80;pre;past"])
    assert (found["change_mean"].verdict, found["change_mean"].code) == ("undecided", "change_unknown")


def test_a_paper_says_changes_as_claims(tmp_path: Path) -> None:
    def claim(name: str, kind: str, printed: str, **more: object) -> dict[str, object]:
        statistic = {"count": "n"}.get(kind, kind)
        compute = {"statistic": statistic, "over": "patients", **more}
        return {"id": name, "kind": kind, "printed": printed, "places": [], "compute": compute}

    between = {"from": "pre", "to": "post"}
    claims = [claim("n", "count", "20"), claim("pre", "mean", "6.2", variable="pre")]
    claims += [
        claim("post", "mean", "4.1", variable="post"),
        claim("fall", "mean", "-2.6", variable="fall", change=between),
    ]
    variables = {name: {"over": "patients", "step": "0.1"} for name in ("pre", "post", "fall")}
    path = write_paper({"paper": {"key": "a"}, "variables": variables, "claims": claims}, tmp_path / "a.yaml")
    assert [check.check for check in audit(read_paper(path)) if check.alarm] == ["change_mean"]
