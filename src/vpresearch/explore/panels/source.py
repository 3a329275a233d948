"""The button that opens a visitor's file: its content is handed over and is no part of the page's state."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from html import escape
from typing import Any

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets

from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.data import Dataset, Examined, load
from vpresearch.explore import chart, show
from vpresearch.explore.chart import Plot
from vpresearch.explore.session import Given, Session, member, uploaded
from vpresearch.implied import ml_fits, shipped
from vpresearch.render.labels import number, odds_ratio, p_value, text
from vpresearch.workbook.validation import report

_HERE = pathlib.Path(__file__).parents[1]


class Upload(anywidget.AnyWidget):
    """A button that reads a table, and what is declared of its columns."""

    _esm = _HERE / "upload.js"
    description = traitlets.Unicode().tag(sync=True)
    accept = traitlets.Unicode(".xlsx,.csv,.yaml").tag(sync=True)

    def on_file(self, act: Callable[[Given], None]) -> None:
        """Act on every table that is given."""

        def given(_: Any, message: dict[str, Any], buffers: list[Any]) -> None:
            files = dict(zip(message["names"], map(bytes, buffers), strict=True))
            tables = [name for name in files if not name.lower().endswith(".yaml")] or message["names"][:1]
            declared = [content for name, content in files.items() if name not in tables]
            act(Given(tables[0], files[tables[0]], *declared[:1]))

        self.on_msg(given)


SOURCES = ("drawn", "extreme")
_COLOURS = {"drawn": ("#56B4E9", "circle"), "extreme": (chart.YES, "diamond")}


def slopes() -> dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Return the slope of leak on fill of every reconstruction by maximum likelihood, and its p."""
    return {source: (found.coef[:, 1], found.p_value) for source, found in ml_fits().items()}


def identity(source: str, number: int) -> int:
    """Return the number of a reconstruction among those of every ensemble, from 0."""
    return number - 1 + (len(shipped()["drawn"]) if source == "extreme" else 0)


def of_identity(at: int) -> tuple[str, int]:
    """Return the ensemble and the number in it of a point."""
    drawn = len(shipped()["drawn"])
    return ("drawn", at + 1) if at < drawn else ("extreme", at + 1 - drawn)


def draw(language: str) -> dict[str, Any]:
    """Draw the odds ratio and the p of every reconstruction."""
    marks, rows = [], []
    for source, (slope, p) in slopes().items():
        dots = []
        for place, (log_odds, value) in enumerate(zip(slope, p, strict=True), start=1):
            words = [
                member_name(source, place, language),
                odds_ratio(float(log_odds), language),
                p_value(value, language),
            ]
            rows.append(words)
            name = f"{words[0]}: {text('explore.odds_ratio', language)} {words[1]}, p {words[2]}"
            dots.append({"id": identity(source, place), "x": float(np.exp(log_odds)), "y": float(value), "label": name})
        colour, shape = _COLOURS[source]
        marks.append(chart.points(dots, colour, shape, text(f"explore.all_{source}", language), 5))
    ratios = np.exp(np.concatenate([slope for slope, _ in slopes().values()]))
    axes = (
        chart.axis(text("explore.odds_ratio_point", language), float(ratios.min()), float(ratios.max()), language),
        chart.axis("p", 0.0, 1.0, language, most=5),
    )
    marks.insert(
        0, chart.line([axes[0].low, axes[0].high], [0.05, 0.05], name="p = " + number(0.05, 2, language), dash="6 5")
    )
    heads = [text("explore.reconstruction", language), text("explore.odds_ratio", language), "p"]
    title, says = text("explore.source_chart", language), text("explore.source_says", language, n=len(ratios))
    return chart.chart(title, says, axes, marks, (heads, rows), language, pickable=True)


def member_name(source: str, place: int, language: str) -> str:
    """Name a reconstruction."""
    return text(f"explore.member_{source}", language, number=place)


# The compendium's own reconstruction, the visitor's file, or a member of an ensemble.
Chosen = str | tuple[str, int]


def in_use(session: Session) -> Chosen:
    """Return which of the choices is looked at."""
    return session.member or ("own" if session.study is session.notes.get("own") else "shipped")


def of_address(words: str) -> tuple[Dataset, tuple[str, int] | None] | None:
    """Return the data that a link names, if there are such."""
    if words == "shipped":
        return load(RECONSTRUCTION), None
    source, _, number = words.partition("-")
    if source not in SOURCES or not number.isdecimal() or not 0 < int(number) <= len(shipped()[source]):
        return None
    return member(source, int(number)), (source, int(number))


def choices(session: Session) -> list[tuple[str, Chosen]]:
    """Name all data that can be looked at."""
    language = session.language
    found: list[tuple[str, Chosen]] = [(text("explore.source_shipped", language), "shipped")]
    if (own := session.notes.get("own")) is not None:
        found.append((own.name, "own"))
    members = [(source, number) for source in SOURCES for number in range(1, len(shipped()[source]) + 1)]
    return found + [(member_name(*each, language), each) for each in members]


def said_of(examined: Examined, language: str) -> str:
    """Write what was found in a visitor's file; what it says of a command is said of the box above it."""
    found = report(examined, language).replace(
        text("explore.drop_by_command", language), text("explore.drop_here", language)
    )
    if examined.dataset is not None:
        return f"<pre class='vp-report'>{escape(found)}</pre>"
    return f"<pre class='vp-report vp-fault'>{escape(found)}</pre>" + show.paragraph(
        text("explore.source_kept", language)
    )


def taken(session: Session, given: Given, *, drop_identifiers: bool) -> Examined:
    """Examine what a visitor gives, and look at it from now on where nothing is wrong with it."""
    examined = uploaded(given, drop_identifiers=drop_identifiers)
    if examined.dataset is not None:
        session.notes["own"] = examined.dataset
        session.take(examined.dataset)
    return examined


def panel(session: Session) -> widgets.Widget:
    """Show the choice of reconstructions beside the place for a workbook."""
    language = session.language
    plot = Plot(spec=draw(language))
    place = show.made(widgets.Dropdown, description=text("explore.source_in_use", language))
    upload = Upload(description=text("explore.upload", language))
    drop = show.tick(session, "source.drop", text("explore.drop", language))
    told, code = show.html(), show.html()
    state = {"quiet": False}

    def tell() -> None:
        """Show which data are in use, everywhere in the panel, and what was said of the last file."""
        plot.mark(identity(*session.member) if session.member else None, [])
        state["quiet"] = True
        place.options = choices(session)
        place.value = in_use(session)
        state["quiet"] = False
        code.value = show.python(session, "vp.fit_logistic(vp.leak_design(study.rows))[1]")
        told.value = said_of(session.notes["examined"], language) if "examined" in session.notes else ""

    def take(chosen: Chosen) -> None:
        if state["quiet"]:
            return
        session.notes.pop("examined", None)
        if isinstance(chosen, tuple):
            session.take(member(*chosen), chosen)
        else:
            session.take(load(RECONSTRUCTION) if chosen == "shipped" else session.notes["own"])
        tell()

    def read(given: Given) -> None:
        session.notes["examined"] = taken(session, given, drop_identifiers=drop.value)
        tell()

    session.on(place, lambda: take(place.value))
    session.on(plot, lambda: take(of_identity(plot.picked["id"])), "picked")
    upload.on_file(session.guarded(read))
    tell()
    own = show.half(
        show.html(f"<h3>{escape(text('explore.own', language))}</h3>"),
        show.html(show.paragraph(text("explore.upload_says", language))),
        upload,
        drop,
        told,
    )
    return show.column(show.heading("source", language), show.row(show.half(place, plot, code), own))
