from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from vpresearch.core.errors import Problem, line, tell
from vpresearch.identifiers import drop, find, screen
from vpresearch.reading import RawTable, match_headers
from vpresearch.reading.headers import column_of
from vpresearch.reading.raw import letter

HEADER = ("Paciente", "Edad", "Complicación", "Nombre", "Hospital", "Notas")
TABLE = RawTable(
    None,
    1,
    HEADER,
    {
        2: ("12345678Z", 70, "neuritis, llamar 612345678", "Ana Ruiz", "Norte", ""),
        3: ("12345678Z", 70, "ninguna", "Ana Ruiz", "Norte", "ana@example.org"),
        5: ("P7", 81, "hematoma", None, "Sur"),
    },
)


def said(told: tuple[Problem, ...]) -> list[tuple[str, str | None]]:
    return [(each.wording, each.column) for each in told]


def test_columns_cells_and_ids_are_dropped_and_told() -> None:
    clean, told = drop(TABLE)
    # Every cell that stays keeps the place that the author knows it by.
    assert clean.header == ("Paciente", "Edad", "Complicación", "", "Hospital", "")
    assert clean.rows == {
        2: ("1", 70, "text removed", None, "Norte", None),
        3: ("1", 70, "ninguna", None, "Norte", None),
        5: ("2", 81, "hematoma", None, "Sur"),
    }
    assert said(told) == [
        ("dropped_numbered", "Paciente"),
        ("dropped_text", "Complicación"),
        ("dropped_column", "Nombre"),
        ("dropped_column", "Notas"),
    ]


def test_a_clean_table_stays_as_it_is() -> None:
    clean = RawTable("x", 1, ("Paciente", "Edad"), {2: ("P1", 70)})
    assert drop(clean) == (clean, ())


def test_running_numbers_take_the_place_of_what_told_patients_apart() -> None:
    header = ("Nombre", "Apellidos", "NHC", "Edad")
    rows: dict[int, tuple[object, ...]] = {
        2: ("Ana", "Ruiz", 482913, 70),
        3: ("Ana", "Gil", 55555, 71),
        4: ("Ana", "Ruiz", 482913.0, 70),
    }
    clean, told = drop(RawTable(None, 1, header, rows))
    assert clean.header == ("", "", "Paciente", "Edad")
    assert [record[2:] for record in clean.rows.values()] == [("1", 70), ("2", 71), ("1", 70)]
    assert said(told)[-1] == ("dropped_numbered", "NHC")
    clean, told = drop(RawTable(None, 1, header[:2], {row: record[:2] for row, record in rows.items()}))
    assert clean.header == ("Paciente", "")
    assert list(clean.rows.values()) == [("1", None), ("2", None), ("1", None)]
    assert said(told) == [("dropped_numbered", "Nombre"), ("dropped_column", "Apellidos")]


def test_screening_tells_or_drops() -> None:
    kept, dropped, problems = screen(TABLE)
    assert kept == TABLE
    assert (dropped, problems) == ((), tuple(find(TABLE)))
    clean, dropped, problems = screen(TABLE, drop_identifiers=True)
    assert (clean, dropped, problems) == (*drop(TABLE), ())


def test_no_name_of_a_column_or_a_sheet_is_quoted() -> None:
    raw = RawTable("Ana Ruiz", 1, ("Nivel", "Pedro Gil", "NHC"), {2: ("T12", "x", 482913)})
    clean, _, problems = screen(raw)
    assert (clean.sheet, clean.header) == (None, ("Nivel", "", "NHC"))
    assert [problem.sheet for problem in problems] == [None]


cells = st.sampled_from(
    [None, "", 70, 24.8, "P1", "12345678Z", "Ana Ruiz", "612345678", 482913, 7, "12/03/2019", "x", "García", "nota"]
)
headers = st.sampled_from(["Paciente", "Edad", "Nivel", "Complicación", "Nombre", "NHC", "Notas", "", "Código"])


@given(st.lists(headers, min_size=1, max_size=6), st.lists(st.lists(cells, max_size=7), max_size=6))
def test_nothing_is_found_where_all_was_dropped(header: list[str], records: list[list[object]]) -> None:
    raw = RawTable("s", 1, tuple(header), {row: tuple(record) for row, record in enumerate(records, start=2)})
    clean, told = drop(raw)
    assert bool(told) == bool(find(raw))
    assert find(clean) == []
    assert list(clean.rows) == list(raw.rows)


def test_only_the_problem_that_names_somebody_loses_its_names() -> None:
    told = (
        tell("other_table", sheet="Copia", chosen="Datos"),
        tell("other_table", sheet="Goikoetxea Iratxe", chosen="Datos"),
        tell("cells_beyond", row=4),
    )
    problems = screen(replace(RawTable("Datos", 1, ("Nivel",), {2: ("T12",)}), problems=told))[0].problems
    assert (problems[0], problems[2]) == (told[0], told[2])
    assert (problems[1].code, problems[1].sheet, problems[1].wording) == ("other_table", None, "other_table_unnamed")
    assert "Iratxe" not in repr(problems)


def test_a_header_that_may_be_a_name_is_told_by_its_letter() -> None:
    header = ("Nivel", "ZZGARRIDO ANE", "Goikoetxea Zabala", "Tipo de cemento", "Ana Ruiz")
    table = RawTable(None, 1, header, {2: ("T12", "a", "a@b.es", "c", "d")})
    kept, _, problems = screen(table)
    assert kept.header == ("Nivel", "[col. B]", "[col. C]", "Tipo de cemento", "")
    assert [(problem.cell, problem.column) for problem in problems] == [("C2", None)]
    told = " ".join(line(note, "es") for note in match_headers(kept).notes)
    assert "[col. B], [col. C], Tipo de cemento" in told
    # No column is taken for another by its letter, as ID would be.
    assert [letter(place) for place in range(700) if column_of(f"[col. {letter(place)}]")] == []
