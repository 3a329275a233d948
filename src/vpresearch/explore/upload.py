"""The button that opens a visitor's file: its content is handed over and is no part of the page's state."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

_HERE = pathlib.Path(__file__).parent


class Upload(anywidget.AnyWidget):
    """A button that reads one file.

    Attributes
    ----------
    description : str
        Words of the button.
    accept : str
        Endings of the files that are offered.
    """

    _esm = _HERE / "upload.js"
    description = traitlets.Unicode().tag(sync=True)
    accept = traitlets.Unicode().tag(sync=True)

    def on_file(self, act: Callable[[tuple[str, bytes]], None]) -> None:
        """Act on every file that is given, on its name and content."""

        def given(_: Any, message: dict[str, Any], buffers: list[Any]) -> None:
            act((message["name"], bytes(buffers[0])))

        self.on_msg(given)
