"""Small pieces of the page: headings, tables, rows of widgets."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from typing import Any, TypeVar

import ipywidgets as widgets

from vpresearch.data import Dataset
from vpresearch.explore.session import Session, one_of_many_note
from vpresearch.render.html import html_table
from vpresearch.render.labels import number, text

W = TypeVar("W", bound=widgets.Widget)


def made(kind: Callable[..., W], *values: Any, css: str = "", **traits: Any) -> W:
    """Make a widget that shares layout and style with all others of its kind: each of its own would be a message."""
    widget: W = kind(*values, **{**_shared(kind), "_dom_classes": css.split(), **traits})
    return widget


@cache
def _shared(kind: Any) -> dict[str, widgets.Widget]:
    own = kind.class_traits()
    return {name: _one(own[name].klass) for name in ("layout", "style") if name in own}


@cache
def _one(kind: Any) -> widgets.Widget:
    return kind()


def html(content: str = "") -> widgets.HTML:
    """Make a place for words."""
    return made(widgets.HTML, content)


def heading(panel: str, language: str) -> widgets.HTML:
    """Say what a panel is, and what to do in it."""
    title, lead = (escape(text(f"explore.{panel}_{part}", language)) for part in ("title", "lead"))
    return html(f"<h2>{title}</h2><p>{lead}</p>")


def table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    chosen: Sequence[int] = (),
    words: int = 1,
) -> str:
    """Write a table."""
    kept = [place for place in range(len(columns)) if not rows or any(row[place] for row in rows)]
    right = {place for place in kept[words:] if any(re.search(r"\d", row[place]) for row in rows)}

    table = html_table(
        [[_said(columns[place]) for place in kept]],
        [[_said(row[place]) for place in kept] for row in rows],
        caption=escape(caption),
        numbers=[shown for shown, place in enumerate(kept) if place in right],
        chosen=chosen,
        named=True,
    )
    return f"<div class='vp-wide'>{table}</div>"


def _said(cell: str) -> str:
    # A sign stays with its number.
    return escape(re.sub(r"([<>]) (?=\d)", "\\1\u00a0", cell))


def paragraph(words: str, kind: str = "") -> str:
    """Write a paragraph, escaped."""
    named = f" class='{kind}'" if kind else ""
    return f"<p{named}>{escape(words)}</p>"


def python(session: Session, *code: str) -> str:
    """Write the lines of the library that give what a panel shows, to be copied."""
    imports = sorted(line for line in code if line.startswith("from "))
    lines = [line for line in code if line not in imports]
    if any("study" in line for line in lines):
        lines = [*_loading(session), *lines]
    said = escape(text("explore.python", session.language))
    body = escape("\n".join([*imports, "import vpresearch as vp", "", *lines]))
    return f"<details class='vp-python'><summary>{said}</summary><pre tabindex='0'>{body}</pre></details>"


def _loading(session: Session) -> list[str]:
    if session.is_own:
        return ['study = vp.load("study.xlsx")']
    if session.member is None:
        return ["study = vp.load(vp.RECONSTRUCTION)"]
    source, number = session.member
    path = "vp.ENSEMBLE" if source == "drawn" else 'vp.ENSEMBLE.with_stem("ensemble_extremes")'
    made = f'vp.read_ensemble({path}).table({number - 1}).to_csv("study.csv", index=False)'
    return [made, 'study = vp.load("study.csv")']


def slider(
    words: str, value: float, reach: tuple[float, float, float], language: str, decimals: int
) -> widgets.FloatSlider:
    """Make a slider that says its value in its name, with the language's decimal mark."""
    low, high, step = reach
    control = made(widgets.FloatSlider, value, min=low, max=high, step=step, readout=False)

    def say(_: object) -> None:
        control.description = f"{words}: {number(control.value, decimals, language)}"

    control.observe(say, "value")
    say(None)
    return control


def choice(
    session: Session, name: str, options: Sequence[tuple[str, Any]], words: str, **first: Any
) -> widgets.Dropdown:
    """Make a list to choose from, that stands where it last stood."""
    return session.keep(name, made(widgets.Dropdown, options=options, description=words, **first))


def tick(session: Session, name: str, words: str) -> widgets.Checkbox:
    """Make a box to tick, that stands as it last stood."""
    return session.keep(name, made(widgets.Checkbox, False, description=words, indent=False))


def row(*parts: widgets.Widget) -> widgets.Box:
    """Set widgets side by side where there is room."""
    return made(widgets.Box, parts, css="vp-row")


def beside(study: Dataset, language: str) -> widgets.HTML:
    """Say what must stand beside any slope of a reconstruction; of real data nothing."""
    return html(paragraph(one_of_many_note(language)) if study.reconstruction else "")


def near(*parts: widgets.Widget) -> widgets.Box:
    """Set small controls side by side, close to each other."""
    return made(widgets.Box, parts, css="vp-row vp-near")


def third(*parts: widgets.Widget) -> widgets.VBox:
    """Stack widgets in a third of a row."""
    return made(widgets.VBox, parts, css="vp-third")


def half(*parts: widgets.Widget) -> widgets.VBox:
    """Stack widgets in one half of a row."""
    return made(widgets.VBox, parts, css="vp-half")


def column(*parts: widgets.Widget) -> widgets.VBox:
    """Stack widgets."""
    return made(widgets.VBox, parts)


def close(widget: widgets.Widget) -> None:
    """Close a widget with all that is in it, so that a long visit fills no memory."""
    for child in getattr(widget, "children", ()):
        close(child)
    widget.close()
