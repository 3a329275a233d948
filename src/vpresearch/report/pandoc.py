"""Documents as pandoc sees them: parts of its tree, and the calls that read and write it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pypandoc

from vpresearch.telling import failure

Node = dict[str, Any]

# Prose only: no TeX, no HTML, and quotation marks as they are typed.
_MARKDOWN = "markdown-smart-citations-tex_math_dollars-raw_tex-raw_html-example_lists-auto_identifiers"


def read(prose: str) -> list[Node]:
    """Read Markdown into blocks.

    Parameters
    ----------
    prose : str

    Returns
    -------
    list of dict

    Examples
    --------
    >>> [block["t"] for block in read("# Title" + chr(10) * 2 + "Words.")]
    ['Header', 'Para']
    """
    blocks: list[Node] = json.loads(run(["--from", _MARKDOWN, "--to", "json"], prose))["blocks"]
    return blocks


def write(blocks: Sequence[Node], to: str, options: Sequence[str] = (), meta: Mapping[str, str] | None = None) -> bytes:
    """Write blocks in a format of pandoc.

    Parameters
    ----------
    blocks : sequence of dict
    to : str
    options : sequence of str
        Further arguments of the command.
    meta : dict of str to str, optional
        Title and language of the document.

    Returns
    -------
    bytes
    """
    told = {name: {"t": "MetaInlines", "c": words(text)} for name, text in (meta or {}).items()}
    tree = {"pandoc-api-version": [1, 23, 1], "meta": told, "blocks": list(blocks)}
    return run(["--from", "json", "--to", to, "--wrap", "none", "--output", "-", *options], json.dumps(tree))


def run(arguments: Sequence[str], given: str) -> bytes:
    """Call pandoc, without a shell and without any setting of the user's own.

    Parameters
    ----------
    arguments : sequence of str
    given : str
        Its input.

    Returns
    -------
    bytes
        Its output.

    Raises
    ------
    VPResearchError
        If it fails.
    """
    command = [pypandoc.get_pandoc_path(), "--data-dir", str(Path(__file__).parent), *arguments]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    done = subprocess.run(command, input=given.encode(), capture_output=True, check=False, env=environment)
    if done.returncode:
        raise failure("pandoc_failed", said=done.stderr.decode(errors="replace").strip())
    return done.stdout


# -- parts of the tree -----------------------------------------------------------------------------------------------


def words(text: str) -> list[Node]:
    """Give the inline nodes of plain words, of which none is taken as markup.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of dict

    Examples
    --------
    >>> words("1. *One*")
    [{'t': 'Str', 'c': '1.'}, {'t': 'Space'}, {'t': 'Str', 'c': '*One*'}]
    """
    nodes: list[Node] = []
    for word in text.split():
        nodes += [{"t": "Str", "c": word}, {"t": "Space"}]
    return nodes[:-1]


def strong(nodes: list[Node]) -> Node:
    """Give inline nodes in bold."""
    return {"t": "Strong", "c": nodes}


def para(nodes: list[Node]) -> Node:
    """Give a paragraph."""
    return {"t": "Para", "c": nodes}


def plain(nodes: list[Node]) -> Node:
    """Give the words of a cell."""
    return {"t": "Plain", "c": nodes}


def div(style: str, blocks: list[Node]) -> Node:
    """Give blocks of a style: a class in HTML, a paragraph style in DOCX."""
    return {"t": "Div", "c": [["", [style], [["custom-style", style]]], blocks]}


def raw(form: str, text: str) -> Node:
    """Give text that one output format alone takes over as it is."""
    return {"t": "RawBlock", "c": [form, text]}


def raw_words(form: str, text: str) -> Node:
    """Give words among others that one output format alone takes over as they are."""
    return {"t": "RawInline", "c": [form, text]}


def text_of(node: object) -> str:
    """Give the words of a node or of a list of nodes.

    Parameters
    ----------
    node : dict or list

    Returns
    -------
    str

    Examples
    --------
    >>> text_of(words("One  two"))
    'One two'
    """
    return "".join(" " if part["t"] in {"Space", "SoftBreak", "LineBreak"} else str(part["c"]) for part in leaves(node))


def leaves(node: object) -> Iterator[Node]:
    """Walk over the words, blanks and code in a node or a list of nodes, in reading order.

    Parameters
    ----------
    node : dict or list

    Yields
    ------
    dict
    """
    if isinstance(node, dict):
        if node.get("t") in {"Str", "Space", "SoftBreak", "LineBreak"}:
            yield node
        else:
            yield from leaves(node.get("c", []))
    elif isinstance(node, list):
        for part in node:
            yield from leaves(part)
