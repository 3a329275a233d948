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
from dataclasses import replace
from pathlib import Path
from typing import Any

from vpresearch.core.compendium import Compendium, Notebook
from vpresearch.core.files import put_all
from vpresearch.core.paths import ROOT, shown
from vpresearch.data import Dataset
from vpresearch.published import Claim, Paper
from vpresearch.render import labels
from vpresearch.render.html import html_table
from vpresearch.report import about
from vpresearch.review.notebook import STYLE, anchor, colours, link, page
from vpresearch.review.origins import Cell, Function, cells, cells_by_output, full_name, functions, maker
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
_CELLS = "cells.html"
# Verdicts that a reader wants to see before the others, and how many of them the index tells.
_DECISIVE = ("differs", "unattainable", "not computable")
_TOLD = 3
_FORMATS = {"tables": ("csv", "html", "tex"), "figures": ("png", "svg", "csv")}


def write_pages(
    records: Path,
    out: Path,
    paper: Paper,
    rows: Sequence[Row],
    dataset: Dataset,
    compendium: Compendium,
    language: str,
) -> list[Path]:
    """Write the index, the scorecard with its links, and the functions that it links to."""
    made = cells_by_output(compendium)
    shown_in = {row.claim.id: cells(row, compendium, made) for row in rows}
    used = [function for row in rows for function in functions(row)] + [maker(cell) for cell in made.values()]
    rows = sorted(rows, key=_rank)
    pages = {
        _FUNCTIONS: functions_page(used, language, reconstruction=dataset.reconstruction),
        _SCORECARD: _scorecard(rows, shown_in, dataset, language),
        _CELLS: _cells(paper, rows, dataset, language),
        _ORIGINS: _origins(rows, shown_in),
        _INDEX: _index(records, out, paper, rows, dataset, compendium, made, language),
    }
    folder = records / "review"
    put_all({folder / name: content for name, content in pages.items()})
    return [folder / name for name in pages]


# -- scorecard -----------------------------------------------------------------------------------------------------


def _rank(row: Row) -> int:
    return _DECISIVE.index(row.verdict) if row.verdict in _DECISIVE else len(_DECISIVE)


def _scorecard(rows: Sequence[Row], shown_in: Mapping[str, Sequence[Cell]], dataset: Dataset, language: str) -> str:
    table = judged_table(rows, dataset, language)
    claim, place, *before, verdict, method, reason = map(str, table.shown.columns)
    linked_to = [labels.text(f"review.{name}", language) for name in ("cell", "made")]
    header = [claim, *before, verdict, *linked_to, method, reason]
    body = []
    for row, (_, seen) in zip(rows, table.shown.iterrows(), strict=True):
        linked = [
            "<br>".join(link(_cell_target(cell), cell.id) for cell in shown_in[row.claim.id]),
            "<br>".join(link(f"{_FUNCTIONS}#{full_name(each)}", each.__qualname__) for each in functions(row)),
        ]
        said = {str(name): html.escape(str(value)) for name, value in seen.items()}
        named = html.escape(labels.claimed(row.claim, language))
        first = f"<strong>{named}</strong><br>{said[place]}<br><code>{said[claim]}</code>"
        body.append([first, *(said[name] for name in [*before, verdict]), *linked, said[method], said[reason]])
    search = html.escape(labels.text("review.filter", language))
    parts = [
        f"<h1>{html.escape(table.caption)}</h1>",
        f"<p>{link(_INDEX, labels.text('review.index', language))} · {_counts(rows, language)}</p>",
        f'<p class="filter"><label>{search} <input type="search"></label> <output></output></p>',
        html_table([[html.escape(name) for name in header]], body, ids=[html.escape(row.claim.id) for row in rows]),
        *(f'<p class="note">{html.escape(note)}</p>' for note in table.notes),
        f"<script>{_FILTER}</script>",
    ]
    return page(table.caption, "\n".join(parts), language, reconstruction=dataset.reconstruction, style=_WIDE)


_TABLES = ("table 1", "table 2", "table 3", "table 4")
_STATISTICS = {"sd": "sd", "min": "minimum", "max": "maximum", "p": "p_value"}


def _cells(paper: Paper, rows: Sequence[Row], dataset: Dataset, language: str) -> str:
    """Set the paper's tables beside ours, cell by cell: printed, recomputed, verdict; what differs is marked."""
    said = judged_table(rows, dataset, language).shown
    shown = {row.claim.id: tuple(map(str, said.iloc[place, 2:6])) for place, row in enumerate(rows)}
    title = labels.text("review.cells", language)
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p>{link(_INDEX, labels.text('review.index', language))} · {_counts(rows, language, _SCORECARD)}</p>",
        f"<p>{html.escape(labels.text('review.cells_note', language))}</p>",
    ]
    for place in _TABLES:
        printed = [row for row in rows if place in row.claim.places]
        beside = _beside(paper, place, printed, shown, language)
        parts.append(_section(labels.place(place, language).capitalize(), beside))
    return page(title, "\n".join(parts), language, reconstruction=dataset.reconstruction, style=_BESIDE)


def _beside(paper: Paper, name: str, rows: Sequence[Row], shown: Mapping[str, tuple[str, ...]], language: str) -> str:
    """Lay out one table: what is of a whole group first, then a line a variable or level."""
    places = {claim.id: place for place, claim in enumerate(paper.claims)}
    own = f"{name.replace(' ', '')}."
    # In the order of the table: what other places print too, and the table repeats, comes after.
    ordered = sorted(rows, key=lambda row: (not row.claim.id.startswith(own), places[row.claim.id]))
    lines: dict[str, dict[str, str]] = {}
    whole = []
    for row in ordered:
        printed, _, rounded, verdict = map(html.escape, shown[row.claim.id])
        mark = ' class="decisive"' if row.verdict in _DECISIVE else ""
        cell = (
            f"<div{mark}><strong>{printed}</strong> {rounded}<br>"
            f'<a href="{_SCORECARD}#{html.escape(row.claim.id)}">{verdict}</a></div>'
        )
        line, column = _line(row.claim, language), _column(row.claim, language)
        if line:
            lines.setdefault(line, {})[column] = cell
        else:
            whole.append(
                f"<dt>{html.escape(labels.claimed(replace(row.claim, places=()), language))}</dt><dd>{cell}</dd>"
            )
    columns = list(dict.fromkeys(column for cells in lines.values() for column in cells))
    table = html_table(
        [["", *map(html.escape, columns)]],
        [[html.escape(line), *(cells.get(column, "") for column in columns)] for line, cells in lines.items()],
        named=True,
    )
    return f"<dl>{''.join(whole)}</dl>\n{table}" if whole else table


def _line(claim: Claim, language: str) -> str:
    """Name the line of a table that a number stands in; none has what is of a whole group."""
    asked = claim.compute
    if asked.variable is not None:
        return labels.variable(asked.variable, language)
    named = [
        labels.category(column, asked.group[column], language)
        for column in ("level", "region")
        if column in asked.group
    ]
    return "".join(named)


def _column(claim: Claim, language: str) -> str:
    """Name the column of a table that a number stands in."""
    asked = claim.compute
    group = labels.category("leak", asked.group["leak"], language) if "leak" in asked.group else ""
    statistic = labels.text(f"word.{_STATISTICS.get(asked.statistic, asked.statistic)}", language)
    return ": ".join(filter(None, [group and f"{labels.text('word.leak', language)} {group.lower()}", statistic]))


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
    paper: Paper,
    rows: Sequence[Row],
    dataset: Dataset,
    compendium: Compendium,
    made: Mapping[str, Cell],
    language: str,
) -> str:
    def words(key: str) -> str:
        return labels.text(f"review.{key}", language)

    title = words("title")
    pages = (
        link(_SCORECARD, words("scorecard")),
        link(_CELLS, words("cells")),
        link(_FUNCTIONS, words("functions")),
        link(_ORIGINS, _ORIGINS),
    )
    sections = [
        f"<h1>{html.escape(title)}</h1>",
        _summary(paper, rows, dataset, language),
        _section(words("verdicts"), f"{_meanings(rows, language)}\n<p>{' · '.join(pages)}</p>"),
        _section(words("exhibits"), _exhibits(records, out, compendium.notebooks, made, language)),
    ]
    reports = [path for path in sorted((records / "report").glob("*/*")) if path.suffix in {".html", ".docx", ".pdf"}]
    if reports:
        linked = (link(_relative(path, records / "review"), path.name) for path in reports)
        sections.append(_section(words("report"), f"<p>{' · '.join(linked)}</p>"))
    sections.append(_section(words("colophon"), _colophon(records, dataset, language)))
    return page(title, "\n".join(sections), language, reconstruction=dataset.reconstruction, style=_CARDS)


def _summary(paper: Paper, rows: Sequence[Row], dataset: Dataset, language: str) -> str:
    """Say in words whose numbers they are, what became of them, and which of them to look at first."""
    spoken = html.escape(str(paper.about.get("language", language)))
    parts = [
        f'<p><cite lang="{spoken}">{html.escape(paper.citation)}.</cite></p>',
        f"<p>{labels.text('review.summary', language, n=len(rows), counts=_counts(rows, language, _SCORECARD))}"
        + (f" {html.escape(labels.text('review.made_to_fit', language))}" if dataset.reconstruction else "")
        + "</p>",
    ]
    judged = judged_table(rows, dataset, language).shown
    for row, reason in zip(rows[:_TOLD], judged.iloc[:_TOLD, -1], strict=False):
        if row.verdict in _DECISIVE:
            verdict = labels.text(f"verdict.{row.verdict}", language)
            named = link(f"{_SCORECARD}#{row.claim.id}", labels.claimed(row.claim, language))
            printed = labels.printed(row.claim.printed.printed, language)
            said = html.escape(f"{labels.text('word.printed', language)} {printed}, {verdict}. {reason}")
            parts.append(f'<p class="first"><strong>{named}</strong>: {said}</p>')
    return "\n".join(parts)


def _meanings(rows: Sequence[Row], language: str) -> str:
    """Say what each verdict that was given means."""
    counts = Counter(row.verdict for row in rows)
    return _terms(
        (f"{labels.text(f'verdict.{verdict}', language)} ({n})", html.escape(labels.text(f"means.{verdict}", language)))
        for verdict, n in counts.items()
    )


def _section(title: str, body: str) -> str:
    return f"<h2>{html.escape(title)}</h2>\n{body}"


def _exhibits(records: Path, out: Path, notebooks: Iterable[Notebook], made: Mapping[str, Cell], language: str) -> str:
    """List what was made by its title: the cell and the function that made it, its data, and its files."""
    body = []
    for notebook in notebooks:
        executed = records / "notebooks" / notebook.file
        if not executed.exists():
            continue
        outputs = _outputs(executed)
        for exhibit in notebook.exhibits:
            files = [out / f"{exhibit.output}.{ending}" for ending in _FORMATS[exhibit.output.split("/")[0]]]
            places = {path.suffix[1:]: _relative(path, records / "review") for path in files if path.exists()}
            cell = made[exhibit.output]
            title = _title(outputs.get(cell.id, []), language) or html.escape(labels.place(exhibit.name, language))
            function = maker(cell)
            badge = [
                link(_cell_target(cell), f"{Path(cell.notebook).stem}, {cell.id}"),
                f'<a href="{_FUNCTIONS}#{full_name(function)}"><code>{function.__name__}</code></a>',
                " ".join(link(place, ending) for ending, place in places.items()) or _private(language),
            ]
            body.append(
                f'<li id="{exhibit.output}">{_preview(places, title)}<div><strong>{title}</strong>'
                f'<p class="note">{" · ".join(badge)}</p></div></li>'
            )
    return '<ul class="exhibits">\n' + "\n".join(body) + "\n</ul>"


def _preview(places: Mapping[str, str], title: str) -> str:
    """Show a figure small, and the upper part of a table."""
    if "svg" in places:
        return f'<img src="{html.escape(places["svg"])}" alt="" loading="lazy">'
    if "html" in places:
        named = html.escape(html.unescape(re.sub(r"<[^>]*>", "", title)))
        frame = f'<iframe src="{html.escape(places["html"])}" title="{named}" loading="lazy"></iframe>'
        return f'<div class="small">{frame}</div>'
    return ""


def _outputs(notebook: Path) -> dict[str, list[Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: cell["outputs"] for cell in cells if cell["cell_type"] == "code"}


def _title(outputs: Iterable[Any], language: str) -> str:
    """Take the caption of what a cell shows, as HTML, without what a reconstruction says of itself."""
    for output in outputs:
        data, metadata = output.get("data", {}), output.get("metadata", {})
        if "image/png" in metadata:
            banner = labels.text("banner.reconstruction", language)
            return html.escape(metadata["image/png"]["alt"].removesuffix(f". {banner}"))
        found = re.search(r"<caption[^>]*>(.*?)(?:<br>|</caption>)", "".join(data.get("text/html", "")), re.S)
        left_out = re.match(r"\*(.+?)\*", "".join(data.get("text/markdown", "")))
        if found or left_out:
            return found[1] if found else html.escape(left_out[1]) if left_out else ""
    return ""


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
    terms = _terms((labels.text(f"review.{name}", language), html.escape(value)) for name, value in told.items())
    return f"{terms}\n<p>{_took(language)} {link('../run.json', 'run.json')}</p>"


def _took(language: str) -> str:
    """Say how long a whole run took on which machine, as it was measured and committed."""
    measured = ROOT / "benchmarks" / "results.csv"
    if not measured.exists():
        return ""
    with measured.open(encoding="utf-8", newline="") as file:
        job = next(row for row in csv.DictReader(file) if row["benchmark"] == "job")
    return html.escape(labels.text("review.took", language, seconds=float(job["value"]), machine=job["machine"]))


def _terms(terms: Iterable[tuple[str, str]]) -> str:
    """Write terms, each with what it is, which is HTML."""
    return "<dl>\n" + "\n".join(f"<dt>{html.escape(term)}</dt><dd>{said}</dd>" for term, said in terms) + "\n</dl>"


# -- both ----------------------------------------------------------------------------------------------------------

_WIDE = """
body { max-width: none; }
.scroll { overflow: visible; }
table { table-layout: fixed; width: 100%; }
th, td { padding: 0.3em 0.5em; box-sizing: border-box; overflow-wrap: break-word; }
thead th { font-size: 0.8rem; position: sticky; top: 0; background: #fff; box-shadow: 0 1px; }
.page-banner + main thead th { top: 2.2rem; }
td code { font-size: 0.72rem; }
th:nth-child(1) { width: 18%; }
th:nth-child(n+2):nth-child(-n+4) { width: 8.5%; }
th:nth-child(5) { width: 8.5%; }
th:nth-child(6) { width: 6%; }
th:nth-child(7), th:nth-child(8) { width: 11.5%; }
tr[hidden] { display: none !important; }
@media (max-width: 70rem) {
  table, tbody, tr, td { display: block; }
  thead { display: none; }
  tr { padding: 0.6rem 0; border-bottom: 1px solid; }
  td { border: 0; padding: 0.1rem 0; }
  td:nth-child(n+2)::before { content: attr(data-label) ": "; font-weight: 600; }
  td br { display: none; }
  td:first-child br { display: inline; }
  td a { margin-right: 0.6em; }
}
"""
_BESIDE = """
th, td { min-width: 5.5rem; }
td > div, dd > div { padding: 0.2rem 0.4rem; }
.decisive { outline: 3px solid #9a3412; background: #fff7ed; }
.decisive::before { content: "≠ "; font-weight: 700; color: #9a3412; }
dl { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; }
dd { margin: 0; }
"""
_FILTER = """
const rows = [...document.querySelectorAll("tbody tr")], box = document.querySelector("input");
const plain = (words) => words.normalize("NFD").replace(/[\\u0300-\\u036f]/g, "").toLowerCase();
const texts = rows.map((row) => plain(row.textContent));
box.addEventListener("input", () => {
  const words = plain(box.value).split(/\\s+/);
  rows.forEach((row, place) => { row.hidden = !words.every((word) => texts[place].includes(word)); });
  document.querySelector("output").textContent = `${rows.filter((row) => !row.hidden).length} / ${rows.length}`;
});
"""
_CARDS = """
dt { font-weight: 600; margin-top: 0.5rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.first { border-left: 4px solid #9a3412; padding-left: 0.8rem; }
.exhibits { list-style: none; padding: 0; display: grid; gap: 1rem; }
.exhibits { grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
.exhibits li { border: 1px solid #d4d4d4; border-radius: 4px; padding: 0.8rem; min-width: 0; }
.exhibits img { width: 100%; height: 10rem; object-fit: contain; }
.small { height: 10rem; overflow: hidden; }
.small iframe { width: 200%; height: 20rem; border: 0; transform: scale(0.5); transform-origin: 0 0; }
"""
