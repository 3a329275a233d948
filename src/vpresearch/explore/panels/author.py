"""From a workbook to manuscript and supplement without a terminal: template, check, marked copy, run, download."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from vpresearch.explore import show
from vpresearch.explore.panels.source import Upload, said_of, taken
from vpresearch.explore.session import Given, Session
from vpresearch.render.labels import text
from vpresearch.run.job import Job
from vpresearch.workbook.template import annotate, template

_HERE = pathlib.Path(__file__).parents[1]
_WHOLE = 100


class Hand(anywidget.AnyWidget):
    """A button that hands one file to the browser."""

    _esm = _HERE / "hand.js"
    description = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def on_asked(self, make: Callable[[], tuple[str, bytes]]) -> None:
        """Make the file, and its name, when it is asked for."""

        def asked(_: Any, __: Any, ___: Any) -> None:
            name, content = make()
            self.send({"name": name}, buffers=[content])

        self.on_msg(asked)


def marked(session: Session) -> bytes:
    """Copy a visitor's workbook with its problems marked; neither is left on the disk."""
    given: Given = session.notes["given"]
    with given.on_disk() as path:
        problems = session.notes["checked"].problems
        return annotate(path, problems, session.language, drop_identifiers=session.notes["drop"])


def panel(session: Session) -> widgets.Widget:
    """Show the steps from the workbook to the files."""
    language = session.language

    def words(key: str, **values: object) -> str:
        return text(f"explore.author_{key}", language, **values)

    empty, copy, files = (Hand(description=words(key)) for key in ("template", "copy", "files"))
    upload = Upload(description=text("explore.upload", language))
    drop = show.tick(session, "source.drop", text("explore.drop", language))
    run, stop = (show.made(widgets.Button, description=words(key)) for key in ("run", "stop"))
    bar, told, came = show.made(widgets.IntProgress, 0, 0, _WHOLE, layout=widgets.Layout()), show.html(), show.html()
    job: Job = session.notes.setdefault("job", Job())

    def tell() -> None:
        """Show what can be done next, and what was said."""
        examined, state = session.notes.get("checked"), session.notes.get("state", {})
        told.value = said_of(examined, language) if examined is not None else ""
        running = "percent" in state
        run.disabled = running or examined is None or examined.dataset is None
        stop.disabled = not running
        copy.disabled = examined is None or examined.dataset is not None
        files.disabled = "content" not in session.notes
        bar.value, bar.layout.visibility = state.get("percent", 0), "visible" if running else "hidden"
        if running:
            key = "writing" if state["percent"] >= _WHOLE else "running"
            came.value = show.paragraph(words(key, percent=state["percent"]), "vp-big")
        elif "failed" in state:
            said = f"<pre class='vp-report vp-fault'>{escape(state['failed'] or words('broken'))}</pre>"
            came.value = show.paragraph(words("failed"), "vp-fault") + said
        elif "size" in state:
            came.value = (
                show.paragraph(words("done"), "vp-big") + f"<pre class='vp-report'>{escape(state['said'])}</pre>"
            )
        else:
            came.value = ""

    def read(given: Given) -> None:
        for name in ("state", "content"):
            session.notes.pop(name, None)
        session.notes |= {"given": given, "drop": drop.value}
        session.notes["checked"] = taken(session, given, drop_identifiers=drop.value)
        tell()

    def heard(said: Mapping[str, Any], content: bytes) -> None:
        session.notes["state"] = said
        if content:
            session.notes["content"] = content
        tell()

    def start(_: Any) -> None:
        given: Given = session.notes["given"]
        session.notes["state"] = {"percent": 0}
        job.start(given.suffix, given.content, given.declaration, language, drop_identifiers=session.notes["drop"])
        tell()

    def end(_: Any) -> None:
        job.stop()
        session.notes.pop("state", None)
        tell()

    job.told = heard
    empty.on_asked(lambda: (words("template_name"), template(language)))
    copy.on_asked(lambda: (words("copy_name"), marked(session)))
    files.on_asked(lambda: (words("files_name"), session.notes["content"]))
    upload.on_file(session.guarded(read))
    run.on_click(session.guarded(start))
    stop.on_click(session.guarded(end))
    tell()
    steps = (
        ("first", empty),
        ("second", upload, drop, told, copy),
        ("third", show.near(run, stop), bar, came),
        ("fourth", files),
    )
    return show.column(
        show.heading("author", language),
        *(show.column(show.html(f"<h3>{escape(words(key))}</h3>"), *parts) for key, *parts in steps),
    )
