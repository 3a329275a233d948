"""Several vertebrae beside one another: known however they are numbered, never advised to be renamed, written long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from vpresearch.dictionary import columns
from vpresearch.errors import InputError
from vpresearch.filing import write_long
from vpresearch.load import examine, load
from vpresearch.reading.headers import numbered, unit_of
from vpresearch.reading.wide import find_groups
from vpresearch.telling import listed

Rows = list[dict[str, str]]
Write = Callable[..., Path]
Form = Callable[[str, int], str]
OF_PATIENT = [name for name, column in columns().items() if column.unit_of_observation == "patient"]
OF_VERTEBRA = [name for name in columns() if name not in OF_PATIENT]
_SHORT = {
    "es": ["Nivel", "Volumen", "Cemento", "Fuga", "Localización", "Tamaño", "Complicación"],
    "en": ["Level", "Volume", "Cement", "Leak", "Leak site", "Leak size", "Complication"],
}
_FORMS: dict[str, Form] = {
    "behind": lambda label, k: f"{label} {k}",
    "joined": lambda label, k: f"{label}{k}",
    "underscore": lambda label, k: f"{label}_{k}",
    "before": lambda label, k: f"{k} {label}",
    "brackets": lambda label, k: f"{label} ({k})",
    "inside": lambda label, k: label.replace(" ", f" {k} ", 1) if " " in label else f"{label} {k}",
    "made unique": lambda label, k: f"{label}.{k - 1}",
    "roman": lambda label, k: f"{label} {'I' * k}",
    "letters": lambda label, k: f"{label} {'ABC'[k - 1]}",
    "counted": lambda label, k: f"Vértebra {k} - {label}",
    "ordinal": lambda label, k: f"{k}.ª vértebra: {label}",
    "in words": lambda label, k: f"{['First', 'Second', 'Third'][k - 1]} level, {label}",
    "repeated": lambda label, _: label,
}


def wide(rows: Rows, form: Form, labels: list[str], first_has_none: bool = False) -> list[list[object]]:
    """Write the good table with one row a patient."""
    header: list[object] = [columns()[name].labels["es"] for name in OF_PATIENT]
    for k in (1, 2, 3):
        header += [label if first_has_none and k == 1 else form(label, k) for label in labels]
    patients: dict[str, Rows] = {}
    for row in rows:
        patients.setdefault(row["patient_id"], []).append(row)
    table = [header]
    for own in patients.values():
        cells = [own[0][name] or None for name in OF_PATIENT]
        for k in range(3):
            cells += [own[k][name] or None if k < len(own) else None for name in OF_VERTEBRA]
        table.append(list(cells))
    return table


def as_book(table: list[list[object]], path: Path) -> Path:
    book = Workbook()
    assert book.active is not None
    for record in table:
        book.active.append(record)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("Nivel 1", ("level", "1")),
        ("nivel1", ("level", "1")),
        ("Vértebra n.º 3", ("level", "3")),
        ("Volumen vertebral 2 (cc)", ("vertebral_volume_cc", "2")),
        ("vertebral_volume_cc_2", ("vertebral_volume_cc", "2")),
        ("Cem. 2", ("cement_volume_cc", "2")),
        ("Fuga2_loc", ("leak_site", "2")),
        ("Site of leak #4", ("leak_site", "4")),
        ("Volumen T12", ("vertebral_volume_cc", "T12")),
        ("D 12: cemento (ml)", ("cement_volume_cc", "T12")),
        ("L1 leak", ("leak", "L1")),
        *((header, None) for header in ("Nivel", "EAV 1 mes", "Nueva fractura 1 año", "Volumen (cm3)", "Edad 2")),
        *(
            (header, None)
            for header in ("Fuga (0/1)", "Diabetes tipo 2", "T12", "v1", "Hospital 2", "Extra 5", "2", "")
        ),
    ],
)
def test_a_number_is_told_from_what_else_a_header_holds(header: str, meant: tuple[str, str] | None) -> None:
    assert numbered(header) == meant


def test_the_unit_beside_a_number_is_seen() -> None:
    assert unit_of("Volumen vertebral 2 (mm3)") == "mm3"
    assert unit_of("Volumen (mm3) 2") == "mm3"
    assert unit_of("Cemento L1") == unit_of("Volumen vertebral 2 (cc)") == ""


@pytest.mark.parametrize("labels", ["es", "en", "label"])
@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("first_has_none", [False, True])
def test_every_numbering_is_known_and_written_long(
    rows: Rows, write: Write, tmp_path: Path, form: str, labels: str, first_has_none: bool
) -> None:
    names = _SHORT.get(labels) or [columns()[name].labels["es"] for name in OF_VERTEBRA]
    path = as_book(wide(rows, _FORMS[form], names, first_has_none), tmp_path / "wide.xlsx")
    examined = examine(path)
    assert [problem.code for problem in examined.problems] == ["several_vertebrae"]
    for language in ("es", "en"):
        said = listed("", examined.problems, language)
        assert {"es": "una fila por vértebra", "en": "one row a vertebra"}[language] in said
        assert "--reshape" in said
        assert "nombre" not in said
        assert "name" not in said
    write_long(path, examined, tmp_path / "long.xlsx", "es")
    long, expected = load(tmp_path / "long.xlsx"), load(write(rows))
    pd.testing.assert_frame_equal(long.rows[list(expected.rows)], expected.rows, check_exact=True)


@pytest.mark.parametrize("further", [["Nivel 2"], ["Nivel 2", "Volumen 2", "Cemento 2"], ["Volumen 2", "Fuga 2"]])
def test_further_vertebrae_beside_a_whole_table_are_not_passed_over(
    rows: Rows, write: Write, further: list[str]
) -> None:
    spanish = [{columns()[name].labels["es"]: cell for name, cell in row.items()} for row in rows]
    path = write([row | dict.fromkeys(further, "") for row in spanish])
    (problem,) = examine(path).problems
    assert problem.code == "several_vertebrae"
    assert further[-1] in problem.message


def test_numbers_that_count_no_vertebrae_are_columns_that_are_not_read(rows: Rows, write: Write) -> None:
    beside = ["Complicación 2", "Cemento 2", "Hospital 1", "Hospital 2", "Grado 2", "T12"]
    examined = examine(write([row | dict.fromkeys(beside, "x") for row in rows]))
    assert examined.problems == ()
    assert [note.code for note in examined.notes] == ["ignored_columns"]


def test_two_tables_side_by_side_are_not_several_vertebrae() -> None:
    assert find_groups(["Paciente", "Nivel", "Fuga"] * 2) == {}
    assert find_groups(["Paciente", "Nivel", "Nivel"]) == {}


def test_only_the_patient_s_own_columns_are_also_checked(rows: Rows, tmp_path: Path) -> None:
    table = wide(rows, _FORMS["behind"], _SHORT["es"])
    table[2][OF_PATIENT.index("age_years")] = "xyzzy"
    table[0][OF_PATIENT.index("vas_pre")] = "Hospital"
    problems = examine(as_book(table, tmp_path / "wide.xlsx")).problems
    assert [(problem.code, problem.row) for problem in problems] == [
        ("several_vertebrae", None),
        ("missing_column", None),
        ("not_a_number", 3),
    ]


def test_columns_named_after_levels_are_written_long_with_their_level(rows: Rows, write: Write, tmp_path: Path) -> None:
    levels = [row["level"] for row in rows]
    table: list[list[object]] = [[columns()[name].labels["es"] for name in OF_PATIENT]]
    table[0] += [f"{label} {level}" for level in levels for label in _SHORT["es"][1:]]
    for patient in dict.fromkeys(row["patient_id"] for row in rows):
        own = {row["level"]: row for row in rows if row["patient_id"] == patient}
        cells: list[object] = [next(iter(own.values()))[name] or None for name in OF_PATIENT]
        cells += [own[level][name] or None if level in own else None for level in levels for name in OF_VERTEBRA[1:]]
        table.append(cells)
    path = as_book(table, tmp_path / "wide.xlsx")
    write_long(path, examine(path), tmp_path / "long.xlsx", "en")
    pd.testing.assert_frame_equal(load(tmp_path / "long.xlsx").rows[["level"]], load(write(rows)).rows[["level"]])


def test_what_stands_once_is_on_the_first_row_alone_unless_it_says_no(rows: Rows, tmp_path: Path) -> None:
    table = wide(rows, _FORMS["behind"], _SHORT["es"])
    kept = [at for at, header in enumerate(table[0]) if not str(header).startswith("Complicación")]
    table = [[record[at] for at in kept] for record in table]
    for record, cell in zip(table, ["Complicación", "hematoma", "Ninguna", "Ninguna"], strict=True):
        record.append(cell)
    path = as_book(table, tmp_path / "wide.xlsx")
    said = write_long(path, examine(path), tmp_path / "long.xlsx", "es")
    assert "solo había una para varias: Complicación" in said
    assert load(tmp_path / "long.xlsx").vertebrae["complication"].tolist() == ["hematoma", *[None] * 4]


def test_a_patient_without_any_vertebra_is_told_and_said(rows: Rows, tmp_path: Path) -> None:
    table = wide(rows, _FORMS["behind"], _SHORT["es"])
    table[2][len(OF_PATIENT) :] = ["-", None, "NA", "No", None, None, None] + [None] * 14
    table.append(["Media", None, 74])
    path = as_book(table, tmp_path / "wide.xlsx")
    examined = examine(path)
    assert ("no_vertebra", 5) in [(problem.code, problem.row) for problem in examined.problems]
    said = write_long(path, examined, tmp_path / "long.xlsx", "en")
    assert "hold no vertebra: 3." in said
    assert set(load(tmp_path / "long.xlsx").patients.index) == {"Zubiri-77", "Iturbe-58"}


def test_ids_like_short_words_for_summaries_are_patients(rows: Rows, tmp_path: Path) -> None:
    table = wide(rows, _FORMS["behind"], _SHORT["es"])
    for record, patient in zip(table[1:], ["N 1", "SD-2", "DE3"], strict=True):
        record[0] = patient
    table.append(["DE", None, 6.5])
    path = as_book(table, tmp_path / "wide.xlsx")
    write_long(path, examine(path), tmp_path / "long.xlsx", "es")
    assert list(load(tmp_path / "long.xlsx").patients.index) == ["N 1", "SD-2", "DE3"]


def test_what_cannot_be_read_is_no_value_of_the_long_table(rows: Rows, tmp_path: Path) -> None:
    table = wide(rows, lambda label, k: f"{label} {k} (mm3)" if label == "Volumen" else f"{label} {k}", _SHORT["es"])
    table[1][len(OF_PATIENT) + 2] = "=1+1"
    table[2][-1] = '\'=cmd|" /C calc"!A0'
    path = as_book(table, tmp_path / "wide.xlsx")
    write_long(path, examine(path), tmp_path / "long.xlsx", "es")
    codes = [problem.code for problem in examine(tmp_path / "long.xlsx").problems]
    assert codes == ["header_unit", "excel_error", "no_vertebra"]
    assert all(cell.data_type != "f" for row in load_workbook(tmp_path / "long.xlsx").worksheets[0] for cell in row)


# -- REDCap ------------------------------------------------------------------------------------------------------


def redcap(rows: Rows, repeat: str, instance: str, of_patient: str = "") -> Rows:
    """Export the good table as REDCap does: rows of patients, and rows of their vertebrae."""
    exported: Rows = []
    for number, row in enumerate(rows):
        own = {name: row[name] for name in OF_PATIENT[1:]}
        key = {"record_id": str(["Zubiri-77", "Quesada-31", "Iturbe-58"].index(row["patient_id"]) + 1)}
        if not exported or exported[-1]["record_id"] != key["record_id"]:
            exported.append(key | {repeat: of_patient, instance: ""} | own | dict.fromkeys(OF_VERTEBRA, ""))
        exported.append(
            key
            | {repeat: "vertebra", instance: str(number)}
            | dict.fromkeys(own, "")
            | {n: row[n] for n in OF_VERTEBRA}
        )
    return exported


@pytest.mark.parametrize(
    ("repeat", "instance", "of_patient"),
    [
        ("redcap_repeat_instrument", "redcap_repeat_instance", ""),
        ("Repeat Instrument", "Repeat Instance", ""),
        ("redcap_event_name", "redcap_data_access_group", "basal_arm_1"),
    ],
)
def test_an_export_of_redcap_is_known_and_joined(
    rows: Rows, write: Write, tmp_path: Path, repeat: str, instance: str, of_patient: str
) -> None:
    path = write(redcap(rows, repeat, instance, of_patient), "redcap.csv")
    examined = examine(path)
    assert [problem.code for problem in examined.problems] == ["redcap"]
    assert "labels" in examined.problems[0].remedy
    write_long(path, examined, tmp_path / "long.xlsx", "es")
    long, expected = load(tmp_path / "long.xlsx"), load(write(rows))
    assert long.rows["age_years"].tolist() == expected.rows["age_years"].tolist()
    assert long.vertebrae["level"].tolist() == expected.vertebrae["level"].tolist()


def test_an_export_of_redcap_with_one_row_a_vertebra_is_a_table(rows: Rows, write: Write) -> None:
    whole = [{"redcap_repeat_instrument": "vertebra", "redcap_repeat_instance": "1", **row} for row in rows]
    assert examine(write(whole)).problems == ()


# -- the file ----------------------------------------------------------------------------------------------------


def test_the_long_workbook_is_the_owner_s_alone_and_overwrites_nothing(rows: Rows, tmp_path: Path) -> None:
    path, out = as_book(wide(rows, _FORMS["behind"], _SHORT["es"]), tmp_path / "wide.xlsx"), tmp_path / "long.xlsx"
    write_long(path, examine(path), out, "es")
    assert out.stat().st_mode & 0o077 == 0
    for taken in (out, path):
        before = taken.read_bytes()
        with pytest.raises(InputError, match="already"):
            write_long(path, examine(path), taken, "es")
        assert taken.read_bytes() == before


def test_a_table_with_one_row_a_vertebra_is_not_written_again(rows: Rows, write: Write, tmp_path: Path) -> None:
    path = write(rows)
    assert "no se ha escrito" in write_long(path, examine(path), tmp_path / "long.xlsx", "es")
    assert not (tmp_path / "long.xlsx").exists()


def test_dropped_identifiers_are_not_in_the_long_workbook(rows: Rows, tmp_path: Path) -> None:
    table = wide(rows, _FORMS["behind"], _SHORT["es"])
    for record, cell in zip(table, ["DNI", "12345678Z", "xyzzy", "xyzzy"], strict=True):
        record.append(cell)
    path = as_book(table, tmp_path / "wide.xlsx")
    write_long(path, examine(path, drop_identifiers=True), tmp_path / "long.xlsx", "es", drop_identifiers=True)
    written = [str(cell) for row in load_workbook(tmp_path / "long.xlsx").worksheets[0].values for cell in row]
    assert not {"DNI", "12345678Z", "xyzzy"} & set(written)
