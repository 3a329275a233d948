from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from vpresearch.core.compendium import read_compendium
from vpresearch.core.errors import words as words_of
from vpresearch.data import Dataset
from vpresearch.privacy import withhold
from vpresearch.published import Paper
from vpresearch.render import labels
from vpresearch.review import write_pages
from vpresearch.scorecard import Verdict, scorecard

LANGUAGES = ("es", "en")
RECORD = (
    '{"data": {"sha256": "ab"}, "parameters": {"language": "en", "alpha": 0.05}, "python": "3.11.2", '
    '"versions": {"numpy": "2.3.0"}}'
)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    (tmp_path / "run.json").write_text(RECORD, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    shown = {
        "id": "02-11",
        "cell_type": "code",
        "outputs": [{"data": {"text/html": "<caption>A &lt; B<br>no</caption>"}}],
    }
    (tmp_path / "notebooks" / "02_leaks.ipynb").write_text(json.dumps({"cells": [shown]}), encoding="utf-8")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "table3.csv").touch()
    return tmp_path


def pages(records: Path, dataset: Dataset, paper: Paper, language: str) -> dict[str, str]:
    made = write_pages(records, records, paper, scorecard(paper, dataset), dataset, read_compendium(), language)
    return {path.name: path.read_text(encoding="utf-8") for path in made}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_says_that_the_data_are_a_reconstruction(
    language: str, records: Path, shipped: Dataset, paper: Paper
) -> None:
    words = {"es": "ninguna fila es un paciente", "en": "no row is a patient"}[language]
    for name, page in pages(records, shipped, paper, language).items():
        if name.endswith(".html"):
            assert f'<header class="page-banner">Datos reconstruidos: {words}' in page or (
                f'<header class="page-banner">Reconstructed data: {words}' in page
            )
            assert f'<html lang="{language}">' in page
    real = replace(shipped, reconstruction=False)
    assert not any(
        "page-banner" in page.split("<body>")[1]
        for page in pages(records, real, paper, "en").values()
        if "<body>" in page
    )


def test_the_scorecard_links_every_number(records: Path, shipped: Dataset, paper: Paper) -> None:
    page = pages(records, shipped, paper, "en")["scorecard.html"]
    for claim in paper.claims:
        (row,) = re.findall(rf'<tr id="{re.escape(claim.id)}">(.*?)</tr>', page, re.S)
        assert 'href="../notebooks/05_scorecard.html#cell-id=05-07"' in row
        assert 'href="functions.html#vpresearch.' in row


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_links_stand_after_the_verdict_and_keys_can_be_copied(
    language: str, records: Path, shipped: Dataset, paper: Paper
) -> None:
    page = pages(records, shipped, paper, language)["scorecard.html"]
    header = re.findall(r'<th scope="col">(.*?)</th>', page)
    named = ("word.verdict", "review.cell", "review.made", "word.method", "word.reason")
    assert header[4:] == [labels.text(name, language) for name in named]
    (row,) = re.findall(r'<tr id="table3.cement_volume.p">(.*?)</tr>', page, re.S)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
    assert "<code>table3.cement_volume.p</code>" in cells[0]
    assert {"es": "tabla 3, ", "en": "table 3, "}[language] in cells[0]
    assert ["href=" in cell for cell in cells] == [n in {5, 6} for n in range(len(header))]
    assert "<wbr>" not in page
    # What the reader came for stands on top.
    assert page.index('<tr id="table3.vertebral_volume.p">') < page.index('<tr id="cohort.patients.n">')


def tables_beside(page: str) -> dict[str, list[list[str]]]:
    """The tables of a page by their heading, as rows of cells without marks."""
    found = {}
    for heading, body in re.findall(r"<h2>(.*?)</h2>(.*?</table>)", page, re.S):
        rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
        found[heading] = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S) for row in rows]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_papers_tables_stand_beside_ours_cell_by_cell(
    language: str, records: Path, shipped: Dataset, paper: Paper
) -> None:
    page = pages(records, shipped, paper, language)["cells.html"]
    found = list(tables_beside(page).values())
    # Lines and columns as the paper has them: levels and regions; two volumes; two by leak; three times by leak.
    assert [(len(rows) - 1, len(rows[0]) - 1) for rows in found] == [(11, 2), (2, 4), (2, 5), (3, 5)]
    assert all(cell for rows in found[1:] for row in rows[1:] for cell in row)
    # Every number that the paper has in a table is there once in it, and leads to its verdict.
    for number in range(1, 5):
        section = page.split("<h2>")[number]
        there = sorted(re.findall(r'href="scorecard\.html#([^"]+)"', section))
        assert there == sorted(claim.id for claim in paper.claims if f"table {number}" in claim.places)
    # The p of the volume, which alone cannot be attained, is the one that is marked.
    (marked,) = re.findall(r'<div class="decisive">(.*?)</div>', page, re.S)
    assert found[2][1][5] == f'<div class="decisive">{marked}</div>'
    assert re.match(r"<strong>0[.,]466</strong> 0[.,]465", marked)
    assert labels.text("verdict.unattainable", language) in marked


def test_a_cell_that_is_withheld_shows_no_number(records: Path, shipped: Dataset, paper: Paper) -> None:
    rows = withhold(scorecard(paper, shipped), shipped, 5)
    write_pages(records, records, paper, rows, shipped, read_compendium(), "en")
    page = (records / "review" / "cells.html").read_text(encoding="utf-8")
    hidden = [row.claim.id for row in rows if row.verdict == "withheld" and "table 1" in row.claim.places]
    assert hidden
    for claim in hidden:
        assert re.search(rf'<strong>\S+</strong> <br><a href="scorecard.html#{re.escape(claim)}">withheld</a>', page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_begins_with_the_paper_and_what_matters_first(
    language: str, records: Path, shipped: Dataset, paper: Paper
) -> None:
    page = pages(records, shipped, paper, language)["index.html"]
    before = page.split("<h2>")[0]
    assert paper.about["title"] in before
    assert paper.about["authors"] in before
    told = re.findall(r'<p class="first">.*?</p>', before)
    assert len(told) == 1
    assert "scorecard.html#table3.vertebral_volume.p" in told[0]
    assert "0,466" in told[0] or "0.466" in told[0]
    assert labels.text("means.unattainable", language) in page


def test_every_verdict_has_its_meaning() -> None:
    for language in LANGUAGES:
        assert set(words_of(language)["means"]) == set(get_args(Verdict))


def test_an_exhibit_has_its_title_its_cell_its_function_and_its_files(
    records: Path, shipped: Dataset, paper: Paper
) -> None:
    made = pages(records, shipped, paper, "en")
    (entry,) = re.findall(r'<li id="tables/table3">.*?</li>', made["index.html"], re.S)
    assert "<strong>A &lt; B</strong>" in entry
    assert 'href="../notebooks/02_leaks.html#cell-id=02-11"' in entry
    assert 'href="functions.html#vpresearch.tables.paper.table3"' in entry
    assert 'id="vpresearch.tables.paper.table3"' in made["functions.html"]
    (records / "tables" / "table3.html").touch()
    preview = '<iframe src="../tables/table3.html" title="A &lt; B" loading="lazy">'
    assert preview in pages(records, shipped, paper, "en")["index.html"]


def test_the_index_lists_what_was_made(records: Path, shipped: Dataset, paper: Paper) -> None:
    page = pages(records, shipped, paper, "en")["index.html"]
    assert 'href="../tables/table3.csv"' in page
    assert "table3.html" not in page
    assert "01_cohort" not in page
    assert shipped.sha256 in page
    assert "numpy 2.3.0" in page
    assert "Report" not in page
    # A public run records no digest of the data, which would let anybody try a guess of them.
    (records / "run.json").write_text(RECORD.replace('"sha256": "ab"', ""), encoding="utf-8")
    assert shipped.sha256 not in pages(records, shipped, paper, "en")["index.html"]
    (records / "report" / "en").mkdir(parents=True)
    (records / "report" / "en" / "manuscript.html").touch()
    assert 'href="../report/en/manuscript.html"' in pages(records, shipped, paper, "en")["index.html"]


def test_where_each_number_comes_from_is_there_for_a_machine(records: Path, shipped: Dataset, paper: Paper) -> None:
    rows = list(csv.DictReader(io.StringIO(pages(records, shipped, paper, "es")["origins.csv"])))
    assert {row["claim"] for row in rows} == {claim.id for claim in paper.claims}
    (shown, _) = [row for row in rows if row["claim"] == "table3.cement_volume.p"]
    assert (shown["notebook"], shown["cell"]) == ("02_leaks.ipynb", "02-11")
    assert shown["functions"].split()[0] == "vpresearch.inference.protocol.compare_by_leak"


def test_a_public_page_hides_what_is_withheld(records: Path, shipped: Dataset, paper: Paper) -> None:
    rows = withhold(scorecard(paper, shipped), shipped, 5)
    hidden = [row for row in rows if row.verdict == "withheld"]
    assert hidden
    write_pages(records, records, paper, rows, shipped, read_compendium(), "en")
    page = (records / "review" / "scorecard.html").read_text(encoding="utf-8")
    for row in hidden:
        (cells,) = re.findall(rf'<tr id="{re.escape(row.claim.id)}">(.*?)</tr>', page, re.S)
        assert re.findall(r"<td[^>]*>(.*?)</td>", cells)[3] == ""
