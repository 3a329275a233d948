"""The claims file of the paper, and claims files that are refused."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import InputError, Problem
from vpresearch.core.paths import PUBLISHED
from vpresearch.published import Grid, Paper, read_paper

_COMPUTED = {"region": {"thoracic", "lumbar"}}
_CLAIM = {
    "id": "a.n",
    "printed": "27",
    "kind": "count",
    "places": ["results"],
    "compute": {"statistic": "n", "over": "patients"},
}


# -- the paper ---------------------------------------------------------------------------------------------------


def _groups(prefix: str, names: str, *suffixes: str) -> list[str]:
    return [f"{prefix}.{name}{suffix}" for name in names.split() for suffix in suffixes]


_FIXED_IDS = [
    *_groups("cohort", "patients women men vertebrae", ".n"),
    *_groups("cohort.age", "mean min max", ""),
    *_groups("cohort", "lumbar thoracic", ".percent"),
    *_groups("table1", "T8 T9 T11 T12 L1 L2 L3 L4 L5", ".n", ".percent"),
    *_groups("table2", "vertebral_volume cement_volume", ".mean", ".sd", ".min", ".max"),
    *_groups("results", "leaks", ".n", ".percent"),
    *_groups("results.leak_site", "posterior vascular disc", ".n"),
    *_groups("results.leak_size", "punctate moderate massive", ".n"),
    *_groups("table3", "vertebral_volume cement_volume", ".p"),
    *_groups("table3.vertebral_volume", "no_leak leak", ".mean", ".sd"),
    *_groups("table3.cement_volume", "no_leak leak", ".mean", ".sd"),
    *_groups("table4", "vas_pre vas_post vas_1m", ".p"),
    *(f"table4.{score}.{group}" for score in ("vas_pre", "vas_post", "vas_1m")
      for group in ("no_leak.mean", "no_leak.sd", "leak.mean", "leak.sd")),
    *_groups("results", "fill_ratio vas_1y odi_pre odi_1y", ".mean"),
    "abstract.vas_1y.mean",
]  # fmt: skip


def test_every_claim_of_the_paper_is_there_once(paper: Paper) -> None:
    ids = [claim.id for claim in paper.claims]
    assert len(ids) == 96
    assert [claim_id for claim_id, count in Counter(ids).items() if count > 1] == []
    assert [claim_id for claim_id in _FIXED_IDS if claim_id not in ids] == []
    assert all(paper[claim_id].id == claim_id for claim_id in ids)


@pytest.mark.parametrize(
    ("claim_id", "printed", "over"),
    [
        ("cohort.patients.n", "27", "patients"),
        ("cohort.vertebrae.n", "41", "vertebrae"),
        ("cohort.age.mean", "69", "patients"),
        ("table2.vertebral_volume.mean", "26,1", "vertebrae"),
        ("results.fill_ratio.mean", "9%", "vertebrae"),
        ("results.leaks.percent", "37%", "vertebrae"),
        ("table3.vertebral_volume.p", "0,466", "vertebrae"),
        ("table3.cement_volume.p", "0,267", "vertebrae"),
        ("table4.vas_1m.p", "0,089", "vertebrae"),
        ("results.vas_1y.mean", "1,8", "patients"),
        ("abstract.vas_1y.mean", "1,7", "vertebrae"),
        ("results.odi_1y.mean", "19%", "patients"),
    ],
)
def test_what_the_paper_prints(paper: Paper, claim_id: str, printed: str, over: str) -> None:
    assert (paper[claim_id].printed.printed, paper[claim_id].compute.over) == (printed, over)


def test_no_claim_that_is_not_there(paper: Paper) -> None:
    with pytest.raises(KeyError):
        paper["table9.nothing.n"]


def test_ids_name_the_statistic_that_is_computed(paper: Paper) -> None:
    for claim in paper.claims:
        if claim.kind != "verbal":
            assert claim.id.rsplit(".", 1)[-1] == claim.compute.statistic, claim.id


def test_kinds_go_with_statistics(paper: Paper) -> None:
    statistics = {
        "count": {"n"}, "percentage": {"percent"}, "mean": {"mean"}, "sd": {"sd"}, "minimum": {"min"},
        "maximum": {"max"}, "p": {"p"}, "verbal": {"n", "percent", "lead", "difference", "smallest_p"},
    }  # fmt: skip
    for claim in paper.claims:
        assert claim.compute.statistic in statistics[claim.kind], claim.id
        assert set(claim.says) == ({"es", "en"} if claim.kind == "verbal" else set()), claim.id
        assert claim.places
        assert all(claim.places)


def test_every_column_and_category_is_in_the_dictionary(paper: Paper) -> None:
    known = columns()
    values = {name: {level.value for level in column.levels} for name, column in known.items()} | _COMPUTED
    for claim in paper.claims:
        compute = claim.compute
        named = {*compute.variables, *compute.fell, *([compute.variable] if compute.variable else [])}
        assert named <= {*known, "fill_percent"}, claim.id
        for group in (compute.group, compute.minus, compute.within):
            assert all(value in values[column] for column, value in group.items()), claim.id
        assert bool(compute.minus) == (compute.statistic == "difference"), claim.id


def test_printed_counts_add_up(paper: Paper) -> None:
    def total(*ids: str) -> int:
        return sum(int(paper[claim_id].printed.value) for claim_id in ids)

    vertebrae = total("cohort.vertebrae.n")
    assert total("cohort.women.n", "cohort.men.n") == total("cohort.patients.n")
    assert total(*_groups("table1", "T8 T9 T11 T12 L1 L2 L3 L4 L5", ".n")) == vertebrae
    assert total(*_groups("results.leak_site", "posterior vascular disc", ".n")) == total("results.leaks.n")
    assert total(*_groups("results.leak_size", "punctate moderate massive", ".n")) == total("results.leaks.n")
    assert total("table3.vertebrae.no_leak.n", "table3.vertebrae.leak.n") == vertebrae
    for claim in paper.claims:
        if claim.id.startswith("table1.") and claim.kind == "percentage":
            count = total(claim.id.replace("percent", "n"))
            assert 100 * count / vertebrae in claim.printed.interval(), claim.id


def test_measurement_grids(paper: Paper) -> None:
    assert (paper.key, paper.about["language"]) == ("barriga-martin-2022", "es")
    volume, score, oswestry = (paper.grids[name] for name in ("vertebral_volume_cc", "vas_1m", "odi_1y"))
    assert (volume.over, volume.step, volume.low, volume.most_equal) == ("vertebrae", "0.1", None, 3)
    assert (score.over, score.step, score.low, score.high, score.most_equal) == ("patients", "1", "1", "10", None)
    assert (oswestry.step, oswestry.low, oswestry.high) == ("2", "0", "100")


def test_what_is_said_without_a_number_has_its_reason(paper: Paper) -> None:
    ids = {claim.id for claim in paper.claims}
    for statement in paper.statements:
        assert set(statement.says) == set(statement.reason) == {"es", "en"}
        assert set(statement.beside) <= ids
        assert statement.id not in ids
    told = {statement.id: statement for statement in paper.statements}
    assert len(told) == len(paper.statements) == 11
    # Read as patients, the counts of table 1 would be of more than there are, and print other percentages.
    counts = [claim for claim in paper.claims if claim.id.startswith("table1.") and claim.kind == "count"]
    patients, vertebrae = (int(paper[claim].printed.value) for claim in told["table1.heading"].beside)
    assert sum(int(claim.printed.value) for claim in counts) == vertebrae > patients
    assert 100 * int(paper["table1.T8.n"].printed.value) / patients not in paper["table1.T8.percent"].printed.interval()
    # A leak at two sites would make the sites add up to more than the leaks.
    *sites, leaks = (int(paper[claim].printed.value) for claim in told["figure4.two_sites"].beside)
    assert sum(sites) == leaks
    # Nothing of what ends at once is left above the least of the scale.
    _, *means = (paper[claim].printed for claim in told["results.pain_ends"].beside)
    assert all(mean.value > int(paper.grids["vas_post"].low or 0) for mean in means)


# -- files that are refused --------------------------------------------------------------------------------------


def _paper(*claims: object, **more: object) -> dict[str, Any]:
    # Copies, since YAML writes the same object only once.
    written = [deepcopy(claim) for claim in claims or (_CLAIM,)]
    return {"paper": {"key": "k"}, "variables": {}, "claims": written, **more}


def _refused(tmp_path: Path, content: object) -> list[Problem]:
    path = tmp_path / "paper.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_paper(path)
    assert caught.value.source == "paper.yaml"
    assert all(problem.remedy for problem in caught.value.problems)
    return list(caught.value.problems)


def _claim(**changes: object) -> dict[str, object]:
    return {name: value for name, value in {**_CLAIM, **changes}.items() if value is not None}


def _compute(**changes: object) -> dict[str, object]:
    compute = {"statistic": "n", "over": "patients", **changes}
    return _claim(compute={name: value for name, value in compute.items() if value is not None})


_STATEMENT = {
    "id": "s",
    "places": ["methods"],
    "says": {"es": "a", "en": "b"},
    "reason": {"es": "c", "en": "d"},
    "beside": ["a.n"],
}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reason": None}, "s: the key reason is missing."),
        ({"says": {"en": "b"}}, "s: says is not a text by language"),
        ({"reason": {"es": "c", "en": 1}}, "s: reason is not a text by language"),
        ({"beside": ["b.n"]}, "s: beside names b.n, which is the id of no claim."),
        ({"beside": "a.n"}, "s: beside is not a list of texts."),
        ({"places": "methods"}, "s: places is not a list of texts."),
        ({"compute": {}}, "s: the key compute is unknown."),
        ({"id": "a.n"}, "stands twice"),
        ({"id": None}, "statements[1]: the key id is missing."),
    ],
)
def test_a_statement_that_lacks_something_is_told(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    statement = {name: value for name, value in {**_STATEMENT, **changes}.items() if value is not None}
    (problem,) = _refused(tmp_path, _paper(statements=[statement]))
    assert says in problem.message


def test_statements_are_a_list(tmp_path: Path) -> None:
    (problem,) = _refused(tmp_path, _paper(statements={"id": "s"}))
    assert problem.code == "missing_key"


def test_the_smallest_good_file(tmp_path: Path) -> None:
    path = tmp_path / "paper.yaml"
    more = _compute(statistic="percent", fell=["vas_pre", "vas_post"])
    grid = {"over": "patients", "step": "1"}
    path.write_text(
        yaml.safe_dump(_paper(_CLAIM, {**more, "id": "b", "kind": "percentage"}, variables={"vas_pre": grid})),
        encoding="utf-8",
    )
    paper = read_paper(str(path))
    assert [claim.id for claim in paper.claims] == ["a.n", "b"]
    assert paper["b"].compute.fell == ("vas_pre", "vas_post")
    assert (paper["a.n"].unit, paper["a.n"].compute.group) == (None, {})
    assert paper.grids["vas_pre"].step == "1"


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (_claim(pages=["results"]), "a.n: the key pages is unknown."),
        (_claim(printed=None), "a.n: the key printed is missing."),
        (_claim(kind=None), "a.n: the key kind is missing."),
        (_claim(places=None), "a.n: the key places is missing."),
        (_claim(id=None), "claims[1]: the key id is missing."),
        (_claim(compute=None), "a.n: the key compute is missing."),
        (_claim(printed=27), "a.n: printed is not text."),
        (_claim(printed=0.466), "a.n: printed is not text."),
        (_claim(printed="about 3"), "a.n: printed is not one number:"),
        (_claim(printed="2,5"), "a.n: a count must be a whole number,"),
        (_claim(printed="-2"), "a.n: a count cannot be negative."),
        (_claim(printed="1,05", kind="p"), "a.n: a p-value cannot be above 1."),
        (_claim(printed="101%", kind="percentage"), "a.n: a percentage of a group cannot be above 100."),
        (_compute(minus={"leak": 1}), "a.n: the value of leak in minus must be in quotes."),
        (_claim(kind="mode"), "a.n: kind is not one of count, percentage,"),
        (_claim(randomised=True), "a.n: randomised is neither true nor false."),
        (_compute(change={"from": "a", "to": "b"}), "a.n: what a change of a mean or an SD lies between"),
        (_compute(of="54"), "a.n: what a percentage is of is no whole number"),
        (_compute(statistic="mode"), "a.n: statistic is not one of n, percent,"),
        (_compute(over=""), "a.n: over is not text."),
        (_compute(groups={"leak": "yes"}), "a.n: the key groups is unknown."),
        (_compute(statistic=None), "a.n: the key statistic is missing."),
        (_compute(over=None), "a.n: the key over is missing."),
    ],
)
def test_a_faulty_claim_is_told(tmp_path: Path, claim: dict[str, object], says: str) -> None:
    problems = _refused(tmp_path, _paper(claim))
    assert {problem.code for problem in problems} == {"claim"}
    assert any(problem.message.startswith(says) for problem in problems), problems


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        ({"over": "patients"}, "the key step is missing"),
        ({"step": "1"}, "the key over is missing"),
        ({"over": " ", "step": "1"}, "over is not text"),
        ({"over": "patients", "step": "1", "width": "2"}, "the key width is unknown"),
    ],
)
def test_a_faulty_grid_is_told(tmp_path: Path, grid: dict[str, str], says: str) -> None:
    (problem,) = _refused(tmp_path, _paper(variables={"vas_pre": grid}))
    assert problem.code == "variable"
    assert problem.message.startswith(f"vas_pre: {says}")


_BOMB = "\n".join(f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 9)}]}}" for n in range(1, 9))
_LAUGHS = "\n".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 9))
_REST = "\npaper: {key: x}\nvariables: {}\nclaims: []\n"


@pytest.mark.parametrize(
    "text",
    [
        'x0: &x0 {a: "1"}\n' + _BOMB + _REST,
        "x0: &x0 [a]\n" + _LAUGHS + _REST,
        "x: &x [*x]" + _REST,
        "# " + "x" * 1_300_000 + _REST,
    ],
)
def test_a_file_that_would_fill_the_memory_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "paper.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_paper(path)
    assert [problem.code for problem in refusal.value.problems] == ["too_large"]


def test_aliases_and_merged_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "paper.yaml"
    claims = """claims:
- &n {id: a, printed: "5", kind: count, places: &t [table 1], compute: {statistic: n, over: patients}}
- {<<: *n, id: b, places: *t}
"""
    path.write_text("paper: {key: x}\nvariables: {}\n" + claims, encoding="utf-8")
    assert [claim.id for claim in read_paper(path).claims] == ["a", "b"]


def test_too_many_claims_and_ends_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = {"over": "patients", "step": "1", "low": "0", "high": "9", "also": [f"-{end}" for end in range(1, 201)]}
    (problem,) = _refused(tmp_path, _paper(variables={"vas_pre": grid}))
    assert "also has 200 ends" in problem.message
    monkeypatch.setattr("vpresearch.published.paper_yaml.MOST_CLAIMS", 1)
    (problem,) = _refused(tmp_path, _paper({"id": "b"}, {"id": "c"}))
    assert problem.code == "too_large"


_MEAN = {"statistic": "mean", "over": "patients", "variable": "vas_pre"}


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (_claim(kind="mean", compute=_MEAN | {"variable": "vas_prev"}), "the variable vas_prev is neither"),
        (_claim(kind="mean", compute={"statistic": "mean", "over": "patients"}), "the key variable is missing"),
        (_claim(kind="sd", compute=_MEAN), "a sd is printed of the statistic sd, not mean"),
        (_claim(kind="mean", printed="<5", compute=_MEAN), "a mean must be one number"),
        (_claim(kind="mean", compute=_MEAN | {"variable": ["vas_pre"]}), "variable is not text"),
        (_compute(group=["leak"]), "group is not a value by column"),
        (_compute(within="leak"), "within is not a value by column"),
        (_compute(fell=["vas_pre"]), "fell is not a list of two columns"),
        (_claim(kind="verbal", compute={"statistic": "difference", "over": "patients"}), "the key minus is missing"),
        (_claim(says="text"), "says is not a text by language"),
        (_claim(id=["a"]), "id is not text"),
        (_claim(places=[1]), "places is not a list of texts"),
        (_claim(kind=["count"]), "kind is not one of"),
        (_compute(over=["patients"]), "over is not text"),
        (_compute(statistic=["n"]), "statistic is not one of"),
        (_compute(statistic=["percent"], of="54"), "statistic is not one of"),
    ],
)
def test_a_claim_that_would_mislead_is_told_at_its_line(tmp_path: Path, claim: dict[str, object], says: str) -> None:
    problems = _refused(tmp_path, _paper(_CLAIM, {"id": "b", **claim} if claim.get("id") == "a.n" else claim))
    told = [problem for problem in problems if says in problem.message]
    assert told, problems
    assert all((problem.line or 0) > 8 for problem in told)


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        ({"step": "0"}, "step must be above 0"),
        ({"step": "-1"}, "step must be above 0"),
        ({"step": "1%"}, "step is not a number in quotes"),
        ({"step": "<1"}, "step is not a number in quotes"),
        ({"step": "1", "low": "10", "high": "1"}, "low is above high"),
        ({"step": "1", "high": "1", "also": ["2"]}, "also is above high"),
        ({"step": "1", "also": "0"}, "also is not a list of numbers in quotes"),
        ({"step": "1", "also": [0]}, "also is not a list of numbers in quotes"),
        ({"step": "1", "most_equal": 0}, "most_equal is not a whole number from 1"),
        ({"step": "1", "most_equal": "3"}, "most_equal is not a whole number from 1"),
        ({"ratio": ["vas_pre"]}, "ratio is not two columns"),
        ({"ratio": ["vas_pre", "cement"]}, "the variable cement is neither"),
    ],
)
def test_a_grid_that_would_mislead_is_told(tmp_path: Path, grid: dict[str, object], says: str) -> None:
    problems = _refused(tmp_path, _paper(variables={"vas_pre": {"over": "patients", **grid}}))
    assert any(says in problem.message for problem in problems), problems


def test_a_step_may_have_a_decimal_comma(tmp_path: Path) -> None:
    grid = {"over": "patients", "step": "0,5", "low": "0", "also": ["-0,5"]}
    path = tmp_path / "paper.yaml"
    path.write_text(yaml.safe_dump(_paper(variables={"vas_pre": grid})), encoding="utf-8")
    assert read_paper(path).grids["vas_pre"] == Grid("patients", "0.5", "0", None, ("-0.5",))


@pytest.mark.parametrize(
    ("n", "kind", "code"), [("0", "mean", "too_small"), ("1", "sd", "too_small"), ("1", "mean", "")]
)
def test_a_group_too_small_for_its_statistic_is_told(tmp_path: Path, n: str, kind: str, code: str) -> None:
    claim = _claim(id="b", kind=kind, compute={"statistic": kind, "over": "patients", "variable": "vas_pre"})
    path = tmp_path / "paper.yaml"
    path.write_text(yaml.safe_dump(_paper(_claim(printed=n), claim)), encoding="utf-8")
    if code:
        assert [problem.code for problem in _refused(tmp_path, _paper(_claim(printed=n), claim))] == [code]
    else:
        assert read_paper(path)["b"].kind == kind


def test_a_slip_in_the_name_of_a_group_is_told_and_another_paper_s_group_is_not(tmp_path: Path) -> None:
    def of(name: str, group: dict[str, str]) -> dict[str, object]:
        return _claim(id=name, compute={"statistic": "n", "over": "patients", "group": group})

    twice = [of("b", {"stage": "I"}), of("c", {"stage": "II"})]
    problems = _refused(tmp_path, _paper(_CLAIM, *twice, of("d", {"stege": "I"})))
    assert ["If stage is meant" in problem.remedy for problem in problems] == [True]
    path = tmp_path / "paper.yaml"
    age = {"age": {"over": "patients", "step": "1"}}
    table = _claim(id="p", kind="p", printed="0.2", compute={"statistic": "p", "over": "patients", "variable": "stage"})
    path.write_text(yaml.safe_dump(_paper(*twice, of("e", {"sage": "x"}), table, variables=age)), encoding="utf-8")
    with pytest.raises(InputError, match=r"a column sage .* If stage is meant"):
        read_paper(path)
    path.write_text(yaml.safe_dump(_paper(*twice, of("e", {"arm": "x"}), table, variables=age)), encoding="utf-8")
    assert len(read_paper(path).claims) == 4


@pytest.mark.parametrize(
    ("usual", "other", "near"),
    [
        ("patients", "patient", True),
        ("eyes", "Eye", True),
        ("lesiones", "lesión", True),
        ("vertebrae", "vertebra", True),
        ("patients", "patiens", True),
        ("knees", "knee", True),
        ("cases", "cages", False),
        ("patients", "eyes", False),
        ("visit 1", "visit 2", False),
        ("female patients", "male patients", False),
    ],
)
def test_a_unit_that_looks_like_a_slip_is_told(tmp_path: Path, usual: str, other: str, near: bool) -> None:
    def of(name: str, unit: str) -> dict[str, object]:
        return _claim(id=name, compute={"statistic": "n", "over": unit, "group": {"arm": name}})

    paper = _paper(of("a", other), of("b", usual), of("c", usual))
    if near:
        (problem,) = _refused(tmp_path, paper)
        assert f"a: the unit is {other}, and {usual} elsewhere." in problem.message
        lines = (tmp_path / "paper.yaml").read_text(encoding="utf-8").splitlines()
        assert [line[4:8] for line in lines].index("over") + 1 == problem.line
    else:
        (tmp_path / "paper.yaml").write_text(yaml.safe_dump(paper, allow_unicode=True), encoding="utf-8")
        assert [claim.compute.over for claim in read_paper(tmp_path / "paper.yaml").claims] == [other, usual, usual]


@pytest.mark.parametrize(("name", "near"), [("stag", "Maybe stage is meant"), ("colour", "Write the counts")])
def test_a_column_that_is_said_to_be_complete_and_told_of_nowhere(tmp_path: Path, name: str, near: str) -> None:
    def of(value: str) -> dict[str, object]:
        return _claim(id=value, compute={"statistic": "n", "over": "patients", "group": {"stage": value}})

    variables = {"stage": {"over": "patients", "complete": True}, name: {"over": "patients", "complete": True}}
    (problem,) = _refused(tmp_path, _paper(of("I"), of("II"), variables=variables))
    assert (problem.code, problem.message.split(":")[0]) == ("variable", name)
    assert near in problem.remedy
    del variables[name]
    (tmp_path / "paper.yaml").write_text(yaml.safe_dump(_paper(of("I"), of("II"), variables=variables)))
    assert read_paper(tmp_path / "paper.yaml").complete == ("stage",)


def test_a_unit_told_twice_is_still_a_slip_by_its_ending_alone(tmp_path: Path) -> None:
    def of(name: str, unit: str) -> dict[str, object]:
        return _claim(id=name, compute={"statistic": "n", "over": unit, "group": {"arm": name}})

    problems = _refused(
        tmp_path, _paper(*(of(name, unit) for name, unit in zip("abcde", ["eye"] * 2 + ["eyes"] * 3, strict=True)))
    )
    assert len(problems) == 2
    tests = [{"id": "t", "over": "patient", "p": "0.5"}]
    assert len(_refused(tmp_path, _paper(tests=tests))) == 1
    twice = _paper(*(of(name, unit) for name, unit in zip("abcd", ["patiens"] * 2 + ["patients"] * 2, strict=True)))
    (tmp_path / "paper.yaml").write_text(yaml.safe_dump(twice), encoding="utf-8")
    assert len(read_paper(tmp_path / "paper.yaml").claims) == 4


@pytest.mark.parametrize("printed", ["1.0", " 1 ", "1%", "-0", "+1", "\u0661", "9" * 5000, "<5"])
def test_a_count_is_digits_alone(tmp_path: Path, printed: str) -> None:
    problems = _refused(tmp_path, _paper(_claim(printed=printed)))
    assert {problem.code for problem in problems} == {"claim"}


@pytest.mark.parametrize(("kind", "printed"), [("p", ">1"), ("p", "<0"), ("percentage", "<0%")])
def test_a_bound_that_nothing_is_beyond_is_told(tmp_path: Path, kind: str, printed: str) -> None:
    compute = {"statistic": "percent" if kind == "percentage" else "p", "over": "patients", "variable": "vas_pre"}
    assert _refused(tmp_path, _paper(_claim(kind=kind, printed=printed, compute=compute)))


@pytest.mark.parametrize(
    "content",
    ["", "only text", "[1]", "paper: {key: k}\nvariables: {}\nclaims: {}", "paper:\nvariables: {}\nclaims: []",
     "paper:\n  key: 2022-13-45\n", "a: \x00"],
)  # fmt: skip
def test_every_problem_of_a_file_has_its_line(tmp_path: Path, content: str) -> None:
    assert all(problem.line for problem in _refused(tmp_path, content))


def test_a_missing_size_is_told_beside_another_fault(tmp_path: Path) -> None:
    mean = _claim(id="b", kind="mean", page=1, compute=_MEAN | {"over": "vertebrae"})
    problems = _refused(tmp_path, _paper(_CLAIM, mean))
    assert {problem.code for problem in problems} == {"claim", "no_size"}


def test_a_key_that_stands_twice_is_told_at_its_line(tmp_path: Path) -> None:
    content = 'paper: {key: k}\nvariables: {}\nclaims:\n- id: a\n  printed: "27"\n  printed: "28"\n  kind: count\n'
    content += "  places: [x]\n  compute: {statistic: n, over: patients}\n- text\n"
    problems = _refused(tmp_path, content)
    assert [(problem.code, problem.line) for problem in problems] == [("key_twice", 6), ("claim", 10)]


def test_every_repetition_of_an_id_is_told_at_its_line(tmp_path: Path) -> None:
    problems = _refused(tmp_path, _paper(_CLAIM, _CLAIM, _claim(id="b"), _CLAIM))
    lines = (tmp_path / "paper.yaml").read_text(encoding="utf-8").splitlines()
    ids = [number for number, line in enumerate(lines, start=1) if line == "  id: a.n"]
    assert [(problem.code, problem.line) for problem in problems] == [("id_twice", ids[1]), ("id_twice", ids[2])]
    assert {problem.message for problem in problems} == {"a.n: the id stands twice."}


def test_a_mean_of_a_group_of_unknown_size_is_told(tmp_path: Path) -> None:
    mean = _claim(id="b", kind="mean", compute={"statistic": "mean", "over": "vertebrae", "variable": "vas_pre"})
    (problem,) = _refused(tmp_path, _paper(_CLAIM, mean))
    assert (problem.code, problem.message) == ("no_size", "b: no claim tells the n of its group.")
    sized = _claim(id="c", compute={"statistic": "n", "over": "vertebrae"})
    (tmp_path / "paper.yaml").write_text(yaml.safe_dump(_paper(_CLAIM, mean, sized)), encoding="utf-8")
    assert len(read_paper(tmp_path / "paper.yaml").claims) == 3


def test_all_problems_are_told_at_once_by_line(tmp_path: Path) -> None:
    faulty = _claim(id="b", printed=3, kind="mode", page=1)
    problems = _refused(tmp_path, _paper(_CLAIM, faulty, _CLAIM, variables={"vas_pre": {"over": "", "step": "1"}}))
    assert [problem.code for problem in problems] == ["claim", "claim", "claim", "id_twice", "variable"]
    lines = [problem.line or 0 for problem in problems]
    written = (tmp_path / "paper.yaml").read_text(encoding="utf-8").splitlines()
    assert [written[line - 1].strip() for line in lines] == [
        "kind: mode", "page: 1", "printed: 3", "id: a.n", "over: ''"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        ("", "paper variables claims"),
        ("[1, 2]", "paper variables claims"),
        ("only text", "paper variables claims"),
        ("paper: {key: k}", "variables claims"),
        ("paper: {key: k}\nvariables: {}\n", "claims"),
        ("paper: {key: k}\nvariables: []\nclaims: {}", "variables claims"),
    ],
)
def test_a_missing_part_is_told(tmp_path: Path, content: str, missing: str) -> None:
    problems = _refused(tmp_path, content)
    assert {problem.code for problem in problems} == {"missing_key"}
    assert [problem.message.split()[3] for problem in problems] == missing.split()


@pytest.mark.parametrize("content", ["paper: [", "a: b: c", "paper: !!python/object:os.system {}", "\x00"])
def test_what_is_no_yaml_is_refused(tmp_path: Path, content: str) -> None:
    assert [problem.code for problem in _refused(tmp_path, content)] == ["not_yaml"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("latin.yaml", "not_text"), ("nothing.yaml", "no_file"), (".", "folder_in_the_way"), ("lost.yaml", "dead_link")],
)
def test_a_file_that_is_not_there_or_not_utf8_is_refused(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "lost.yaml").symlink_to("gone.yaml")
    (tmp_path / "latin.yaml").write_bytes("title: Relación".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        read_paper(tmp_path / name)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert str(tmp_path.parent) not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_paper(paper={}), id="paper without a key"),
        pytest.param(_paper(paper=None), id="no paper"),
        pytest.param(_paper(claims=None), id="no claims"),
        pytest.param(_paper("only text"), id="claim is a text"),
        pytest.param(_paper(variables=None), id="no variables"),
        pytest.param(_paper(variables={"vas_pre": None}), id="empty grid"),
        pytest.param(_paper({**_CLAIM, "compute": None}), id="empty compute"),
        pytest.param(_paper({**_CLAIM, "compute": "n"}), id="compute is a text"),
        pytest.param(_paper(_claim(places="results")), id="places is a text"),
        pytest.param(_paper(_claim(id=3)), id="id is a number"),
        # YAML reads a bare yes as true, which no row of a table ever equals.
        pytest.param(_paper(_compute(group={"leak": True})), id="yes without quotes"),
        # A binary 0.1 is not a tenth.
        pytest.param(_paper(variables={"vas_pre": {"over": "patients", "step": 0.1}}), id="step without quotes"),
    ],
)
def test_parts_of_the_wrong_type_are_refused(tmp_path: Path, content: dict[str, Any]) -> None:
    assert _refused(tmp_path, content)


def test_a_file_is_read_anew_only_where_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "paper.yaml"
    path.write_text(PUBLISHED.read_text(encoding="utf-8"), encoding="utf-8")
    first = read_paper(path)
    assert read_paper(path) is first
    path.write_text(PUBLISHED.read_text(encoding="utf-8").replace('"27,0"', '"27,1"'), encoding="utf-8")
    assert read_paper(path)["table3.vertebral_volume.no_leak.mean"].printed.printed == "27,1"
