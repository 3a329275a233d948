"""What one visitor sees: the study, the language, the marked vertebra and where the controls stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import traitlets

from vpresearch.errors import place_of
from vpresearch.load import Dataset


class Session(traitlets.HasTraits):
    """The state of one page.

    Attributes
    ----------
    language : {"es", "en"}
    study : Dataset
    member : tuple of (str, int) or None
        Ensemble and number, from 1, of a reconstruction; None for the shipped one and for a visitor's own data.
    panel : str
        The one that is open.
    selected : int
        Row of the marked vertebra in the study, from 0.
    fault : str
        Where the explorer itself failed, without any word that could quote a row.
    """

    language = traitlets.Unicode("es")
    study = traitlets.Instance(Dataset)
    member = traitlets.Tuple(allow_none=True, default_value=None)
    panel = traitlets.Unicode("walk")
    selected = traitlets.Int(0)
    fault = traitlets.Unicode("")

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._kept: dict[str, Any] = {}
        self._watched: list[tuple[Callable[[Any], None], str]] = []
        self._on_leave: list[Callable[[], None]] = []

    def take(self, study: Dataset, member: tuple[str, int] | None = None) -> None:
        """Look at another dataset from now on."""
        with self.hold_trait_notifications():
            self.set_trait("member", member)
            self.selected = 0
            self.study = study

    def keep(self, name: str, control: widgets.Widget) -> Any:
        """Set a control to where it last stood, and remember where it will stand."""
        if name in self._kept:
            try:
                control.value = self._kept[name]
            except traitlets.TraitError:
                # Other data have other choices.
                del self._kept[name]

        def remember(change: Any) -> None:
            self._kept[name] = change["new"]

        control.observe(remember, "value")
        return control

    def on(self, control: widgets.Widget, act: Callable[[], None], trait: str = "value") -> None:
        """Act whenever a control is moved."""
        control.observe(self.guarded(lambda _: act()), trait)

    def on_selected(self, act: Callable[[], None]) -> None:
        """Act whenever another vertebra is marked, until the panel is left."""
        guarded = self.guarded(lambda _: act())
        self.observe(guarded, "selected")
        self._watched.append((guarded, "selected"))

    def on_leave(self, act: Callable[[], None]) -> None:
        """Act once, when the panel is left."""
        self._on_leave.append(act)

    def leave(self) -> None:
        """End what the panel that is left was doing, and forget what it was watching."""
        for finish in self._on_leave:
            finish()
        self._on_leave.clear()
        for act, trait in self._watched:
            self.unobserve(act, trait)
        self._watched.clear()

    def guarded(self, act: Callable[[Any], None]) -> Callable[[Any], None]:
        """Let no error show its words: they may quote a patient's row."""

        def careful(change: Any) -> None:
            try:
                act(change)
            except Exception as error:
                place = place_of(error)
                self.fault = f"{place.error}, {place.file}, {place.line}"

        return careful
