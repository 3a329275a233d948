from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pypandoc
import pytest

from vpresearch.core.paths import PROTOCOL
from vpresearch.data import Dataset
from vpresearch.figures import Figure, figure2
from vpresearch.parallel.cache import made_once, shared_by_all
from vpresearch.render import labels
from vpresearch.render.docx import A_PAGE, SHORT
from vpresearch.render.pandoc import Node, text_of
from vpresearch.report import Report, compose, document, prepare, publish
from vpresearch.report.blocks import _pads, is_wide
from vpresearch.report.document import DOCUMENTS, with_exhibits
from vpresearch.report.template import exhibits, pictures
from vpresearch.results import Results

Composed = Callable[[str, bool], Report]
EACH = pytest.mark.parametrize("name", DOCUMENTS)
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@dataclass(frozen=True)
class Published:
    """A report with its files."""

    report: Report
    folder: Path

    def docx(self, name: str) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.folder / f"{name}.docx")

    def page(self, name: str) -> str:
        return (self.folder / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session", params=[("es", True), ("en", False)], ids=["es-reconstruction", "en-real"])
def published(
    request: pytest.FixtureRequest, composed: Composed, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    report = composed(*request.param)
    folder = tmp_path_factory.mktemp("report")
    every = [f"{name}.{kind}" for name in DOCUMENTS for kind in ("html", "docx", "pdf")]
    assert [path.name for path in publish(report, folder)] == every
    return Published(report, folder)


def said(report: Report) -> str:
    return labels.text("banner.reconstruction", report.language)


@EACH
def test_every_page_of_word_has_the_banner_or_none(published: Published, name: str) -> None:
    archive = published.docx(name)
    assert (said(published.report) in archive.read("word/header1.xml").decode()) == published.report.reconstruction
    document = ElementTree.fromstring(archive.read("word/document.xml"))
    sections = list(document.iter(f"{_W}sectPr"))
    assert len(sections) > (4 if name == "supplement" else 0)
    assert all(section.find(f"{_W}headerReference") is not None for section in sections)


@EACH
def test_every_exhibit_of_a_reconstruction_says_so_first_in_its_caption(published: Published, name: str) -> None:
    page, report = published.page(name), published.report
    captions = re.findall(r"<(?:fig)?caption[^>]*>(.*?)</(?:fig)?caption>", page, re.S)
    shown = [each.split(".") for each in exhibits(report.documents[name])]
    made_up = [(report.tables if kind == "table" else report.figures)[own].reconstruction for kind, own in shown]
    assert len(captions) == len(made_up) > {"supplement": 20, "manuscript": 6}.get(name, 0)
    word = labels.text("report.reconstruction", report.language)
    for caption, expected in zip(captions, made_up, strict=True):
        told = " ".join(re.sub(r"<.*?>", " ", caption, flags=re.S).split())
        assert (re.match(rf"\S+ S?\d+\. {word} ", told) is not None) == expected
    assert page.count(said(report)) == (1 if report.reconstruction else 0)


def test_the_manuscript_has_at_most_eight_pages(published: Published) -> None:
    pages = re.findall(rb"/Type\s*/Page\b", (published.folder / "manuscript.pdf").read_bytes())
    assert 4 < len(pages) <= 8


def shown_tables(report: Report, document: str) -> list[str]:
    return [name for name in exhibits(report.documents[document]) if name.startswith("table.")]


@EACH
def test_the_page_needs_no_other_file(published: Published, name: str) -> None:
    page = published.page(name)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in re.findall(r'src="([^"]{1,30})', page))
    assert all(link.startswith(("#", "https://doi.org/10.")) for link in re.findall(r'href="([^"]{1,30})', page))


def test_no_file_names_a_folder_of_this_machine(published: Published) -> None:
    parts = [published.docx(each).read(part) for each in DOCUMENTS for part in published.docx(each).namelist()]
    parts += [(published.folder / f"{each}.{kind}").read_bytes() for each in DOCUMENTS for kind in ("html", "pdf")]
    assert not any(str(published.folder.parent).encode() in part for part in parts)


@EACH
def test_tables_of_word_are_tables_with_captions(published: Published, name: str) -> None:
    document = ElementTree.fromstring(published.docx(name).read("word/document.xml"))
    found = list(document.iter(f"{_W}tbl"))
    captions = [p for p in document.iter(f"{_W}pStyle") if p.get(f"{_W}val") == "TableCaption"]
    assert len(found) == len(captions) == len(shown_tables(published.report, name))


@EACH
def test_word_counts_the_captions_by_itself(published: Published, name: str) -> None:
    document = ElementTree.fromstring(published.docx(name).read("word/document.xml"))
    counted: dict[str, list[str]] = {}
    for caption in document.iter(f"{_W}p"):
        style = caption.find(f"{_W}pPr/{_W}pStyle")
        if style is not None and style.get(f"{_W}val") in {"TableCaption", "ImageCaption"}:
            (field,) = caption.findall(f"{_W}fldSimple")
            counted.setdefault(str(field.get(f"{_W}instr")), []).append("".join(field.itertext()))
    # As Word would number them when it updates its fields.
    assert len(counted) == (1 if name == "letter" else 2)
    assert all(numbers == [str(n) for n in range(1, len(numbers) + 1)] for numbers in counted.values())
    # What the text says of an exhibit of its own is what the caption's mark holds.
    marks = {each.get(f"{_W}name"): each.get(f"{_W}id") for each in document.iter(f"{_W}bookmarkStart")}
    assert len(set(marks.values())) == len(marks)
    fields = [field for field in document.iter(f"{_W}fldSimple") if " REF " in str(field.get(f"{_W}instr"))]
    for field in fields:
        mark = str(field.get(f"{_W}instr")).split()[1]
        assert mark in marks
        assert mark.endswith(f"_{''.join(field.itertext())}")
    assert fields or name == "letter"


@EACH
def test_no_row_of_word_breaks_and_heads_are_repeated(published: Published, name: str) -> None:
    document = ElementTree.fromstring(published.docx(name).read("word/document.xml"))
    for table in document.iter(f"{_W}tbl"):
        rows = table.findall(f"{_W}tr")
        assert all(row.find(f"{_W}trPr/{_W}cantSplit") is not None for row in rows)
        assert rows[0].find(f"{_W}trPr/{_W}tblHeader") is not None
        kept = [row for row in rows if row.find(f".//{_W}pStyle[@{_W}val='TableTextKept']") is not None]
        short = len(rows) < SHORT and len("".join(table.itertext())) <= A_PAGE
        assert kept == (rows[:-1] if short else [])
    styles = published.docx(name).read("word/styles.xml").decode()
    used = set(
        re.findall(r'w:(?:p|r|tbl)Style w:val="(\w+)"', ElementTree.tostring(document, "unicode").replace("ns0:", "w:"))
    )
    assert used <= set(re.findall(r'w:styleId="(\w+)"', styles))


def test_numbers_stand_with_their_decimal_marks_below_each_other() -> None:
    assert _pads(["1.5", "10", "−0.25%", "a 1.2345", "3.14"], "en") == ["\u2007", "\u2008\u2007\u2007", "", "", ""]


@EACH
def test_a_picture_is_described_in_other_words_than_its_caption(published: Published, name: str) -> None:
    document = ElementTree.fromstring(published.docx(name).read("word/document.xml"))
    told = [str(each.get("descr")) for each in document.iter() if each.tag.endswith("}docPr")]
    language = published.report.language
    assert told == [labels.text(f"seen.{own}", language) for own in pictures(published.report.documents[name])]


@EACH
def test_no_table_is_wider_than_its_page(published: Published, name: str) -> None:
    document = published.docx(name).read("word/document.xml").decode()
    start = 0
    for section in re.finditer(r"<w:sectPr>.*?</w:sectPr>", document, re.S):
        wide = int(re.findall(r'w:pgSz w:w="(\d+)"', section[0])[0]) - 2 * 1134
        grids = re.findall(r"<w:tblGrid>(.*?)</w:tblGrid>", document[start : section.start()])
        for grid in grids:
            assert sum(int(width) for width in re.findall(r'w:w="(\d+)"', grid)) <= wide
        start = section.end()


@EACH
def test_an_empty_cell_is_no_higher_than_a_full_one(published: Published, name: str) -> None:
    document = ElementTree.fromstring(published.docx(name).read("word/document.xml"))
    paragraphs = [paragraph for cell in document.iter(f"{_W}tc") for paragraph in cell.findall(f"{_W}p")]
    styles = [paragraph.find(f"{_W}pPr/{_W}pStyle") for paragraph in paragraphs]
    assert {None if style is None else style.get(f"{_W}val") for style in styles} <= {"TableText", "TableTextKept"}


def test_wide_tables_and_no_others_lie_on_their_side(published: Published) -> None:
    lying = {
        name
        for block in published.report.documents["supplement"]
        if block["t"] == "Div" and "landscape" in block["c"][0][1]
        for name in exhibits([block])
        if name.startswith("table.")
    }
    assert lying == {f"table.{table.name}" for table in published.report.tables.values() if is_wide(table)} & {
        *shown_tables(published.report, "supplement")
    }
    assert not any(
        is_wide(published.report.tables[name.split(".")[1]]) for name in shown_tables(published.report, "manuscript")
    )


def test_every_table_is_also_alone_in_four_formats(published: Published) -> None:
    names = {path.name for path in (published.folder / "tables").iterdir()}
    assert names == {f"{name}.{kind}" for name in published.report.tables for kind in ("csv", "html", "tex", "docx")}
    for name, table in published.report.tables.items():
        text = (published.folder / "tables" / f"{name}.csv").read_text(encoding="utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), delimiter=";" if table.language == "es" else ","))
        assert len(rows) == 1 + len(table.shown)
        assert {len(row) for row in rows} == {len(table.shown.columns) + table.reconstruction}


def test_every_figure_is_also_alone_with_300_dots_an_inch_and_as_pdf(published: Published) -> None:
    names = {path.name for path in (published.folder / "figures").iterdir()}
    assert names == {f"{name}.{kind}" for name in published.report.figures for kind in ("png", "svg", "pdf")}
    for path in (published.folder / "figures").glob("*.png"):
        content = path.read_bytes()
        place = content.index(b"pHYs") + 4
        assert round(int.from_bytes(content[place : place + 4], "big") * 0.0254) == 300
        # A page as wide as two columns of a journal: 170 mm, in points.
        assert b"481.88" in path.with_suffix(".pdf").read_bytes()


def test_the_same_results_give_the_same_bytes(
    published: Published, results: Callable[[bool], Results], tmp_path: Path
) -> None:
    if not published.report.reconstruction:
        return
    about = {"commit": "0123456789ab", "python": "3.11"}
    (prepared,) = prepare(results(published.report.reconstruction), [published.report.language])
    publish(compose(prepared, about), tmp_path)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert made == sorted(path.relative_to(published.folder) for path in published.folder.rglob("*") if path.is_file())
    different = [path for path in made if (tmp_path / path).read_bytes() != (published.folder / path).read_bytes()]
    assert different == []


def test_every_slope_of_a_reconstruction_has_the_identified_range(composed: Composed, shipped: Dataset) -> None:
    report = composed("en", True)
    least, most = (labels.number(end, 3, "en") for end in Results(shipped).identified or ())
    for name in ("table.models", "table.leak_risk", "figure.spline", "figure.risk_curve"):
        assert any(f"between {least} and {most}" in note for note in report.notes[name])
    prose = text_of([*report.documents.values()])
    assert prose.count("odds ratio of") <= prose.count(f"slopes from {least} to {most}")
    assert not any(
        "slope" in note and "reconstructed" in note for notes in composed("en", False).notes.values() for note in notes
    )


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_report_prints_the_digest_of_the_protocol_and_does_not_say_that_it_came_first(
    composed: Composed, language: str
) -> None:
    text = text_of(composed(language, True).documents["supplement"])
    assert hashlib.sha256(PROTOCOL.read_bytes()).hexdigest() in text
    assert {"es": "todo esto es exploratorio", "en": "all of this is exploratory"}[language] in text
    assert "before any estimate" not in text
    assert "antes de toda" not in text


@pytest.mark.parametrize("language", ["es", "en"])
def test_real_data_are_told_what_differs(composed: Composed, language: str) -> None:
    report = composed(language, False)
    assert "table.differences" in exhibits(report.documents["supplement"])
    assert labels.text("banner.reconstruction", language) not in text_of([*report.documents.values()])
    assert "table.spread" not in exhibits(report.documents["supplement"])


def numbers(report: Report, document: str) -> list[list[str]]:
    """The numbers of each paragraph and cell, but for references, versions and names of files."""
    blocks = [
        block for block in with_exhibits(report, document, str) if block["t"] != "Div" or block["c"][0][0] != "refs"
    ]
    found = []
    for leaf in paragraphs(blocks):
        said = re.sub(
            r"\[[\d,–]+\]|: 1,2–30\]|(?:Python|pypandoc-binary) [\d.]+|\d+\.\d+\.\d+|\S+\.ipynb|[a-z]\w*\.[\w.]+",
            "",
            text_of(leaf).replace("\u200b", ""),
        )
        if report.language == "es":
            said = said.translate(str.maketrans(",.", ".,"))
        found.append(sorted(number.rstrip(".,") for number in re.findall(r"[−-]?\d[\d.,]*", said)))
    return found


def paragraphs(node: object) -> Iterator[Node]:
    if isinstance(node, dict) and node["t"] in {"Para", "Plain", "Header"}:
        yield node
    elif isinstance(node, dict):
        yield from paragraphs(node.get("c", []))
    elif isinstance(node, list):
        for part in node:
            yield from paragraphs(part)


@EACH
def test_both_languages_have_the_same_numbers_in_the_same_places(composed: Composed, name: str) -> None:
    for reconstruction in (True, False):
        spanish, english = (numbers(composed(language, reconstruction), name) for language in labels.LANGUAGES)
        assert [pair for pair in zip(spanish, english, strict=True) if pair[0] != pair[1]] == []
        assert sum(map(len, english)) > 30


@EACH
def test_intervals_and_minus_signs_are_written_in_one_way(composed: Composed, name: str) -> None:
    for language in labels.LANGUAGES:
        blocks = with_exhibits(composed(language, True), name, str)
        said = [text_of(leaf) for leaf in paragraphs(blocks) if "doi:" not in text_of(leaf)]
        assert [words for words in said if re.search(r"\d%? – [−\d]|(?<![\w–(\[.,])-\d", words)] == []


@EACH
def test_no_decimal_point_is_left_in_spanish(published: Published, name: str) -> None:
    if published.report.language != "es":
        return
    text = pypandoc.convert_file(published.folder / f"{name}.docx", "plain", extra_args=["--wrap", "none"])
    references = text.index("\nBibliografía\n")
    assert re.findall(r"(?<![\d.])0\.\d+", text[:references].replace("vpresearch 0.1.0", "")) == []


def test_no_row_of_a_patient_is_in_a_report(composed: Composed, shipped: object) -> None:
    ids = composed("en", False)
    assert "reconstructed-" not in text_of([*ids.documents.values()])
    for table in ids.tables.values():
        assert "reconstructed-" not in table.to_csv()


@pytest.mark.parametrize("alone", [True, False])
def test_a_picture_is_drawn_for_one_report_and_taken_by_the_next(
    alone: bool, results: Callable[[bool], Results], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    @made_once
    def draw(results: Results, language: str) -> Figure:
        drawn.append(language)
        return figure2(results, language)

    monkeypatch.setattr(document, "FIGURES", {"figure2": draw})
    monkeypatch.setattr(document, "TABLES", {})
    with shared_by_all(tmp_path):
        first, second = (prepare(results(True), [language], alone=alone)[0] for language in ("es", "es"))
        again, _ = prepare(results(True), ["es", "en"], alone=alone)
        # Beside a run its notebooks take the figure too; alone it would be rendered for nobody.
        draw(results(True), "es")
    assert first.figures == second.figures == again.figures
    assert drawn.count("es") == (2 if alone else 1)
