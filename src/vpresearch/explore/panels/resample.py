"""Draw other patients from these, and watch p dance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import numpy as np
from scipy.stats import ttest_ind_from_stats

from vpresearch.data import Dataset
from vpresearch.explore import chart, show
from vpresearch.explore.chart import Plot, SeedBox
from vpresearch.explore.session import Session, present
from vpresearch.render.labels import number, p_is, p_value, text, variable

VARIABLES = ("vertebral_volume_cc", "cement_volume_cc", "fill_percent", "vas_pre", "vas_1y")
MANY = 25
# As many as a link may ask for.
MOST = 1000


@dataclass(frozen=True)
class Draw:
    """One study of as many patients, drawn from those of this one."""

    difference: float
    p_value: float


def resampled(study: Dataset, name: str, seed: int, turn: int) -> Draw:
    """Draw patients with replacement, each with all of their vertebrae, and compare the groups."""
    rows = study.rows
    patients = rows["patient_id"].to_numpy(str)
    names, own = np.unique(patients, return_inverse=True)
    drawn = np.random.default_rng([seed, turn]).integers(len(names), size=len(names))
    times = np.bincount(drawn, minlength=len(names))[own]
    values, leak = rows[name].to_numpy(float).repeat(times), rows["leak"].eq("yes").to_numpy().repeat(times)
    there = ~np.isnan(values)
    return compared(values[there & ~leak], values[there & leak])


def compared(without: np.ndarray[Any, Any], with_leak: np.ndarray[Any, Any]) -> Draw:
    """Compare two groups by Student's test, always that one."""
    difference = float(with_leak.mean() - without.mean()) if len(with_leak) and len(without) else np.nan
    spread = min(len(without), len(with_leak)) >= 2 and (np.ptp(without) > 0 or np.ptp(with_leak) > 0)
    if not spread:
        return Draw(difference, np.nan)
    # From mean and SD: of a group of equal values the test itself would warn.
    (a, sd_a), (b, sd_b) = ((each.mean(), each.std(ddof=1)) for each in (without, with_leak))
    return Draw(difference, float(ttest_ind_from_stats(a, sd_a, len(without), b, sd_b, len(with_leak)).pvalue))


def draw(name: str, draws: list[Draw], own: Draw, language: str) -> dict[str, Any]:
    """Draw the p of every draw in its turn."""
    turns = range(1, len(draws) + 1)
    found = [(turn, each) for turn, each in zip(turns, draws, strict=True) if not np.isnan(each.p_value)]
    parts = {
        "below": ([(t, e) for t, e in found if e.p_value < 0.05], chart.YES, "triangle"),
        "above": ([(t, e) for t, e in found if e.p_value >= 0.05], chart.NO, "circle"),
    }
    marks = [
        chart.line([0, max(25, len(draws))], [0.05, 0.05], name=f"p = {number(0.05, 2, language)}", dash="6 5"),
        chart.line([0, max(25, len(draws))], [own.p_value] * 2, chart.THIRD, text("explore.own_p", language)),
        chart.line([turn for turn, _ in found], [each.p_value for _, each in found], "#999999"),
    ]
    if np.isnan(own.p_value):
        del marks[1]
    for part, (those, colour, shape) in parts.items():
        dots = [
            {"x": turn, "y": each.p_value, "label": f"{turn}: p {p_value(each.p_value, language)}"}
            for turn, each in those
        ]
        marks.append(chart.points(dots, colour, shape, text(f"explore.p_{part}", language)))
    axes = (
        chart.axis(text("explore.turn", language), 0, max(25, len(draws)), language),
        chart.axis("p", 0.0, 1.0, language, most=5),
    )
    heads = [text("explore.turn", language), text("explore.difference", language), "p"]
    rows = [[str(turn), number(each.difference, 2, language), p_value(each.p_value, language)] for turn, each in found]
    title = text("explore.resample_chart", language, variable=variable(name, language))
    return chart.chart(title, text("explore.resample_says", language), axes, marks, (heads, rows), language)


def told(draws: list[Draw], own: Draw, language: str) -> str:
    """Say how p scattered."""
    p = np.array([each.p_value for each in draws])
    p = p[~np.isnan(p)]
    words = text("explore.own_says", language, p=p_is(own.p_value, language))
    if len(p):
        ends = {"least": p_value(float(p.min()), language), "most": p_value(float(p.max()), language)}
        words += " " + text("explore.dance", language, n=len(p), below=int((p < 0.05).sum()), **ends)
    return show.paragraph(words, "vp-big")


def panel(session: Session) -> widgets.Widget:
    """Show the buttons that draw, over the p of every draw."""
    study, language = session.study, session.language
    options = [(variable(name, language), name) for name in present(study, VARIABLES)]
    chooser = show.choice(session, "resample.variable", options, text("word.variable", language))
    one, many, again = (
        show.made(widgets.Button, description=text(f"explore.{name}", language, n=MANY))
        for name in ("draw_one", "draw_many", "draw_again")
    )
    seed = session.keep("resample.seed", SeedBox(language))
    said, code, plot = show.html(), show.html(), Plot()
    draws: list[Draw] = session.of_data.setdefault("resample", [])

    def own() -> Draw:
        rows = study.rows
        groups = (rows.loc[rows["leak"] == leak, chooser.value].dropna().to_numpy(float) for leak in ("no", "yes"))
        return compared(*groups)

    def update() -> None:
        session.remember("resample.drawn", len(draws))
        said.value = told(draws, own(), language)
        turns = f"range(1, {len(draws) + 1})"
        code.value = show.python(
            session,
            "from vpresearch.explore.panels.resample import resampled",
            f'[resampled(study, "{chooser.value}", {seed.number}, turn).p_value for turn in {turns}]',
        )
        plot.spec = draw(chooser.value, draws, own(), language)

    def more(times: int) -> None:
        turns = range(len(draws) + 1, len(draws) + times + 1)
        draws.extend(resampled(study, chooser.value, seed.number, turn) for turn in turns)
        update()

    def restart() -> None:
        draws.clear()
        update()

    one.on_click(session.guarded(lambda _: more(1)))
    many.on_click(session.guarded(lambda _: more(MANY)))
    again.on_click(session.guarded(lambda _: seed.anew()))
    session.on(seed, restart, "number")
    session.on(chooser, restart)
    asked = session.asked.pop("resample.drawn", "")
    if asked.isdecimal():
        draws.clear()
        more(min(int(asked), MOST))
    update()
    left = show.half(chooser, show.near(one, many, again, seed), said, code)
    return show.column(show.heading("resample", language), show.row(left, show.half(plot)))
