"""Which printed number, changed alone, would make an alarm's numbers agree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.audit.test_documented import audited
from tests.made_up_paper import alterations, make_paper, write_paper
from vpresearch.audit import Check, alone, audit
from vpresearch.published import Paper, read_paper
from vpresearch.render import labels

KINDS = [(0, "r"), (0, "F"), (0, "percentage"), (0, "two digits exchanged"), (0, "count beside its percentage")]


def corrections_of(checks: list[Check] | tuple[Check, ...], name: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """Collect what is told of an alarm, by the last part of a number's name, and what is printed."""
    found = next(check for check in checks if check.alarm and check.check == name)
    return {(each.claim.id.rpartition(".")[2] + each.part, each.printed): each.values for each in found.corrections}


@pytest.mark.parametrize(
    ("example", "check", "changed"),
    [
        ('{t: "2.20", df: "28", p: "0.360"}', "p_of_statistic", {("p", "0.360"): "0.036"}),
        ('{t: "2.20", df: "28", p: "n.s.", test: student}', "p_of_statistic", {("p", "n.s."): "< 0.05"}),
        ('{coefficient: "0.52", se: "0.21", t: "3.48"}', "coefficient", {("t", "3.48"): "2.48"}),
        ('{hr: "5.31", low: "1.10", high: "4.85"}', "interval", {("hr", "5.31"): "2.31"}),
        (
            '{table: [["8", "30"], ["11", "23"]], p: "0.900"}',
            "p_of_table",
            {("p", "0.900"): "0.413", ("p1 1", "23"): "36"},
        ),
        ('{table: [["8", "30"], ["11", "23"]], or: "0.86"}', "of_table", {("or", "0.86"): "0.56"}),
        ("variable=score n=28 mean=5.19 scale=1-7", "grim", {("mean", "5.19"): "5.18", ("n", "28"): "27"}),
        ("variable=healed n=20 mean=0.35 sd=0.94 scale=0-1", "debit", {("sd", "0.94"): "0.49"}),
        (
            "variable=leakage group=a category=yes n=38 count=8 percent=23%",
            "percentage",
            {("percent", "23%"): "21%", ("n", "38"): "35"},
        ),
        (
            "variable=grade group=a category=mild n=20 count=8 complete=yes;"
            " variable=grade group=a category=severe n=20 count=11",
            "sum",
            {("count", "8"): "9", ("count", "11"): "12"},
        ),
        (
            "variable=score n=12 mean=6.92 sd=1.31 min=5 q1=7.00 median=7.0 q3=8.00 max=9 scale=0-10",
            "quantiles_counted",
            {("q1", "7.00"): "6.00"},
        ),
        ("variable=levels n=27 mean=1.5 sum=45", "mean_sum", {("mean", "1.5"): "1.7", ("meansum", "45"): "41"}),
        (
            "variable=pre n=20 mean=6.2 sd=1.9; variable=post n=20 mean=4.1 sd=2.2;"
            " variable=fall n=20 mean=-2.6 sd=1.8 from=pre to=post",
            "change_mean",
            {("mean", "-2.6"): "-2.2", ("mean", "4.1"): "3.7"},
        ),
        (
            "variable=score group=a n=15 mean=2.5 sd=1.9; variable=score group=b n=14 mean=3.4 sd=1.4"
            " / variable=score d=0.83",
            "effect_size",
            {("d", "0.83"): "0.73", ("mean", "3.4"): "3.6", ("sd", "1.4"): "1.2"},
        ),
        (
            "variable=score group=a n=15 mean=2.5 sd=1.9; variable=score group=b n=15 mean=3.4 sd=1.4;"
            " variable=score group=c n=15 mean=4.1 sd=1.4 / variable=score test=anova p=0.80",
            "p_source",
            {("p", "0.80"): "0.05"},
        ),
    ],
)
def test_an_alarm_names_what_changed_alone_would_do(
    example: str, check: str, changed: dict[tuple[str, str], str], tmp_path: Path
) -> None:
    checks = audited(example, tmp_path)
    found = corrections_of(checks, check)
    assert {name: value in found[name] for name, value in changed.items()} == dict.fromkeys(changed, True), found
    # Each of them passes the audit, as far as this alarm goes, and raises no other.
    paper = read_paper(next(path for path in (tmp_path / "paper.yaml", tmp_path / "table.csv") if path.exists()))
    before = {(each.check, each.claims) for each in checks if each.alarm}
    for alarm in (each for each in checks if each.alarm):
        for each in alarm.corrections:
            for value in each.values:
                again = audit(alone.with_number(paper, each.claim, each.part, value))
                after = {(each.check, each.claims) for each in again if each.alarm}
                assert after <= before - {(alarm.check, alarm.claims)}, (each, value)


def altered(seed: int, kind: str, folder: Path) -> tuple[Paper, str, str]:
    """Print a true paper with one number altered: the paper, the number's name, and what stood there."""
    content = make_paper(seed)
    ((entry, key, text),) = alterations(content, np.random.default_rng(seed))[kind][0]
    name, true = entry["id"] if key == "printed" else f"{entry['id']}.{key}", entry[key]
    entry[key] = text
    return read_paper(write_paper(content, folder / "paper.yaml")), name, true


@pytest.mark.parametrize(("seed", "kind"), KINDS)
def test_the_true_number_of_an_altered_paper_is_named(seed: int, kind: str, tmp_path: Path) -> None:
    paper, name, true = altered(seed, kind, tmp_path)
    told = {(each.claim.id, value) for check in audit(paper) for each in check.corrections for value in each.values}
    assert (name, true) in told


def test_what_is_told_changes_no_verdict(tmp_path: Path) -> None:
    checks = audited("variable=levels n=27 mean=1.5 sum=45", tmp_path)
    without = [replace(check, corrections=()) for check in checks]
    assert alone.with_corrections(read_paper(tmp_path / "table.csv"), without) == list(checks)
    assert {check.verdict for check in checks if check.corrections} == {"impossible"}
    assert {check.verdict for check in checks if not check.corrections} <= {"possible", "undecided"}


def test_nothing_is_told_where_no_single_number_does(tmp_path: Path) -> None:
    # The mean has no sum, and the SD belongs to none.
    checks = audited("variable=healed n=20 mean=0.36 sd=0.11 scale=0-1", tmp_path)
    assert corrections_of(checks, "debit") == {}
    assert "instead of" not in labels.audited(next(check for check in checks if check.alarm), "en")


def test_tries_are_bounded_for_the_whole_paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "; ".join(
        f"variable=v{row} group={group} n={n} mean={mean} sd=1.{row:02}"
        for row in range(40)
        for group, n, mean in (("a", 31, 2.5), ("b", 28, 3.4), ("c", 35, 4.1))
    )
    tests = "; ".join(f"variable=v{row} test=anova p=0.90" for row in range(40))
    tried: list[Paper] = []
    agrees = alone._Alarm._agrees

    def counted(alarm: alone._Alarm, paper: Paper) -> bool:
        tried.append(paper)
        return agrees(alarm, paper)

    monkeypatch.setattr(alone._Alarm, "_agrees", counted)
    checks = audited(f"{rows} / {tests}", tmp_path)
    assert sum(check.alarm for check in checks) == 40
    # Each alarm is looked at once as it is.
    assert 80 < len(tried) <= alone._TRIES + 40


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "If a single number is wrong, any one of these would make them agree: p: 0.413 instead"),
        ("es", "Si un solo número está mal, cualquiera de estos los haría concordar: "),
    ],
)
def test_what_would_do_is_told_in_both_languages(language: str, words: str, tmp_path: Path) -> None:
    checks = audited('{table: [["8", "30"], ["11", "23"]], p: "0.900"}', tmp_path)
    said = labels.audited(next(check for check in checks if check.alarm), language)
    assert words in said
