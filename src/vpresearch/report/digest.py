"""The audit of the printed numbers in brief: how many checks of each kind, and those that say something."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from vpresearch import labels
from vpresearch.audit import Check
from vpresearch.published import Claim, Paper
from vpresearch.tables import Table

_VERDICTS = ("possible", "impossible", "undecided")
# Checks whose answer is worth reading whatever it is.
_TELLING = (
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
    """Count the checks of an audit by kind and verdict.

    Parameters
    ----------
    checks : sequence of Check
    language : {"es", "en"}

    Returns
    -------
    Table

    Examples
    --------
    >>> digest_table([Check("sum", (), "possible", "sum_holds")], "en").shown.to_numpy().tolist()
    [['Parts and total', '1', '', '']]
    """
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
    """Lay out the alarms of an audit, what it left undecided, and what it says of p-values and units.

    Parameters
    ----------
    checks : sequence of Check
    paper : Paper
    language : {"es", "en"}

    Returns
    -------
    Table
        Alarms first, in bold.
    """
    telling = [check for check in checks if check.alarm or check.verdict == "undecided" or check.check in _TELLING]
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
