from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pypandoc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parts import of
from vpresearch.data import Dataset
from vpresearch.figures import FIGURES, Figure
from vpresearch.parallel.cache import shared_by_all
from vpresearch.published import Paper
from vpresearch.render import labels
from vpresearch.render.pandoc import text_of, write
from vpresearch.report.blocks import CHECKLISTS, PORTRAIT, _widths, checklist_table, table_block, with_notes
from vpresearch.results import Results
from vpresearch.scorecard import Note, Row, cause, scorecard
from vpresearch.tables import TABLES, Table, differences_table, table3

NASTY = '<b>&amp; "x" 5% a_b #1 $2</b> #set page() [x] *y* `z` @q 1. -2 \\'


@given(st.lists(st.lists(st.text("ab c._", max_size=60), min_size=3, max_size=3), min_size=1, max_size=9))
def test_columns_share_the_page_and_none_vanishes(columns: list[list[str]]) -> None:
    widths = _widths(columns, PORTRAIT)
    assert sum(widths) <= 1 + 1e-9
    assert min(widths) > 0


@pytest.mark.parametrize("form", ["html5", "typst", "docx"])
def test_words_in_a_cell_are_never_markup(form: str, tmp_path: Path) -> None:
    shown = pd.DataFrame({NASTY: [NASTY, "plain"], "other": ["1", "2"]})
    table = Table("nasty", shown, shown, NASTY, "en", True, (NASTY,), (0,))
    written = write(with_notes(table_block(table, table.caption), table.notes), form)
    path = tmp_path / "nasty"
    path.write_bytes(written)
    reader = {"html5": "html", "typst": "typst", "docx": "docx"}[form]
    read = json.loads(pypandoc.convert_file(path, "json", format=reader))
    assert text_of(read["blocks"]).replace("\u200b", "").count(NASTY) == 4


def test_heads_that_span_are_written_once(shipped: Dataset) -> None:
    table = table3(Results(shipped), "en")
    page = write([table_block(table, "Table 3. c")], "html5").decode()
    assert page.count('colspan="4"') == 1
    assert page.count('colspan="2"') >= 2
    assert page.count(labels.text("report.reconstruction", "en")) == 1


# -- what differs ------------------------------------------------------------------------------------------------------


def row_of(paper: Paper, shipped: Dataset, claim: str, **changes: object) -> Row:
    row = next(row for row in scorecard(paper, shipped) if row.claim.id == claim)
    return replace(row, **changes)  # type: ignore[arg-type]


def test_the_cause_is_told(paper: Paper, shipped: Dataset) -> None:
    row = row_of(paper, shipped, "table3.cement_volume.p", verdict="differs")
    computed = replace(row.computed, value=0.9)
    for codes, expected in (
        (["other_test"], "test"),
        (["other_unit"], "unit"),
        (["p_unattainable"], "impossible"),
        ([], "unexplained"),
    ):
        notes = tuple(Note(code, {}) for code in ["differs", *codes])
        assert cause(replace(row, reasons=notes, computed=computed), shipped) == expected
    assert cause(replace(row, reasons=(), computed=replace(row.computed, value=0.2679)), shipped) == "truncation"
    assert cause(replace(row, verdict="not computable"), shipped) == "not_computable"
    assert cause(replace(row, verdict="reproduced"), shipped) is None


@pytest.mark.parametrize("language", ["es", "en"])
def test_all_that_differs_is_listed_and_its_causes_counted(
    paper: Paper, studies: dict[str, Dataset], language: str
) -> None:
    rows = scorecard(paper, studies["plain"])
    table = differences_table(of(studies["plain"], rows=rows), language)
    causes = Counter(why for row in rows if (why := cause(row, studies["plain"])))
    assert len(table.data) == len(table.shown) == causes.total() > 18
    assert table.caption.endswith(f"(n = {causes.total()})")
    for why, n in causes.items():
        assert f"{labels.text(f'cause.{why}', language)}, {n}" in table.notes[2]
    assert not table.shown.stack().str.contains(r"[a-z]+\.[a-z_0-9]+\.[a-z]+").any(), "a key is no word"
    # Extremes too: printed as the paper prints them, computed with the language's decimal mark.
    other = "," if language == "en" else "."
    assert not table.shown.iloc[:, 3].str.contains(other, regex=False).any()
    assert differences_table(of(studies["plain"], rows=[]), language).shown.empty


def test_a_missing_score_is_told_as_such(paper: Paper, shipped: Dataset) -> None:
    patients = shipped.patients.copy()
    patients.loc[patients.index[0], "vas_1y"] = math.nan
    lost = replace(shipped, patients=patients, reconstruction=False)
    row = next(row for row in scorecard(paper, lost) if row.claim.id == "cohort.follow_up.n")
    assert cause(row, lost) == "missing"
    assert list(differences_table(of(lost, rows=[row]), "es").shown["Motivo"]) == ["Falta 1 valor."]


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_no_complication_is_no_missing_value(paper: Paper, shipped: Dataset, language: str) -> None:
    vertebrae = shipped.vertebrae.assign(complication=None)
    none = replace(shipped, vertebrae=vertebrae, reconstruction=False)
    row = next(row for row in scorecard(paper, none) if row.claim.id == "results.complications.n")
    assert row.computed.value == 0
    assert cause(row, none) == "unexplained"
    reasons = differences_table(of(none, rows=[row]), language).shown[labels.text("word.reason", language)]
    assert list(reasons) == [labels.text("report.no_reason", language)]


# -- strobe and the kept audit -----------------------------------------------------------------------------------------


def test_an_item_without_its_section_is_refused(composed: Callable[[str, bool], object]) -> None:
    for name in CHECKLISTS:
        with pytest.raises(KeyError):
            checklist_table(name, {}, "en")


def test_either_list_has_its_items(composed: Callable[[str, bool], object]) -> None:
    report = composed("es", True)
    for name, n in (("strobe", 22), ("tripod", 27)):
        assert list(report.tables[name].data["item"]) == list(range(1, n + 1))  # type: ignore[attr-defined]


def test_values_have_no_patient(results: Callable[[bool], Results]) -> None:

    from vpresearch.report.values import values, write

    known = values(results(True), {name: make(results(True), "en") for name, make in TABLES.items()}, {})
    assert not any("reconstructed-" in f"{key} {value}" for key, value in known.items())
    assert known["table3.cement_volume_cc.mean_no_leak"] == pytest.approx(1.95, abs=0.005)
    assert write(known["models.gee_kc.fill_percent.or"], "or", "en") == "1.08"
    assert write(known["leak_risk.gee_kc.difference_10_5.estimate"], "pp", "en") == "8.5"


def test_a_report_takes_every_figure_that_the_run_has_drawn(
    results: Callable[[bool], Results], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Figure, "to_bytes", lambda *_: b"")
    with shared_by_all(tmp_path):
        first, again = ({name: make(results(True), "es") for name, make in FIGURES.items()} for _ in range(2))
    assert all(hasattr(figure, "canvas") for figure in first.values())
    assert not any(hasattr(figure, "canvas") for figure in again.values())
