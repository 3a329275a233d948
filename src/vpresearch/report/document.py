"""One report as HTML, DOCX and PDF, every table and figure alone, and what writes them beside a run."""

from __future__ import annotations

import base64
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import typst

from vpresearch.core.errors import placed
from vpresearch.core.files import staging
from vpresearch.core.paths import CLONED, ROOT
from vpresearch.data import Dataset, pseudonymise
from vpresearch.figures import FIGURES, Figure
from vpresearch.parallel.forks import begin_beside
from vpresearch.regression.models import PRIMARY
from vpresearch.render import labels
from vpresearch.render.docx import TEMPLATES, Node, docx, docx_each, landscape, write
from vpresearch.render.table import reachable
from vpresearch.report import template
from vpresearch.report.blocks import (
    BREAK,
    LANDSCAPE,
    PORTRAIT,
    beside,
    captions,
    drawing,
    figure_blocks,
    is_wide,
    notes,
    strobe_table,
    table_blocks,
)
from vpresearch.report.values import Missing, values
from vpresearch.results import OF_RECONSTRUCTIONS, Results
from vpresearch.tables import TABLES, Table
from vpresearch.tables import write as write_table

_LOCALES = {"es": "es-ES", "en": "en-GB"}


@dataclass(frozen=True)
class Report:
    """A report in one language, ready to be written."""

    title: str
    language: str
    reconstruction: bool
    blocks: list[Node]
    tables: Mapping[str, Table]
    figures: Mapping[str, Figure]
    captions: Mapping[str, str]
    notes: Mapping[str, tuple[str, ...]]


def compose(results: Results, language: str, about: Mapping[str, str]) -> Report:
    """Put a report together."""
    source = template.TEMPLATES / f"{language}.md"
    prose = source.read_text(encoding="utf-8")
    reconstruction = results.dataset.reconstruction
    facts = {"reconstruction" if reconstruction else "real"}
    left_out = frozenset() if reconstruction else OF_RECONSTRUCTIONS
    # How methods err at the paper's design says nothing of a study of another.
    left_out |= frozenset() if results.simulated else {"simulation"}
    facts |= {"simulated"} if results.simulated else set()
    tables = {name: make(results, language) for name, make in TABLES.items() if name not in left_out}
    figures = {name: make(results, language) for name, make in FIGURES.items() if name not in left_out}
    known = values(results, tables, about)
    facts.add("no slope" if isinstance(known[f"models.{PRIMARY}.fill_percent.estimate"], Missing) else "slope")
    skeleton = template.parse(prose, facts)
    tables["strobe"] = strobe_table(template.headings(skeleton), language)
    named = captions(template.exhibits(skeleton), tables, figures, language)
    known |= {f"ref.{name}": _reference(caption) for name, caption in named.items()}
    said = "" if results.identified is None else beside("report.beside", results.identified, language)
    blocks = template.fill(skeleton, source.name, known, language, said)
    return Report(
        labels.text("report.title", language),
        language,
        reconstruction,
        blocks,
        tables,
        figures,
        named,
        notes(tables, figures, results, language),
    )


def _reference(caption: str) -> str:
    """Give the number of an exhibit as a sentence names it."""
    number = caption.split(".")[0]
    return number[0].lower() + number[1:]


def publish(report: Report, folder: Path) -> list[Path]:
    """Write a report as HTML, DOCX and PDF, and its tables and figures alone."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    # Word files are another program's work; they are made while the figures are drawn.
    with drawing(report.figures, folder / "figures") as drawn, ThreadPoolExecutor() as together:
        alone = together.submit(_publish_tables, report, folder / "tables")
        drawn()
        made = {kind: together.submit(write_as, report, folder / "figures") for kind, write_as in FORMATS.items()}
        paths = [folder / f"report.{kind}" for kind in made]
        for path, written in zip(paths, made.values(), strict=True):
            path.write_bytes(written.result())
        alone.result()
    return paths


def to_html(report: Report, pictures: Path) -> bytes:
    """Give the report as one page that needs no other file."""
    blocks = _with_exhibits(report, lambda name: f"picture:{name}", PORTRAIT)
    page = template.TEMPLATES / "page.html"
    options = ["--standalone", "--template", str(page), "--toc", "--toc-depth", "2"]
    banner = {"banner": labels.text("banner.reconstruction", report.language)} if report.reconstruction else {}
    made = write(blocks, "html5", options, {"title": report.title, "lang": report.language, **banner})
    # A break that is copied with the name it stands in would spoil it.
    made = reachable(made.decode().replace(BREAK, "<wbr>")).encode()
    for name in report.figures:
        # Put in afterwards: pandoc would read and write every byte of them. In words this mark is escaped.
        picture = base64.b64encode((pictures / f"{name}.svg").read_bytes())
        made = made.replace(f'src="picture:{name}"'.encode(), b'src="data:image/svg+xml;base64,%b"' % picture)
    return made


def to_docx(report: Report, pictures: Path) -> bytes:
    """Give the report as a Word file."""
    blocks = _with_exhibits(report, lambda name: f"{name}.png", PORTRAIT)
    return docx(blocks, report.title, _LOCALES[report.language], banner=_banner(report), pictures=pictures)


def to_pdf(report: Report, pictures: Path) -> bytes:
    """Give the report as PDF."""
    body = write(_with_exhibits(report, lambda name: f"{name}.svg", PORTRAIT), "typst")
    # pandoc sets tables in the middle of the page, away from their captions; words never hold these signs unescaped.
    body = body.replace(b"align(center)[#table(", b"align(left)[#table(")
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "report.typ"
        source.write_bytes((TEMPLATES / "page.typ").read_bytes() + body)
        for name in report.figures:
            (source.with_name(f"{name}.svg")).write_bytes((pictures / f"{name}.svg").read_bytes())
        told = {"title": report.title, "language": report.language, "banner": _banner(report)}
        # Only the letters that the compiler brings with it: the same pages on every machine.
        compiler = typst.Compiler(source, root=place, ignore_system_fonts=True, sys_inputs=told)
        made = compiler.compile(format="pdf", timestamp=0)
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


FORMATS: Mapping[str, Callable[[Report, Path], bytes]] = {"html": to_html, "docx": to_docx, "pdf": to_pdf}


def _publish_tables(report: Report, folder: Path) -> None:
    """Write every table alone: as a reader sees it, in the language of the report."""
    documents = []
    for name, table in report.tables.items():
        key = f"table.{name}"
        write_table(replace(table, caption=report.captions[key], notes=report.notes[key]), folder)
        (folder / f"{name}.csv").write_bytes(_spreadsheet(table))
        lying = is_wide(table)
        documents.append((_table(report, name, LANDSCAPE if lying else PORTRAIT), lying))
    made = docx_each(documents, _LOCALES[report.language], banner=_banner(report))
    for name, words in zip(report.tables, made, strict=True):
        (folder / f"{name}.docx").write_bytes(words)


def _spreadsheet(table: Table) -> bytes:
    """Give the cells as a reader sees them, in the form that a spreadsheet of the language opens by itself."""
    shown = table.shown.copy()
    shown.columns = [" ".join(filter(None, column)) if isinstance(column, tuple) else column for column in shown]
    if table.reconstruction:
        shown.insert(0, labels.text("report.data", table.language), labels.text("report.made_up", table.language))
    separator = ";" if table.language == "es" else ","
    return shown.to_csv(index=False, sep=separator, lineterminator="\n").encode("utf-8-sig")


def _with_exhibits(report: Report, picture: Callable[[str], str], room: int) -> list[Node]:
    def make(name: str) -> list[Node]:
        kind, own = name.split(".")
        if kind == "table":
            return _table(report, own, LANDSCAPE if is_wide(report.tables[own]) else room)
        return figure_blocks(own, report.captions[name], picture(own), report.notes[name])

    return _turned(template.replace(report.blocks, make))


def _turned(blocks: list[Node]) -> list[Node]:
    """Lay the parts of the report that ask for it on their side."""
    done: list[Node] = []
    for block in blocks:
        lies = block["t"] == "Div" and "landscape" in block["c"][0][1]
        done += landscape(block["c"][1]) if lies else [block]
    return done


def _table(report: Report, name: str, room: int) -> list[Node]:
    key = f"table.{name}"
    return table_blocks(report.tables[name], report.captions[key], room, report.notes[key])


def _banner(report: Report) -> str:
    return labels.text("banner.reconstruction", report.language) if report.reconstruction else ""


def about() -> dict[str, str]:
    """Tell the commit and the version of Python."""
    commit = "–"
    # An installed package may lie in the repository of something else.
    if CLONED:
        command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
        with suppress(OSError, subprocess.CalledProcessError):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
            commit = done.stdout.strip()
    return {"commit": commit, "python": platform.python_version()}


def analyse(dataset: Dataset, alpha: float, seed: int) -> Results:
    """Give what a report tells; the patients of real data lose their ids first."""
    return Results(dataset if dataset.reconstruction else pseudonymise(dataset), alpha, seed)


@contextmanager
def writing(
    dataset: Dataset,
    alpha: float,
    seed: int,
    aside: Path,
    languages: Sequence[str],
    submit: Callable[..., Any] | None = None,
) -> Iterator[Callable[[Path], None]]:
    """Analyse, and write reports aside, in another process while this one does something else."""
    with ExitStack() as started:
        if submit is None:
            submit = started.enter_context(ProcessPoolExecutor(1, get_context("spawn"), begin_beside)).submit
        written = submit(placed, _write_aside, dataset, alpha, seed, aside, languages)

        def put_in_place(folder: Path) -> None:
            written.result()
            _put_in_place(aside, folder, languages)

        yield put_in_place


def write_reports(results: Results, folder: Path, languages: Sequence[str]) -> list[Path]:
    """Write a report in some languages, each in a folder of its own."""
    with staging(folder) as aside:
        made = _write(results, aside, languages)
        _put_in_place(aside, folder, languages)
    return [folder / path.relative_to(aside) for path in made]


def _write_aside(dataset: Dataset, alpha: float, seed: int, aside: Path, languages: Sequence[str]) -> None:
    _write(analyse(dataset, alpha, seed), aside, languages)


def _write(results: Results, aside: Path, languages: Sequence[str]) -> list[Path]:
    return [path for each in languages for path in publish(compose(results, each, about()), aside / each)]


def _put_in_place(aside: Path, folder: Path, languages: Sequence[str]) -> None:
    """Let each report take the place of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in languages:
        shutil.rmtree(folder / language, ignore_errors=True)
        os.replace(aside / language, folder / language)
