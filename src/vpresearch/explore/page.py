"""The page: what the data are, the language, and one panel at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import anywidget
import ipywidgets as widgets
import traitlets

from vpresearch.core.errors import LANGUAGES
from vpresearch.core.paths import RECONSTRUCTION, in_project
from vpresearch.data import Dataset, load
from vpresearch.explore import show
from vpresearch.explore.panels import audit, author, dose, drag, draws, groups, lesson, resample, size, source, walk
from vpresearch.explore.session import Session, one_of_many_note
from vpresearch.render.labels import text

STYLE, FRAME = (Path(__file__).with_name(f"page.{kind}") for kind in ("css", "js"))
PANELS: Mapping[str, Callable[[Session], widgets.Widget]] = {
    "walk": walk.panel,
    "source": source.panel,
    "author": author.panel,
    "groups": groups.panel,
    "dose": dose.panel,
    "drag": drag.panel,
    "resample": resample.panel,
    "size": size.panel,
    "draws": draws.panel,
    "audit": audit.panel,
    "lesson": lesson.panel,
}
# Panels that share an idea stand behind one tab.
TOGETHER: Mapping[str, tuple[str, ...]] = {"chance": ("resample", "size", "draws")}
OWN_NAMES = {"es": "Español", "en": "English"}


def tabs(language: str, panels: Collection[str] = PANELS) -> list[list[Any]]:
    """Name the tabs, each with the panels that stand behind it where it is more than one."""
    behind = {panel: tab for tab, together in TOGETHER.items() for panel in together}
    order = dict.fromkeys(behind.get(panel, panel) for panel in panels)
    names = {name: text(f"explore.{name}_tab", language) for name in (*panels, *order)}
    return [[tab, names[tab], [[each, names[each]] for each in TOGETHER.get(tab, ())]] for tab in order]


class Frame(anywidget.AnyWidget):
    """Language, tabs and address of the page."""

    _esm = FRAME
    tabs: Any = traitlets.List().tag(sync=True)
    panel = traitlets.Unicode().tag(sync=True)
    languages = traitlets.List([[each, OWN_NAMES[each]] for each in LANGUAGES]).tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    here = traitlets.Unicode().tag(sync=True)
    # What a visitor turns to, and the address that is come to.
    turned = traitlets.Dict().tag(sync=True)
    asked = traitlets.Unicode().tag(sync=True)


class Page(widgets.VBox):  # type: ignore[misc]
    """The explorer of one visitor."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.add_class("vp-explorer")
        self.session = session
        self._style = show.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")
        self._banner, self._fault = show.html(), show.html()
        self._frame, self._place = Frame(), widgets.VBox()
        self._place.add_class("vp-place")
        self._still = False
        self.children = [self._style, self._banner, self._frame, self._fault, self._place]
        session.on(self._frame, lambda: self._turn(self._frame.turned), "turned")
        session.on(self._frame, lambda: self.go(self._frame.asked), "asked")
        for trait in ("panel", "language"):
            session.on(session, self._show, trait)
        session.on(session, self._tell_data, "study")
        for trait in ("selected", "study", "member"):
            session.on(session, session.tell_address, trait)
        session.on(session, lambda: setattr(self._frame, "here", session.address), "address")
        session.observe(lambda _: self._tell_fault(), "fault")
        self._show()

    def __repr__(self) -> str:
        # A notebook keeps it beside the output: it must not hold the data.
        return "<Page>"

    def _turn(self, turned: Mapping[str, Any]) -> None:
        for name in ("panel", "language"):
            if name in turned:
                setattr(self.session, name, turned[name])

    def go(self, address: str) -> None:
        """Show what an address says; what it says amiss is passed over."""
        if address == self.session.address:
            return
        session, asked = self.session, dict(parse_qsl(address, keep_blank_values=True))
        panel = asked.get("panel", "")
        self._still = True
        if panel in PANELS:
            session.panel = panel
        if asked.get("language") in LANGUAGES:
            session.language = asked["language"]
        if (chosen := source.of_address(asked.get("data", ""))) is not None:
            session.take(*chosen)
        vertebra = asked.get("vertebra", "")
        if vertebra.isdecimal() and 0 < int(vertebra) <= len(session.study.vertebrae):
            session.selected = int(vertebra) - 1
        session.asked = {f"{panel}.{name}": value for name, value in asked.items()}
        self._still = False
        self._show()

    def _show(self) -> None:
        if self._still:
            return
        session, frame = self.session, self._frame
        session.leave()
        session.fault = ""
        with frame.hold_sync():
            frame.tabs = tabs(session.language)
            frame.panel, frame.language = session.panel, session.language
            frame.words = {each: text(f"explore.{each}", session.language) for each in ("panels", "language", "title")}
        self._tell_data()
        before = self._place.children
        # One address of a panel, and not one for each of its controls.
        with frame.hold_sync():
            self._place.children = [PANELS[session.panel](session)]
            session.asked.clear()
            session.tell_address()
        for panel in before:
            show.close(panel)

    def _tell_data(self) -> None:
        self._banner.value = banner(self.session)

    def _tell_fault(self) -> None:
        fault = self.session.fault
        words = show.paragraph(text("explore.fault", self.session.language, place=fault), "vp-fault")
        self._fault.value = words if fault else ""


def banner(session: Session) -> str:
    """Say what the data are: a reconstruction, and which, or a visitor's own."""
    study, language = session.study, session.language
    if not study.reconstruction:
        return show.paragraph(text("explore.banner_own", language, name=study.name), "vp-banner vp-real")
    words = text("banner.reconstruction", language)
    if session.member is not None:
        words += " " + text(
            "explore.banner_member", language, name=source.member_name(session.member[0], session.member[1], language)
        )
    return show.paragraph(words, "vp-banner")


def explorer(data: Path | str, language: str) -> Page:
    """Open the explorer."""
    shipped, path = warm(), in_project(data)
    return Page(Session(study=shipped if path == RECONSTRUCTION else load(path), language=language))


@cache
def warm() -> Dataset:
    """Read and compute once what every panel needs first, so that none of them keeps a visitor waiting."""
    study = load(RECONSTRUCTION)
    for language in LANGUAGES:
        one_of_many_note(language)
    source.slopes()
    slim = drag.slimmed(study)
    drag.outcome(slim, "gee_kc")
    drag.verdicts(slim, drag.touched(drag.OF_ONE))
    _ = dose.fitted(study).slopes
    return study
