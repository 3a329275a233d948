"""The studies that can be looked at: members of the ensemble, and a visitor's own; and the paper's numbers."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import ipywidgets as widgets
import traitlets

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import place_of
from vpresearch.core.paths import PAPER, PUBLISHED, RECONSTRUCTION
from vpresearch.data import Dataset, Examined, examine, load, normalise
from vpresearch.implied import shipped
from vpresearch.published import Paper, read_paper
from vpresearch.render.labels import odds_ratio, text
from vpresearch.results import Results


@cache
def paper() -> Paper:
    """Read the printed numbers that the study is held against."""
    return read_paper(os.environ.get(PAPER, PUBLISHED))


@cache
def one_of_many_note(language: str) -> str:
    """Say how far odds ratio and interval reach in the other reconstructions: it stands beside those of any one."""
    results = Results(load(RECONSTRUCTION))
    witnessed, reach = results.identified, results.identified_intervals
    if witnessed is None or reach is None:
        return ""
    ends = dict(zip(("least", "most", "low", "high"), (*witnessed, reach.least, reach.greatest), strict=True))
    ratios = {name: odds_ratio(end, language) for name, end in ends.items()}
    return text("explore.one_of_many", language, below=reach.below, n=reach.n, **ratios)


@lru_cache(maxsize=8)
def member(source: str, number: int) -> Dataset:
    """Return one dataset of the shipped ensembles."""
    table = shipped()[source].table(number - 1)
    checksum = hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
    # As the reader leaves a cell empty, also one that says that there is nothing to tell.
    nothing = ["", *(column.none.value for column in columns().values() if column.none)]
    rows = table.astype(object).where(~table.isin(nothing), None)
    return normalise(rows, f"{source}-{number}.csv", checksum)


class Given(NamedTuple):
    """A table that a visitor gives, and what is declared of its own columns."""

    name: str
    content: bytes
    declaration: bytes = b""

    @property
    def suffix(self) -> str:
        """The kind of file."""
        return Path(self.name).suffix.lower()

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Lend a file of it, which is gone from the disk before this ends."""
        with tempfile.TemporaryDirectory(prefix="vpresearch-") as folder:
            # A name of our own: the visitor's may be a path, or too long for this disk.
            path = Path(folder) / f"study{self.suffix}"
            path.write_bytes(self.content)
            if self.declaration:
                path.with_suffix(".yaml").write_bytes(self.declaration)
            yield path


def uploaded(given: Given, *, drop_identifiers: bool) -> Examined:
    """Examine what a visitor gives."""
    with given.on_disk() as path:
        examined = examine(path, drop_identifiers=drop_identifiers)
    shown = Path(given.name).name
    if examined.name == "study.yaml":
        # What is wrong stands in what is declared.
        shown = f"{Path(shown).stem}.yaml"
    study = examined.dataset
    return replace(examined, name=shown, dataset=study and replace(study, name=shown))


def moved(study: Dataset, at: int, volume_cc: float, cement_cc: float, leak: str) -> Dataset:
    """Return the study as it would be with one vertebra otherwise."""
    vertebrae = study.vertebrae.copy()
    values: dict[str, str | float] = {"vertebral_volume_cc": volume_cc, "cement_volume_cc": cement_cc, "leak": leak}
    for name, value in (values | {"fill_percent": 100 * cement_cc / volume_cc}).items():
        vertebrae.loc[at, name] = value
    return replace(study, vertebrae=vertebrae, reconstruction=True)


def present(study: Dataset, names: Iterable[str]) -> list[str]:
    """Return those columns of which a study has any value."""
    rows = study.rows
    return [name for name in names if name in rows and rows[name].notna().any()]


# What is of the data looked at alone.
_OF_DATA = {"drag.moved", "resample.drawn"}
# An answer is the reader's; and what is ticked for a file is of no use without one.
_UNTOLD = {"source.drop", *(f"lesson.answer{at}" for at in range(20))}


class Session(traitlets.HasTraits):
    """The state of one page."""

    language = traitlets.Unicode("es")
    study = traitlets.Instance(Dataset)
    member = traitlets.Tuple(allow_none=True, default_value=None)
    panel = traitlets.Unicode("walk")
    selected = traitlets.Int(0)
    fault = traitlets.Unicode("")
    # What a link to what is shown says; of a visitor's own data nothing but the panel.
    address = traitlets.Unicode("")

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._kept: dict[str, Any] = {}
        # What panels were told and made, beside where their controls stood: for the visit, and of these data alone.
        self.notes: dict[str, Any] = {}
        self.of_data: dict[str, Any] = {}
        self._watched: list[tuple[Callable[[Any], None], str]] = []
        self._on_leave: list[Callable[[], None]] = []
        # What a link asks for, until the panel that it opens has taken it.
        self.asked: dict[str, str] = {}

    def take(self, study: Dataset, member: tuple[str, int] | None = None) -> None:
        """Look at another dataset from now on."""
        with self.hold_trait_notifications():
            self.set_trait("member", member)
            self.selected = 0
            self.of_data.clear()
            self._kept = {name: value for name, value in self._kept.items() if name not in _OF_DATA}
            self.study = study

    def keep(self, name: str, control: widgets.Widget) -> Any:
        """Set a control to where it last stood, and remember where it will stand."""
        if name in self._kept:
            # Other data have other choices.
            with suppress(traitlets.TraitError):
                control.value = self._kept[name]
        if (asked := self.asked.pop(name, None)) is not None:
            # Anybody can write a link.
            with suppress(traitlets.TraitError, ValueError):
                control.value = asked == "True" if isinstance(control.value, bool) else type(control.value)(asked)
        self.remember(name, control.value)
        control.observe(lambda change: self.remember(name, change["new"]), "value")
        return control

    def remember(self, name: str, value: Any) -> None:
        """Note where something stands, for whoever comes back to it and for the address."""
        self._kept[name] = value
        self.tell_address()

    def tell_address(self) -> None:
        """Write the address of what is shown."""
        parts: dict[str, Any] = {"panel": self.panel, "language": self.language}
        if not self.is_own:
            source, number = self.member or ("shipped", 0)
            parts |= {"data": f"{source}-{number}" if number else source, "vertebra": self.selected + 1}
            names = [name for name in self._kept if name.startswith(f"{self.panel}.") and name not in _UNTOLD]
            parts |= {name.split(".")[1]: self._kept[name] for name in names if self._kept[name] is not None}
        self.address = urlencode(parts)

    @property
    def is_own(self) -> bool:
        """Whether the data are a visitor's own."""
        return not self.study.reconstruction or self.study is self.notes.get("own")

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
