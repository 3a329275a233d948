"""Manuscript and supplement as HTML, DOCX and PDF, every table and figure alone, and what writes them beside a run."""

from __future__ import annotations

import base64
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import unwrap
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from vpresearch.core.dictionary import remember
from vpresearch.core.errors import placed
from vpresearch.core.files import staging
from vpresearch.core.paths import CLONED, ROOT
from vpresearch.data import Dataset, pseudonymise
from vpresearch.figures import FIGURES
from vpresearch.parallel.cache import once_as
from vpresearch.parallel.forks import begin_beside, each
from vpresearch.published import Paper
from vpresearch.regression.models import PRIMARY
from vpresearch.render import labels
from vpresearch.render.docx import SHORT, docx, docx_each, landscape
from vpresearch.render.figure import Figure, printed, typeset
from vpresearch.render.html import reachable
from vpresearch.render.pandoc import TEMPLATES, Node, write
from vpresearch.report import template
from vpresearch.report.blocks import (
    BREAK,
    CHECKLISTS,
    Picture,
    beside,
    captions,
    checklist_table,
    figure_block,
    is_wide,
    notes,
    table_block,
    with_notes,
)
from vpresearch.report.values import Missing, values
from vpresearch.results import OF_PAPERS, OF_RECONSTRUCTIONS, OF_SCORES, Results
from vpresearch.tables import TABLES, Table
from vpresearch.tables.leak_risk import one_of_many

DOCUMENTS = ("manuscript", "supplement", "letter")
_KINDS = ("png", "pdf")
_LOCALES = {"es": "es-ES", "en": "en-GB"}


@dataclass(frozen=True)
class Report:
    """A manuscript and its supplement in one language, ready to be written."""

    language: str
    reconstruction: bool
    documents: Mapping[str, list[Node]]
    tables: Mapping[str, Table]
    figures: Mapping[str, Picture]
    captions: Mapping[str, str]
    notes: Mapping[str, tuple[str, ...]]
    # What a reconstruction says of every slope: whole, and in brief.
    open_slope: tuple[str, str]
    titles: Mapping[str, str]

    @property
    def banner(self) -> str:
        """What every page of a reconstruction says."""
        return labels.banner(self.language, reconstruction=self.reconstruction)

    @cached_property
    def laid(self) -> dict[str, Node]:
        """The tables as blocks."""
        return {name: table_block(table, self.captions[f"table.{name}"]) for name, table in self.tables.items()}


@dataclass(frozen=True)
class Prepared:
    """What a report is put together from: results with their tables and figures in one language."""

    results: Results
    language: str
    tables: Mapping[str, Table]
    figures: Mapping[str, Picture]


def prepare(results: Results, languages: Sequence[str], *, alone: bool = True) -> list[Prepared]:
    """Make the tables and draw the figures of reports; the figures beside each other.

    Beside a run, whose notebooks show the same ones, they are drawn as these need them too.
    """
    left_out = _left_out(results)
    # First: they need all that is to be computed, and the copies that draw have it then.
    tables = [
        {name: make(results, language) for name, make in TABLES.items() if name not in left_out}
        for language in languages
    ]
    names = [name for name in FIGURES if name not in left_out]
    draws = {name: unwrap(FIGURES[name]) if alone else FIGURES[name] for name in names}
    drawn = each(_picture, [(draws[name], results, language, name) for language in languages for name in names])
    figures = [
        dict(zip(names, drawn[place * len(names) :][: len(names)], strict=True)) for place in range(len(languages))
    ]
    return [Prepared(results, *parts) for parts in zip(languages, tables, figures, strict=True)]


def _picture(draw: Callable[[Results, str], Figure], results: Results, language: str, name: str) -> Picture:
    return once_as(["picture", results, language, name], lambda: _pictured(draw(results, language)))


def _pictured(figure: Figure) -> Picture:
    svg = figure.untitled()
    return Picture(figure.caption, figure.reconstruction, {"svg": svg, **{kind: printed(svg, kind) for kind in _KINDS}})


def _recorded(results: Results) -> dict[str, bool]:
    """Tell what a study recorded of what it may lack: a section of what nobody recorded would say nothing."""
    recorded = {"scores": not results.scores.empty, "sites": bool(results.site_shares["n"].sum())}
    return recorded | {"kinds": bool(results.leak_kinds["n"].sum())}


def _left_out(results: Results) -> frozenset[str]:
    """Name the exhibits that would say nothing of these data."""
    recorded = _recorded(results)
    left_out = frozenset() if results.dataset.reconstruction else OF_RECONSTRUCTIONS
    left_out |= frozenset() if results.paper.claims else OF_PAPERS
    left_out |= frozenset() if recorded["scores"] else OF_SCORES
    left_out |= {name for name, of in (("figure2", "sites"), ("leak_kinds", "kinds")) if not recorded[of]}
    # How methods err at the paper's design says nothing of a study of another.
    return left_out | (frozenset() if results.simulated else {"simulation"})


def compose(prepared: Prepared, about: Mapping[str, str]) -> Report:
    """Put a report together."""
    results, language, figures = prepared.results, prepared.language, prepared.figures
    reconstruction = results.dataset.reconstruction
    judged = bool(results.paper.claims)
    facts = {"reconstruction" if reconstruction else "real", "paper" if judged else "no paper"}
    facts |= ({"held"} if judged and not reconstruction else set()) | ({"published"} if results.published else set())
    recorded = _recorded(results)
    facts |= {name if there else f"no {name}" for name, there in recorded.items()}
    facts |= {"simulated"} if results.simulated else set()
    unsized = results.dataset.vertebrae["leak"].eq("yes") & results.dataset.vertebrae["leak_size"].isna()
    facts |= {"shared"} if results.design.n_clusters < results.design.n else set()
    facts |= ({"unsized"} if unsized.any() and recorded["kinds"] else set()) | (
        set() if results.lost.empty else {"lost"}
    )
    known = values(results, prepared.tables, about)
    facts.add("no slope" if isinstance(known[f"models.{PRIMARY}.fill_percent.estimate"], Missing) else "slope")
    documents = DOCUMENTS if judged else DOCUMENTS[:2]
    skeletons = {name: template.parse(template.source(name, language), facts) for name in documents}
    checklists = {name: checklist_table(name, skeletons, language, published=results.published) for name in CHECKLISTS}
    tables = {**prepared.tables, **checklists}
    named = captions([template.exhibits(blocks) for blocks in skeletons.values()], tables, figures, language)
    known |= {f"ref.{name}": _reference(caption) for name, caption in named.items()}
    said = "" if results.identified is None else beside("report.beside", results.identified, language)
    filled = {
        name: template.fill(blocks, f"{name}.{language}.md", known, language, said)
        for name, blocks in skeletons.items()
    }
    with ThreadPoolExecutor() as together:
        cited = dict(zip(filled, together.map(template.cited, filled.values()), strict=True))
    every = notes(tables, figures, results, language)
    whole = " ".join(one_of_many(results, language))
    titles = {name: labels.text(f"report.title_{name}{_untold(name, recorded)}", language) for name in documents}
    return Report(language, reconstruction, cited, tables, figures, named, every, (whole, said), titles)


def _untold(name: str, recorded: Mapping[str, bool]) -> str:
    return "" if recorded["scores"] or name == "letter" else "_no_scores"


def _reference(caption: str) -> str:
    """Give the number of an exhibit as a sentence names it."""
    number = caption.split(".")[0]
    return number[0].lower() + number[1:]


def publish(report: Report, folder: Path) -> list[Path]:
    """Write manuscript and supplement as HTML, DOCX and PDF, and their tables and figures alone."""
    pictures = folder / "figures"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, picture in report.figures.items():
        for kind, content in picture.files.items():
            (pictures / f"{name}.{kind}").write_bytes(content)
    # Most of it is the work of other programs.
    with ThreadPoolExecutor() as together:
        alone = together.submit(_publish_tables, report, folder / "tables")
        made = {
            folder / f"{name}.{kind}": together.submit(write_as, report, name, pictures)
            for name in report.documents
            for kind, write_as in FORMATS.items()
        }
        for path, written in made.items():
            path.write_bytes(written.result())
        alone.result()
    return [*made]


def to_html(report: Report, name: str, pictures: Path) -> bytes:
    """Give a document as one page that needs no other file."""
    blocks = with_exhibits(report, name, lambda own: f"picture:{own}")
    page = str(TEMPLATES / "page.html")
    options = {"table_of_contents": True, "toc_depth": 2}
    told = {"title": report.titles[name], "lang": report.language}
    told |= {"banner": report.banner} if report.banner else {}
    made = write(blocks, "html5", told, template=page, options=options)
    # A break that is copied with the name it stands in would spoil it.
    made = reachable(made.decode().replace(BREAK, "<wbr>")).encode()
    for own in template.pictures(report.documents[name]):
        # Put in afterwards: pandoc would read and write every byte of them. In words this mark is escaped.
        picture = base64.b64encode((pictures / f"{own}.svg").read_bytes())
        made = made.replace(f'src="picture:{own}"'.encode(), b'src="data:image/svg+xml;base64,%b"' % picture)
    return made


def to_docx(report: Report, name: str, pictures: Path) -> bytes:
    """Give a document as a Word file."""
    blocks = with_exhibits(report, name, lambda own: f"{own}.png")
    return docx(blocks, report.titles[name], _LOCALES[report.language], banner=report.banner, pictures=pictures)


def to_pdf(report: Report, name: str, pictures: Path) -> bytes:
    """Give a document as PDF."""
    # Citations are resolved already; typst would look for a list of references of its own.
    body = write(with_exhibits(report, name, lambda own: f"{own}.svg"), "typst-citations")
    # pandoc sets tables in the middle of the page, away from their captions; words never hold these signs unescaped.
    body = body.replace(b"align(center)[#table(", b"align(left)[#table(")
    told = {"title": report.titles[name], "language": report.language, "banner": report.banner}
    return typeset((TEMPLATES / "page.typ").read_bytes() + body, told, pictures)


FORMATS: Mapping[str, Callable[[Report, str, Path], bytes]] = {"html": to_html, "docx": to_docx, "pdf": to_pdf}


def _publish_tables(report: Report, folder: Path) -> None:
    """Write every table alone: as a reader sees it, in the language of the report."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = []
    for name, table in report.tables.items():
        key = f"table.{name}"
        captioned = replace(table, caption=report.captions[key], notes=report.notes[key])
        (folder / f"{name}.html").write_bytes(captioned.to_html().encode())
        (folder / f"{name}.tex").write_bytes(captioned.to_latex().encode())
        (folder / f"{name}.csv").write_bytes(_spreadsheet(table))
        documents.append((_exhibit(report, key, report.notes[key]), is_wide(table)))
    made = docx_each(documents, _LOCALES[report.language], banner=report.banner)
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


def with_exhibits(report: Report, document: str, picture: Callable[[str], str]) -> list[Node]:
    """Put the exhibits of a document in their places."""
    (whole, brief), told = report.open_slope, False

    def make(name: str) -> list[Node]:
        nonlocal told
        # The first exhibit of a slope says at length what is open about it; the others in brief.
        said = tuple(brief if note == whole and told else note for note in report.notes[name])
        told |= whole in said
        return _exhibit(report, name, said, picture)

    return _turned(template.replace(report.documents[document], make))


def _exhibit(
    report: Report, name: str, said: Sequence[str], picture: Callable[[str], str] = lambda own: own
) -> list[Node]:
    kind, own = name.split(".")
    if kind == "table":
        return with_notes(report.laid[own], said, together=len(report.tables[own].shown) < SHORT)
    block = figure_block(
        own,
        report.captions[name],
        picture(own),
        report.language,
        reconstruction=report.figures[own].reconstruction,
    )
    return with_notes(block, said)


def _turned(blocks: list[Node]) -> list[Node]:
    """Lay the parts of the report that ask for it on their side."""
    done: list[Node] = []
    for block in blocks:
        lies = block["t"] == "Div" and "landscape" in block["c"][0][1]
        done += landscape(block["c"][1]) if lies else [block]
    return done


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


def analyse(dataset: Dataset, alpha: float, seed: int, paper: Paper) -> Results:
    """Give what a report tells; the patients of real data lose their ids first."""
    return Results(dataset if dataset.reconstruction else pseudonymise(dataset), alpha, seed, paper)


@contextmanager
def writing(
    results: Results,
    aside: Path,
    languages: Sequence[str],
    submit: Callable[..., Any] | None = None,
) -> Iterator[Callable[[Path], None]]:
    """Analyse and write reports aside, in another process while this one does something else."""
    with ExitStack() as started:
        if submit is None:
            submit = started.enter_context(ProcessPoolExecutor(1, get_context("spawn"), begin_beside)).submit
        written = submit(placed, _write, results, aside, languages)

        def put_in_place(folder: Path) -> None:
            written.result()
            _put_in_place(aside, folder, languages)

        yield put_in_place


def write_reports(results: Results, folder: Path, languages: Sequence[str]) -> list[Path]:
    """Write a report in some languages, each in a folder of its own."""
    with staging(folder) as aside:
        made = _write(results, aside, languages, alone=True)
        _put_in_place(aside, folder, languages)
    return [folder / path.relative_to(aside) for path in made]


def _write(results: Results, aside: Path, languages: Sequence[str], *, alone: bool = False) -> list[Path]:
    # This may be a process that has read no workbook.
    remember(results.dataset.declaration)
    told = about()

    def write_one(prepared: Prepared) -> list[Path]:
        return publish(compose(prepared, told), aside / prepared.language)

    made = each(write_one, [(prepared,) for prepared in prepare(results, languages, alone=alone)])
    return [path for paths in made for path in paths]


def _put_in_place(aside: Path, folder: Path, languages: Sequence[str]) -> None:
    """Let each report take the place of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in languages:
        shutil.rmtree(folder / language, ignore_errors=True)
        os.replace(aside / language, folder / language)
