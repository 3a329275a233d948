"""The report on a file: what is wrong, where, how many values there are, and never which."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vpresearch.errors import InputError
from vpresearch.labels import LANGUAGES
from vpresearch.load import examine, load
from vpresearch.published import Paper
from vpresearch.scorecard import scorecard
from vpresearch.telling import listed
from vpresearch.validation import as_json, presence, report

Rows = list[dict[str, str]]
Book = Callable[..., Path]


def test_a_good_file_is_counted(workbook: Book) -> None:
    written = report(examine(workbook()), "es").splitlines()
    assert written[0] == "study.xlsx: 3 pacientes, 5 vértebras, 2 fugas. Ningún problema."
    assert "  EAV un año: 2 de 3 pacientes; falta 1" in written
    assert "  Nivel: 5 de 5 vértebras" in written
    assert not any("Localización" in line or "Complicación" in line for line in written)


def test_a_faulty_file_is_listed_with_notes(workbook: Book) -> None:
    def change(sheet: Any) -> None:
        sheet["C4"], sheet["U1"] = 130, "Hospital"

    written = report(examine(workbook(change)), "en")
    assert "sheet Datos, cell C4, column Edad (value: 130): The value is above the maximum of 120 years." in written
    assert "To know, not to mend:\n  - These columns are not read and enter no result: Hospital." in written


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
    assert list(problem) == ["code", "message", "remedy", "sheet", "row", "column", "cell", "value"]
    assert problem["value"] == 130
    assert (problem["code"], problem["sheet"], problem["row"], problem["cell"]) == ("out_of_range", "Datos", 4, "C4")
    good = json.loads(as_json(examine(workbook()), "es"))
    assert good["sizes"] == {"patients": 3, "vertebrae": 5, "leaks": 2}
    assert {"variable": "vas_1y", "unit": "patients", "n": 2, "total": 3} in good["n"]


@pytest.mark.parametrize("leaks", ["none", "one", "all", "one patient"])
def test_small_and_lopsided_studies_are_read_and_judged(rows: Rows, write: Book, paper: Paper, leaks: str) -> None:
    for number, row in enumerate(rows):
        leaked = leaks == "all" or (leaks == "one" and number == 2)
        row |= {"leak": "yes" if leaked else "no"}
        row |= {"leak_site": "disc" if leaked else "", "leak_size": "massive" if leaked else ""}
    study = load(write(rows[:2] if leaks == "one patient" else rows))
    assert {one.unit for one in presence(study)} == {"patients", "vertebrae"}
    assert len(scorecard(paper, study, 0.05)) == len(paper.claims)
