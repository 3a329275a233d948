"""Any text is a name of another paper: of a column, a value, a variable, a claim and a place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.made_up_paper import write_paper
from vpresearch.audit import audit
from vpresearch.cli import main
from vpresearch.core.paths import PUBLISHED
from vpresearch.figures import audit_p
from vpresearch.published import read_paper
from vpresearch.render import labels
from vpresearch.tables.audited import audit_table

HARD = [
    *("a b", "=", "|", "a|b:c", "[x]", "{x}", "%s", "$x$", "$\\frac{$", "\x1b[31mred", "new\nline", "汉字"),
    *("a" * 300, "sex", "level", "leak", "leak_site", "", " ", "<b>&", "# 1", "null", "\t", "😀", "\u202eabc"),
]


def paper_of(name: str, *, p: bool = True) -> dict[str, Any]:
    """Two groups, one of which has a mean that no whole numbers have, and everything called the same."""
    claims = []

    def claim(what: str, printed: str, kind: str, statistic: str, **compute: Any) -> None:
        asked = {"statistic": statistic, "over": "patients", **compute}
        claims.append({"id": what + name, "printed": printed, "kind": kind, "places": [name], "compute": asked})

    for what, group, mean in (("a", {name: name}, "2.55"), ("b", {name: "other"}, "3.40")):
        claim(what + "n", "15", "count", "n", group=group)
        claim(what + "m", mean, "mean", "mean", group=group, variable=name)
        claim(what + "s", "1.4", "sd", "sd", group=group, variable=name)
    if p:
        claim("p", "0.16", "p", "p", variable=name)
    grid = {"over": "patients", "step": "1", "low": "0", "high": "10"}
    return {"paper": {"key": "names"}, "variables": {name: grid}, "claims": claims}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_name_is_told_in_an_alarm(tmp_path: Path, name: str) -> None:
    paper = read_paper(write_paper(paper_of(name, p=False), tmp_path / "paper.yaml"))
    checks = audit(paper)
    (alarm,) = [check for check in checks if check.alarm]
    with labels.names_of(paper, read_paper(PUBLISHED)):
        for language in ("en", "es"):
            assert name in labels.claimed(paper[alarm.claims[0]], language)
            audit_table(checks, language).to_html()


@pytest.mark.long
def test_a_hard_name_is_drawn(tmp_path: Path) -> None:
    for name in HARD:
        paper = read_paper(write_paper(paper_of(name), tmp_path / "paper.yaml"))
        with labels.names_of(paper, read_paper(PUBLISHED)):
            audit_p(audit(paper), "en")


def test_a_name_steers_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_paper(paper_of("\x1b[31m red =", p=False), tmp_path / "paper.yaml")
    assert main(["audit", str(path), "--language", "en", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "impossible: \\x1b[31m red =, mean over patients, \\x1b[31m red =" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(("column", "value"), [("sex", "female"), ("level", "C5"), ("leak", "none")])
def test_names_of_the_dictionary_are_not_reserved(column: str, value: str, tmp_path: Path) -> None:
    content = paper_of("score", p=False)
    for claim in content["claims"]:
        group = claim["compute"]["group"]
        claim["compute"]["group"] = {column: value if "other" in group.values() else "x"}
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    with labels.names_of(paper, read_paper(PUBLISHED)):
        assert f"{column} = {value}" in labels.claimed(paper["bmscore"], "en")


@pytest.mark.parametrize("unit", ["knees", "claims", "rodillas izquierdas", "=", "a/b c%20"])
def test_units_of_any_name_are_told(unit: str, tmp_path: Path) -> None:
    content = paper_of("score", p=False)
    content["claims"] += [
        {"id": name, "printed": printed, "kind": "count", "places": [], "compute": {"statistic": "n", "over": over}}
        for name, printed, over in (("all", "20", "patients"), ("all2", "29", unit))
    ]
    share = {"statistic": "percent", "over": unit, "group": {"sex": "f"}}
    content["claims"].append({"id": "f", "printed": "34.5%", "kind": "percentage", "places": [], "compute": share})
    for name, printed, over in (("one", "3.0", "patients"), ("two", "2.0", unit)):
        asked = {"statistic": "mean", "over": over, "variable": "score"}
        content["claims"].append({"id": name, "printed": printed, "kind": "mean", "places": [], "compute": asked})
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    checks = {check.check: check for check in audit(paper)}
    with labels.names_of(paper, read_paper(PUBLISHED)):
        said = {name: labels.audited(check, "es") for name, check in checks.items()}
        assert labels.claimed(paper["two"], "en") == f"mean over {unit}, score"
    assert f"uno sobre pacientes y otro sobre {unit}" in said["printed_twice"]
    assert said["denominator"] == f"34,5% puede ser de 29 {unit}; ningún número de pacientes lo da."


def test_a_measure_of_one_unit_over_another_is_pointed_out(tmp_path: Path) -> None:
    content = paper_of("score")
    for claim in content["claims"]:
        claim["compute"]["over"] = "eyes"
    mean = {"statistic": "mean", "over": "patients", "variable": "score"}
    for name, kind, compute in (("all", "count", {"statistic": "n", "over": "patients"}), ("mean", "mean", mean)):
        content["claims"].append({"id": name, "printed": "20", "kind": kind, "places": [], "compute": compute})
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    (check,) = [check for check in audit(paper) if check.check == "unit_of_analysis"]
    said = "A measure of 20 patients is tested over 30 eyes: some patients count more than once."
    assert labels.audited(check, "en") == said
    content["claims"][-2]["printed"] = "30"
    paper = read_paper(write_paper(content, tmp_path / "paper.yaml"))
    assert "unit_of_analysis" not in {check.check for check in audit(paper)}


def test_columns_that_differ_by_a_number_are_no_slip(tmp_path: Path) -> None:
    content = paper_of("score", p=False)
    for claim, column in zip(content["claims"], ["visit1", "visit1", "visit1", "visit2"], strict=False):
        claim["compute"]["group"] = {column: "x"}
    content["claims"] = content["claims"][:4]
    assert len(read_paper(write_paper(content, tmp_path / "paper.yaml")).claims) == 4


def test_the_size_of_leaks_of_another_paper_is_not_out_of_the_leaks(tmp_path: Path) -> None:
    def count(name: str, printed: str, **group: str) -> dict[str, Any]:
        compute = {"statistic": "n", "over": "patients", "group": group}
        return {"id": name, "printed": printed, "kind": "count", "places": [], "compute": compute}

    claims = [count("all", "28"), count("leaks", "8", leak="yes"), count("none", "20", leak_size="none")]
    claims += [count("small", "8", leak_size="small")]
    content = {"paper": {"key": "x"}, "variables": {}, "claims": claims}
    (check,) = audit(read_paper(write_paper(content, tmp_path / "paper.yaml")))
    assert (check.check, check.verdict) == ("sum", "possible")
