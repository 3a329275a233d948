"""The numbers that the prose of a report may name, each by a key, and how they are written."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import words as words_of
from vpresearch.core.files import file_digest
from vpresearch.core.paths import PROTOCOL, PUBLISHED
from vpresearch.inference.describe import SCALES, recorded_scores, summarise
from vpresearch.published import read_paper
from vpresearch.regression.models import PRIMARY
from vpresearch.render import labels
from vpresearch.results import Results
from vpresearch.scorecard import CAUSES, cause, near_the_edge
from vpresearch.tables import Table


@dataclass(frozen=True)
class Missing:
    """A number that these data do not give: of what, and why, in words; the sentence that needs it is left out."""

    what: str
    why: str


Value = str | int | float | Missing

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
    "simulation": ("method", "fills"),
    "spread": ("statistic",),
    "implied": ("model", "unit", "adjustment"),
    "scorecard": ("claim",),
}
# Rows that such a table leaves out where there is nothing to show.
_LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    "outcome": tuple(name for name in columns() if name.startswith(("vas_", "odi_")))
}
_LOG_ODDS = ("estimate", "ci_low", "ci_high")
_GROUPS, _SIZES = {"no_leak": "no", "leak": "yes"}, {"n_no_leak", "n_leak"}
_NOUNS = ("vertebrae", "patients", "leaks")
_VERSIONS = (
    *("vpresearch", "numpy", "pandas", "scipy", "statsmodels", "pingouin", "matplotlib"),
    *("pypandoc-binary", "typst"),
)


def values(results: Results, tables: Mapping[str, Table], about: Mapping[str, str]) -> dict[str, Value]:
    """Give every number that the prose may name."""
    found: dict[str, Value] = {}
    for name, index in _INDEX.items():
        if name in tables:
            found |= _of_table(tables[name], index)
    found |= _ratios(tables["models"])
    found |= _of_study(results, tables["models"].language) | _of_rate(tables["comparators"])
    found |= _of_verdicts(results, tables) | _of_many(tables)
    if "outcome" in tables:
        found |= _of_last(found, results, tables["outcome"].language)
    return found | _of_precision(results, tables["precision"]) | _colophon(results, about)


def write(value: Value, style: str, language: str) -> str:
    """Write one value in the prose."""
    if style == "" and isinstance(value, int):
        return labels.count(value, language)
    if style == "" and isinstance(value, str):
        return value
    if style == "why" and isinstance(value, str):
        return labels.why_not(value, language)
    if style in _NOUNS and isinstance(value, int):
        return labels.counted(value, style, language)
    if isinstance(value, float) and math.isnan(value):
        return labels.number(value, 0, language)
    if isinstance(value, (str, Missing)) or not (style in {"p", "pp", "or"} or style.removeprefix("%").isdigit()):
        raise ValueError(f"cannot be written in the style {style!r}")
    if style == "p":
        return labels.p_is(value, language)
    if style == "pp":
        return labels.points(100 * value, language)
    if style == "or":
        return labels.odds_ratio(value, language)
    if style.startswith("%"):
        return f"{labels.percent(100 * value, int(style[1:]), language)}%"
    return "∞" if math.isinf(value) else labels.number(value, int(style), language)


def _of_table(table: Table, index: tuple[str, ...]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for row in table.data.to_dict("records"):
        place = ".".join([table.name, *filter(None, (_part(row[column]) for column in index))])
        found |= {
            f"{place}.{name}": _plain(value, table, row, str(name)) for name, value in row.items() if name not in index
        }
    for left_out in _LEFT_OUT.get(table.name, ()):
        nothing = Missing(labels.variable(left_out, table.language), _why(table.language, "no_value"))
        found = {f"{table.name}.{left_out}.{name}": nothing for name in map(str, table.data.columns)} | found
    return found


def _part(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:g}"
    return str(value).replace(" ", "_").replace(":", "_")


def _plain(value: Any, table: Table, row: Mapping[Hashable, Any], column: str) -> Value:
    if hasattr(value, "item"):
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return _missing(table, row, column)
    return value if isinstance(value, (str, int, float)) else str(value)


def _missing(table: Table, row: Mapping[Hashable, Any], column: str) -> Missing:
    """Say what a table lacks, and why: by the reason of its row, or by how many values there are."""
    language, (statistic, _, group) = table.language, column.partition("_")
    what = labels.variable(str(row["variable"]), language) if "variable" in row else table.caption
    what = labels.text(f"model.{row['model']}", language) if table.name == "models" else what
    if statistic in {"mean", "sd", "p"} and "variable" in row:
        parts = [labels.text("word.p_value" if statistic == "p" else f"word.{statistic}", language)]
        parts += [labels.text(f"leak_group.{_GROUPS[group]}", language)] if group in _GROUPS else []
        what = f"{what}: {', '.join(parts)}"
    # Fits, tests and rates have words of their own for why there is no number.
    for words in (words_of(language)[of] for of in ("fit_reason", "why_not", "leak_table")):
        if row.get("reason") in words:
            return Missing(what, words[row["reason"]])
    sizes = [size for name, size in row.items() if name in {"n", f"n_{group}"} or (statistic == "p" and name in _SIZES)]
    nothing = "empty_group" if row.keys() >= _SIZES else "no_value"
    why = {0: nothing, 1: "one_value"}.get(min(sizes, default=2), "not_from_these")
    return Missing(what, _why(language, why))


def _why(language: str, why: str) -> str:
    return labels.text(f"report.{why}", language)


def _ratios(models: Table) -> dict[str, Value]:
    """Take the log odds of every model once more, for the style that writes odds ratios."""
    found: dict[str, Value] = {}
    for row in models.data.to_dict("records"):
        for column, name in zip(_LOG_ODDS, ("or", "or_low", "or_high"), strict=True):
            found[f"models.{row['model']}.{row['term']}.{name}"] = _plain(row[column], models, row, name)
    return found


def _of_last(found: Mapping[str, Value], results: Results, language: str) -> dict[str, Value]:
    """Take the scores of the last follow-up once more, with the words for its time."""
    last: dict[str, Value] = {}
    for score in SCALES:
        # Of a study that followed nobody, the paper's last.
        time = (["1y"] + [at for scale, at in recorded_scores(results.dataset) if scale == score and at != "pre"])[-1]
        last |= {f"last.{score}.{name}": found[f"outcome.{score}_{time}.{name}"] for name in ("mean", "sd", "n")}
        last[f"last.{score}.when"] = labels.when(time, language)
    return last


def _of_rate(comparators: Table) -> dict[str, Value]:
    """Write the leak rate with its exact interval, percent."""
    percent, low, high = (float(comparators.data[name].iloc[0]) for name in ("percent", "ci_low", "ci_high"))
    shown = labels.percents(percent, low, high, 0, comparators.language)
    return dict(zip(("study.rate", "study.rate_low", "study.rate_high"), shown, strict=True))


def _of_study(results: Results, language: str) -> dict[str, Value]:
    study = results.dataset
    leaks, age = results.leaks.count, summarise(study.patients["age_years"])
    found: dict[str, Value] = {
        "study.patients": len(study.patients),
        "study.vertebrae": len(study.vertebrae),
        "study.leaks": leaks,
        "study.no_leaks": len(study.vertebrae) - leaks,
        "study.women": int((study.patients["sex"] == "F").sum()),
        "study.men": int((study.patients["sex"] == "M").sum()),
        "study.age": age.mean,
        "study.age_sd": Missing(labels.variable("age_years", language), _why(language, "one_value"))
        if math.isnan(age.sd)
        else age.sd,
        "study.fill": summarise(study.vertebrae["fill_percent"]).mean,
        "study.sha256": study.sha256,
        "protocol.sha256": file_digest(PROTOCOL),
        "paper.citation": results.paper.citation,
        "parameters.alpha": results.alpha,
        "parameters.seed": str(results.seed),
    }
    if results.identified is not None:
        least, most, any_least, any_most = *results.identified, *(results.identified_any_fill or results.identified)
        found |= {"identified.least": least, "identified.most": most, "ensemble.n": len(results.ensembles["drawn"])}
        found |= {"identified.any_least": any_least, "identified.any_most": any_most}
        # Whatever paper it is held against, a reconstruction was made for the compendium's own.
        made_for = read_paper(PUBLISHED)
        found["reconstruction.citation"] = made_for.citation
        edge = next(note for claim in made_for.claims for note in near_the_edge(made_for, claim))
        found |= {f"fill.{name}": edge.values[name] for name in ("printed", "most", "low")}
        found["fill.found"] = max(float(each.fill_percent.mean(axis=1).max()) for each in results.ensembles.values())
    return found


def _of_verdicts(results: Results, tables: Mapping[str, Table]) -> dict[str, Value]:
    verdicts = Counter[str](row.verdict for row in results.rows)
    names = ("reproduced", "differs", "not computable", "by construction", "consistent", "unattainable")
    found: dict[str, Value] = {f"scorecard.{name.replace(' ', '_')}": verdicts[name] for name in names}
    found["corrections.n"] = len(tables["corrections"].data) if "corrections" in tables else 0
    found["scorecard.implied"] = sum(note.code == "implied" for row in results.rows for note in row.reasons)
    causes = Counter(cause(row, results.dataset) for row in results.rows)
    found |= {f"differences.{name}": causes[name] for name in CAUSES}
    found |= {"differences.n": sum(causes[name] for name in CAUSES), "scorecard.n": len(results.rows)}
    checks = Counter(check.verdict for check in results.checks)
    return found | {
        "audit.n": len(results.checks),
        "audit.undecided": checks["undecided"],
        "audit.alarms": sum(check.alarm for check in results.checks),
    }


def _of_many(tables: Mapping[str, Table]) -> dict[str, Value]:
    """Count the models and the tests beyond the paper's."""
    tested = ("comparisons", "associations", "models", "specification", "assumptions", "relief", "comparators")
    p_values = sum(int(tables[name].data["p_value"].notna().sum()) for name in tested if name in tables)
    models = tables["models"].data["model"].nunique() + len(tables["specification"].data)
    # Of a difference at two margins it is one.
    of_relief = (("relief", "p_difference"), ("relief", "p_by_time"))
    p_values += sum(tables[own].data[name].nunique() for own, name in of_relief if own in tables)
    return {"many.p_values": p_values, "many.models": models}


def _of_precision(results: Results, table: Table) -> dict[str, Value]:
    told = {"design_effect": results.needed.design_effect, "detectable": float(results.precision["detectable"].iloc[0])}
    reason: dict[Hashable, Any] = {"reason": results.slopes[PRIMARY].reason or results.slopes["ml"].reason}
    found = {f"precision.{name}": _plain(number, table, reason, name) for name, number in told.items()}
    fill = results.design.x[:, 1]
    return found | {"fill.least": float(fill.min()), "fill.greatest": float(fill.max())}


def _colophon(results: Results, about: Mapping[str, str]) -> dict[str, Value]:
    found: dict[str, Value] = {f"version.{name}": version(name) for name in _VERSIONS}
    return found | {f"version.{name}": value for name, value in about.items()}
