"""The functions that made the numbers, as they were when they made them."""

from __future__ import annotations

import html
import inspect
from collections.abc import Iterable
from pathlib import Path

from vpresearch import labels
from vpresearch.project import shown
from vpresearch.review.notebook import STYLE, colours
from vpresearch.review.origins import Function, full_name
from vpresearch.review.page import page


def functions_page(functions: Iterable[Function], language: str, *, reconstruction: bool) -> str:
    """Show functions, each under its full name, with the file and line where it stands.

    Parameters
    ----------
    functions : iterable of callable
    language : {"es", "en"}
    reconstruction : bool
        Whether the data are a reconstruction.

    Returns
    -------
    str
        A page: a line number is true for the code of one run, and the page is made with it.

    Examples
    --------
    >>> from vpresearch.describe import select
    >>> 'id="vpresearch.describe.select"' in functions_page([select], "en", reconstruction=False)
    True
    """
    title = labels.text("review.functions", language)
    parts = [f"<h1>{html.escape(title)}</h1>", *(_section(each) for each in sorted(set(functions), key=full_name))]
    return page(title, "\n".join(parts), language, reconstruction=reconstruction, style=STYLE + colours())


def _section(function: Function) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    lines, first = inspect.getsourcelines(function)
    place = f"{shown(Path(inspect.getfile(function))).as_posix()}, {first}–{first + len(lines) - 1}"
    code = highlight("".join(lines), PythonLexer(), HtmlFormatter())
    name = html.escape(full_name(function))
    return (
        f'<section id="{name}">\n<h2><code>{name}</code></h2>\n<p class="note">{html.escape(place)}</p>\n'
        f'<div class="input_area">{code}</div>\n</section>'
    )
