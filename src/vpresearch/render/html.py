"""Tables as HTML: one writer for the compendium, the reviewer's pages and the explorer."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

NUMBERS = """
table :is(td, th).vp-number { text-align: right; }
table td.vp-number { white-space: nowrap; }
table tr.vp-chosen { font-weight: bold; }
"""


def html_table(
    heads: Sequence[Sequence[str]],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    numbers: Collection[int] = (),
    chosen: Collection[int] = (),
    ids: Sequence[str] = (),
    named: bool = False,
) -> str:
    """Write a table whose cells are HTML, with ids for its rows, or named rows; equal heads above others are one."""
    kinds = [' class="vp-number"' if place in numbers else "" for place in range(len(heads[-1]))]
    lines = ["<table>", f"<caption>{caption}</caption>"] if caption else ["<table>"]
    lines.append("<thead>")
    lines += [f"<tr>{''.join(_head(word, span) for word, span in upper)}</tr>" for upper in upper_heads(heads)]
    lines.append(f"<tr>{''.join(map(_head, heads[-1], [1] * len(kinds), kinds))}</tr>")
    lines += ["</thead>", "<tbody>"]
    for place, row in enumerate(rows):
        name = f' id="{ids[place]}"' if ids else ""
        mark = ' class="vp-chosen"' if place in chosen else ""
        # A row that can be linked to knows the heads of its cells where it stands alone.
        about = [f'{kind} data-label="{head}"' if ids else kind for kind, head in zip(kinds, heads[-1], strict=True)]
        cells = [f"<td{each}>{cell}</td>" for each, cell in zip(about, row, strict=True)]
        if named:
            cells[0] = f'<th scope="row"{kinds[0]}>{row[0]}</th>'
        lines.append(f"<tr{name}{mark}>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</tbody>", "</table>"])


def upper_heads(heads: Sequence[Sequence[str]]) -> Iterator[list[tuple[str, int]]]:
    """Give the heads above the lowest, row by row, each with how many columns it spans."""
    for depth in range(1, len(heads)):
        # What stands under different heads is not one, whatever it is called.
        above = zip(*heads[:depth], strict=True)
        yield [(path[-1], len(list(group))) for path, group in groupby(above)]


def _head(word: str, span: int, kind: str = "") -> str:
    if not word:
        return f'<td colspan="{span}"></td>' if span > 1 else "<td></td>"
    return f'<th scope="colgroup" colspan="{span}">{word}</th>' if span > 1 else f'<th scope="col"{kind}>{word}</th>'


def reachable(page: str) -> str:
    """Let each table of a page be panned by itself, by keyboard too, with its caption in sight and its heads scoped."""
    page = re.sub(r"<th([^>]*)>(?:\s|&nbsp;)*</th>", r"<td\1></td>", page)
    page = re.sub(r"<th(?=[ >])(?![^>]*\bscope=)([^>]*\bcolspan=)?", _scoped, page)
    page = re.sub(r"(<caption[^>]*>)(.*?)(</caption>)", r'\1<span class="caption">\2</span>\3', page, flags=re.S)
    return re.sub(r"<table\b.*?</table>", r'<div class="scroll" tabindex="0">\g<0></div>', page, flags=re.S)


def _scoped(head: re.Match[str]) -> str:
    return f'<th scope="{"colgroup" if head[1] else "col"}"{head[1] or ""}'
