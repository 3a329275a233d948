"""The audit of the printed numbers in brief: how many checks of each kind, and those that say something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

import pandas as pd

from vpresearch import figures, tables
from vpresearch.audit import Check
from vpresearch.core.compendium import read_compendium
from vpresearch.core.dictionary import columns
from vpresearch.data import Dataset
from vpresearch.figures import Figure
from vpresearch.inference.describe import select
from vpresearch.published import Claim, Paper
from vpresearch.render import labels
from vpresearch.report.results import Results
from vpresearch.scorecard import Row
from vpresearch.tables import Table

_VERDICTS = ("possible", "impossible", "undecided")
# Checks whose answer is worth reading whatever it is.
_DIGESTED = (
    "p_source",
    "p_exchange",
    "p_copy",
    "p_nought",
    "printed_twice",
    "unit_of_mean",
    "ratio",
    "unit_of_analysis",
)


def digest_table(checks: Sequence[Check], language: str) -> Table:
    """Count the checks of an audit by kind and verdict."""
    counts = pd.DataFrame(
        [{"check": check.check, "verdict": check.verdict} for check in checks], columns=["check", "verdict"]
    )
    data = pd.crosstab(counts["check"], counts["verdict"]).reindex(columns=_VERDICTS, fill_value=0)
    data = data.reindex(counts["check"].unique()).reset_index().rename_axis(columns=None)
    shown = pd.DataFrame(
        {labels.text("word.check", language): [labels.text(f"audit_check.{name}", language) for name in data["check"]]}
        | {
            labels.text(f"audit_verdict.{verdict}", language): [str(count) if count else "" for count in data[verdict]]
            for verdict in _VERDICTS
        }
    )
    caption = labels.text("report.digest_caption", language, n=len(checks))
    notes = (labels.text("report.digest_note", language),)
    return Table("audit_digest", data, shown, caption, language, False, notes)


def findings_table(checks: Sequence[Check], paper: Paper, language: str) -> Table:
    """Lay out the alarms of an audit, what it left undecided, and what it says of p-values and units."""
    telling = [check for check in checks if check.alarm or check.verdict == "undecided" or check.check in _DIGESTED]
    telling.sort(key=lambda check: (not check.alarm, check.verdict != "undecided"))
    data = pd.DataFrame(
        [
            {"check": each.check, "claim": each.claims[0], "verdict": each.verdict, "alarm": each.alarm}
            for each in telling
        ],
        columns=["check", "claim", "verdict", "alarm"],
    )
    shown = pd.DataFrame(
        [
            (
                labels.text(f"audit_check.{each.check}", language),
                _named(paper[each.claims[0]], language),
                labels.text(f"audit_verdict.{each.verdict}", language),
                labels.audited(each, language),
            )
            for each in telling
        ],
        columns=[labels.text(f"word.{word}", language) for word in ("check", "claims", "verdict", "detail")],
    )
    bold = tuple(place for place, each in enumerate(telling) if each.alarm)
    caption = labels.text("report.findings_caption", language)
    notes = (labels.text("footnote.audit", language),)
    return Table("audit_findings", data, shown, caption, language, False, notes, bold)


def _named(claim: Claim, language: str) -> str:
    """Name a printed number by where it stands and what it is of."""
    variable = claim.compute.variable
    place = labels.place(claim.places[-1], language)
    return f"{place}: {labels.variable(variable, language)}" if variable else place


Cause = Literal["test", "unit", "truncation", "impossible", "missing", "not_computable", "unexplained"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
_DIFFERENT = ("differs", "unattainable", "not computable")
# What a finding about the printed numbers themselves explains.
_OF_THE_PAPER = ("p_unattainable", "p_exchanged", "p_copied", "unit_forced", "denominator_forced", "printed_twice")
# Notes that say why a number differs; others say how it was computed, or that it differs.
_TELLING = {
    *("other_test", "other_unit", "no_column", "too_few", "test_not_done", "p_unattainable", "p_exchanged", "p_copied")
}


def cause(row: Row, dataset: Dataset) -> Cause | None:
    """Tell what would give a printed number that the data do not give."""
    if row.verdict not in _DIFFERENT:
        return None
    if row.verdict == "not computable":
        return "not_computable"
    codes = {note.code for note in row.reasons}
    if "other_test" in codes:
        return "test"
    if "other_unit" in codes:
        return "unit"
    if row.computed.value in row.claim.printed.interval("truncation"):
        return "truncation"
    if "p_unattainable" in codes:
        return "impossible"
    return "missing" if _missing(row, dataset) else "unexplained"


def differences_table(rows: Sequence[Row], dataset: Dataset, language: str) -> Table:
    """Lay out what differs from the paper and why that may be."""
    different = sorted(
        ((row, found) for row in rows if (found := cause(row, dataset)) is not None),
        key=lambda pair: CAUSES.index(pair[1]),
    )
    data = pd.DataFrame(
        [
            {"claim": row.claim.id, "printed": row.claim.printed.printed, "computed": row.computed.value, "cause": why}
            for row, why in different
        ],
        columns=["claim", "printed", "computed", "cause"],
    )
    heads = [labels.text(f"word.{word}", language) for word in ("place", "claim", "printed", "computed", "reason")]
    shown = pd.DataFrame([_cells(row, why, dataset, language) for row, why in different], columns=heads)
    notes = [labels.text("footnote.rule", language)]
    counts = Counter(why for _, why in different)
    if different:
        causes = [f"{labels.text(f'cause.{why}', language)}, {counts[why]}" for why in CAUSES if counts[why]]
        notes.append(labels.text("report.causes", language, list="; ".join(causes)))
    if counts["unexplained"]:
        notes.append(labels.text("report.unexplained", language))
    caption = labels.text("report.differences_caption", language, n=len(different))
    return Table("differences", data, shown, caption, language, dataset.reconstruction, tuple(notes))


def _cells(row: Row, why: Cause, dataset: Dataset, language: str) -> tuple[str, ...]:
    # An extreme is one patient's value: no digit more of it than the paper prints.
    more = {"n": -row.claim.printed.decimals, "lead": -row.claim.printed.decimals, "min": 0, "max": 0}
    decimals = row.claim.printed.decimals + more.get(row.claim.compute.statistic, 2)
    what = labels.claimed(replace(row.claim, places=()), language)
    if row.computed.method.code.startswith(("p_", "smallest_p_")):
        what = f"{what}: {labels.method(row.computed.method, language)}"
    return (
        labels.places(row.claim.places, language),
        what,
        labels.printed(row.claim.printed.printed, language),
        labels.number(row.computed.value, decimals, language),
        _explanation(row, why, dataset, language),
    )


def _explanation(row: Row, why: Cause, dataset: Dataset, language: str) -> str:
    found = [labels.reason(note, language) for note in row.reasons if note.code in _TELLING]
    if why == "truncation":
        found.insert(0, labels.text("report.truncation", language))
    if missing := _missing(row, dataset):
        found.append(labels.text("report.missing_one" if missing == 1 else "report.missing_many", language, n=missing))
    return " ".join(found) or labels.text("report.no_reason", language)


def _missing(row: Row, dataset: Dataset) -> int:
    """Count the values that are missing of the variable of a count or summary; an empty text is no gap."""
    spec = row.claim.compute
    if row.verdict == "not computable" or spec.variable is None or spec.statistic in {"p", "difference"}:
        return 0
    if (column := columns().get(spec.variable)) and column.kind == "text":
        # An empty cell of complications says that there was none.
        return 0
    return int(select(dataset, spec.over, {**spec.within, **spec.group})[spec.variable].isna().sum())


def make_tables(results: Results, language: str) -> dict[str, Table]:
    """Lay out every table."""
    study, alpha = results.dataset, results.alpha
    made = [
        tables.table1(study, language),
        tables.table2(study, language),
        tables.table3(study, language, alpha),
        tables.table4(study, language, alpha),
        tables.leak_kinds(study, language),
        tables.outcome(study, language),
        tables.comparisons(study, language, alpha),
        tables.associations(study, language),
        tables.exhibits_table(read_compendium(), study, language),
        tables.models_table(results.estimates, study, language),
        tables.leak_risk_table(study, language),
        tables.dose_table(study, language),
        tables.validation_table(results.performance, study, language),
        tables.precision_table(results.estimates, study, language),
        tables.relief_table(study, language),
        tables.comparators_table(results.comparisons, study, language),
        tables.specification_table(results.specifications, study, language),
        tables.assumptions_table(results.assumptions, study, language),
        tables.simulation_table(results.simulation, language),
        tables.audit_table(results.checks, language),
        digest_table(results.checks, language),
        findings_table(results.checks, results.paper, language),
        tables.scorecard_table(results.rows, study, language),
        differences_table(results.rows, study, language),
    ]
    if results.ensembles:
        made.append(tables.spread_table(results.ensembles["drawn"], results.ensembles["extreme"], language))
        made.append(tables.implied_table(results.fits, language))
    return {table.name: table for table in made}


def make_figures(results: Results, language: str) -> Mapping[str, Figure]:
    """Draw every figure."""
    study, leak = results.dataset, results.identified
    made = [
        figures.figure1(study, language),
        figures.figure2(study, language),
        figures.leak_kinds(study, language),
        figures.volumes(study, language),
        figures.outcome(study, language),
        figures.audit_p(results.checks, language),
        figures.leak_models(results.estimates, study, language, leak),
        figures.risk_curve(study, language, leak),
        figures.calibration(study, language, leak),
        figures.comparators_figure(results.comparisons, study, language),
        figures.specification_figure(results.specifications, study, language, leak),
        figures.spline_figure(study, language, leak),
    ]
    if results.ensembles:
        made.append(figures.identified_range(results.fits, language))
    return {figure.name: figure for figure in made}
