"""Numbers and notes of the exhibits of a report: the paper's keep theirs, the others are counted from S1."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd
import yaml

from vpresearch.render import labels
from vpresearch.render.pandoc import Node, counted, div, para, plain, raw, raw_words, strong, words
from vpresearch.report.template import TEMPLATES, headings
from vpresearch.results import Results
from vpresearch.tables import Table
from vpresearch.tables.leak_risk import one_of_many

_OF_THE_PAPER = ("table1", "table2", "table3", "table4", "figure1", "figure2")
# Exhibits that tell of the slope of leak on fill, which a reconstruction leaves open.
_OF_SLOPE = {
    *(f"table.{name}" for name in ("models", "leak_risk", "dose", "precision", "validation", "specification")),
    *(f"figure.{name}" for name in ("leak_models", "risk_curve", "calibration", "specification", "spline")),
    "table.assumptions",
}


@dataclass(frozen=True)
class Picture:
    """A figure as documents show it, without the title that its caption says, as SVG, PNG and PDF."""

    caption: str
    reconstruction: bool
    files: Mapping[str, bytes]


def captions(
    shown: Sequence[Sequence[str]], tables: Mapping[str, Table], figures: Mapping[str, Picture], language: str
) -> dict[str, str]:
    """Give every exhibit its number, in the order in which the documents show them; with an S in the supplement."""
    # Where there is no paper there is no letter.
    manuscript, supplement, *rest = shown
    letter = [name for each in rest for name in each]
    every = {f"table.{name}": table.caption for name, table in tables.items()}
    every |= {f"figure.{name}": figure.caption for name, figure in figures.items()}
    counts, named = Counter[str](), {}
    for name in dict.fromkeys([*manuscript, *letter, *supplement, *every]):
        kind, own = name.split(".")
        mark = "" if name in manuscript or name in letter else "S"
        series = f"{kind} {mark} {name in letter}"
        counts[series] += 1
        if own in _OF_THE_PAPER:
            named[name] = every[name]
        elif name in every:
            named[name] = (
                f"{labels.text(f'report.{kind}', language)} {mark}{counts[series]}. {' '.join(every[name].split())}"
            )
    return named


def notes(
    tables: Mapping[str, Table], figures: Mapping[str, Picture], results: Results, language: str
) -> dict[str, tuple[str, ...]]:
    """Give the notes of every exhibit; beside every slope of a reconstruction, what the paper leaves open."""
    own: dict[str, tuple[str, ...]] = {f"table.{name}": table.notes for name, table in tables.items()}
    own |= {f"figure.{name}": () for name in figures}
    said = one_of_many(results, language)
    return {
        name: given + tuple(note for note in said if note not in given) if name in _OF_SLOPE else given
        for name, given in own.items()
    }


def beside(key: str, identified: tuple[float, float], language: str) -> str:
    """Say what the published statistics leave open of the slope."""
    least, most = (labels.number(end, 3, language) for end in identified)
    return labels.text(key, language, least=least, most=most)


CHECKLISTS = ("strobe", "tripod")
# The section that only a study with scores has.
_OF_SOME = {"manuscript.outcome"}


def checklist_table(name: str, documents: Mapping[str, list[Node]], language: str, *, published: bool = True) -> Table:
    """Lay out the items of STROBE or TRIPOD+AI, each with its places in manuscript and supplement, and in the paper."""
    sections = {
        f"{document}.{own}": f"{labels.text(f'report.{document}', language)}: {title}"
        for document, blocks in documents.items()
        for own, title in headings(blocks).items()
    }
    items = yaml.safe_load((TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8"))
    rows = []
    for item in items:
        report = "; ".join(sections[place] for place in item["report"] if place in sections or place not in _OF_SOME)
        report = report or labels.text("report.not_dealt", language)
        paper = "; ".join(labels.place(place, language) for place in item["paper"] if published)
        paper = paper or labels.text("report.authors", language)
        rows.append((str(item["item"]), item[language], report, paper))
    heads = [labels.text(f"report.checklist_{head}", language) for head in ("item", "asks", "report", "paper")]
    data = pd.DataFrame(
        [(item["item"], " ".join(item["report"]), "; ".join(item["paper"])) for item in items],
        columns=["item", "report", "paper"],
    )
    notes: tuple[str, ...] = (labels.text("report.checklist_note", language),)
    caption = labels.text(f"report.{name}_caption", language, n=len(items))
    shown = pd.DataFrame(rows, columns=heads)
    if not published:
        # Where in the paper is told of the compendium's own alone.
        shown, notes = shown.iloc[:, :-1], ()
    return Table(name, data, shown, caption, language, False, notes)


# Characters that a line of a table holds: upright, on its side.
PORTRAIT, LANDSCAPE = 112, 176
# Where a long name of a claim or a file may break.
_JOINTS = re.compile(r"(?<=[._/])(?=\w)")
BREAK = "\u200b"
_LONG = 14
# Blanks as wide as a figure and as a decimal mark.
_AS_FIGURE, _AS_MARK = "\u2007", "\u2008"
_NUMBER = re.compile(r"[-−]?\d[\d.,]*%?")
_BOLD = 1.3
# Tables of many columns of words.
_WIDE = frozenset(
    {"scorecard", "audit", "models", "comparisons", "comparators", "relief", "specification", "differences"}
)


def table_block(table: Table, caption: str) -> Node:
    """Lay out a table with its caption and its banner."""
    room = LANDSCAPE if is_wide(table) else PORTRAIT
    shown = table.shown.astype(str)
    heads = [column if isinstance(column, tuple) else (column,) for column in shown.columns]
    cells = shown.to_numpy().tolist()
    columns = [[head[-1], *(row[place] for row in cells)] for place, head in enumerate(heads)]
    numbers = set(table.numbers())
    pads = [
        _pads(column[1:], table.language) if place in numbers else [""] * len(cells)
        for place, column in enumerate(columns)
    ]
    widths = [{"t": "ColWidth", "c": round(width, 4)} for width in _widths(columns, room)]
    body = [
        _row([_cell(cell, pad[place], bold=place in table.bold) for cell, pad in zip(row, pads, strict=True)])
        for place, row in enumerate(cells)
    ]
    return {
        "t": "Table",
        "c": [
            [f"table-{table.name}", [], []],
            [None, [plain(captioned(caption, table.language, reconstruction=table.reconstruction))]],
            [[{"t": "AlignRight" if place in numbers else "AlignLeft"}, width] for place, width in enumerate(widths)],
            [_NO_ATTR, _head_rows(heads)],
            [[_NO_ATTR, 0, [], body]],
            [_NO_ATTR, []],
        ],
    }


def with_notes(exhibit: Node, notes: Sequence[str], *, together: bool = False) -> list[Node]:
    """Put notes below a table or a figure, in small letters."""
    kept = "#show figure: set block(breakable: false)\n" if together else ""
    small = [div("note", [para(words(note))]) for note in notes]
    return [raw("typst", f"#[#set text(size: 7.5pt)\n{kept}"), exhibit, *small, raw("typst", "]")]


def is_wide(table: Table) -> bool:
    """Tell whether a table needs a page on its side."""
    return table.name in _WIDE


def figure_block(name: str, caption: str, picture: str, language: str, *, reconstruction: bool) -> Node:
    """Lay out a figure with its caption."""
    image = {
        "t": "Image",
        "c": [["", [], [["width", "100%"]]], words(labels.text(f"seen.{name}", language)), [picture, ""]],
    }
    shown = [plain(captioned(caption, language, reconstruction=reconstruction))]
    return {"t": "Figure", "c": [[f"figure-{name}", [], []], [None, shown], [plain([image])]]}


def captioned(caption: str, language: str, *, reconstruction: bool) -> list[Node]:
    """Write a caption; of a reconstruction, its first word after the number says so."""
    named = re.fullmatch(r"(\S+) (S?\d+)\. (.*)", caption, re.S)
    if named is None:
        return words(caption)
    kind, number, said = named.groups()
    space: Node = {"t": "Space"}
    # A caption that the authors put between others gets its number from Word.
    nodes = [*words(kind), space, *counted(kind, number), *words("."), space]
    if reconstruction:
        made_up = words(labels.text("report.reconstruction", language))
        coloured = {"t": "Span", "c": [["", ["banner"], [["custom-style", "Banner"]]], made_up]}
        nodes += [raw_words("typst", '#text(fill: rgb("#9a3412"))['), coloured, raw_words("typst", "]"), space]
    return [*nodes, *words(said)]


_NO_ATTR: list[object] = ["", [], []]


def _row(cells: list[Node | list[object]]) -> list[object]:
    return [_NO_ATTR, cells]


def _cell(text: str, pad: str = "", *, bold: bool = False, span: int = 1) -> list[object]:
    nodes = [*words(_breakable(text)), *([{"t": "Str", "c": pad}] if pad else [])]
    return [
        _NO_ATTR,
        {"t": "AlignCenter" if span > 1 else "AlignDefault"},
        1,
        span,
        [plain([strong(nodes)] if bold and nodes else nodes)],
    ]


def _head_rows(heads: Sequence[Sequence[str]]) -> list[list[object]]:
    """Write a head over all its columns where several rows of heads are stacked."""
    rows = []
    for level in range(len(heads[0])):
        runs = groupby(heads, key=lambda head: tuple(head[: level + 1]))
        rows.append(_row([_cell(str(key[-1]), bold=True, span=len(list(run))) for key, run in runs]))
    return rows


def _pads(cells: Sequence[str], language: str) -> list[str]:
    """Give what stands behind each number for its decimal mark to stand below that of the others."""
    mark = labels.text("decimal_mark", language)
    plain_ones = [bool(_NUMBER.fullmatch(cell)) for cell in cells]
    tails = [len(cell.rstrip("%").partition(mark)[2]) for cell in cells]
    most = max((tail for tail, is_plain in zip(tails, plain_ones, strict=True) if is_plain), default=0)
    return [
        (_AS_MARK if most and not tail else "") + _AS_FIGURE * (most - tail) if is_plain else ""
        for tail, is_plain in zip(tails, plain_ones, strict=True)
    ]


def _breakable(text: str) -> str:
    return " ".join(_JOINTS.sub(BREAK, word) if len(word) > _LONG else word for word in text.split())


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
    return re.split(rf"[\s{BREAK}]", _breakable(cell)) or [""]
