"""The page: what the data are, the language, and one panel at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import ipywidgets as widgets

from vpresearch.core.errors import LANGUAGES
from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.data import load
from vpresearch.explore import show
from vpresearch.explore.panels import audit, dose, drag, draws, groups, lesson, resample, size, source, walk
from vpresearch.explore.session import Session, one_of_many_note
from vpresearch.render.labels import text

_STYLE = Path(__file__).with_name("page.css")
PANELS: Mapping[str, Callable[[Session], widgets.Widget]] = {
    "walk": walk.panel,
    "source": source.panel,
    "groups": groups.panel,
    "dose": dose.panel,
    "drag": drag.panel,
    "resample": resample.panel,
    "size": size.panel,
    "draws": draws.panel,
    "audit": audit.panel,
    "lesson": lesson.panel,
}
_OWN_NAMES = {"es": "Español", "en": "English"}


class Page(widgets.VBox):  # type: ignore[misc]
    """The explorer of one visitor."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.add_class("vp-explorer")
        self.session = session
        self._style = show.html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")
        self._banner, self._fault = show.html(), show.html()
        self._language = widgets.ToggleButtons(options=[(_OWN_NAMES[each], each) for each in LANGUAGES])
        self._language.value = session.language
        self._tabs = widgets.ToggleButtons(options=[(self._name(each), each) for each in PANELS])
        self._place = widgets.VBox()
        self.children = [self._style, self._banner, self._language, self._tabs, self._fault, self._place]
        session.on(self._language, lambda: setattr(session, "language", self._language.value))
        self._link = widgets.link((session, "panel"), (self._tabs, "value"))
        session.on(session, self._show, "panel")
        session.on(session, self._translate, "language")
        session.on(session, self._tell_data, "study")
        session.observe(lambda _: self._tell_fault(), "fault")
        self._show()

    def __repr__(self) -> str:
        # A notebook keeps it beside the output: it must not hold the data.
        return "<Page>"

    def _name(self, panel: str) -> str:
        return text(f"explore.{panel}_tab", self.session.language)

    def _translate(self) -> None:
        # Other words for the same choices: what is open stays open.
        self._link.unlink()
        self._tabs.options = [(self._name(each), each) for each in PANELS]
        self._tabs.value = self.session.panel
        self._link.link()
        self._show()

    def _show(self) -> None:
        session = self.session
        session.leave()
        session.fault = ""
        self._tell_data()
        before = self._place.children
        self._place.children = [PANELS[session.panel](session)]
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
    warm()
    return Page(Session(study=load(data), language=language))


@cache
def warm() -> None:
    """Read and compute once what every panel needs first, so that none of them keeps a visitor waiting."""
    study = load(RECONSTRUCTION)
    for language in LANGUAGES:
        one_of_many_note(language)
    source.slopes()
    drag.outcome(study, "gee_kc")
    drag.verdicts(study, drag.touched(["leak"]))
    _ = dose.fitted(study).slopes
