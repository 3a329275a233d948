"""The explorer's servers, and a real browser that looks at them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from vpresearch.core.errors import LANGUAGES
from vpresearch.core.paths import ROOT
from vpresearch.explore.page import PANELS, TOGETHER
from vpresearch.render.labels import text

PATIENCE = 90
# `npm pack axe-core` puts it there.
_AXE = ROOT / "build" / "axe-core" / "package" / "axe.min.js"
_FOUND = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html.slice(0, 200)).join(" | ")}`)"""
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# From the input to the last change that it makes on the page, in milliseconds.
_WATCH = """() => {
  window.vpBegan = 0; window.vpChanged = 0;
  const begin = () => { window.vpBegan = performance.now(); window.vpChanged = 0; };
  for (const kind of ["keydown", "pointerdown", "change"]) document.addEventListener(kind, begin, true);
  const seen = new MutationObserver((changes) => {
    const control = ".widget-inline-hbox:not(.widget-html), .widget-toggle-buttons, .jupyter-button, .vp-heard";
    const told = changes.some(({target}) => target.closest?.(".vp-explorer") && !target.closest(control));
    if (window.vpBegan && told) window.vpChanged = performance.now();
  });
  seen.observe(document.body, {childList: true, subtree: true});
}"""


def es(key: str, **values: object) -> str:
    """Words of the explorer in Spanish, in which it begins."""
    return text(f"explore.{key}", "es", **values)


def executable() -> str:
    """Path of a browser; without one, the reason to skip, which in continuous integration is a failure."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if os.environ.get("CI"):
        pytest.fail("there is no chromium: continuous integration must install it")
    pytest.skip("there is no chromium to look at the explorer with")


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=list(_FLAGS))
        yield opened
        opened.close()


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("", 0))
        return int(place.getsockname()[1])


@contextmanager
def serving(command: str) -> Iterator[str]:
    """Serve the explorer, give its address, and end it as Ctrl-C does."""
    arguments = [sys.executable, "-m", "vpresearch", command, "--no-browser", "--port", str(free_port())]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert "token=" in address, address
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    # What a visitor does is nothing to who reads the terminal.
    assert said.replace(text("console.serving", "es"), "").strip() == "", said


@dataclass
class Visitor:
    """One visitor's page, and all that should not have happened on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", self._failed)
        self.page.on("websocket", self._connected)
        self.page.context.route("**/*", self._route)

    def _said(self, message: Any) -> None:
        if message.type == "error" or message.text.startswith("Connection lost"):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def _failed(self, error: Any) -> None:
        self.complaints.append(str(error))

    def _connected(self, socket: Any) -> None:
        self._asked(socket.url)

    def _asked(self, url: str) -> bool:
        parts = urlsplit(url)
        own = parts.scheme in {"data", "blob", "file"} or socket.gethostbyname(parts.hostname or "").startswith("127.")
        if not own:
            self.complaints.append(f"left the machine: {url}")
        return own

    def _route(self, route: Any) -> None:
        if self._asked(route.request.url):
            route.continue_()
        else:
            route.abort()

    def visit(self, address: str) -> None:
        self.page.goto(address)

    def ready(self) -> None:
        self.page.wait_for_selector(".vp-plot svg", timeout=PATIENCE * 1000)
        self.page.evaluate(_WATCH)

    def tab(self, words: str) -> None:
        for (tab, panels), language in product(TOGETHER.items(), LANGUAGES):
            names = [text(f"explore.{panel}_tab", language) for panel in panels]
            if words in names and not self.tab_of(words).is_visible():
                self.tab_of(text(f"explore.{tab}_tab", language)).click()
                # It opens at the first of them.
                if words == names[0]:
                    return
        self.tab_of(words).click()

    def tab_of(self, words: str) -> Any:
        """The tab, or another button, of a name."""
        button, tab = (self.page.get_by_role(role, name=words, exact=True) for role in ("button", "tab"))
        return tab.or_(button)

    def slider(self, name: str) -> Any:
        """The handle of the slider of a name."""
        return self.page.locator(".widget-hslider", has_text=name).locator(".noUi-handle")

    def box(self, name: str) -> Any:
        """The box to type in of a name."""
        return self.page.get_by_label(name, exact=True)

    def number(self, name: str) -> float:
        """The number in a box of a Spanish page."""
        shown = self.box(name).input_value()
        assert re.fullmatch(r"\d+,\d+", shown), shown
        return float(shown.replace(",", "."))

    def give(self, name: str, *paths: Path) -> None:
        """Choose files by the button of a name."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name=name, exact=True).click()
        chooser.value.set_files(paths)

    def see(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for(timeout=20_000)

    def text(self) -> str:
        return re.sub(r"\s+", " ", self.page.locator(".vp-explorer").inner_text())

    def answered_in(self) -> float:
        """Milliseconds from the last input to the last change that it has made."""
        limit = time.monotonic() + 20
        before = -1.0
        while time.monotonic() < limit:
            changed = float(self.page.evaluate("window.vpChanged"))
            if changed and changed == before:
                return changed - float(self.page.evaluate("window.vpBegan"))
            before = changed
            self.page.wait_for_timeout(150)
        raise AssertionError("nothing answered")


def settled(locator: Any) -> dict[str, float]:
    """Where something stands on the page, once it stays there."""
    box, before = locator.bounding_box(), None
    while box is None or box != before:
        locator.page.wait_for_timeout(100)
        box, before = locator.bounding_box(), box
    return box  # type: ignore[no-any-return]


@contextmanager
def visitor(opened: Browser, size: tuple[int, int] = (1280, 800)) -> Iterator[Visitor]:
    context = opened.new_context(viewport={"width": size[0], "height": size[1]})
    one = Visitor(context.new_page())
    yield one
    context.close()
    assert one.complaints == [], one.complaints


def assert_nothing_in_the_way(one: Visitor, language: str, panels: Collection[str] = PANELS) -> None:
    """Open the panels: axe finds no fault of access, and nothing is wider than the window."""
    if not _AXE.exists():
        pytest.skip("there is no axe-core to look at the explorer with")
    found: dict[str, list[str]] = {}
    one.page.evaluate(_AXE.read_text(encoding="utf-8"))
    for panel in panels:
        one.tab(text(f"explore.{panel}_tab", language))
        one.see(text(f"explore.{panel}_title", language))
        one.page.wait_for_function(f"document.title.startsWith({text(f'explore.{panel}_tab', language)!r})")
        one.page.wait_for_function("!document.querySelector('.vp-plot') || document.querySelector('.vp-plot svg')")
        found[panel] = one.page.evaluate(_FOUND)
        assert one.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), panel
    faults = {panel: each for panel, each in found.items() if each}
    assert not faults, faults
