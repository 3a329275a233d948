"""What an audit found, as a page that an editor can send to the authors of a paper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from vpresearch.audit import Check, Covered
from vpresearch.core.files import put_all
from vpresearch.published import Paper
from vpresearch.render import labels
from vpresearch.report import template
from vpresearch.report.document import FORMATS, Report
from vpresearch.report.values import Value
from vpresearch.tables import Table
from vpresearch.tables.audited import numbers_table

_NAME = "audit"
# Which check of INSPECT-SR a finding bears on: baseline values together, means and spreads of what goes by steps; of
# all others, errors in results.
_INSPECTED = {"alike": "4.3", "grim": "4.8", "grimmer": "4.8", "debit": "4.8", "quantile_grid": "4.8"}
_OTHERS = "4.9"


def write_audit(
    paper: Paper, checks: Sequence[Check], covered: Sequence[Covered], folder: Path, language: str
) -> list[Path]:
    """Write what an audit found as HTML, DOCX and PDF."""
    found = {
        "alarms": [check for check in checks if check.alarm],
        "remarks": [check for check in checks if check.remark],
    }
    tables = {name: _table(name, paper, each, language) for name, each in found.items()}
    tables["numbers"] = numbers_table(covered, language)
    facts = {name for name, each in found.items() if each}
    known: dict[str, Value] = {
        "paper.citation": paper.citation,
        "audit.n": len(checks),
        "audit.claims": len(covered),
        "audit.alarms": len(found["alarms"]),
        "audit.unchecked": sum(not each.checks for each in covered),
    }
    blocks = template.fill(
        template.parse(template.source(_NAME, language), facts), f"{_NAME}.{language}.md", known, language
    )
    captions = {f"table.{name}": table.caption for name, table in tables.items()}
    notes = dict.fromkeys(captions, ())
    titles = {_NAME: labels.text(f"report.title_{_NAME}", language)}
    report = Report(language, False, {_NAME: blocks}, tables, {}, captions, notes, ("", ""), titles)
    made = {folder / f"{_NAME}.{kind}": make(report, _NAME, folder) for kind, make in FORMATS.items()}
    put_all(made)
    return [*made]


def _table(name: str, paper: Paper, checks: Sequence[Check], language: str) -> Table:
    """Lay out checks by where their numbers stand in the paper."""
    rows = [
        (
            "; ".join(dict.fromkeys(labels.places(paper[claim].places, language) for claim in check.claims)),
            "; ".join(labels.claimed(paper[claim], language) for claim in check.claims),
            labels.audited(check, language),
            _INSPECTED.get(check.check, _OTHERS),
        )
        for check in checks
    ]
    # Those of one check of the tool together, in the order of the paper.
    rows.sort(key=lambda row: row[-1])
    heads = [*(labels.text(f"word.{word}", language) for word in ("place", "numbers", "detail")), "INSPECT-SR"]
    shown = pd.DataFrame(rows, columns=heads)
    return Table(name, shown, shown, labels.text(f"caption.{name}", language), language, False)
