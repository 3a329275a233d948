"""Cells typed: what is accepted is the number or word that stands there, and nothing else passes."""

from __future__ import annotations

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import LANGUAGES, tell, told
from vpresearch.reading.cells import convert, said_empty, says_missing, type_cells
from vpresearch.reading.raw import RawTable, Unreadable, letter


@given(st.decimals(-1000, 1000, places=3), st.sampled_from(".,"), st.sampled_from(["", " ", "\t"]))
def test_a_number_is_read_as_it_is_written(value: object, mark: str, blank: str) -> None:
    written = f"{blank}{value:f}{blank}".replace(".", mark)
    assert convert(written, columns()["vas_pre"]) == (float(f"{value:f}"), None)


@given(st.one_of(st.text(max_size=8), st.floats(), st.integers(), st.booleans(), st.dates(), st.none()))
def test_a_cell_is_either_read_or_told(cell: object) -> None:
    for column in columns().values():
        value, fault = convert(cell, column)
        assert fault is None or value is None
        assert fault is not None or value is not None or column.may_be_empty or not str(cell).strip("-–— ")


@pytest.mark.parametrize("name", columns())
@pytest.mark.parametrize(
    "cell", [datetime.date(2020, 1, 2), datetime.time(3), datetime.timedelta(1), Unreadable("date")]
)
def test_a_date_is_a_date_in_every_column(name: str, cell: object) -> None:
    value, fault = convert(cell, columns()[name])
    assert value is None
    assert fault is not None
    if isinstance(cell, Unreadable):
        expected = "date"
    elif columns()[name].kind != "number":
        expected = "date_for_text"
    else:
        born = name == "age_years" and isinstance(cell, datetime.date)
        expected = "date_of_birth" if born else "date"
    assert (fault[0], fault[1].get("wording", "date")) == ("date", expected)


@given(st.integers(0, 20_000))
def test_columns_are_named_as_openpyxl_names_them(position: int) -> None:
    from openpyxl.utils import get_column_letter

    if position < 18_278:
        assert letter(position) == get_column_letter(position + 1)


@pytest.mark.parametrize("doubt", ["Sí?", "¿Sí", "-1", "+1", "~no", "<1"])
def test_a_word_with_a_doubt_is_none_of_the_accepted(doubt: str) -> None:
    assert convert(doubt, columns()["leak"])[1] is not None


@pytest.mark.parametrize("odd", [10**400, float("inf"), "٣", True])
def test_what_only_looks_like_a_number_is_none(odd: object) -> None:
    assert convert(odd, columns()["age_years"]) == (None, ("not_a_number", {"unit": "years"}))


@pytest.mark.parametrize(
    ("written", "wording", "words"),
    [
        ("1.234,5", "number_with_thousands", "millares"),
        (" -1,234.56", "number_with_thousands", "millares"),
        ("1.234.567", "number_with_thousands", "millares"),
        ("30/5", "date_or_fraction", "fracción"),
        ("3/5/2020", "date_of_birth", "nacimiento"),
        ("2020-5-3", "date_of_birth", "nacimiento"),
        ("2-mar", "date_or_fraction", "fecha"),
        ("2-mar-1951", "date_of_birth", "nacimiento"),
        ("3.4.5", "several_numbers", "varios"),
        ("7'4", "number_misspelt", "bien escrito"),
        ("7 ,4", "number_misspelt", "bien escrito"),
        ("7,,4", "number_misspelt", "bien escrito"),
        ("74.", "number_misspelt", "bien escrito"),
        ("1 958", "number_misspelt", "bien escrito"),
        ("7O", "letter_for_digit", "letra"),
        ("l4,5", "letter_for_digit", "letra"),
        ("lo", None, "no contiene un número"),
        ("7-8", "number_range", "intervalo"),
        ("7 a 8", "number_range", "intervalo"),
        ("entre 7 y 8", "number_range", "intervalo"),
        ("de 7 hasta 8", "number_range", "intervalo"),
        ("74±2", "approximate", "duda"),
        ("≈ 74", "approximate", "duda"),
        ("aprox. 74,5", "approximate", "duda"),
        ("74 (más o menos)", "approximate", "duda"),
        ("about 74", "approximate", "duda"),
        ("74?", "approximate", "duda"),
        ("<74", "only_a_limit", "límite"),
        ("más de 74", "only_a_limit", "límite"),
        ("at least 74", "only_a_limit", "límite"),
        ("74 años", "number_and_text", "además"),
        ("7 meses", "number_in_other_unit", "otra unidad"),
        ("74 (8 con tutor)", "several_numbers", "varios"),
        ("mayor", None, "no contiene un número"),
        ("n.d.", "missing_word", "falta"),
    ],
)
def test_a_number_written_otherwise_is_told_as_what_it_seems(written: str, wording: str | None, words: str) -> None:
    value, fault = convert(written, columns()["age_years"])
    assert (value, fault) == (None, ("not_a_number", {"unit": "years"} | ({"wording": wording} if wording else {})))
    assert fault is not None
    assert words in told(tell(fault[0], **fault[1]), "es").message  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "written", ["T12", "t 12", "D-12", "T.12", "Th 12", " T12\xa0", "Dorsal 12", "vértebra torácica 12", "Thoracic 12"]
)
def test_a_vertebra_is_known_with_a_gap(written: str) -> None:
    assert convert(written, columns()["level"]) == ("T12", None)


@pytest.mark.parametrize("written", ["T 1 2", "1 2", "T12 L1", "T12*", "D13", "L6", "Dorsal 12 y lumbar 1", "dolor 12"])
def test_what_may_be_another_vertebra_is_none(written: str) -> None:
    assert convert(written, columns()["level"])[0] is None


@pytest.mark.parametrize(
    ("cells", "rows"),
    [
        (["24,8", "1.234", "30"], [3]),
        (["24.8", "1,234", "-2,500"], [3, 4]),
        (["24.812", "1.234", "30"], []),
        (["24,8", "1,234", 1.234], []),
        (["24,8", "1.2", "12.3456"], []),
    ],
)
def test_thousands_are_not_taken_for_decimals(cells: list[object], rows: list[int]) -> None:
    raw = RawTable(None, 1, ("Volumen",), {row: (cell,) for row, cell in enumerate(cells, start=2)})
    _, problems = type_cells(raw, {"vertebral_volume_cc": 0})
    assert [problem.row for problem in problems if problem.code == "two_marks"] == rows


_MISSING = [
    "NA",
    "-",
    "—",
    ".",
    "N/C",
    "s/d",
    "n.d.",
    "nd",
    "?",
    "#N/A",
    "#NULL!",
    "sin dato",
    "No consta",
    "null",
    "NaN",
]
_OTHER_WORDS = ["Éxitus", "lost to follow-up", "no acude", "x"]
_OPTIONAL = [name for name, column in columns().items() if column.may_be_empty and column.kind != "text"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", _OPTIONAL)
def test_of_a_missing_value_the_first_advice_is_to_leave_the_cell_empty(name: str, language: str) -> None:
    first = {"es": r"(Si falta el dato, d|D|Si no consta, d)eje la celda vacía", "en": r"(.*, l|L)eave the cell empty"}
    for written in _MISSING + (_OTHER_WORDS if columns()[name].kind == "number" else ["999", -99, 99.0]):
        value, fault = convert(written, columns()[name])
        assert value is None
        assert fault is not None
        assert re.match(first[language], told(tell(fault[0], **fault[1]), language).remedy), written  # type: ignore[arg-type]


@pytest.mark.parametrize("written", [*_MISSING, float("nan")])
@pytest.mark.parametrize("name", ["age_years", "cement_volume_cc", "vertebral_volume_cc", "sex"])
def test_where_no_value_may_be_missing_nobody_is_told_to_leave_the_cell_empty(name: str, written: object) -> None:
    fault = convert(written, columns()[name])[1]
    assert fault is not None
    assert "empty" not in tell(fault[0], **fault[1]).remedy  # type: ignore[arg-type]
    if "#" not in str(written):
        assert fault[1]["wording"] == "missing_word"


@pytest.mark.parametrize("written", ["-", "N/A", "?", "No consta"])
def test_a_word_for_a_missing_code_is_no_patient(written: str) -> None:
    assert convert(written, columns()["patient_id"]) == (None, ("missing_value", {"wording": "missing_word"}))


@pytest.mark.parametrize("written", ["ND", "SD", 99, "999"])
def test_initials_and_numbers_are_codes_of_patients(written: object) -> None:
    assert convert(written, columns()["patient_id"]) == (str(written), None)


@pytest.mark.parametrize("written", ["ídem", '"', "''", "”", '-"-', "Igual", "ditto", "same as above"])
def test_what_refers_to_the_row_above_is_not_missing(written: str) -> None:
    for column in columns().values():
        assert convert(written, column) == (None, ("same_as_above", {})), column.name
    assert not says_missing(written)
    raw = RawTable(None, 1, ("Complicación",), {2: (written,)})
    assert said_empty(raw, {"complication": 0}) == (raw, [])


@pytest.mark.parametrize("written", ["+", "+++", "✓", "♀", "†", "☒"])
def test_signs_that_may_mean_something_are_not_missing(written: str) -> None:
    assert not says_missing(written)
    raw = RawTable(None, 1, ("Fuga", "Tamaño"), {2: ("No", written), 3: ("Sí", written)})
    assert said_empty(raw, {"leak": 0, "leak_size": 1}) == (raw, [])
    fault = convert(written, columns()["vas_post"])[1]
    assert fault is not None
    assert fault[1]["wording"] == "no_number_or_empty"


@pytest.mark.parametrize(
    ("name", "written", "wording"),
    [
        ("vas_post", "3/10", "fraction_of_points"),
        ("vas_post", "3 de 10", "fraction_of_points"),
        ("odi_pre", "12/50", "fraction_of_percent"),
        ("odi_pre", "12 sobre 50", "fraction_of_percent"),
        ("odi_pre", "24 %", "number_and_text"),
        ("vas_post", "30 %", "number_in_other_unit"),
        ("vas_post", "30 mm", "number_in_other_unit"),
        ("vas_post", "8→3", "several_numbers"),
        ("vertebral_volume_cc", "24,8 cm³", "number_and_text"),
        ("vertebral_volume_cc", "24800 mm3", "number_in_other_unit"),
        ("vertebral_volume_cc", "0,0248dm³", "number_in_other_unit"),
        ("cement_volume_cc", "2,5cc", "number_and_text"),
        ("cement_volume_cc", "2,5 g", "number_in_other_unit"),
        ("cement_volume_cc", "2 000", "number_misspelt"),
        ("cement_volume_cc", "2, 5", "number_misspelt"),
        ("cement_volume_cc", "1/2", "date_or_fraction"),
        ("cement_volume_cc", "max. 3", "only_a_limit"),
    ],
)
def test_a_measurement_written_otherwise_is_told_as_what_it_seems(name: str, written: str, wording: str) -> None:
    fault = convert(written, columns()[name])[1]
    assert fault is not None
    assert (fault[0], fault[1].get("wording")) == ("not_a_number", wording)


@pytest.mark.parametrize(("written", "value"), [("1.0", "yes"), ("0,0", "no"), ("1.5", None), ("2.0", None)])
def test_codes_with_a_decimal_nought_are_codes(written: str, value: str | None) -> None:
    assert convert(written, columns()["leak"])[0] == value


@pytest.mark.parametrize(
    "written",
    [
        *("1,5+1,2", "2 / 1.5", "2/2", "1,5 y 1,2", "D 1,5 / I 1,2", "1.5 R, 1.2 L", "1,5-1,2", "2+2 = 4"),
        *("2 cc por lado", "1,5 cada pedículo", "1.5 per side", "2 bilateral"),
    ],
)
def test_two_amounts_of_cement_are_told_as_such(written: str) -> None:
    fault = convert(written, columns()["cement_volume_cc"])[1]
    assert fault == ("not_a_number", {"unit": "cc", "wording": "several_amounts"})
    assert "suma" in told(tell(fault[0], **fault[1]), "es").remedy


@pytest.mark.parametrize(
    "written",
    [
        *("1,2-1,5", "2 a 3", "3.4.5", "2 cc (lote 12)", "3/5/2020", "≈2,5", "2,,5", "1/2", "2 000", "4 total"),
        "2,5 (12/03/2021)",
    ],
)
def test_other_numbers_of_cement_are_not_to_be_added(written: str) -> None:
    fault = convert(written, columns()["cement_volume_cc"])[1]
    assert fault is not None
    assert fault[1].get("wording") != "several_amounts"


@pytest.mark.parametrize(
    ("name", "written", "wording"),
    [
        ("leak_site", "Posterior y disco", "several_categories"),
        ("leak_site", "Vascular/Discal", "several_categories"),
        ("level", "T12-L1", "several_levels"),
        ("leak_site", "Ninguna", "leak_denied"),
        ("leak_size", 0, "leak_denied"),
        ("leak_size", "enorme", "category_else_empty"),
        ("leak", "Disco", "leak_of_a_kind"),
        ("leak", "posterior masiva", "leak_of_a_kind"),
    ],
)
def test_an_unknown_word_is_told_as_what_it_seems(name: str, written: object, wording: str) -> None:
    fault = convert(written, columns()[name])[1]
    assert fault is not None
    assert (fault[0], fault[1]["wording"]) == ("unknown_category", wording)


@pytest.mark.parametrize("written", ["sin dolor", "No pain", "Asintomático", "nada"])
def test_a_word_for_no_pain_is_offered_a_zero(written: str) -> None:
    for name in ("vas_pre", "odi_1y"):
        told = {"unit": columns()[name].unit, "wording": "none_in_words"}
        assert convert(written, columns()[name])[1] == ("not_a_number", told)


@pytest.mark.parametrize("language", LANGUAGES)
def test_accepted_words_are_those_of_one_language(language: str) -> None:
    for name, column in columns().items():
        fault = convert("xyzzy", column)[1]
        if column.kind == "category":
            assert fault is not None
            said = told(tell(fault[0], **fault[1]), language).remedy  # type: ignore[arg-type]
            assert ", ".join(level.labels[language] for level in column.levels) in said, name


_NO_LEAK = [
    "-",
    "NA",
    "No procede",
    "Ninguna",
    "no aplica",
    "n/a",
    "none",
    "sin fuga",
    "No hay",
    0,
    False,
    "999",
    9,
    "—",
]


@pytest.mark.parametrize("written", _NO_LEAK)
def test_words_for_no_leak_are_read_as_empty_where_there_is_none(written: object) -> None:
    rows = {2: ("No", written, written), 3: ("Sí", written, "Masiva"), 4: ("no", written, None), 5: ("?", written, "-")}
    raw = RawTable(None, 1, ("Fuga", "Localización", "Tamaño"), rows)
    kept, notes = said_empty(raw, {"leak": 0, "leak_site": 1, "leak_size": 2})
    assert kept.rows == {
        2: ("No", None, None),
        3: ("Sí", written, "Masiva"),
        4: ("no", None, None),
        5: ("?", None, None),
    }
    assert [(note.code, note.column, note.values["n"]) for note in notes] == [
        ("taken_as_empty", "Localización", 2),
        ("taken_as_empty", "Tamaño", 1),
    ]


@pytest.mark.parametrize("written", ["Disco", "quizá", "vascular", 3, datetime.date(2020, 1, 2)])
def test_what_denies_no_leak_stays(written: object) -> None:
    raw = RawTable(None, 1, ("Fuga", "Localización"), {2: ("No", written)})
    assert said_empty(raw, {"leak": 0, "leak_site": 1}) == (raw, [])


def test_signs_for_no_complication_are_no_complication() -> None:
    cells = ["-", "NA", "No procede", "Ninguna", "", "sin fuga, hematoma", "No", "Neuritis", None]
    raw = RawTable(None, 1, ("Complicación",), {row: (cell,) for row, cell in enumerate(cells, start=2)})
    kept, (note,) = said_empty(raw, {"complication": 0})
    assert (note.code, note.values["n"]) == ("taken_as_none", 3)
    table, problems = type_cells(kept, {"complication": 0})
    assert problems == []
    assert table["complication"].dropna().tolist() == ["sin fuga, hematoma", "Neuritis"]


def test_a_number_that_may_have_thousands_breaks_no_rule() -> None:
    raw = RawTable(None, 1, ("Volumen",), {2: ("24,8",), 3: ("1.234",)})
    table, _ = type_cells(raw, {"vertebral_volume_cc": 0})
    assert table["vertebral_volume_cc"].dropna().tolist() == [24.8]


@pytest.mark.parametrize("mark", ["x", "X", "✓", "✗", "+"])
def test_a_mark_is_no_word_and_the_empty_cells_beside_it_may_mean_no(mark: str) -> None:
    for name in ("leak", "new_fracture_1y"):
        fault = convert(mark, columns()[name])[1]
        assert fault is not None
        assert fault[1]["wording"] == "tick_mark"
    assert "celdas vacías" in told(tell("unknown_category", wording="tick_mark"), "es").remedy


@pytest.mark.parametrize(
    ("cells", "told_of"),
    [((1, 2, 2), [2, 3, 4]), ((1, "2", "No"), [2, 3]), ((1, 0, 1), []), ((1, 2, 0), [3]), ((1, "No", 1), [])],
)
def test_one_and_two_are_a_code_that_nobody_knows(cells: tuple[object, ...], told_of: list[int]) -> None:
    raw = RawTable(None, 1, ("Fuga",), {row: (cell,) for row, cell in enumerate(cells, 2)})
    table, problems = type_cells(raw, {"leak": 0})
    assert [problem.row for problem in problems] == told_of
    assert table["leak"].isna().sum() == len(told_of)


def test_an_empty_column_is_one_whose_colours_are_not_read() -> None:
    raw = RawTable(None, 1, ("Fuga", "Edad"), {2: (None, 70), 3: ("", None)})
    _, problems = type_cells(raw, {"leak": 0, "age_years": 1})
    assert [(problem.column, problem.wording) for problem in problems] == [
        *(("Fuga", "empty_column"), ("Fuga", "empty_column")),
        ("Edad", "missing_value"),
    ]
