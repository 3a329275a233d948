"""Walk the vertebrae: one of them in every plot."""

from __future__ import annotations

from functools import partial
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from vpresearch.core.dictionary import columns
from vpresearch.data import Dataset
from vpresearch.explore import chart, show
from vpresearch.explore.chart import Plot
from vpresearch.explore.session import Session, present
from vpresearch.render.labels import category, number, text, variable

_DECIMALS = {"vertebral_volume_cc": 1, "cement_volume_cc": 1, "fill_percent": 1}
# Which two columns each plot shows.
PLOTS = (
    ("vertebral_volume_cc", "cement_volume_cc"),
    ("fill_percent", "leak"),
    ("level", "vertebral_volume_cc"),
    ("vas_pre", "vas_1y"),
)


def cell(name: str, value: Any, language: str) -> str:
    """Write one value of a row; a dash where it is missing, or the column's word for nothing to tell."""
    column = columns().get(name)
    if pd.isna(value):
        return column.none.labels[language] if column and column.none else "–"
    if name == "region" or (column is not None and column.kind == "category"):
        return category(name, str(value), language)
    if isinstance(value, str):
        return value
    return number(float(value), _DECIMALS.get(name, 0), language)


def describe(study: Dataset, at: int, language: str) -> list[tuple[str, str]]:
    """Return every value of a vertebra's row, with its name."""
    row = study.rows.iloc[at]
    return [(variable(str(name), language), cell(str(name), value, language)) for name, value in row.items()]


def labels(study: Dataset, language: str) -> list[str]:
    """Name each vertebra by its place, its volumes and whether it leaked."""
    columns = (study.vertebrae[name].tolist() for name in ("level", "vertebral_volume_cc", "cement_volume_cc", "leak"))
    leaks = {leak: text(f"leak_group.{leak}", language) for leak in ("no", "yes")}
    return [
        text(
            "explore.vertebra",
            language,
            number=at,
            level=level,
            volume=number(volume, 1, language),
            cement=number(cement, 1, language),
            leak=leaks[leak],
        )
        for at, (level, volume, cement, leak) in enumerate(zip(*columns, strict=True), start=1)
    ]


def siblings(study: Dataset, at: int) -> list[int]:
    """Return the other vertebrae of the same patient."""
    patient = study.vertebrae["patient_id"]
    return [int(row) for row in patient.index[patient == patient.iloc[at]] if row != at]


def scatter(study: Dataset, across: str, up: str, language: str, **options: Any) -> dict[str, Any]:
    """Draw two columns against each other, a point a vertebra; nothing where either has no value."""
    rows = study.rows
    if len(present(study, (across, up))) < 2:
        return {}
    axes, places = zip(*(_placed(rows, name, language) for name in (across, up)), strict=True)
    there = places[0].notna() & places[1].notna()
    nudge = [pd.Series(0.0, rows.index), pd.Series(0.0, rows.index)]
    if up == "leak":
        nudge[1] = (pd.Series(range(len(rows)), rows.index) * 0.6180339887 % 1 - 0.5) * 0.7
    elif across.startswith("vas"):
        nudge = _apart(*places)
    marks = []
    told = labels(study, language)
    x, y = ((place + away).tolist() for place, away in zip(places, nudge, strict=True))
    for leak in ("no", "yes"):
        chosen = np.flatnonzero((rows["leak"] == leak) & there).tolist()
        dots = [{"id": at, "x": x[at], "y": y[at], "label": told[at]} for at in chosen]
        marks.append(chart.points(dots, chart.COLOURS[leak], chart.SHAPES[leak], text(f"leak_group.{leak}", language)))
    names = [variable(name, language) for name in (across, up)]
    shown = ([cell(name, value, language) for value in rows[name].tolist()] for name in (across, up, "leak"))
    cells = [[str(at), *values] for at, values in enumerate(zip(*shown, strict=True), start=1)]
    description = text("explore.scatter_says", language, n=int(there.sum()), across=names[0], up=names[1])
    heads = [text("explore.row", language), *names, variable("leak", language)]
    title = text("explore.against", language, across=names[0], up=names[1])
    return chart.chart(title, description, axes, marks, (heads, cells), language, pickable=True, **options)


def _apart(x: pd.Series[float], y: pd.Series[float]) -> list[pd.Series[float]]:
    """Return by how much to set equal points of whole numbers apart: rows of a square about their value."""
    place = x.groupby([x, y]).cumcount()
    wide = np.ceil(np.sqrt(x.groupby([x, y]).transform("size")))
    row = place // wide
    step = np.minimum(0.16, 0.9 / wide)
    # The last row may be shorter: each is centred for itself, and all of them together.
    across, up = place % wide, row
    return [
        (across - across.groupby([x, y, row]).transform("mean")) * step,
        (up - up.groupby([x, y]).transform("mean")) * step,
    ]


def _placed(rows: pd.DataFrame, name: str, language: str) -> tuple[chart.Axis, pd.Series[float]]:
    words = variable(name, language)
    if name == "leak":
        names = [text(f"leak_group.{leak}", language) for leak in ("no", "yes")]
        return chart.categories("", names), rows[name].map({"no": 0.0, "yes": 1.0}).astype(float)
    if name == "level":
        present = [level.value for level in columns()["level"].levels if level.value in set(rows[name])]
        return chart.categories(words, present), rows[name].map({at: float(i) for i, at in enumerate(present)})
    # No finer than is printed: a page that is saved keeps the coordinates.
    values = rows[name].astype(float).round(1)
    if name.startswith("vas"):
        return chart.whole(words, values.min(), values.max()), values
    return chart.axis(words, float(values.min()), float(values.max()), language), values


def panel(session: Session) -> widgets.Widget:
    """Show the vertebrae in four plots, with the row of the marked one."""
    study, language = session.study, session.language
    plots = [Plot(spec=spec) for across, up in PLOTS if (spec := scatter(study, across, up, language, height=330))]
    chooser = show.made(
        widgets.BoundedIntText,
        value=session.selected + 1,
        min=1,
        max=len(study.vertebrae),
        description=text("explore.vertebra_number", language),
    )
    found, code = show.html(), show.html()

    def update() -> None:
        at = session.selected
        for plot in plots:
            plot.mark(at, siblings(study, at))
        chooser.value = at + 1
        code.value = show.python(session, f"study.rows.iloc[{at}]")
        rows = [[name, value] for name, value in describe(study, at, language)]
        caption = text("explore.walk_row", language, number=at + 1, others=len(siblings(study, at)))
        found.value = show.table(
            caption, [text("explore.column", language), text("explore.value", language)], rows, words=2
        )

    for plot in plots:
        session.on(plot, partial(lambda each: setattr(session, "selected", each.picked["id"]), plot), "picked")
    session.on(chooser, lambda: setattr(session, "selected", chooser.value - 1))
    session.on_selected(update)
    update()
    left, right = show.half(*plots[::2]), show.half(*plots[1::2])
    return show.column(show.heading("walk", language), chooser, show.row(left, right, show.half(found, code)))
