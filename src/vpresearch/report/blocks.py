"""Tables and figures as parts of a document, with captions, notes and the widths that their words need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from vpresearch import labels
from vpresearch.report.pandoc import Node, div, para, plain, raw, raw_words, strong, words
from vpresearch.tables import Table

# Characters that a line of a table holds: upright, on its side.
PORTRAIT, LANDSCAPE = 112, 176
# Where a long name of a claim or a file may break.
_JOINTS = re.compile(r"(?<=[._/])(?=\w)")
_BREAK = "\u200b"
_LONG = 14
_BOLD = 1.3
# Tables of many columns of words.
_WIDE = frozenset(
    {"scorecard", "audit", "models", "comparisons", "comparators", "relief", "specification", "differences"}
)


def table_blocks(table: Table, caption: str, room: int, notes: Sequence[str]) -> list[Node]:
    """Lay out a table with its caption, its banner and its notes.

    Parameters
    ----------
    table : Table
    caption : str
        With its number.
    room : int
        Characters that a line holds.
    notes : sequence of str
        Lines below it.

    Returns
    -------
    list of dict
    """
    caption_nodes = [*words(caption)]
    if table.reconstruction:
        caption_nodes += [{"t": "LineBreak"}, *banner(table.language)]
    shown = table.shown.astype(str)
    heads = [column if isinstance(column, tuple) else (column,) for column in shown.columns]
    columns = [[heads[place][-1], *shown.iloc[:, place]] for place in range(len(heads))]
    widths = [{"t": "ColWidth", "c": round(width, 4)} for width in _widths(columns, room)]
    body = [
        _row([_cell(str(cell), bold=place in table.bold) for cell in row])
        for place, row in enumerate(shown.itertuples(index=False, name=None))
    ]
    node: Node = {
        "t": "Table",
        "c": [
            [f"table-{table.name}", [], []],
            [None, [plain(caption_nodes)]],
            [[{"t": "AlignLeft"}, width] for width in widths],
            [_NO_ATTR, _head_rows(heads)],
            [[_NO_ATTR, 0, [], body]],
            [_NO_ATTR, []],
        ],
    }
    small = [div("note", [para(words(note))]) for note in notes]
    return [raw("typst", "#[#set text(size: 7.5pt)"), node, *small, raw("typst", "]")]


def is_wide(table: Table) -> bool:
    """Tell whether a table needs a page on its side.

    Parameters
    ----------
    table : Table

    Returns
    -------
    bool
    """
    return table.name in _WIDE


def figure_blocks(name: str, caption: str, picture: str, notes: Sequence[str]) -> list[Node]:
    """Lay out a figure with its caption and its notes.

    Parameters
    ----------
    name : str
    caption : str
        With its number; also what a screen reader says.
    picture : str
        Its file, or its bytes as a data address.
    notes : sequence of str

    Returns
    -------
    list of dict
    """
    image = {"t": "Image", "c": [["", [], [["width", "100%"]]], words(caption), [picture, ""]]}
    shown = [plain(words(caption))]
    node: Node = {"t": "Figure", "c": [[f"figure-{name}", [], []], [None, shown], [plain([image])]]}
    small = [div("note", [para(words(note))]) for note in notes]
    return [raw("typst", "#[#set text(size: 7.5pt)"), node, *small, raw("typst", "]")]


def banner(language: str) -> list[Node]:
    """Give what a reconstruction says of itself.

    Parameters
    ----------
    language : {"es", "en"}

    Returns
    -------
    list of dict
        Inline nodes.
    """
    said = strong(words(labels.text("banner.reconstruction", language)))
    coloured = {"t": "Span", "c": [["", ["banner"], [["custom-style", "Banner"]]], [said]]}
    return [raw_words("typst", '#text(fill: rgb("#9a3412"))['), coloured, raw_words("typst", "]")]


_NO_ATTR: list[object] = ["", [], []]


def _row(cells: list[Node | list[object]]) -> list[object]:
    return [_NO_ATTR, cells]


def _cell(text: str, *, bold: bool = False, span: int = 1) -> list[object]:
    nodes = words(_breakable(text))
    return [_NO_ATTR, {"t": "AlignDefault"}, 1, span, [plain([strong(nodes)] if bold and nodes else nodes)]]


def _head_rows(heads: Sequence[Sequence[str]]) -> list[list[object]]:
    """Write a head over all its columns where several rows of heads are stacked."""
    rows = []
    for level in range(len(heads[0])):
        runs = groupby(heads, key=lambda head: tuple(head[: level + 1]))
        rows.append(_row([_cell(str(key[-1]), bold=True, span=len(list(run))) for key, run in runs]))
    return rows


def _breakable(text: str) -> str:
    return " ".join(_JOINTS.sub(_BREAK, word) if len(word) > _LONG else word for word in text.split())


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[float]:
    """Give each column its longest word, and share out what is left by how much its cells have to say."""
    # A head is bold, and its letters wider.
    heads = [_BOLD * max(map(len, _pieces(head))) for head, *_ in columns]
    least = [
        max(head, *(len(piece) for cell in column for piece in _pieces(cell))) + 3
        for head, column in zip(heads, columns, strict=True)
    ]
    full = [max(max(len(cell) for cell in column) + 3, low) for column, low in zip(columns, least, strict=True)]
    if sum(full) <= room:
        return [width / room for width in full]
    spare = max(room - sum(least), 0)
    wish = [
        (high - low) ** 0.5 * (1 + sum(map(len, column)) ** 0.5)
        for column, high, low in zip(columns, full, least, strict=True)
    ]
    given = [low + spare * part / (sum(wish) or 1) for low, part in zip(least, wish, strict=True)]
    return [width / sum(given) for width in given]


def _pieces(cell: str) -> list[str]:
    return re.split(rf"[\s{_BREAK}]", _breakable(cell)) or [""]
