from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import pytest

from vpresearch.explore.page import Page
from vpresearch.explore.session import Session

Controls = Callable[..., list[Any]]


@pytest.fixture
def page(session: Session) -> Page:
    return Page(session)


def _inside(widget: widgets.Widget) -> list[Any]:
    return [widget, *(each for child in getattr(widget, "children", ()) for each in _inside(child))]


@pytest.fixture
def controls(page: Page) -> Controls:
    """Every control of a kind that is on the page, or the one of a name."""

    def controls(kind: type[Any], name: str = "") -> list[Any]:
        return [each for each in _inside(page) if isinstance(each, kind) and each.description.startswith(name)]

    return controls


@pytest.fixture
def plots(page: Page) -> Callable[[], list[Any]]:
    from vpresearch.explore.chart import Plot

    return lambda: [each for each in _inside(page) if isinstance(each, Plot)]


@pytest.fixture
def words(page: Page) -> Callable[[], str]:
    """What the page says; a space that breaks no line is a space."""

    def words() -> str:
        said = " ".join(each.value for each in _inside(page) if isinstance(each, widgets.HTML)).replace("\u00a0", " ")
        # A term that can be pressed reads like the words about it.
        return re.sub(r"<button [^>]*class='vp-term'[^>]*>(.*?)</button>", r"\1", said)

    return words
