"""The report on a file: what is wrong, where, how many values there are, and never which."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import InputError, listed
from vpresearch.data import examine, load
from vpresearch.published import Paper
from vpresearch.render.labels import LANGUAGES
from vpresearch.scorecard import scorecard
from vpresearch.workbook.validation import as_json, presence, remarks, report

Rows = list[dict[str, str]]
Book = Callable[..., Path]


def test_a_good_file_is_counted(workbook: Book) -> None:
    written = report(examine(workbook()), "es").splitlines()
    assert written[0] == "study.xlsx: 3 pacientes, 5 vértebras, 2 fugas. Ningún problema."
    assert "  EAV un año: 2 de 3 pacientes; falta 1; mínimo 3, mediana 3,5, máximo 4" in written
    assert "  Nivel: 5 de 5 vértebras" in written
    assert "  Localización de la fuga: 2 de 2 fugas" in written
    assert not any("Complicación" in line for line in written)


def test_one_is_counted_in_the_singular(rows: Rows, write: Callable[..., Path]) -> None:
    leak = next(row for row in rows if row["leak"] == "yes")
    for language, line in (("es", "  Localización de la fuga: 1 de 1 fuga"), ("en", "  Leak site: 1 of 1 leak")):
        assert line in report(examine(write([leak])), language).splitlines()


def test_a_faulty_file_is_listed_with_notes(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet["C4"], sheet["U1"] = 130, "Hospital"

    written = report(examine(workbook(change)), "en")
    assert "sheet Datos, cell C4, column Edad (value: 130): The value is above the maximum of 120 years." in written
    assert (
        "To know (no reason to refuse the file):\n  - These columns are not read and enter no result: Hospital."
        in written
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_that_may_be_a_name_is_said(workbook: Book, rows: Rows, language: str) -> None:
    def change(sheet: Any) -> None:
        for column in "BCDEFGHIJK":
            sheet[f"{column}4"] = "xyzzy"

    for examined in (examine(workbook(change)), examine(workbook())):
        for written in (report(examined, language), as_json(examined, language)):
            for secret in ("xyzzy", "Zubiri", "Quesada", "Iturbe", "transient"):
                assert secret not in written


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (-3.5, "-3,5"),
        ("24,8 cc", "«24,8 cc»"),
        ("1.234,5", "«1.234,5»"),
        (24800.25, "24800,25"),
        ("#DIV/0!", "«#DIV/0!»"),
    ],
)
def test_the_value_is_said_to_the_author_and_in_no_error(workbook: Book, cell: object, said: str) -> None:
    path = workbook(lambda sheet: sheet.__setitem__("C4", cell))
    examined = examine(path)
    assert f"celda C4, columna Edad (valor: {said}): " in report(examined, "es")
    assert json.loads(as_json(examined, "es"))["problems"][0]["value"] == cell
    with pytest.raises(InputError) as error:
        load(path)
    assert str(cell) not in str(error.value)
    assert said not in listed(error.value.source, error.value.problems, "es")


def test_an_identifier_is_told_once_and_never_said(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet["C4"], sheet["U1"], sheet["U2"], sheet["C5"] = 130, "DNI", "xyzzy", "García"

    written = report(examine(workbook(change)), "es")
    assert "valor: 130" in written
    assert written.count("DNI:") == 1
    assert not any(secret in written for secret in ("xyzzy", "García", "no se leen"))


@pytest.mark.parametrize("name", ["Ana Ruiz García.xlsx", "DNI_12345678Z.xlsx", "NHC 482913.xlsx"])
def test_a_file_named_after_somebody_is_refused_without_its_name(workbook: Book, name: str) -> None:
    path = workbook()
    path = path.rename(path.with_name(name))
    written = report(examine(path), "es")
    assert "El nombre del archivo" in written
    assert path.stem not in written


def test_a_machine_gets_places_and_codes(workbook: Book) -> None:
    found = json.loads(as_json(examine(workbook(lambda sheet: sheet.__setitem__("C4", 130))), "es"))
    assert (found["valid"], found["sizes"], found["n"], found["sha256"]) == (False, None, None, None)
    (problem,) = found["problems"]
    of_one, of_all = ["sheet", "row", "column", "cell"], ["rows", "columns", "cells", "value", "values"]
    assert list(problem) == ["code", "message", "remedy", *of_one, *of_all]
    assert (problem["value"], problem["values"], problem["rows"]) == (130, {"C4": 130}, [4])
    assert (problem["code"], problem["sheet"], problem["row"], problem["cell"]) == ("out_of_range", "Datos", 4, "C4")
    good = json.loads(as_json(examine(workbook()), "es"))
    assert good["sizes"] == {"patients": 3, "vertebrae": 5, "leaks": 2}
    (own,) = (one for one in good["n"] if one["variable"] == "vas_1y")
    assert own == {
        "variable": "vas_1y",
        "unit": "patients",
        "n": 2,
        "total": 3,
        "minimum": 3.0,
        "median": 3.5,
        "maximum": 4.0,
    }


@pytest.mark.parametrize("leaks", ["none", "one", "all", "one patient"])
def test_small_and_lopsided_studies_are_read_and_judged(rows: Rows, write: Book, paper: Paper, leaks: str) -> None:
    for number, row in enumerate(rows):
        leaked = leaks == "all" or (leaks == "one" and number == 2)
        row |= {"leak": "yes" if leaked else "no"}
        row |= {"leak_site": "disc" if leaked else "", "leak_size": "massive" if leaked else ""}
    study = load(write(rows[:2] if leaks == "one patient" else rows))
    assert {one.unit for one in presence(study)} - {"leaks"} == {"patients", "vertebrae"}
    assert len(scorecard(paper, study, 0.05)) == len(paper.claims)


PATIENT = [name for name, column in columns().items() if column.unit_of_observation == "patient"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("written", ["", "-", "NA", "ídem", '"'])
def test_a_patient_s_data_on_the_first_row_alone_are_one_problem(
    rows: Rows, write: Book, language: str, written: str
) -> None:
    for row in (rows[1], rows[4]):
        row |= {name: written for name in PATIENT if name not in {"patient_id", "vas_1y"}}
    rows[1]["vas_1y"] = ""
    examined = examine(write(rows))
    (problem,) = examined.problems
    assert (problem.code, problem.rows) == ("constant", (3, 6))
    assert set(PATIENT) - {"patient_id"} == set(problem.columns)
    remedy = {"es": "Repita los datos del paciente en todas sus filas.", "en": "Repeat the patient's data on every row"}
    assert remedy[language] in report(examined, language)
    # As the machine gets it, every cell can be found.
    (found,) = json.loads(as_json(examined, language))["problems"]
    assert len(found["cells"]) == 2 * len(found["columns"]) - 1
    assert found["rows"] == [3, 6]


def test_a_patient_named_on_the_first_row_alone_is_one_problem(rows: Rows, write: Book) -> None:
    present = {name for name in PATIENT if rows[0][name] and rows[3][name]}
    rows[1] |= dict.fromkeys(PATIENT, "")
    rows[4] |= dict.fromkeys(PATIENT, "")
    (problem,) = examine(write(rows)).problems
    assert (problem.code, problem.rows, problem.column) == ("missing_value", (3, 6), "patient_id")
    # Also what may be empty, or whoever obeys would get the next problem.
    assert set(problem.columns) == present
    assert "Repeat the patient's code" in problem.remedy


def test_a_word_in_place_of_a_leak_s_kind_where_there_is_none_is_to_be_emptied(rows: Rows, write: Book) -> None:
    (place,) = [place for place, row in enumerate(rows) if row["leak"] == "no"][:1]
    rows[place]["leak_site"] = "xx"
    (problem,) = examine(write(rows)).problems
    assert (problem.code, problem.remedy.partition(";")[0]) == ("unknown_category", "Leave the cell empty")


def test_two_patients_of_one_code_are_one_problem(rows: Rows, write: Book) -> None:
    rows[2]["patient_id"] = rows[0]["patient_id"]
    (problem,) = examine(write(rows)).problems
    assert (problem.code, problem.rows, len(problem.columns) > 6) == ("constant", (4,), True)
    assert "different codes" in problem.remedy


@pytest.mark.parametrize("wrong", ["130", "dos", "-5", "1.234,5"])
def test_an_empty_cell_is_told_though_another_of_the_patient_is_wrong(rows: Rows, write: Book, wrong: str) -> None:
    rows.append({**rows[4], "level": "L4", "age_years": wrong})
    rows[4]["age_years"] = ""
    assert {cell for p in examine(write(rows)).problems for cell in p.cells} == {"C6", "C7"}


def _scores(name: str, values: list[float], write: Book, rows: Rows) -> Any:
    """Load a study of one vertebra a patient, with these scores."""
    own = [{**rows[3], "patient_id": f"P{n}", name: f"{value:g}"} for n, value in enumerate(values)]
    return examine(write(own))


@pytest.mark.parametrize(
    ("name", "values", "odd"),
    [
        ("odi_1y", [10, 12, 20, 18, 99, 99, 30], [99]),
        ("odi_1y", [10, 12, 20, 88, 99, 99, 88, 30], [99, 88]),
        ("vas_1y", [0, 1, 2, 3, 9, 9, 9], [9]),
        ("vas_pre", [8, 9, 7, 0, 0, 6], [0]),
        ("age_years", [66, 70, 71, 85, 99, 99], [99]),
        ("odi_1y", [10, 12, 20, 18, 99, 30], []),
        ("vas_pre", [6, 7, 8, 9, 9, 9], []),
        ("vas_1y", [1, 1, 2, 2, 4, 4], []),
        ("vas_1y", [0, 0, 1, 2, 5, 7], []),
        ("age_years", [91, 95, 97, 99, 99], []),
        ("vas_1y", [9, 9, 9, 9], []),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_value_several_times_alone_at_an_end_is_remarked_upon(
    rows: Rows, write: Book, name: str, values: list[float], odd: list[float], language: str
) -> None:
    examined = _scores(name, values, write, rows)
    found = remarks(examined.dataset)
    assert [note.values["value"] for note in found] == odd
    written = report(examined, language)
    assert written.count({"es": "código de dato perdido", "en": "a code for a missing value"}[language]) == len(odd)
    assert [note["code"] for note in json.loads(as_json(examined, language))["notes"]] == ["value_alone"] * len(odd)


def test_a_leak_of_unknown_kind_is_counted_as_missing(rows: Rows, write: Book) -> None:
    rows[0] |= {"leak_size": ""}
    rows[2] |= {"leak_site": "", "leak_size": ""}
    written = report(examine(write(rows)), "en").splitlines()
    assert "  Leak site: 1 of 2 leaks; 1 is missing" in written
    assert "  No value: Leak size" in written


def test_a_column_of_yes_and_nothing_is_remarked_upon(rows: Rows, write: Book) -> None:
    for row in rows:
        row["new_fracture_1y"] = "Sí" if row["patient_id"] == rows[0]["patient_id"] else ""
    assert [note.code for note in remarks(load(write(rows)))] == ["only_yes"]
    rows[-1]["new_fracture_1y"] = rows[-2]["new_fracture_1y"] = "No"
    assert remarks(load(write(rows))) == []
