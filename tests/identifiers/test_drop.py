from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from vpresearch.identifiers import drop, find, screen

HEADER = ("Paciente", "Edad", "Complicación", "Nombre", "Hospital", "Notas")


@dataclass(frozen=True)
class Raw:
    sheet: str | None
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[object, ...]], ...]


TABLE = Raw(
    None,
    HEADER,
    (
        (2, ("12345678Z", 70, "neuritis, llamar 612345678", "Ana Ruiz", "Norte", "")),
        (3, ("12345678Z", 70, "ninguna", "Ana Ruiz", "Norte", "ana@example.org")),
        (5, ("P7", 81, "hematoma", None, "Sur")),
    ),
)


def test_columns_cells_and_ids_are_dropped_and_told() -> None:
    clean, told = drop(TABLE)
    assert clean.header == ("Paciente", "Edad", "Complicación", "Hospital")
    assert clean.rows == (
        (2, ("1", 70, "text removed", "Norte")),
        (3, ("1", 70, "ninguna", "Norte")),
        (5, ("2", 81, "hematoma", "Sur")),
    )
    assert told == ("Nombre", "Notas", "Paciente (now running numbers)", "Complicación (text of 1 cell)")


def test_a_clean_table_stays_as_it_is() -> None:
    clean = Raw("x", ("Paciente", "Edad"), ((2, ("P1", 70)),))
    assert drop(clean) == (clean, ())


def test_running_numbers_take_the_place_of_what_told_patients_apart() -> None:
    raw = Raw(
        None,
        ("Nombre", "Apellidos", "NHC", "Edad"),
        ((2, ("Ana", "Ruiz", 482913, 70)), (3, ("Ana", "Gil", 55555, 71)), (4, ("Ana", "Ruiz", 482913.0, 70))),
    )
    clean, told = drop(raw)
    assert clean.header == ("Paciente", "Edad")
    assert [record for _, record in clean.rows] == [("1", 70), ("2", 71), ("1", 70)]
    assert told == ("Nombre", "Apellidos", "NHC (now running numbers)")
    without_record = Raw(None, raw.header[:2], tuple((row, record[:2]) for row, record in raw.rows))
    clean, told = drop(without_record)
    assert [record for _, record in clean.rows] == [("1",), ("2",), ("1",)]
    assert told == ("Nombre (now running numbers)", "Apellidos (now running numbers)")


def test_screening_tells_or_drops() -> None:
    kept, dropped, problems = screen(TABLE)
    assert kept is TABLE
    assert (dropped, problems) == ((), find(TABLE))
    clean, dropped, problems = screen(TABLE, drop_identifiers=True)
    assert (clean, dropped, problems) == (*drop(TABLE), [])


cells = st.sampled_from(
    [None, "", 70, 24.8, "P1", "12345678Z", "Ana Ruiz", "612345678", 482913, 7, "12/03/2019", "x", "García", "nota"]
)
headers = st.sampled_from(["Paciente", "Edad", "Nivel", "Complicación", "Nombre", "NHC", "Notas", "", "Código"])


@given(st.lists(headers, min_size=1, max_size=6), st.lists(st.lists(cells, max_size=7), max_size=6))
def test_nothing_is_found_where_all_was_dropped(header: list[str], records: list[list[object]]) -> None:
    raw = Raw("s", tuple(header), tuple((row, tuple(record)) for row, record in enumerate(records, start=2)))
    clean, told = drop(raw)
    assert bool(told) == bool(find(raw))
    assert find(clean) == []
    assert [row for row, _ in clean.rows] == [row for row, _ in raw.rows]
