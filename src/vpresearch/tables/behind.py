"""The tables that stand behind the paper's figures and p-values."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from vpresearch.core.dictionary import times
from vpresearch.data import Dataset
from vpresearch.inference import TestResult
from vpresearch.inference.describe import SCALES, proportion, recorded
from vpresearch.privacy import all_alike, hidden_leak_kinds, hides_n, precision
from vpresearch.render import labels
from vpresearch.render.table import (
    HIDDEN,
    Table,
    exhibit,
    free_counts,
    free_mean,
    hidden_note,
    hide,
    percent,
    sizes,
    undone_note,
    without_single_values,
)
from vpresearch.results import MEASURED, Results


@exhibit
def leak_kinds(results: Results, language: str) -> Table:
    """Count the leaks by site and size."""
    data, leaks = results.leak_kinds_with_range, results.leaks.count
    counts = data.pivot(index="leak_site", columns="leak_size", values="n")
    cells = data.assign(shown=free_counts(data, language)).pivot(index="leak_site", columns="leak_size", values="shown")
    recorded = int(data["n"].sum())
    sites, sizes = (list(data[name].unique()) for name in ("leak_site", "leak_size"))
    shown = pd.DataFrame(
        {labels.variable("leak_site", language): [labels.category("leak_site", site, language) for site in sites]}
    )
    for size in sizes:
        shown[labels.category("leak_size", size, language)] = list(cells.loc[sites, size])
    shown[labels.text("word.total", language)] = [
        f"{int(total)} ({percent(proportion(int(total), recorded).percent, language)})" if recorded else "0"
        for total in counts.loc[sites].sum(axis=1)
    ]
    caption = labels.text("caption.leak_kinds", language, n=leaks)
    told = labels.text("footnote.leaks_recorded", language, n=recorded, total=leaks)
    notes = [told] if recorded < leaks else []
    notes += [labels.text("footnote.free_counts", language)] if results.dataset.reconstruction else []
    table = Table("leak_kinds", data, shown, caption, language, results.dataset.reconstruction, tuple(notes))

    def public(min_cell: int) -> Table:
        hidden, masked = hidden_leak_kinds(results.dataset, min_cell), shown
        for row, site in enumerate(sites):
            names = [*((site, size) for size in sizes), site]
            masked = hide(masked, [row], [place for place, name in enumerate(names, start=1) if name in hidden])
        told = notes if min(leaks - recorded, recorded) >= min_cell else ()
        return replace(table, shown=masked, notes=(*told, hidden_note(min_cell, language)))

    return replace(table, public=public)


@exhibit
def outcome(results: Results, language: str) -> Table:
    """Summarise VAS and Oswestry over time, over patients."""
    dataset, data = results.dataset, results.scores_with_range
    words = ("variable", "n", "missing", "mean", "sd", "quartiles", "minimum", "maximum")
    shown = pd.DataFrame(
        [_score_shown(row, language) for row in data.to_dict("records")],
        columns=[labels.text(f"word.{word}", language) for word in words],
    )
    caption = labels.text("caption.outcome", language, n=len(dataset.patients))
    first = (labels.text("footnote.interval", language), labels.text("footnote.sd", language))
    notes = (*first, *_unrecorded_note(dataset, language))
    if dataset.reconstruction:
        shown[labels.text("word.free_mean", language)] = [
            free_mean(least, greatest, language) for least, greatest in data[_FREE].to_numpy(float).tolist()
        ]
        notes += (labels.text("footnote.free_means", language),)
    told = without_single_values(data, dataset.reconstruction)
    table = Table("outcome", told, shown, caption, language, dataset.reconstruction, notes)
    return replace(
        replace(table, public=partial(_public_outcome, table, dataset)), notes=(*notes, *_lost(results, language))
    )


_FREE = ["free_least", "free_greatest"]


def _score_shown(row: Mapping[Hashable, Any], language: str) -> list[str]:
    mean, low, high, *rest = (
        labels.number(row[name], 1, language) for name in ("mean", "mean_low", "mean_high", "sd", "minimum", "maximum")
    )
    # The mean of a single patient has no interval.
    interval = "" if math.isnan(row["mean_low"]) else f" ({labels.limits(low, high, language)})"
    variable = labels.variable(row["variable"], language)
    middle, first, third = (labels.number(row[name], 1, language) for name in ("median", "q1", "q3"))
    quartiles = f"{middle} ({labels.limits(first, third, language)})"
    return [variable, str(row["n"]), str(row["missing"]), f"{mean}{interval}", rest[0], quartiles, *rest[1:]]


def _unrecorded_note(dataset: Dataset, language: str) -> tuple[str, ...]:
    """Name the scores of the study's times without any value."""
    names = [f"{scale}_{time}" for scale in SCALES for time in times(map(str, dataset.patients), scale)]
    empty = [name for name in names if not recorded(dataset, name) and dataset.awaits(name)]
    listed = "; ".join(labels.variable(name, language) for name in empty)
    return (labels.text("footnote.unrecorded", language, list=listed),) if empty else ()


def _lost(results: Results, language: str) -> tuple[str, ...]:
    """Say who lacks a score that others have."""
    items = [
        labels.text(
            "footnote.lost_score",
            language,
            variable=labels.variable(row["variable"], language),
            counts=f"{row['leak']} + {row['no_leak']}",
            before=labels.number(row["before"], 1, language),
            others=labels.number(row["before_others"], 1, language),
        )
        for row in results.lost.to_dict("records")
    ]
    return (labels.text("footnote.lost", language, list="; ".join(items)),) if items else ()


def _public_outcome(table: Table, dataset: Dataset, min_cell: int) -> Table:
    """Hide extremes, how few scores there are or are missing, and what gives that back."""
    language = table.language
    shown = hide(table.shown, range(len(table.shown)), (5, 6, 7))
    for place, row in enumerate(table.data.to_dict("records")):
        if hides_n(dataset, row["variable"], min_cell):
            # The width of the interval and the standard deviation tell n.
            decimals = precision(dataset, row["variable"], min_cell, "patients").decimals
            mean, sd = (
                HIDDEN if decimals is None else labels.number(row[name], decimals, language) for name in ("mean", "sd")
            )
            shown.iloc[place, 1:5] = [HIDDEN, HIDDEN, mean if decimals is None else f"{mean} ({HIDDEN})", sd]
        elif all_alike(dataset, row["variable"], "patients"):
            shown.iloc[place, 3:5] = HIDDEN
    return replace(table, shown=shown, notes=(*table.notes, hidden_note(min_cell, language)))


@exhibit
def comparisons(results: Results, language: str) -> Table:
    """Show, for every variable, the test that the protocol takes beside those that it passes over."""
    rows: list[dict[str, object]] = []
    shown: list[dict[str, str]] = []
    bold: list[int] = []
    dataset, every = results.dataset, results.comparisons
    # Of what nobody recorded there is nothing to compare.
    found = {name: each for name, each in every.items() if name in MEASURED or any(s.n for s in each.summaries)}
    for variable, comparison in found.items():
        for test in comparison.tests.values():
            chosen = test.test == comparison.chosen
            bold += [len(rows)] if chosen else []
            rows.append(
                {
                    "variable": variable,
                    "shapiro_w_no_leak": comparison.normality[0].w,
                    "shapiro_p_no_leak": comparison.normality[0].p_value,
                    "shapiro_w_leak": comparison.normality[1].w,
                    "shapiro_p_leak": comparison.normality[1].p_value,
                    "chosen": chosen,
                    "why": comparison.why,
                    **_test_row(test),
                }
            )
            normality = " / ".join(labels.p_value(group.p_value, language) for group in comparison.normality)
            shown.append(
                {
                    labels.text("word.variable", language): labels.variable(variable, language),
                    labels.text("word.n", language): sizes(comparison.summaries),
                    labels.text("word.normality", language): normality,
                    **_test_shown(test, language),
                }
            )
    tests = [(name, test) for name, comparison in found.items() for test in comparison.tests.values()]
    notes = (
        labels.text("footnote.chosen", language),
        labels.text("footnote.independent", language),
        *undone_note(tests, language),
        *_free_note(results, found, "kruskal", language),
    )
    caption = labels.text("caption.comparisons", language)
    table = Table(
        "comparisons",
        pd.DataFrame(rows),
        _blank_repeats(pd.DataFrame(shown), 3),
        caption,
        language,
        dataset.reconstruction,
        notes,
        tuple(bold),
    )

    def public(min_cell: int) -> Table:
        masked, hidden = table.shown.copy(), {name for name in found if hides_n(dataset, name, min_cell)}
        told = {name: precision(dataset, name, min_cell).p for name in hidden}
        for place, (row, known) in enumerate(zip(rows, masked.iloc[:, 1], strict=True)):
            variable = str(row["variable"])
            if variable in hidden:
                # Of several tests together, and of their statistics, n is the one that fits them all.
                shown_p = (6,) if row["chosen"] and told[variable] else ()
                first = (1, 2) if known else ()
                masked = hide(masked, [place], {*first, 4, 5, 6, 7}.difference(shown_p))
        of_all = [(name, test) for name, test in tests if name not in hidden]
        least = (hidden_note(min_cell, language),) if hidden else ()
        told_notes = (*notes[:2], *undone_note(of_all, language), *least)
        return replace(table, shown=masked, notes=told_notes)

    return replace(table, public=public)


def _free_note(results: Results, variables: Iterable[str], test: str, language: str) -> tuple[str, ...]:
    """Name what a reconstruction was not made to give, with how far its p reaches over all of them."""
    free = []
    for name, ends in results.free_p.items():
        if name in variables:
            least, greatest = (labels.p_value(end, language) for end in ends)
            of_all = labels.limits(least, greatest, language)
            free.append(labels.text("footnote.free_row", language, name=labels.variable(name, language), ends=of_all))
    named = labels.text(f"test.{test}", language)
    return (labels.text("footnote.free_rows", language, list="; ".join(free), test=named),) if free else ()


@exhibit
def associations(results: Results, language: str) -> Table:
    """Test sex, region and level against the leak."""
    rows, shown, tests = [], [], []
    found = results.associations
    for variable, association in found.items():
        least = float(association.expected.to_numpy().min())
        for test in filter(None, (association.chi_squared, association.fisher)):
            tests.append((variable, test))
            rows.append(
                {
                    "variable": variable,
                    "n": int(association.observed.to_numpy().sum()),
                    "smallest_expected": least,
                    **_test_row(test),
                }
            )
            shown.append(
                {
                    labels.text("word.variable", language): labels.variable(variable, language),
                    labels.text("word.n", language): str(int(association.observed.to_numpy().sum())),
                    **_test_shown(test, language),
                }
            )
    table = Table(
        "associations",
        pd.DataFrame(rows),
        _blank_repeats(pd.DataFrame(shown), 2),
        labels.text("caption.associations", language),
        language,
        results.dataset.reconstruction,
        (
            labels.text("footnote.fisher", language),
            labels.text("footnote.independent", language),
            *undone_note(tests, language),
            *_free_note(results, found, "chi_squared", language),
        ),
    )

    def public(min_cell: int) -> Table:
        # The margins are known, so that a statistic of few tables gives a small count back.
        counts = {variable: association.observed.to_numpy() for variable, association in found.items()}
        small = [variable for variable, cells in counts.items() if ((cells > 0) & (cells < min_cell)).any()]
        places = table.data["variable"].isin(small).to_numpy().nonzero()[0]
        notes = (*table.notes, hidden_note(min_cell, language))
        return replace(table, shown=hide(table.shown, places, (3, 5, 6)), notes=notes)

    return replace(table, public=public)


def _test_row(test: TestResult) -> dict[str, object]:
    effect = test.effect
    return {
        "test": test.test,
        "statistic": test.statistic,
        "df": test.df,
        "p_value": test.p_value,
        "effect_kind": effect.kind if effect else "",
        "effect": effect.estimate if effect else math.nan,
        "effect_low": effect.low if effect else math.nan,
        "effect_high": effect.high if effect else math.nan,
        "reason": test.reason,
    }


def _test_shown(test: TestResult, language: str) -> dict[str, str]:
    effect = ""
    if test.effect:
        estimate, low, high = (
            labels.number(value, 2, language) for value in (test.effect.estimate, test.effect.low, test.effect.high)
        )
        interval = "" if math.isnan(test.effect.low) else f" ({labels.limits(low, high, language)})"
        effect = f"{labels.text(f'effect.{test.effect.kind}', language)} = {estimate}{interval}"
    return {
        labels.text("word.test", language): labels.text(f"test.{test.test}", language),
        labels.text("word.statistic", language): labels.number(test.statistic, 3, language),
        labels.text("word.df", language): labels.degrees_of_freedom(test.df, language),
        labels.text("word.p_value", language): labels.p_value(test.p_value, language),
        labels.text("word.effect", language): effect,
    }


def _blank_repeats(shown: pd.DataFrame, leading: int) -> pd.DataFrame:
    """Write the leading cells only once where rows repeat them."""
    repeated = shown.iloc[:, 0].eq(shown.iloc[:, 0].shift())
    shown.iloc[:, :leading] = shown.iloc[:, :leading].mask(repeated, "")
    return shown
