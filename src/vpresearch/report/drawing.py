"""The figures of a report as files, drawn on two cores where this process can be copied."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from vpresearch.copies import begin_beside
from vpresearch.errors import placed
from vpresearch.figures import Figure
from vpresearch.figures.figure import KINDS

_taken: dict[str, Figure] = {}


@contextmanager
def drawing(figures: Mapping[str, Figure], folder: Path) -> Iterator[Callable[[], None]]:
    """Draw figures as PNG and SVG while this process does something else.

    Parameters
    ----------
    figures : dict of str to Figure
    folder : pathlib.Path

    Yields
    ------
    callable
        Waits until all are drawn.
    """
    files = [(name, kind, folder) for name in figures for kind in KINDS]
    _taken.clear()
    _taken.update(figures)
    if sys.platform != "linux" or all(figure.rendered for figure in figures.values()):
        # Nothing is to be drawn; or a process started afresh takes longer to load what draws than this one to draw.
        yield lambda: _wait(partial(_draw, *file) for file in files)
        return
    # A copy has the figures already; they are not sent.
    with ProcessPoolExecutor(2, get_context("fork"), begin_beside) as copies, warnings.catch_warnings():
        # No other thread of this process draws or is waited for.
        warnings.simplefilter("ignore", DeprecationWarning)
        begun = [copies.submit(placed, _draw, name, kind, folder) for name, kind, folder in files]
        yield lambda: _wait(each.result for each in begun)


def _wait(finished: Iterable[Callable[[], None]]) -> None:
    for each in finished:
        each()


def _draw(name: str, kind: str, folder: Path) -> None:
    (folder / f"{name}.{kind}").write_bytes(_taken[name].to_bytes(kind))
