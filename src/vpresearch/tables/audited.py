"""The audit of the printed numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from vpresearch.audit import Check
from vpresearch.data import Dataset
from vpresearch.privacy import withhold
from vpresearch.reconstruct import Ensemble, spread
from vpresearch.render import labels
from vpresearch.render.table import Table, steady
from vpresearch.scorecard import Row


def audit_table(checks: Sequence[Check], language: str) -> Table:
    """Lay out the audit, what is impossible first."""
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


def scorecard_table(rows: Sequence[Row], dataset: Dataset, language: str) -> Table:
    """Lay out the scorecard."""

    def public(min_cell: int) -> Table:
        return _scorecard_table(withhold(rows, dataset, min_cell), dataset, language)

    return replace(_scorecard_table(rows, dataset, language), public=public)


def _scorecard_table(rows: Sequence[Row], dataset: Dataset, language: str) -> Table:
    data = pd.DataFrame(
        [
            {
                "claim": row.claim.id,
                "place": "; ".join(row.claim.places),
                "printed": row.claim.printed.printed,
                "computed": _value(row, dataset.reconstruction),
                "rounded": row.rounded,
                "verdict": row.verdict,
                "method": labels.method(row.computed.method, "en"),
                "reason": _reasons(row, "en"),
            }
            for row in rows
        ]
    )
    shown = pd.DataFrame(
        [
            {
                labels.text("word.claim", language): row.claim.id,
                labels.text("word.place", language): labels.places(row.claim.places, language),
                labels.text("word.printed", language): labels.printed(row.claim.printed.printed, language),
                labels.text("word.computed", language): _computed(row, language, dataset.reconstruction),
                labels.text("word.rounded", language): labels.rounded(row, language),
                labels.text("word.verdict", language): labels.text(f"verdict.{row.verdict}", language),
                labels.text("word.method", language): labels.method(row.computed.method, language),
                labels.text("word.reason", language): _reasons(row, language),
            }
            for row in rows
        ]
    )
    notes = (labels.text("footnote.rule", language), labels.text("footnote.bound", language, n=len(rows)))
    caption = labels.text("caption.scorecard", language)
    return Table("scorecard", data, shown, caption, language, dataset.reconstruction, notes)


def _is_single_value(row: Row, reconstruction: bool) -> bool:
    return row.claim.compute.statistic in {"min", "max"} and not reconstruction


def _value(row: Row, reconstruction: bool) -> float:
    """Give the computed value, no finer than the paper does where it is some patient's own."""
    value = row.computed.value
    return round(value, row.claim.printed.decimals) if _is_single_value(row, reconstruction) else value


def _computed(row: Row, language: str, reconstruction: bool) -> str:
    """Show two decimals more than are printed; a count has none to show, and what is public or a patient's no more."""
    if row.claim.compute.statistic in {"n", "lead"}:
        return labels.number(row.computed.value, 0, language)
    more = 0 if row.coarse or _is_single_value(row, reconstruction) else 2
    return labels.number(row.computed.value, row.claim.printed.decimals + more, language)


def _reasons(row: Row, language: str) -> str:
    says = row.claim.says.get(language)
    first = [labels.text("reason.says", language, says=says)] if says else []
    return " ".join(first + [labels.reason(note, language) for note in row.reasons])


_SHOWN = (0.0, 0.025, 0.5, 0.975, 1.0)


def spread_table(ensemble: Ensemble, extremes: Ensemble, language: str) -> Table:
    """Lay out how far datasets that satisfy every claim differ in what none of them tells."""
    drawn, found = (spread(datasets) for datasets in (ensemble, extremes))
    names = list(dict.fromkeys(drawn["statistic"]))
    values, furthest = (_by_quantile(table) for table in (drawn, found))
    rows = [
        {
            "statistic": name,
            **{f"quantile_{quantile:g}": values[name, quantile] for quantile in _SHOWN},
            "witnessed_least": min(values[name, 0.0], furthest[name, 0.0]),
            "witnessed_greatest": max(values[name, 1.0], furthest[name, 1.0]),
        }
        for name in names
    ]
    data = pd.DataFrame(rows)
    heads = {f"quantile_{quantile:g}": f"{labels.number(100 * quantile, 1, language)}%" for quantile in _SHOWN}
    heads |= {name: labels.text(f"word.{name}", language) for name in ("witnessed_least", "witnessed_greatest")}
    shown = pd.DataFrame(
        {
            labels.text("word.statistic_free", language): [labels.text(f"spread.{name}", language) for name in names],
            **{
                head: [
                    labels.number(float(value), 0 if _counts(name) else 3, language)
                    for name, value in zip(names, data[column], strict=True)
                ]
                for column, head in heads.items()
            },
        }
    )
    notes = (labels.text("footnote.spread", language),)
    caption = labels.text("caption.spread", language, n=len(ensemble))
    return Table("spread", data, shown, caption, language, True, notes)


def _by_quantile(table: pd.DataFrame) -> dict[tuple[str, float], float]:
    """Values by statistic and quantile, with the digits that do not depend on the machine's vector instructions."""
    return {
        (str(name), float(quantile)): float(f"{value:.12g}")
        for name, quantile, value in zip(table["statistic"], table["quantile"], table["value"], strict=True)
    }


def _counts(name: str) -> bool:
    return name.startswith(("patients", "most"))
