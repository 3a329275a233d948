"""Headers that are the same with another unit's name, headers with a wrong unit, and near misses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vpresearch.core.dictionary import columns, fold
from vpresearch.core.errors import Problem
from vpresearch.data import examine, load
from vpresearch.reading.headers import (
    _SAME,
    _WRONG,
    _names,
    column_of,
    follow_ups,
    is_computed,
    known_headers,
    match_headers,
    meant,
)
from vpresearch.reading.raw import RawTable

Rows = list[dict[str, str]]
Write = Callable[..., Path]
Refused = Callable[[Path], list[Problem]]


def renamed(rows: Rows, name: str, header: str) -> Rows:
    return [{header if key == name else key: cell for key, cell in row.items()} for row in rows]


def test_no_header_means_two_columns() -> None:
    """With every unit that may stand behind it, a spelling still is that of one column."""
    for column in columns().values():
        for spelling in column.spellings():
            assert _names()[fold(spelling)] == (column.name, "")
            for unit in _SAME.get(column.unit, ()):
                assert _names()[f"{fold(spelling)} {unit}"] == (column.name, "")
            for unit in _WRONG.get(column.unit, ()):
                assert _names()[f"{fold(spelling)} {unit}"] == (column.name, unit)


def test_units_are_those_of_the_dictionary() -> None:
    assert set(_SAME) - {""} == set(_WRONG) == {column.unit for column in columns().values() if column.unit}


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("age_years", "Edad [años]"),
        ("age_years", "EDAD (en años)"),
        ("vertebral_volume_cc", "Volumen vertebral (ml)"),
        ("vertebral_volume_cc", "Volumen vertebral (cm³)"),
        ("vertebral_volume_cc", "volumen  de la vértebra, c.c."),
        ("cement_volume_cc", "Cemento (mL)"),
        ("vas_pre", "EVA previa (0-10)"),
        ("vas_1m", "EAV 1 mes\n(0 a 10)"),
        ("odi_1y", "ODI al año (%)"),
        ("odi_1y", "Oswestry 1 año (0-100)"),
    ],
)
def test_a_unit_in_brackets_is_forgiven(rows: Rows, write: Write, name: str, header: str) -> None:
    assert load(write(renamed(rows, name, header))).rows[name].notna().any()


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("vertebral_volume_cc", "Volumen vertebral (mm3)"),
        ("vertebral_volume_cc", "Volumen vertebral [mm³]"),
        ("cement_volume_cc", "Cemento inyectado (%)"),
        ("age_years", "Edad (meses)"),
        ("vas_pre", "EAV previa (0-100)"),
        ("odi_pre", "Oswestry previo (0-1)"),
    ],
)
def test_a_wrong_unit_in_brackets_is_told(rows: Rows, write: Write, refused: Refused, name: str, header: str) -> None:
    if header.endswith("(%)"):
        header = header.replace("%", "porcentaje")
    (problem,) = refused(write(renamed(rows, name, header)))
    assert (problem.code, problem.row, problem.column) == ("header_unit", None, " ".join(header.split()))
    assert problem.cell is not None
    assert problem.cell.endswith("1")


def test_a_near_miss_of_an_optional_column_is_noted_and_not_read(rows: Rows, write: Write) -> None:
    examined = examine(write(renamed(rows, "complication", "Complicació")))
    assert [(note.code, note.column) for note in examined.notes] == [("ignored_near", "Complicació")]
    assert examined.dataset is not None
    assert "complication" not in examined.dataset.vertebrae


def test_columns_that_are_not_read_are_named(rows: Rows, write: Write) -> None:
    examined = examine(write([{"Hospital": "xyzzy", **row, "Región": "xyzzy", "": ""} for row in rows]))
    assert [note.code for note in examined.notes] == ["computed_column", "ignored_columns"]
    assert "Hospital" in examined.notes[1].message
    assert "xyzzy" not in "".join(map(str, examined.notes))


def test_a_header_is_shown_in_one_short_line_without_escapes(rows: Rows, write: Write, refused: Refused) -> None:
    for row in rows:
        del row["age_years"]
    (problem,) = refused(write([{**row, "Edadd\n\x1b[31m": "1", "x" * 500: "1"} for row in rows]))
    assert problem.code == "missing_column"
    assert "\x1b" not in str(problem)


def test_one_known_word_is_no_header() -> None:
    assert known_headers(["Sexo", "Cirujano"]) == 1
    assert known_headers([None, 3, "Llenado"]) == 0
    assert is_computed("FILL PERCENT (%)")


@pytest.mark.parametrize("header", ["Cemento inyectado (%)", "EAV previa [%]", "Volumen vertebral %"])
def test_a_percent_sign_is_a_unit(header: str) -> None:
    assert "header_unit" in [problem.code for problem in match_headers(RawTable(None, 1, (header,), {})).problems]


def test_a_percent_sign_is_the_unit_of_oswestry() -> None:
    assert dict(match_headers(RawTable(None, 1, ("Oswestry previo (%)", "Llenado (%)"), {})).positions) == {
        "odi_pre": 0
    }


@pytest.mark.parametrize("header", ["EVA 1", "ODI 1", "EAV", "Oswestry"])
def test_a_score_is_not_guessed_where_its_time_is_not_said(header: str) -> None:
    assert meant(header) is None


@pytest.mark.parametrize(
    ("header", "name"),
    [
        *(("VAS 12 months", "vas_1y"), ("ODI 12 months", "odi_1y"), ("PMMA volume (mL)", "cement_volume_cc")),
        *(("PMMA (cc)", "cement_volume_cc"), ("Leak location", "leak_site"), ("Leak severity", "leak_size")),
        *(("Vol vert (ml)", "vertebral_volume_cc"), ("Cant. cemento", "cement_volume_cc"), ("Magnitud", "leak_size")),
        *(("Extravasación", "leak"), ("Nivel tratado", "level"), ("Vértebra tratada", "level")),
        *(("Dolor basal", "vas_pre"), ("EVA anual", "vas_1y"), ("ODI prequirúrgico", "odi_pre")),
        *(("Preop VAS", "vas_pre"), ("Postoperative VAS", "vas_post"), ("VAS 12mo", "vas_1y")),
        *(("EVA alta", "vas_post"), ("Leakage location", "leak_site"), ("ODI final", None)),
        *(("Nivel de dolor", None), ("Dolor 1", None), ("Cantidad", None), ("Contraste (ml)", None)),
    ],
)
def test_a_header_near_a_known_one_is_suggested(header: str, name: str | None) -> None:
    assert meant(header) == name


@pytest.mark.parametrize(
    "header", ["Fuga (Sí/No)", "Fuga S/N", "Leak [0/1]", "Nueva fractura 1 año (Sí/No)", "Sexo (M/F)"]
)
def test_the_answers_may_stand_in_a_header(header: str) -> None:
    assert column_of(header) in {"leak", "new_fracture_1y", "sex"}


def test_cement_by_side_is_to_be_added_up(rows: Rows, write: Write, refused: Refused) -> None:
    for row in rows:
        half = str(float(row.pop("cement_volume_cc")) / 2)
        row |= {"Cemento derecho (cc)": half, "Cemento izquierdo (cc)": half}
    (problem,) = refused(write(rows))
    assert (problem.code, problem.wording) == ("missing_column", "cement_by_side")
    assert "Cemento derecho (cc), Cemento izquierdo (cc)" in problem.message


def test_a_column_that_must_go_is_not_named_as_unread(rows: Rows, write: Write) -> None:
    examined = examine(write([{**row, "Fecha IQ": "12/03/2020"} for row in rows]))
    assert [problem.code for problem in examined.problems] == ["identifier"]
    assert examined.notes == ()


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("vas_3m", "EVA 3 meses"),
        ("vas_3m", "VAS_M3"),
        ("vas_3m", "3-month VAS"),
        ("vas_6m", "EAV a los seis meses (0-10)"),
        ("vas_6w", "VAS at 6 weeks"),
        ("vas_1d", "EVA 24 h"),
        ("vas_2y", "Dolor 24 meses"),
        ("odi_6m", "Oswestry (6 meses) %"),
        ("odi_2y", "ODI al segundo año"),
    ],
)
def test_a_score_may_be_of_any_time(name: str, header: str) -> None:
    assert follow_ups(RawTable(None, 1, ("Sexo", header), {})) == {name: header}


@pytest.mark.parametrize(
    "header",
    [
        *("EVA 3", "EVA 1 mes", "EVA 3-6 meses", "EVA 12 h", "EVA 3 meses cadera", "Analgesia 3 meses", "EVA 0 días"),
        *(f"EVA {'9' * 5000} meses", "EVA 1000 meses", "EVA \u1369 meses"),
    ],
)
def test_what_is_no_score_at_one_time_is_none(header: str) -> None:
    assert follow_ups(RawTable(None, 1, (header,), {})) == {}
