"""The explorer as one page without a server: each panel as it stands at every place of its controls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from string import Template
from typing import Any

import ipywidgets as widgets
import numpy as np

from vpresearch.core.errors import LANGUAGES, progress_bar
from vpresearch.core.files import put
from vpresearch.core.paths import BUILD, RECONSTRUCTION
from vpresearch.data import load
from vpresearch.explore import show
from vpresearch.explore.chart import SCRIPT, Plot, SeedBox
from vpresearch.explore.page import FRAME, OWN_NAMES, PANELS, STYLE, banner, tabs
from vpresearch.explore.panels import audit, lesson, size
from vpresearch.explore.panels.resample import MANY
from vpresearch.explore.session import Session
from vpresearch.parallel import Workers, gather
from vpresearch.render.labels import text

_HERE = Path(__file__).parent
SITE = BUILD / "site" / "index.html"
# Where the controls of a panel are looked at; of those without a list, wherever they can be.
PLACES: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "walk": {"vertebra": ()},
    "source": {},
    "groups": {"variable": (), "alpha": [at / 100 for at in range(1, 21)]},
    "dose": {
        "cement": [at / 2 for at in range(1, 13)],
        "volume": [at * 2.5 for at in range(4, 21)],
        "model": (),
        "separated": (False, True),
    },
    "drag": {"model": (), "vertebra": (), "preset": ("put_back", "put_far")},
    "resample": {"variable": (), "drawn": [MANY * times for times in range(5)]},
    "size": {"patients": size.PATIENTS[::5], "ratio": [at / 20 for at in range(10, 41)]},
    "draws": {"seed": range(1, 13)},
    "audit": {"preset": [f"audit_as_{name}" for name in audit.PRESETS]},
}
# Buttons that go on to the next place of a control.
_STEPS = {"draw_many": "drawn", "draws_another": "seed"}
# What can be seen here but done only in the application.
_MORE = ("source", "drag", "resample", "draws", "audit")


class _Seen(Session):
    """A page's state that knows its panel's controls by their names in the address."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.controls: dict[str, Any] = {}

    def keep(self, name: str, control: widgets.Widget) -> Any:
        """Remember the control, too."""
        self.controls[name.partition(".")[2]] = super().keep(name, control)
        return control


class Recorded:
    """A panel in one language, and what each part of it says at every place of the controls."""

    def __init__(self, panel: str, language: str) -> None:
        self.panel, self.language = panel, language
        self.session = _Seen(study=load(RECONSTRUCTION), language=language, panel=panel)
        self.session.asked = {f"{panel}.seed": "1"}
        self.root = PANELS[panel](self.session)
        self.leaves = [each for each in _inside(self.root) if _is_leaf(each)]
        # Both are told by where they stand, in no address.
        for each in _inside(self.root):
            if isinstance(each, widgets.BoundedIntText):
                self.session.controls["vertebra"] = each
        self.buttons = {each.description: each for each in _inside(self.root) if isinstance(each, widgets.Button)}
        self.places = {name: list(places) or self._all(name) for name, places in PLACES[panel].items()}
        self.first = [self._first(name) for name in self.places]
        self.words: list[list[str]] = [[""] * len(places) for places in self.places.values()]

    def _all(self, name: str) -> list[Any]:
        control = self.session.controls[name]
        if isinstance(control, widgets.BoundedIntText):
            return list(range(control.min, control.max + 1))
        return [each[-1] if isinstance(each, tuple) else each for each in control.options]

    def _first(self, name: str) -> int:
        places, control = self.places[name], self.session.controls.get(name)
        if control is None or isinstance(control, SeedBox):
            return 0
        if isinstance(control, widgets.FloatSlider | widgets.SelectionSlider):
            return int(np.argmin([abs(each - control.value) for each in places]))
        return places.index(control.value)

    def put(self, name: str, value: Any) -> None:
        """Bring a control to a place."""
        control = self.session.controls.get(name)
        if name == "preset":
            self.buttons[text(f"explore.{value}", self.language)].click()
        elif name == "drawn":
            if value:
                self.buttons[text("explore.draw_many", self.language, n=MANY)].click()
        elif isinstance(control, SeedBox):
            control.anew(value)
        elif control is not None:
            control.value = value

    def say(self, name: str, value: Any) -> str:
        """Return what a control is called where it stands."""
        control = self.session.controls.get(name)
        if isinstance(control, widgets.Dropdown):
            return str(next(words for words, each in control.options if each == value))
        return str(value) if isinstance(control, SeedBox) or control is None else str(control.description)

    def parts(self) -> list[list[Any]]:
        """Return what each leaf holds now."""
        return [_parts(each) for each in self.leaves]

    def everywhere(self) -> list[list[list[Any]]]:
        """Return what each leaf holds, at every place of all controls."""
        found, before = [], [-1] * len(self.places)
        for at in product(*(range(len(places)) for places in self.places.values())):
            for which, (name, places) in enumerate(self.places.items()):
                if at[which] != before[which]:
                    self.put(name, places[at[which]])
                    self.words[which][at[which]] = self.say(name, places[at[which]])
            before = list(at)
            found.append(self.parts())
        if self.session.fault:
            raise RuntimeError(self.session.fault)
        return found

    def tree(self, widget: widgets.Widget) -> dict[str, Any] | None:
        """Return how the panel is laid out; without what only the application can do."""
        names = list(self.places)
        for name, control in self.session.controls.items():
            if widget is control and name in names:
                return {"kind": _KINDS[type(widget)], "control": names.index(name), "name": str(widget.description)}
        if widget in self.leaves:
            kind = next(word for kind, word in _LEAVES.items() if isinstance(widget, kind))
            return {"kind": kind, "leaf": self.leaves.index(widget), "name": getattr(widget, "description", "")}
        if isinstance(widget, widgets.Button):
            return self._button(widget)
        children = [found for child in getattr(widget, "children", ()) if (found := self.tree(child))]
        return {"kind": "box", "of": children, "class": " ".join(widget._dom_classes)} if children else None

    def _button(self, button: widgets.Button) -> dict[str, Any] | None:
        names, words = list(self.places), str(button.description)
        for key, control in _STEPS.items():
            if control in names and words == text(f"explore.{key}", self.language, n=MANY):
                return {"kind": "button", "name": words, "control": names.index(control)}
        for to, value in enumerate(self.places.get("preset", ())):
            if words == text(f"explore.{value}", self.language):
                return {"kind": "button", "name": words, "control": names.index("preset"), "to": to}
        return None


_LEAVES = {widgets.HTML: "words", Plot: "plot", widgets.Text: "typed"}
_KINDS: Mapping[type, str] = {
    widgets.FloatSlider: "slider",
    widgets.SelectionSlider: "slider",
    widgets.Dropdown: "select",
    widgets.Checkbox: "check",
    widgets.BoundedIntText: "number",
    SeedBox: "select",
}


def _inside(widget: widgets.Widget) -> list[Any]:
    return [widget, *(each for child in getattr(widget, "children", ()) for each in _inside(child))]


def _is_leaf(widget: widgets.Widget) -> bool:
    return isinstance(widget, tuple(_LEAVES)) and not isinstance(widget, SeedBox)


def _parts(leaf: Any) -> list[Any]:
    """Cut what a leaf holds into parts that may change one without the other."""
    if not isinstance(leaf, Plot):
        return list(leaf.value.split("\n"))
    if not leaf.spec:
        return [None, None, leaf.marked]
    spec = _rounded({name: value for name, value in leaf.spec.items() if name not in {"marks", "table"}})
    return [spec, leaf.spec["table"], leaf.marked, *_rounded(leaf.spec["marks"])]


def _rounded(value: Any) -> Any:
    """Keep no more digits than are drawn: the others are those of the processor."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


def record(panel: str, language: str) -> dict[str, Any]:
    """Record a panel: its layout, its controls, and each part of it by the controls that it depends on."""
    seen = Recorded(panel, language)
    states = seen.everywhere()
    shape = [len(places) for places in seen.places.values()]
    strings: dict[str, int] = {}
    leaves = []
    for leaf in range(len(seen.leaves)):
        longest = max(len(state[leaf]) for state in states)
        padded = [[*state[leaf], *[None] * (longest - len(state[leaf]))] for state in states]
        leaves.append([_by_controls([state[part] for state in padded], shape, strings) for part in range(longest)])
    controls = [
        {"name": name, "first": first, "places": [str(each) for each in places], "words": words}
        for (name, places), first, words in zip(seen.places.items(), seen.first, seen.words, strict=True)
    ]
    note = text("explore.site_more", language) if panel in _MORE else ""
    found = {
        "tree": seen.tree(seen.root),
        "controls": controls,
        "leaves": leaves,
        "strings": [json.loads(each) for each in strings],
        "note": show.paragraph(note) if note else "",
    }
    show.close(seen.root)
    return found


def _by_controls(values: Sequence[Any], shape: Sequence[int], strings: dict[str, int]) -> dict[str, Any]:
    """Keep a part once for all places of the controls that do not change it."""
    texts = [json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values]
    ids = np.array([strings.setdefault(each, len(strings)) for each in texts]).reshape(shape)
    by = []
    for axis in range(len(shape)):
        first = ids.take([0], axis)
        if (ids == first).all():
            ids = first
        else:
            by.append(axis)
    return {"by": by, "ids": ids.ravel().tolist()}


def _lesson(language: str) -> dict[str, Any]:
    """Return the questions with whatever is said of them."""
    path = lesson.questions(language)
    told = [
        {
            "title": f"{at}. {question.title}",
            "asks": f"<h3>{question.title}</h3><p>{lesson.linked(question.asks, language)}</p>",
            "answers": [each.says for each in question.answers],
            "right": [each.right for each in question.answers],
            "verdicts": [lesson.verdict(question, chosen, language) for chosen in range(len(question.answers))],
            "summed": [
                lesson.summed(at - 1, question, chosen, language) for chosen in (*range(len(question.answers)), None)
            ],
            "hints": [lesson.linked(each, language) for each in question.hints],
            "panel": question.panel,
            "go": text("explore.lesson_go", language, panel=text(f"explore.{question.panel}_tab", language)),
        }
        for at, question in enumerate(path, start=1)
    ]
    return {
        "heading": show.heading("lesson", language).value,
        "lead": text("explore.lesson_lead", language),
        "download": lesson.download("", language),
        "glossary": lesson.glossary(language),
        "check": text("explore.lesson_check", language),
        "hint": text("explore.lesson_hint", language),
        "choose": lesson.verdict(path[0], None, language),
        "solved": [
            show.paragraph(text("explore.lesson_solved", language, done=done, of=len(path)))
            for done in range(len(path) + 1)
        ],
        "questions": told,
    }


def write_site(path: Path, workers: Workers, progress: str | None = None) -> None:
    """Write the page, in both languages; nothing of it is fetched."""
    tasks = [(panel, language) for panel in PLACES for language in LANGUAGES]
    recorded = {}
    with progress_bar("panels", len(tasks), progress) as bar:
        for task, found in gather(workers, record, tasks):
            recorded[task] = found
            bar.update()
    shipped = load(RECONSTRUCTION)
    languages = {
        language: {
            "words": {each: text(f"explore.{each}", language) for each in ("panels", "language", "title")},
            "tabs": tabs(language, [panel for panel in PANELS if panel in PLACES or panel == "lesson"]),
            "banner": banner(Session(study=shipped, language=language)),
            "says": show.paragraph(text("explore.site_says", language)),
            "panels": {panel: recorded[panel, language] for panel in PLACES},
            "lesson": _lesson(language),
        }
        for language in LANGUAGES
    }
    data = {"languages": languages, "names": [[each, OWN_NAMES[each]] for each in LANGUAGES]}
    content = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    sources = {"frame": FRAME, "plot": SCRIPT, "site": _HERE / "site.js"}
    scripts = {name: source.read_text(encoding="utf-8") for name, source in sources.items()}
    page = Template((_HERE / "site.html").read_text(encoding="utf-8")).substitute(
        language=LANGUAGES[0],
        title=text("explore.title", LANGUAGES[0]),
        style=STYLE.read_text(encoding="utf-8") + (_HERE / "site.css").read_text(encoding="utf-8"),
        without="".join(show.paragraph(text("explore.site_script", each)) for each in LANGUAGES),
        # No end of the element that holds it may stand in what it holds.
        data=content.replace("</", "<\\/"),
        **{name: script.replace("export default", "return") for name, script in scripts.items()},
    )
    put(path, page)
