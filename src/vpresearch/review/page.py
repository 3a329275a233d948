"""A page of the review: everything in the one file, nothing asked of any server."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

from vpresearch import labels

_TEMPLATE = Path(__file__).parent / "templates" / "page.html"


def page(title: str, body: str, language: str, *, reconstruction: bool, style: str = "") -> str:
    """Write a page.

    Parameters
    ----------
    title : str
        In words.
    body : str
        HTML.
    language : {"es", "en"}
    reconstruction : bool
        Whether the data are a reconstruction; the page then says so on top, wherever it is scrolled to.
    style : str, optional
        Further CSS.

    Returns
    -------
    str

    Examples
    --------
    >>> "ninguna fila es un paciente" in page("Índice", "", "es", reconstruction=True)
    True
    """
    banner = labels.text("banner.reconstruction", language) if reconstruction else ""
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(title),
        language=language,
        banner=f'<div class="page-banner">{html.escape(banner)}</div>' if banner else "",
        body=body,
        style=style,
    )


def link(target: str, words: str) -> str:
    """Write a link.

    Parameters
    ----------
    target, words : str

    Returns
    -------
    str

    Examples
    --------
    >>> link("a.html#b", "p < 0.05")
    '<a href="a.html#b">p &lt; 0.05</a>'
    """
    return f'<a href="{html.escape(target)}">{html.escape(words)}</a>'
