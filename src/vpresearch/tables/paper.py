"""Tables 1 to 4, laid out as in the paper, and the map of its exhibits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import pandas as pd

from vpresearch.core.compendium import Image, read_compendium
from vpresearch.core.dictionary import REGIONS, Column, columns
from vpresearch.data import Dataset
from vpresearch.inference import Comparison
from vpresearch.inference.describe import recorded_scores, select, shares, summarise
from vpresearch.privacy import Precision, all_alike, hidden_levels, hides_n, precision
from vpresearch.render import labels
from vpresearch.render.table import (
    HIDDEN,
    Table,
    exhibit,
    hidden_note,
    hide,
    percent,
    sizes,
    undone_note,
    without_single_values,
)
from vpresearch.results import MEASURED, Results

# As the paper prints them.
_DECIMALS = {"vertebral_volume_cc": 1, "cement_volume_cc": 2}


@exhibit
def table1(results: Results, language: str) -> Table:
    """Lay out the distribution of the vertebrae by level."""

    def public(min_cell: int) -> Table:
        note = hidden_note(min_cell, language)
        return replace(_table1(results, language, hidden_levels(results.dataset, min_cell)), notes=(note,))

    return replace(_table1(results, language), public=public)


def _table1(results: Results, language: str, hidden: frozenset[str] = frozenset()) -> Table:
    levels = results.levels
    data = levels[(levels["n"] > 0) | levels["level"].isin(hidden)]
    data = pd.concat([data, *(_own(each, results, language) for each in results.dataset.declared)], ignore_index=True)
    share = data.groupby("region", sort=False)["n"].sum()
    heads = {
        region: labels.variable(str(region), language)
        if region not in REGIONS.values()
        else f"{labels.text(f'region.{region}', language)} "
        f"({HIDDEN if region in hidden else percent(100 * count / results.leaks.n, language)})"
        for region, count in share.items()
    }
    first = ~data["region"].duplicated()
    shown = pd.DataFrame(
        {
            labels.text("word.kind", language): data["region"].map(heads).where(first, ""),
            labels.variable("level", language): [
                labels.category(column, level, language)
                for column, level in zip(data["region"], data["level"], strict=True)
            ],
            labels.text("word.number_of_vertebrae", language): data["n"].astype(str),
            labels.text("word.percent", language): [percent(value, language) for value in data["percent"]],
        }
    )
    shown = hide(shown, data["level"].isin(hidden).to_numpy().nonzero()[0], (2, 3))
    caption, reconstruction = labels.text("caption.table1", language), results.dataset.reconstruction
    return Table("table1", data, shown, caption, language, reconstruction)


def _own(column: Column, results: Results, language: str) -> pd.DataFrame:
    """Count the categories of a column of the study's own, or sum up its numbers."""
    values = results.dataset.rows[column.name].dropna()
    if column.kind == "category":
        found = shares(values, [level.value for level in column.levels], len(values))
        return found.rename(columns={column.name: "level"}).assign(region=column.name)[
            ["region", "level", "n", "percent"]
        ]
    summary = summarise(values)
    told = [labels.number(each, 1, language) for each in (summary.mean, summary.sd)]
    said = labels.text("word.mean_and_sd", language, mean=told[0], sd=told[1])
    row = {"region": column.name, "level": said, "n": summary.n, "percent": 100 * summary.n / results.leaks.n}
    return pd.DataFrame([row])


@exhibit
def table2(results: Results, language: str) -> Table:
    """Lay out the vertebral volume and the injected cement."""
    dataset, summaries = results.dataset, results.measured
    data = pd.DataFrame([{"variable": name, **asdict(summary)} for name, summary in summaries.items()])
    data = without_single_values(data, dataset.reconstruction)
    shown = pd.DataFrame(
        {labels.text("word.variable", language): [labels.variable(name, language) for name in summaries]}
    )
    shown[labels.text("word.n", language)] = [str(summary.n) for summary in summaries.values()]
    for statistic in ("mean", "sd", "minimum", "maximum"):
        shown[labels.text(f"word.{statistic}", language)] = [
            labels.number(getattr(summary, statistic), 1, language) for summary in summaries.values()
        ]
    caption = labels.text("caption.table2", language, n=len(dataset.vertebrae))
    notes = (labels.text("footnote.sd", language),)
    table = Table("table2", data, shown, caption, language, dataset.reconstruction, notes)

    def public(min_cell: int) -> Table:
        alike = [place for place, name in enumerate(summaries) if all_alike(dataset, name, "vertebrae")]
        masked = hide(hide(shown, range(len(shown)), (4, 5)), alike, (2, 3))
        return replace(table, shown=masked, notes=(*notes, hidden_note(min_cell, language)))

    return replace(table, public=public)


@exhibit
def table3(results: Results, language: str) -> Table:
    """Lay out the vertebral volume and the injected cement by leak."""
    return _by_leak("table3", MEASURED, results, language, _tests_note(results, MEASURED, language))


@exhibit
def table4(results: Results, language: str) -> Table:
    """Lay out the VAS by time and leak."""
    note = labels.text("footnote.vertebra_unit", language)
    own = [f"vas_{time}" for scale, time in recorded_scores(results.dataset) if scale == "vas"]
    # Of another follow-up than the paper's, whatever was recorded.
    shown = own if own and results.dataset.followed else ("vas_pre", "vas_post", "vas_1m")
    return _by_leak("table4", shown, results, language, (note,))


def _by_leak(
    name: str, variables: Sequence[str], results: Results, language: str, notes: tuple[str, ...] = ()
) -> Table:
    dataset, comparisons = results.dataset, {variable: results.comparisons[variable] for variable in variables}
    data = pd.DataFrame([_comparison_row(variable, comparison) for variable, comparison in comparisons.items()])
    leak = labels.text("word.leak", language)
    cells: dict[tuple[str, str, str], list[str]] = {
        ("", "", labels.text("word.variables", language)): [labels.variable(name, language) for name in variables],
        ("", "", labels.text("word.n", language)): [sizes(comparison.summaries) for comparison in comparisons.values()],
    }
    leaks = results.leaks.count
    for position, (group, n) in enumerate({"no": results.leaks.n - leaks, "yes": leaks}.items()):
        head = f"{labels.text(f'word.{group}', language)} (n = {n})"
        for statistic in ("mean", "sd"):
            cells[leak, head, labels.text(f"word.{statistic}", language)] = [
                labels.number(getattr(comparison.summaries[position], statistic), _DECIMALS.get(variable, 1), language)
                for variable, comparison in comparisons.items()
            ]
    cells["", "", labels.text("word.p_value", language)] = [
        labels.p_value(comparison.result.p_value, language) for comparison in comparisons.values()
    ]
    shown = pd.DataFrame(list(zip(*cells.values(), strict=True)), columns=pd.MultiIndex.from_tuples(list(cells)))
    first = (labels.text("footnote.sd", language), *notes, labels.text("footnote.independent", language))
    caption = labels.text(f"caption.{name}", language)
    undone = undone_note(((variable, comparison.result) for variable, comparison in comparisons.items()), language)
    notes = (*first, *_missing_note(comparisons, language), *undone)
    table = Table(name, data, shown, caption, language, dataset.reconstruction, notes)

    def public(min_cell: int) -> Table:
        masked = shown.copy()
        for place, (variable, comparison) in enumerate(comparisons.items()):
            # Of how few a score is missing is itself a small count, and so is what gives it back.
            if hides_n(dataset, variable, min_cell):
                masked.iloc[place, 1:] = _beside_hidden_n(comparison, precision(dataset, variable, min_cell), language)
            elif all_alike(dataset, variable):
                masked.iloc[place, 2:6] = HIDDEN
        least = (hidden_note(min_cell, language),) if HIDDEN in masked.to_numpy() else ()
        return replace(table, shown=masked, notes=(*first, *_missing_note(comparisons, language, False), *least))

    return replace(table, public=public)


def _tests_note(results: Results, variables: Sequence[str], language: str) -> tuple[str, ...]:
    """Name the tests of a reconstruction, and the printed p that no data can give."""
    if not results.dataset.reconstruction:
        return ()
    tests = "; ".join(
        f"{labels.variable(name, language)}: {labels.text(f'test.{results.comparisons[name].result.test}', language)}"
        for name in variables
    )
    beyond = (
        labels.text(
            "footnote.p_unattainable",
            language,
            variable=labels.variable(str(row.claim.compute.variable), language),
            printed=labels.printed(row.claim.printed.printed, language),
        )
        for row in results.rows
        if row.verdict == "unattainable" and row.claim.compute.variable in variables
    )
    return (labels.text("footnote.tests", language, list=tests), *beyond)


def _beside_hidden_n(comparison: Comparison, told: Precision, language: str) -> list[str]:
    """Write the cells of a variable whose n is hidden, as finely as they do not give it back."""
    moments = [value for summary in comparison.summaries for value in (summary.mean, summary.sd)]
    shown = [HIDDEN if told.decimals is None else labels.number(value, told.decimals, language) for value in moments]
    return [HIDDEN, *shown, labels.p_value(comparison.result.p_value, language) if told.p else HIDDEN]


def _comparison_row(variable: str, comparison: Comparison) -> dict[str, object]:
    row: dict[str, object] = {"variable": variable}
    for group, summary in zip(("no_leak", "leak"), comparison.summaries, strict=True):
        row |= {f"n_{group}": summary.n, f"mean_{group}": summary.mean, f"sd_{group}": summary.sd}
    result = comparison.result
    return row | {"test": result.test, "statistic": result.statistic, "df": result.df, "p_value": result.p_value}


def _missing_note(comparisons: Mapping[str, Comparison], language: str, counted: bool = True) -> tuple[str, ...]:
    incomplete = [
        labels.variable(variable, language)
        + (f" (n = {' + '.join(str(s.n) for s in comparison.summaries)})" if counted else "")
        for variable, comparison in comparisons.items()
        if any(summary.missing for summary in comparison.summaries)
    ]
    return (labels.text("footnote.missing", language, list="; ".join(incomplete)),) if incomplete else ()


@exhibit
def exhibits_table(results: Results, language: str) -> Table:
    """Lay out which notebook makes which exhibit of the paper, and what no data can make."""

    def public(_: int) -> Table:
        return _exhibits(results.dataset, language, counted=False)

    return replace(_exhibits(results.dataset, language), public=public)


def _exhibits(dataset: Dataset, language: str, counted: bool = True) -> Table:
    compendium = read_compendium()
    rows = [
        {"exhibit": exhibit.name, "notebook": notebook.file, "output": exhibit.output, "vertebrae": ""}
        for notebook in compendium.notebooks
        for exhibit in notebook.exhibits
        if exhibit.name.startswith(("table", "figure"))
    ]
    rows += [
        {
            "exhibit": image.name,
            "notebook": "",
            "output": "",
            "vertebrae": _of_kind(image, dataset) if counted else HIDDEN,
        }
        for image in compendium.images
    ]
    rows.sort(key=lambda row: row["exhibit"])
    told = "free_image" if dataset.reconstruction else "image"
    shown = [
        {
            labels.text("word.exhibit", language): labels.place(row["exhibit"], language),
            labels.text("word.notebook", language): row["notebook"],
            labels.text("word.output", language): row["output"]
            or labels.text(f"footnote.{told}", language, list=row["vertebrae"] or "0"),
        }
        for row in rows
    ]
    caption = labels.text("caption.exhibits", language)
    return Table("exhibits", pd.DataFrame(rows), pd.DataFrame(shown), caption, language, dataset.reconstruction)


def _of_kind(image: Image, dataset: Dataset) -> str:
    found = select(dataset, "vertebrae", image.shows)
    if dataset.reconstruction:
        return str(len(found))
    counts = found["level"].value_counts()
    return ", ".join(
        f"{level.value} × {counts[level.value]}" for level in columns()["level"].levels if level.value in counts
    )
