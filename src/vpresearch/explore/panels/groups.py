"""Compare the vertebrae without and with a leak: the test that the protocol takes, why, and those it passes over."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np

from vpresearch.audit import find
from vpresearch.data import Dataset
from vpresearch.explore import chart, show
from vpresearch.explore.chart import Plot
from vpresearch.explore.session import Session, paper, present
from vpresearch.inference import ALPHA, Comparison, compare_by_leak
from vpresearch.render.labels import degrees_of_freedom, number, p_is, p_value, printed, text, variable

VARIABLES = (
    "vertebral_volume_cc",
    "cement_volume_cc",
    "fill_percent",
    "age_years",
    *(f"{score}_{time}" for score in ("vas", "odi") for time in ("pre", "post", "1m", "1y")),
)
TESTS = ("student", "welch", "kruskal", "mann_whitney")
_LEAKS = ("no", "yes")


def printed_p(name: str) -> str:
    """Return the p that the paper prints for a variable, or the empty string."""
    claim = find(paper(), "p", name)
    return claim.printed.printed if claim else ""


def gives_printed(name: str, p: float) -> bool:
    """Return whether a p rounds to the one that the paper prints."""
    claim = find(paper(), "p", name)
    return claim is not None and p in claim.printed.interval()


def tests_table(name: str, comparison: Comparison, language: str) -> str:
    """Write every test, the chosen one standing out, with whether it gives the printed p."""
    rows = []
    for test in TESTS:
        result = comparison.tests[test]
        verdict = text(f"word.{'yes' if gives_printed(name, result.p_value) else 'no'}", language)
        why = text(f"why_not.{result.reason}", language) if result.reason else ""
        shown = [
            number(result.statistic, 3, language),
            degrees_of_freedom(result.df, language),
            p_value(result.p_value, language),
        ]
        rows.append([text(f"test.{test}", language), *shown, verdict if printed_p(name) else "–", why])
    heads = [text("word.test", language), text("word.statistic", language), text("word.df", language), "p"]
    heads += [text("explore.gives_printed", language), text("explore.why", language)]
    return show.table(text("explore.tests", language), heads, rows, chosen=[TESTS.index(comparison.chosen)])


def summary_table(comparison: Comparison, language: str) -> str:
    """Write n, mean, SD and normality of both groups."""
    rows = [
        [
            text(f"leak_group.{leak}", language),
            str(summary.n),
            number(summary.mean, 2, language),
            number(summary.sd, 2, language),
            number(normal.w, 3, language),
            p_value(normal.p_value, language),
        ]
        for leak, summary, normal in zip(_LEAKS, comparison.summaries, comparison.normality, strict=True)
    ]
    heads = [text("explore.group", language), "n", text("word.mean", language), text("word.sd", language)]
    return show.table(
        text("explore.groups_caption", language), [*heads, "W", text("explore.shapiro_p", language)], rows
    )


def told(name: str, comparison: Comparison, alpha: float, language: str) -> str:
    """Say which test is chosen and why, its p and the printed one."""
    words = text(
        f"explore.chosen_{comparison.why}",
        language,
        test=text(f"test.{comparison.chosen}", language),
        alpha=number(alpha, 2, language),
        p=p_is(comparison.result.p_value, language),
    )
    if p := printed_p(name):
        words += " " + text("explore.paper_prints", language, p=printed(p, language))
    return show.paragraph(words, "vp-big")


def draw(study: Dataset, name: str, comparison: Comparison, language: str) -> dict[str, Any]:
    """Draw the values of both groups, each with its mean and SD."""
    rows = study.rows
    marks: list[chart.Mark] = []
    cells = []
    for place, leak in enumerate(_LEAKS):
        values = rows.loc[rows["leak"] == leak, name].dropna().astype(float).to_numpy()
        spread = (np.arange(len(values)) * 0.6180339887 % 1 - 0.5) * 0.5
        dots = [
            {"x": round(value, 1), "y": place + away, "label": number(value, 1, language)}
            for value, away in zip(values.tolist(), spread.tolist(), strict=True)
        ]
        words = text(f"leak_group.{leak}", language)
        marks.append(chart.points(dots, chart.COLOURS[leak], chart.SHAPES[leak], words))
        summary = comparison.summaries[place]
        if not np.isnan(summary.sd):
            ends = (summary.mean, summary.mean - summary.sd, summary.mean + summary.sd)
            marks.append(chart.interval(*ends, y=place + 0.36, colour="#111111"))
        cells += [[words, number(value, 1, language)] for value in sorted(values.tolist())]
    seen = rows[name].dropna().astype(float)
    axes = (
        chart.axis(variable(name, language), float(seen.min()), float(seen.max()), language),
        chart.categories("", [text(f"leak_group.{leak}", language) for leak in _LEAKS]),
    )
    title = text("explore.groups_chart", language, variable=variable(name, language))
    heads = [text("explore.group", language), variable(name, language)]
    return chart.chart(title, text("explore.groups_says", language), axes, marks, (heads, cells), language, height=330)


def panel(session: Session) -> widgets.Widget:
    """Show the choice of variable and level over the tests."""
    study, language = session.study, session.language
    names = present(study, (*VARIABLES, *(each.name for each in study.followed)))
    options = [(variable(name, language), name) for name in names]
    chooser = show.choice(session, "groups.variable", options, text("word.variable", language))
    alpha = show.slider(text("explore.alpha", language), ALPHA, (0.01, 0.2, 0.01), language, 2)
    session.keep("groups.alpha", alpha)
    said, tests, summaries, code, plot = show.html(), show.html(), show.html(), show.html(), Plot()

    def update() -> None:
        comparison = compare_by_leak(study, chooser.value, alpha.value)
        said.value = told(chooser.value, comparison, alpha.value, language)
        tests.value = tests_table(chooser.value, comparison, language)
        summaries.value = summary_table(comparison, language)
        plot.spec = draw(study, chooser.value, comparison, language)
        asked = f'vp.compare_by_leak(study, "{chooser.value}", alpha={round(alpha.value, 2)})'
        code.value = show.python(session, f"comparison = {asked}", "comparison.to_frame()")

    for control in (chooser, alpha):
        session.on(control, update)
    update()
    left = show.half(chooser, alpha, said, tests, summaries, code)
    return show.column(show.heading("groups", language), show.row(left, show.half(plot)))
