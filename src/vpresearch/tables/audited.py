"""The audit of the printed numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from vpresearch import labels
from vpresearch.audit import Check
from vpresearch.tables.table import Table, steady


def audit_table(checks: Sequence[Check], language: str) -> Table:
    """Lay out the audit, what is impossible first.

    Parameters
    ----------
    checks : sequence of Check
    language : {"es", "en"}

    Returns
    -------
    Table
        Of printed numbers alone: no data, real or reconstructed, enter it. Its data are in English.
    """
    data = pd.DataFrame(
        [
            {
                "check": check.check,
                "claims": " ".join(check.claims),
                "verdict": check.verdict,
                "detail": labels.audited(check, "en"),
                "n_datasets": check.n_datasets,
                "p_min": check.p_min,
                "p_max": check.p_max,
                "witness": check.witness,
            }
            for check in checks
        ]
    )
    # Numbers of datasets can pass 64 bits.
    data["n_datasets"] = pd.Series([check.n_datasets for check in checks], index=data.index, dtype=object)
    shown = pd.DataFrame(
        [
            {
                labels.text("word.check", language): labels.text(f"audit_check.{check.check}", language),
                labels.text("word.claims", language): check.claims[0],
                labels.text("word.verdict", language): labels.text(f"audit_verdict.{check.verdict}", language),
                labels.text("word.detail", language): labels.audited(check, language),
                labels.text("word.datasets", language): ""
                if check.n_datasets is None
                else labels.count(check.n_datasets, language),
            }
            for check in sorted(checks, key=_gravity)
        ]
    )
    notes = (labels.text("footnote.audit", language),)
    return Table("audit", steady(data), shown, labels.text("caption.audit", language), language, False, notes)


def _gravity(check: Check) -> int:
    """Order by what a reader must see: a grid that nobody stated is only a supposition."""
    if check.check.endswith("_natural_grid"):
        return 4
    return 0 if check.alarm else {"undecided": 1, "impossible": 2, "possible": 3}[check.verdict]
