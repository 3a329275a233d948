"""What the claims leave free, over the ensemble of reconstructions, as a table."""

from __future__ import annotations

import pandas as pd

from vpresearch import labels
from vpresearch.reconstruct import Ensemble, spread
from vpresearch.tables.table import Table

_SHOWN = (0.0, 0.025, 0.5, 0.975, 1.0)


def spread_table(ensemble: Ensemble, extremes: Ensemble, language: str) -> Table:
    """Lay out how far datasets that satisfy every claim differ in what none of them tells.

    Parameters
    ----------
    ensemble, extremes : Ensemble
        Drawn datasets, and those that a search found furthest out.
    language : {"es", "en"}

    Returns
    -------
    Table
        Witnesses of what is possible; neither bounds nor probabilities.
    """
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
