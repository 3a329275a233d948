from __future__ import annotations

import pytest

from vpresearch.explore.session import Session
from vpresearch.explore.study import member
from vpresearch.load import Dataset


@pytest.fixture(scope="session")
def drawn() -> Dataset:
    """A reconstruction of the ensemble."""
    return member("drawn", 17)


@pytest.fixture
def session(drawn: Dataset) -> Session:
    return Session(study=drawn, language="en")
