"""The functions that made the numbers, as they were when they made them."""

from __future__ import annotations

import csv
import html
import inspect
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vpresearch.core.compendium import Compendium, Notebook
from vpresearch.core.files import put_all
from vpresearch.core.paths import shown
from vpresearch.data import Dataset
from vpresearch.render import labels
from vpresearch.report import about
from vpresearch.review.notebook import STYLE, anchor, colours, link, page
from vpresearch.review.origins import Cell, Function, cells, cells_by_output, full_name, functions
from vpresearch.scorecard import Row
from vpresearch.tables.audited import judged_table


def functions_page(functions: Iterable[Function], language: str, *, reconstruction: bool) -> str:
    """Show functions, each under its full name, with the file and line where it stands."""
    title = labels.text("review.functions", language)
    parts = [f"<h1>{html.escape(title)}</h1>", *(_code_section(each) for each in sorted(set(functions), key=full_name))]
    return page(title, "\n".join(parts), language, reconstruction=reconstruction, style=STYLE + colours())


def _code_section(function: Function) -> str:
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


_INDEX, _SCORECARD, _FUNCTIONS, _ORIGINS = "index.html", "scorecard.html", "functions.html", "origins.csv"
# Columns of the scorecard up to its verdict.
_VERDICT = 6
_FORMATS = {"tables": ("csv", "html", "tex"), "figures": ("png", "svg", "csv")}


def write_pages(
    records: Path,
    out: Path,
    rows: Sequence[Row],
    dataset: Dataset,
    compendium: Compendium,
    language: str,
) -> list[Path]:
    """Write the index, the scorecard with its links, and the functions that it links to."""
    made = cells_by_output(compendium)
    shown_in = {row.claim.id: cells(row, compendium, made) for row in rows}
    used = [function for row in rows for function in functions(row)]
    pages = {
        _FUNCTIONS: functions_page(used, language, reconstruction=dataset.reconstruction),
        _SCORECARD: _scorecard(rows, shown_in, dataset, language),
        _ORIGINS: _origins(rows, shown_in),
        _INDEX: _index(records, out, rows, dataset, compendium, made, language),
    }
    folder = records / "review"
    put_all({folder / name: content for name, content in pages.items()})
    return [folder / name for name in pages]


# -- scorecard -----------------------------------------------------------------------------------------------------


def _scorecard(rows: Sequence[Row], shown_in: Mapping[str, Sequence[Cell]], dataset: Dataset, language: str) -> str:
    table = judged_table(rows, dataset, language)
    linked_to = [labels.text(f"review.{name}", language) for name in ("cell", "made")]
    header = _after_verdict(list(map(str, table.shown.columns)), linked_to)
    body = []
    for row, seen in zip(rows, table.shown.itertuples(index=False), strict=True):
        linked = [
            "<br>".join(link(_cell_target(cell), cell.id) for cell in shown_in[row.claim.id]),
            "<br>".join(link(f"{_FUNCTIONS}#{full_name(each)}", each.__qualname__) for each in functions(row)),
        ]
        # An id is long, and may be broken where it has a dot; reasons name some, too.
        words = [re.sub(r"\.(?=[a-z])", ".<wbr>", html.escape(str(value))) for value in seen]
        body.append((row.claim.id, _after_verdict(words, linked)))
    parts = [
        f"<h1>{html.escape(table.caption)}</h1>",
        f"<p>{link(_INDEX, labels.text('review.index', language))} · {_counts(rows, language)}</p>",
        _table(header, body),
        *(f'<p class="note">{html.escape(note)}</p>' for note in table.notes),
    ]
    return page(table.caption, "\n".join(parts), language, reconstruction=dataset.reconstruction, style=_WIDE)


def _after_verdict(words: list[str], linked: list[str]) -> list[str]:
    """Put the links before the long columns, where nobody need look for them."""
    return [*words[:_VERDICT], *linked, *words[_VERDICT:]]


def _cell_target(cell: Cell) -> str:
    return f"../notebooks/{Path(cell.notebook).stem}.html#{anchor(cell.id)}"


def _counts(rows: Sequence[Row], language: str, target: str = "") -> str:
    """Report how many numbers have each verdict, linked to the first one."""
    first = {row.verdict: row.claim.id for row in reversed(rows)}
    return ", ".join(
        f"{link(f'{target}#{first[verdict]}', labels.text(f'verdict.{verdict}', language))}: {count}"
        for verdict, count in Counter(row.verdict for row in rows).items()
    )


def _origins(rows: Sequence[Row], shown_in: Mapping[str, Sequence[Cell]]) -> str:
    """Write where each number comes from, for a machine; the scorecard's own columns are promised to be eight."""
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow(["claim", "notebook", "cell", "functions"])
    for row in rows:
        for cell in shown_in[row.claim.id]:
            made = " ".join(full_name(each) for each in functions(row))
            writer.writerow([row.claim.id, cell.notebook, cell.id, made])
    return content.getvalue()


# -- index ---------------------------------------------------------------------------------------------------------


def _index(
    records: Path,
    out: Path,
    rows: Sequence[Row],
    dataset: Dataset,
    compendium: Compendium,
    made: Mapping[str, Cell],
    language: str,
) -> str:
    def words(key: str) -> str:
        return labels.text(f"review.{key}", language)

    title = words("title")
    pages = (link(_SCORECARD, words("scorecard")), link(_FUNCTIONS, words("functions")), link(_ORIGINS, _ORIGINS))
    sections = [
        f"<h1>{html.escape(title)}</h1>",
        _section(words("verdicts"), f"<p>{_counts(rows, language, _SCORECARD)}</p>\n<p>{' · '.join(pages)}</p>"),
        _section(words("exhibits"), _exhibits(records, out, compendium.notebooks, made, language)),
    ]
    reports = [path for path in sorted((records / "report").glob("*/*")) if path.suffix in {".html", ".docx", ".pdf"}]
    if reports:
        linked = (link(_relative(path, records / "review"), path.name) for path in reports)
        sections.append(_section(words("report"), f"<p>{' · '.join(linked)}</p>"))
    sections.append(_section(words("colophon"), _colophon(records, dataset, language)))
    return page(title, "\n".join(sections), language, reconstruction=dataset.reconstruction)


def _section(title: str, body: str) -> str:
    return f"<h2>{html.escape(title)}</h2>\n{body}"


def _exhibits(records: Path, out: Path, notebooks: Iterable[Notebook], made: Mapping[str, Cell], language: str) -> str:
    """List what was made: the cell that made it, and its files."""
    body = []
    for notebook in notebooks:
        if not (records / "notebooks" / notebook.file).exists():
            continue
        for exhibit in notebook.exhibits:
            files = [out / f"{exhibit.output}.{ending}" for ending in _FORMATS[exhibit.output.split("/")[0]]]
            linked = [link(_relative(path, records / "review"), path.suffix[1:]) for path in files if path.exists()]
            cell = link(_cell_target(made[exhibit.output]), f"{Path(notebook.file).stem}, {made[exhibit.output].id}")
            name = Path(exhibit.output).name
            body.append((exhibit.output, [html.escape(name), cell, " ".join(linked) or _private(language)]))
    header = [labels.text(f"word.{name}", language) for name in ("exhibit", "notebook", "output")]
    return _table(header, body)


def _private(language: str) -> str:
    """Say that an exhibit is not for everybody."""
    return html.escape(labels.text("review.private", language))


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _colophon(records: Path, dataset: Dataset, language: str) -> str:
    """Report what the run was made with; how long it took stands in ``run.json``, since no two runs agree on it."""
    record: dict[str, Any] = json.loads((records / "run.json").read_text(encoding="utf-8"))
    # A public run has no digest of the data.
    digest = {"data": f"SHA-256 {dataset.sha256}"} if "sha256" in record["data"] else {}
    told = {
        "commit": about()["commit"],
        **digest,
        "parameters": ", ".join(f"{name} = {value}" for name, value in record["parameters"].items()),
        "versions": ", ".join([f"Python {record['python']}", *(f"{n} {v}" for n, v in record["versions"].items())]),
    }
    body = [(name, [html.escape(labels.text(f"review.{name}", language)), html.escape(v)]) for name, v in told.items()]
    return _table([], body) + f"<p>{link('../run.json', 'run.json')}</p>"


# -- both ----------------------------------------------------------------------------------------------------------

_WIDE = """
body { max-width: none; }
table { table-layout: fixed; width: 100%; }
th, td { padding: 0.3em 0.5em; box-sizing: border-box; overflow-wrap: break-word; }
th:nth-child(1), th:nth-child(8) { width: 12%; }
th:nth-child(2), th:nth-child(9) { width: 11%; }
th:nth-child(3), th:nth-child(7) { width: 6.5%; }
th:nth-child(4) { width: 7.5%; }
th:nth-child(5), th:nth-child(6) { width: 9%; }
@media (max-width: 70rem) { table { display: block; overflow-x: auto; } td:last-child { min-width: 16rem; } }
"""


def _table(header: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Write a table whose rows can be linked to; its cells are HTML."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = "\n".join(
        f'<tr id="{html.escape(name)}">{"".join(f"<td>{cell}</td>" for cell in row)}</tr>' for name, row in rows
    )
    return f"<table>\n{f'<thead><tr>{head}</tr></thead>' if head else ''}\n<tbody>\n{body}\n</tbody>\n</table>"
