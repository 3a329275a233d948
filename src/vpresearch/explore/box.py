"""A box for a number, written as the language does."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import traitlets

from vpresearch.labels import printed
from vpresearch.reported import Reported


class NumberBox(widgets.Text):  # type: ignore[misc]
    """A box to type a number into; the browser's own has the decimal mark of the browser, not that of the page.

    Parameters
    ----------
    words : str
        Its name.
    reach : tuple of (float, float)
        Least and most; what is typed beyond is brought back.
    language : {"es", "en"}

    Attributes
    ----------
    number : float
        Stays as it was where no number is typed.

    Examples
    --------
    >>> box = NumberBox("Cemento (cc)", (0.1, 12.0), "es")
    >>> box.value = "2.55"
    >>> box.number, box.value
    (2.55, '2,55')
    """

    number = traitlets.Float()

    def __init__(self, words: str, reach: tuple[float, float], language: str) -> None:
        super().__init__(description=words, continuous_update=False)
        self._reach, self._language = reach, language
        self.number = reach[0]
        self.observe(lambda _: self._read(), "value")
        self.observe(lambda _: self._write(), "number")

    @traitlets.validate("number")  # type: ignore[misc,unused-ignore]
    def _within(self, proposal: Any) -> float:
        low, high = self._reach
        return float(min(max(proposal["value"], low), high))

    def _read(self) -> None:
        try:
            typed = Reported(self.value.strip())
        except ValueError:
            typed = None
        if typed is not None and not typed.bound:
            self.number = float(typed.value)
        self._write()

    def _write(self) -> None:
        self.value = printed(str(self.number), self._language)
