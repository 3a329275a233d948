"""Draw datasets that print as a given mean, SD and n, and see how different they can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import numpy as np
from numpy.typing import NDArray

from vpresearch.audit.witness import admissible, datasets, is_coarse, on_scale
from vpresearch.core.reported import Reported
from vpresearch.explore import chart, show
from vpresearch.explore.chart import Plot, SeedBox
from vpresearch.explore.session import Session
from vpresearch.lattice import Cell, count, sample, to_values
from vpresearch.render.labels import count as written
from vpresearch.render.labels import number, text

SHOWN = 4
# Every dataset has the same chance where they can be counted; elsewhere a search gives some.
_SAMPLED, _SEARCHED = 200, 24
MOST_VALUES, MOST_STEPS = 200, 600


@dataclass(frozen=True, eq=False)
class Found:
    """Datasets that print as asked."""

    values: NDArray[np.float64]
    n_datasets: int | None = None
    why_not: str = ""


def cell(n: str, mean: str, sd: str, low: str, high: str, step: str) -> Cell | str:
    """Set what was typed on its grid."""
    try:
        ends = [Reported(each).value for each in (low, high, step)]
        printed = Reported(mean), Reported(sd)
    except ValueError:
        return "not_a_number"
    if not n.strip().isdecimal() or not 2 <= int(n) <= MOST_VALUES:
        return "not_whole"
    if printed[0].bound or printed[1].bound:
        return "not_a_number"
    if ends[2] <= 0 or ends[1] <= ends[0]:
        return "no_scale"
    if (ends[1] - ends[0]) / ends[2] > MOST_STEPS:
        return "too_many"
    if (ends[1] - ends[0]) % ends[2]:
        return "off_step"
    return Cell(int(n), *printed, ends[0], ends[1], ends[2])


def find(asked: Cell, seed: int) -> Found:
    """Find datasets that print as asked, as different as can be among those tried."""
    empty = np.empty((0, asked.n))
    if not admissible(asked):
        return Found(empty, 0, "impossible")
    rng = np.random.default_rng(seed)
    number_of = count(asked) if is_coarse(asked) else None
    if number_of == 0:
        return Found(empty, 0, "impossible")
    if number_of:
        values = to_values(asked, sample(asked, _SAMPLED, rng))
    else:
        values = np.sort(on_scale(asked, datasets(asked, rng, _SEARCHED)), axis=1)
    if not len(values):
        return Found(empty, number_of, "not_found")
    return Found(_apart(np.unique(values, axis=0), rng), number_of)


def _apart(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Choose datasets one after the other, the first by lot and each further one as far as can be from those chosen."""
    chosen = [int(rng.integers(len(values)))]
    while len(chosen) < min(SHOWN, len(values)):
        distance = np.abs(values[:, None, :] - values[None, chosen, :]).sum(axis=2).min(axis=1)
        chosen.append(int(np.argmax(distance)))
    return values[chosen]


def described(values: NDArray[np.float64]) -> dict[str, float]:
    """Return what mean and SD do not tell of a dataset."""
    spread = values.std()
    skew = float((((values - values.mean()) / spread) ** 3).mean()) if spread else np.nan
    ends = {"minimum": float(values.min()), "maximum": float(values.max())}
    return {
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)),
        "median": float(np.median(values)),
        **ends,
        "skew": skew,
    }


def draw(asked: Cell, found: Found, language: str) -> dict[str, Any]:
    """Draw the datasets one above the other, equal values stacked."""
    marks: list[chart.Mark] = []
    names = [text("explore.dataset", language, number=place + 1) for place in range(SHOWN)]
    tallest = max((int(np.unique(row, return_counts=True)[1].max()) for row in found.values), default=1)
    for place, row in enumerate(found.values):
        dots = []
        for value, times in zip(*np.unique(np.round(row, 9), return_counts=True), strict=True):
            label = f"{number(float(value), 2, language)} × {times}"
            dots += [
                {"x": float(value), "y": place - 0.35 + 0.7 * (copy + 0.5) / max(tallest, 8), "label": label}
                for copy in range(int(times))
            ]
        marks.append(
            chart.points(
                dots,
                (chart.NO, chart.YES, chart.THIRD, "#CC79A7")[place],
                ("circle", "triangle", "square", "diamond")[place],
                "",
                4,
            )
        )
    values = asked.values
    axes = (
        chart.axis(text("explore.value", language), float(values[0]), float(values[-1]), language),
        chart.categories("", names),
    )
    keys = ("mean", "sd", "median", "minimum", "maximum", "skew")
    heads = [text("explore.dataset_head", language), *(text(f"explore.stat_{key}", language) for key in keys)]
    title = text("explore.draws_chart", language)
    return chart.chart(
        title,
        text("explore.draws_says", language),
        axes,
        marks,
        (heads, rows_of(found, language)),
        language,
        height=430,
    )


def rows_of(found: Found, language: str) -> list[list[str]]:
    """Write what every dataset is like."""
    return [
        [str(place + 1), *(number(value, 2, language) for value in described(row).values())]
        for place, row in enumerate(found.values)
    ]


def told(found: Found, language: str) -> str:
    """Say how many datasets there are, or why none is shown."""
    if found.why_not:
        return show.paragraph(text(f"explore.draws_{found.why_not}", language), "vp-fault")
    if found.n_datasets is None:
        return show.paragraph(text("explore.draws_uncounted", language), "vp-big")
    return show.paragraph(text("explore.draws_counted", language, n=written(found.n_datasets, language)), "vp-big")


def panel(session: Session) -> widgets.Widget:
    """Show the boxes to type in over the datasets."""
    language = session.language
    mark = text("explore.decimal_example", language)
    n, *typed = (
        session.keep(
            f"draws.{name}",
            show.made(widgets.Text, value, description=text(f"explore.type_{name}", language), continuous_update=False),
        )
        for name, value in (
            ("n", "15"),
            ("mean", "2,5".replace(",", mark)),
            ("sd", "1,9".replace(",", mark)),
            ("low", "1"),
            ("high", "10"),
            ("step", "1"),
        )
    )
    another = show.made(widgets.Button, description=text("explore.draws_another", language))
    said, table, code, plot = show.html(), show.html(), show.html(), Plot()
    seed = session.keep("draws.seed", SeedBox(language, 1))

    def update() -> None:
        asked = cell(n.value, *(control.value for control in typed))
        if isinstance(asked, str):
            said.value = show.paragraph(text(f"explore.draws_{asked}", language, most=MOST_VALUES), "vp-fault")
            # What stood here is of other numbers than those in the boxes.
            table.value, code.value, plot.spec = "", "", {}
            return
        found = find(asked, seed.number)
        said.value = told(found, language)
        plot.spec = draw(asked, found, language)
        mean, sd = (f'vp.Reported("{each.printed}")' for each in (asked.mean, asked.sd) if each is not None)
        scale = ", ".join(f'"{float(each):g}"' for each in (asked.low, asked.high, asked.step))
        count_of = "vp.count_datasets(cell)" if is_coarse(asked) else "vp.is_possible(cell)"
        code.value = show.python(session, f"cell = vp.Cell({asked.n}, {mean}, {sd}, {scale})", count_of)
        heads = plot.spec["table"]["columns"]
        table.value = show.table(text("explore.draws_caption", language), heads, rows_of(found, language))

    another.on_click(session.guarded(lambda _: seed.anew()))
    session.on(seed, update, "number")
    for control in (n, *typed):
        session.on(control, update)
    update()
    left = show.half(show.near(n, *typed), show.near(another, seed), said, table, code)
    return show.column(show.heading("draws", language), show.row(left, show.half(plot)))
