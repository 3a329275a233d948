"""The numbers that the prose of a report may name, each by a key, and how they are written."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version

from vpresearch import labels
from vpresearch.regression.models import PRIMARY, leak_design
from vpresearch.regression.precision import clusters_for_half_width, clusters_for_power, design_effect
from vpresearch.report.differences import CAUSES, cause
from vpresearch.report.results import Results
from vpresearch.tables import Table

Value = str | int | float

# Which columns tell the rows of a table apart.
_INDEX: Mapping[str, tuple[str, ...]] = {
    "table1": ("level",),
    "table2": ("variable",),
    "table3": ("variable",),
    "table4": ("variable",),
    "leak_kinds": ("leak_site", "leak_size"),
    "outcome": ("variable",),
    "comparisons": ("variable", "test"),
    "associations": ("variable", "test"),
    "models": ("model", "term"),
    "leak_risk": ("model", "quantity", "fill_percent"),
    "validation": ("measure",),
    "relief": ("outcome", "term", "margin"),
    "comparators": ("study",),
    "assumptions": ("question",),
    "simulation": ("method",),
    "spread": ("statistic",),
    "implied": ("model", "unit", "adjustment"),
    "scorecard": ("claim",),
}
_CITED = ("authors", "title", "journal", "year", "pages")
_LOG_ODDS = ("estimate", "ci_low", "ci_high")
_VERSIONS = (
    *("vpresearch", "numpy", "pandas", "scipy", "statsmodels", "pingouin", "matplotlib"),
    *("pypandoc-binary", "typst"),
)


def values(results: Results, tables: Mapping[str, Table], about: Mapping[str, str]) -> dict[str, Value]:
    """Give every number that the prose may name.

    Parameters
    ----------
    results : Results
    tables : dict of str to Table
    about : dict of str to str
        What the machine knows: the commit and the version of Python.

    Returns
    -------
    dict of str to str, int or float
        Keys such as ``table3.cement_volume_cc.mean_no_leak``: table, row, column.
    """
    found: dict[str, Value] = {}
    for name, index in _INDEX.items():
        if name in tables:
            found |= _of_table(tables[name], index)
    found |= _ratios(tables["models"])
    return found | _of_study(results) | _of_verdicts(results) | _of_precision(results) | _colophon(results, about)


def write(value: Value, style: str, language: str) -> str:
    """Write one value in the prose.

    Parameters
    ----------
    value : str, int or float
    style : str
        A number of decimals; ``p``, a whole p-value with its sign; ``%`` and a number of decimals, a share as a
        percentage; ``pp``, a difference of shares in whole percentage points; ``why``, the reason of a fit in words; or
        nothing, for words and counts.
    language : {"es", "en"}

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If a number with decimals has no style, or there is no such style.

    Examples
    --------
    >>> write(2.0512, "2", "es"), write(0.0002, "p", "es"), write(0.3128, "%0", "en"), write(12048, "", "en")
    ('2,05', 'p < 0,001', '31%', '12,048')
    >>> write(-0.08, "pp", "es"), write("one_outcome", "why", "en")
    ('−8', 'the outcome does not vary')
    """
    if style == "" and isinstance(value, int):
        return labels.count(value, language)
    if style == "" and isinstance(value, str):
        return value
    if style == "why" and isinstance(value, str):
        return labels.why_not(value, language)
    if isinstance(value, float) and math.isnan(value):
        return labels.number(value, 0, language)
    if isinstance(value, str) or not (style in {"p", "pp"} or style.removeprefix("%").isdigit()):
        raise ValueError(f"cannot be written in the style {style!r}")
    if style == "p":
        return labels.p_is(value, language)
    if style == "pp":
        return labels.number(100 * value, 0, language)
    if style.startswith("%"):
        return f"{labels.number(100 * value, int(style[1:]), language)}%"
    return "∞" if math.isinf(value) else labels.number(value, int(style), language)


def _of_table(table: Table, index: tuple[str, ...]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for row in table.data.to_dict("records"):
        place = ".".join([table.name, *filter(None, (_part(row[column]) for column in index))])
        found |= {f"{place}.{name}": _plain(value) for name, value in row.items() if name not in index}
    return found


def _part(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:g}"
    return str(value).replace(" ", "_").replace(":", "_")


def _plain(value: object) -> Value:
    if value is None:
        return math.nan
    if hasattr(value, "item"):
        value = value.item()
    return value if isinstance(value, (str, int, float)) else str(value)


def _ratios(models: Table) -> dict[str, Value]:
    """Odds ratios beside the log odds of every model."""
    found: dict[str, Value] = {}
    for row in models.data.to_dict("records"):
        for column, name in zip(_LOG_ODDS, ("or", "or_low", "or_high"), strict=True):
            value = row[column]
            ratio = math.inf if value >= 700 else math.exp(value)
            found[f"models.{row['model']}.{row['term']}.{name}"] = ratio
    return found


def _of_study(results: Results) -> dict[str, Value]:
    study = results.dataset
    leaks = int((study.vertebrae["leak"] == "yes").sum())
    found: dict[str, Value] = {
        "study.patients": len(study.patients),
        "study.vertebrae": len(study.vertebrae),
        "study.leaks": leaks,
        "study.no_leaks": len(study.vertebrae) - leaks,
        "study.women": int((study.patients["sex"] == "F").sum()),
        "study.sha256": study.sha256,
        **{
            f"paper.{name}": str(results.paper.about[name]) for name in ("authors", "title", "journal", "year", "pages")
        },
        "parameters.alpha": results.alpha,
        "parameters.seed": str(results.seed),
    }
    if results.identified is not None:
        least, most = results.identified
        found |= {"identified.least": least, "identified.most": most, "ensemble.n": len(results.ensembles["drawn"])}
    return found


def _of_verdicts(results: Results) -> dict[str, Value]:
    verdicts = Counter[str](row.verdict for row in results.rows)
    names = ("reproduced", "differs", "not computable", "by construction", "consistent", "unattainable")
    found: dict[str, Value] = {f"scorecard.{name.replace(' ', '_')}": verdicts[name] for name in names}
    causes = Counter(cause(row, results.dataset) for row in results.rows)
    found |= {f"differences.{name}": causes[name] for name in CAUSES}
    found |= {"differences.n": sum(causes[name] for name in CAUSES), "scorecard.n": len(results.rows)}
    checks = Counter(check.verdict for check in results.checks)
    return found | {
        "audit.n": len(results.checks),
        "audit.undecided": checks["undecided"],
        "audit.alarms": sum(check.alarm for check in results.checks),
    }


def _of_precision(results: Results) -> dict[str, Value]:
    slopes = {each.model: each for each in results.estimates if each.term == "fill_percent"}
    primary = slopes[PRIMARY]
    needed = {"power": clusters_for_power(primary), "fifth": clusters_for_half_width(primary, 0.2)}
    found: dict[str, Value] = {
        f"precision.patients_{name}": int(number) if math.isfinite(number) else math.nan
        for name, number in needed.items()
    }
    found["precision.design_effect"] = design_effect(primary, slopes["ml"])
    study = leak_design(results.dataset.rows)
    return found | {"fill.least": float(study.x[:, 1].min()), "fill.greatest": float(study.x[:, 1].max())}


def _colophon(results: Results, about: Mapping[str, str]) -> dict[str, Value]:
    found: dict[str, Value] = {f"version.{name}": version(name) for name in _VERSIONS}
    return found | {f"version.{name}": value for name, value in about.items()}
