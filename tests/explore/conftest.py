from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from vpresearch.data import Dataset
from vpresearch.explore.session import Session, member

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def drawn() -> Dataset:
    """A reconstruction of the ensemble."""
    return member("drawn", 17)


@pytest.fixture
def session(drawn: Dataset) -> Session:
    return Session(study=drawn, language="en")


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    """A real browser; what it takes is imported only by tests that look through it."""
    from .browser import browser

    with browser() as opened:
        yield opened
