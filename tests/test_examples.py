"""The examples of functions that are not public, each in the names of its own module."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.txt"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_gives_what_it_shows(path: Path) -> None:
    names = dict(vars(import_module(f"vpresearch.{path.stem}")))
    done = doctest.testfile(str(path), module_relative=False, globs=names, encoding="utf-8")
    assert done.failed == 0
    assert done.attempted > 0
