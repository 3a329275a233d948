"""Faults of workbooks: each spoils a good one, and gives the codes of which one at least must be told."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

from tests.faulty_workbooks import DATE, LEVELS, NUMBERS, PER_PATIENT, SECRET, Book, as_number, secret_cells
from vpresearch.core.dictionary import columns

Codes = frozenset[str]
Fault = Callable[[Book, random.Random], Codes]
FAULTS: dict[str, Fault] = {}
REQUIRED = [name for name, column in columns().items() if column.required]


def _fault(make: Fault) -> Fault:
    FAULTS[make.__name__] = make
    return make


def _codes(*codes: str) -> Codes:
    return frozenset(codes)


def _cells(code: str, name: str, wanted: list[str], values: list[object]) -> None:
    """Add a fault that puts one of some values into a cell of one of some columns."""

    def make(book: Book, rng: random.Random) -> Codes:
        row, at = book.pick(rng, *wanted)
        row[at] = rng.choice(values)
        return _codes(code, "constant") if at in PER_PATIENT else _codes(code)

    FAULTS[name] = make


_MUST = ["age_years", "vertebral_volume_cc", "cement_volume_cc"]
_WORDS = [
    SECRET,
    "?",
    "-",
    "s/d",
    "N/A",
    "nan",
    "inf",
    "alto",
    "3.4.5",
    "1.234,5",
    "1e3",
    "3,5 ml",
    ">10",
    "~4",
    "24/25",
]
_cells("not_a_number", "words_for_a_number", NUMBERS, [*_WORDS, "0x1F", "1 2", "½", "٣", "--3", "3-", True])
_cells("missing_value", "nothing_for_a_number", _MUST, [None, "", "   "])
_cells("out_of_range", "too_little", NUMBERS, [-1, "-3,5", -0.01, "\u22122"])
_cells("out_of_range", "too_much", NUMBERS, [1_000, "5000", 99999.5])
_cells("date", "a_date_for_a_number", NUMBERS, [DATE, DATE.date(), DATE.time()])
_cells("excel_error", "an_error_of_excel", [*NUMBERS, "leak", "level"], ["#DIV/0!", "#N/A", "#REF!", "#¿NOMBRE?"])
_cells(
    "unknown_category",
    "unknown_words",
    ["sex", "leak", "level"],
    [SECRET, "quizá", "2", "Sí?", "S/N", "x", 3, "-1", -1, "¿No", "No*", "1%", "S/N", "S+"],
)
_cells("unknown_category", "unknown_levels", ["level"], ["D12-L1", "T13", "L6", "S1", "C7", "T0", "12", "D13", "T12*"])
_cells("missing_value", "nothing_for_a_word", ["sex", "leak", "level"], [None, " "])
_cells("missing_value", "no_patient", ["patient_id"], [None, "  "])
_cells("like_a_formula", "formulas_as_text", ["complication"], ["+SUM(A1)", "@x", "-2+3", "+cmd|' /C calc'!A0"])
_cells("formula_without_value", "formulas_that_run", ["complication", "level"], ["=1+1", "=A1"])
_cells("external_link", "formulas_of_a_program", ["complication", "level"], ["=cmd|' /C calc'!A0"])
_cells("too_long", "very_long_text", ["complication", "sex", "leak"], ["x" * 300, "ñ" * 5_000])


@_fault
def a_site_without_a_leak(book: Book, rng: random.Random) -> Codes:
    row, name = book.pick(rng, "leak_site", "leak_size")
    row |= {"leak": "no", "leak_site": None, "leak_size": None}
    row[name] = "Lateral" if name == "leak_site" else "Moderada"
    return _codes("no_site_without_leak", "no_size_without_leak")


@_fault
def a_patient_of_two_kinds(book: Book, rng: random.Random) -> Codes:
    first, second = book.first_of_two()
    name = rng.choice([name for name in NUMBERS if name in PER_PATIENT])
    first[name], second[name] = rng.choice([(5, 6), (7, None), (None, "8"), ("4,0", "4,5")])
    return _codes("constant", "missing_value")


@_fault
def one_level_twice(book: Book, rng: random.Random) -> Codes:
    first, second = book.first_of_two()
    first["level"] = second["level"] = rng.choice(LEVELS)
    return _codes("level_once")


@_fault
def more_cement_than_vertebra(book: Book, rng: random.Random) -> Codes:
    row = rng.choice(book.rows)
    row |= {"cement_volume_cc": rng.choice([9, "9,5", 30]), "vertebral_volume_cc": rng.choice([9, "7,5", 8.9])}
    return _codes("cement_below_volume")


@_fault
def another_unit(book: Book, rng: random.Random) -> Codes:
    name, factor = rng.choice(
        [("vertebral_volume_cc", 1000), ("cement_volume_cc", 1000), ("vas_pre", 10), ("vas_1y", 10), ("age_years", 27)]
    )
    for row in book.rows:
        row[name] = round(factor * as_number(row[name]), 3)
    return _codes("unit_mm3", "unit_of_100", "unit_year_of_birth", "out_of_range")


@_fault
def fractions_for_percent(book: Book, rng: random.Random) -> Codes:
    name = rng.choice(["odi_pre", "odi_1y"])
    for row in book.rows:
        row[name] = as_number(row[name]) / 100
    return _codes("unit_fraction")


@_fault
def a_header_of_another_unit(book: Book, rng: random.Random) -> Codes:
    name, unit = rng.choice(
        [
            *(("vertebral_volume_cc", "mm3"), ("cement_volume_cc", "mm3"), ("cement_volume_cc", "%")),
            *(("age_years", "meses"), ("vas_pre", "0-100"), ("vas_1y", "%"), ("odi_pre", "sobre 50")),
        ]
    )
    header = columns()[name].labels["es"].replace(" (cc)", "")
    book.headers[name] = rng.choice([f"{header} ({unit})", f"{header} [{unit}]", f"{header.upper()} ({unit})"])
    return _codes("header_unit")


@_fault
def a_column_left_out(book: Book, rng: random.Random) -> Codes:
    for name in rng.sample(REQUIRED, rng.randint(1, 3)):
        del book.headers[name]
    return _codes("missing_column")


@_fault
def a_header_misspelt(book: Book, rng: random.Random) -> Codes:
    name = rng.choice([name for name in REQUIRED if len(columns()[name].labels["es"]) > 5])
    header = list(columns()[name].labels["es"])
    at = rng.randrange(len(header) - 1)
    header[at : at + 2] = rng.choice([["q", "w"], [header[at], "k", header[at + 1]]])
    book.headers[name] = "".join(header)
    return _codes("missing_column")


@_fault
def a_column_twice(book: Book, rng: random.Random) -> Codes:
    name = rng.choice(list(book.headers))
    book.beside.append((book.headers[name], [row[name] for row in book.rows]))
    return _codes("column_twice")


@_fault
def no_header_at_all(book: Book, _: random.Random) -> Codes:
    book.headers = {name: f"Columna {place}" for place, name in enumerate(book.headers)}
    return _codes("no_header")


@_fault
def no_rows(book: Book, _: random.Random) -> Codes:
    book.rows.clear()
    return _codes("no_rows", "no_header")


@_fault
def a_line_of_units_or_totals(book: Book, rng: random.Random) -> Codes:
    lines: list[list[object]] = [["Total", None, 74], ["Media", "", "75,5"], ["Fuente: archivo"], ["(código)", "(F/M)"]]
    words = rng.choice(lines)
    if rng.random() < 0.5:
        book.rows.insert(0, dict(zip(book.headers, words, strict=False)))
    else:
        book.below.append(words)
    return _codes("no_vertebra")


@_fault
def the_header_again(book: Book, rng: random.Random) -> Codes:
    book.rows.insert(rng.randrange(1, len(book.rows) + 1), dict(book.headers))
    return _codes("no_vertebra")


@_fault
def a_row_shifted(book: Book, rng: random.Random) -> Codes:
    row = rng.choice(book.rows)
    values, names = list(row.values()), list(row)
    row |= dict(zip(names, rng.choice([[None, *values[:-1]], [*values[1:], None]]), strict=True))
    return _codes("not_a_number", "missing_value", "unknown_category")


@_fault
def a_block_over_two_patients(book: Book, rng: random.Random) -> Codes:
    last, name = len(book.rows) - 1, rng.choice(["age_years", "leak", "level", "vas_pre", "vertebral_volume_cc"])
    while last > 1 and book.rows[last]["patient_id"] == book.rows[last - 1]["patient_id"]:
        last -= 1
    book.merged.append(f"{book.place(book.rows[last - 1], name)}:{book.place(book.rows[last], name)}")
    return _codes("merged_cells", "missing_value")


@_fault
def a_formula_never_computed(book: Book, rng: random.Random) -> Codes:
    row, name = book.pick(rng, *_MUST, "leak", "vas_pre")
    row[name] = rng.choice(["=1+1", "=A1*2", '=IF(TRUE,"x","y")'])
    return _codes("formula_without_value", "constant")


@_fault
def a_value_of_another_file(book: Book, rng: random.Random) -> Codes:
    row, name = book.pick(rng, "vertebral_volume_cc", "cement_volume_cc", "age_years")
    row[name] = "=1+1"
    book.parts = lambda text: re.sub(r"<f>1\+1</f><v ?/>", "<f>[1]Hoja1!A1</f><v>5</v>", text)
    return _codes("external_link")


_IDENTIFYING: Mapping[str, list[object]] = {
    "Nombre": ["Ana Ruiz", SECRET],
    "Apellidos": [SECRET],
    "DNI": ["12345678Z", "X1234567L"],
    "NHC": [482913, "0048291"],
    "Teléfono": ["612345678", 612345678],
    "Correo": ["ana@example.org"],
    "Dirección": ["C/ Mayor 12"],
    "Fecha de nacimiento": [DATE, "12/03/1944"],
    "Fecha de intervención": [DATE, "2019-03-12"],
    "CIP": ["GALO1730224003"],
    "NºHC": [482913],
    "Persona de contacto": [SECRET],
    "Día de la operación": [SECRET],
    "Notas": ["91-2345678", "612/345/678", "ana (arroba) example.org", "28013 Madrid", "12/3/44", "19440312"],
    "Comentarios": ["J. Pérez", "Etxebarria Agirre, Miren", "Mohamed El Amrani", "Hª 482913", "March 12, 1944"],
    "Observaciones": ["12345678Z", "Ana Ruiz, hija", "tel. 612 345 678", "ana@example.org", "12/03/2019"],
}


@_fault
def an_identifying_column(book: Book, rng: random.Random) -> Codes:
    header, values = rng.choice(list(_IDENTIFYING.items()))
    cells = secret_cells(book)
    cells[rng.randrange(len(cells))] = rng.choice(values)
    book.beside.append((header, cells))
    return _codes("identifier")


@_fault
def an_identifying_cell(book: Book, rng: random.Random) -> Codes:
    words = rng.choice(["12345678Z", "X-1234567-L", "María García López", "612345678", "ana@example.org"])
    row = rng.choice(book.rows)
    if rng.random() < 0.5:
        for each in book.rows:
            each["patient_id"] = words if each["patient_id"] == row["patient_id"] else each["patient_id"]
    else:
        row["complication"] = f"hematoma, {words}"
    return _codes("identifier")


@_fault
def one_patient_written_in_two_ways(book: Book, rng: random.Random) -> Codes:
    _, second = book.first_of_two()
    second["patient_id"] = rng.choice(["p1", "P 1", "P01", "P-1"])
    return _codes("ids_alike")


@_fault
def a_second_sheet_of_patients(book: Book, rng: random.Random) -> Codes:
    book.copy = rng.choice(["2019", "Hoja2", "Copia de Datos"])
    return _codes("other_table")


@_fault
def more_digits_than_a_float(book: Book, rng: random.Random) -> Codes:
    row, name = book.pick(rng, *_MUST)
    row[name] = 777_777
    book.parts = lambda text: text.replace("777777", "7" * 400)
    return _codes("not_a_number")


@_fault
def the_example_of_the_template(book: Book, rng: random.Random) -> Codes:
    book.rows.append(dict(book.rows[0]) | {"patient_id": rng.choice(["EJEMPLO", "Example"])})
    return _codes("example_row")


@_fault
def far_too_many_columns(book: Book, _: random.Random) -> Codes:
    book.beside += [(f"Extra {place}", [1]) for place in range(250)]
    return _codes("too_many_columns")


@_fault
def m_alone_for_sex(book: Book, rng: random.Random) -> Codes:
    man = rng.choice(["M", "Varón", "Hombre"])
    for row in book.rows:
        row["sex"] = rng.choice(["M", man])
    book.rows[0]["sex"] = book.rows[1]["sex"] = "M"
    return _codes("sex_m")


@_fault
def a_percent_format(book: Book, rng: random.Random) -> Codes:
    row, name = book.pick(rng, "odi_pre", "odi_1y")
    row[name] = rng.choice([0.54, 1, 0.3])
    book.formats[book.place(row, name)] = rng.choice(["0%", "0.00%"])
    return _codes("percent_format")


@_fault
def thousands_beside_decimal_commas(book: Book, rng: random.Random) -> Codes:
    mark, other = rng.choice([(",", "."), (".", ",")])
    for row in book.rows:
        row["vertebral_volume_cc"] = f"{as_number(row['vertebral_volume_cc']):.1f}".replace(".", mark)
    rng.choice(book.rows)["vertebral_volume_cc"] = f"{rng.randint(10, 40)}{other}{rng.randint(100, 999)}"
    return _codes("two_marks")


@_fault
def pain_from_nought_to_one(book: Book, rng: random.Random) -> Codes:
    name = rng.choice(["vas_pre", "vas_post", "vas_1y"])
    for row in book.rows:
        row[name] = as_number(row[name]) / 10
    book.rows[0][name] = book.rows[1][name] = 0.7
    return _codes("unit_of_1")


@_fault
def the_headers_shifted(book: Book, rng: random.Random) -> Codes:
    names, headers = list(book.headers), list(book.headers.values())
    by = rng.choice([1, -1, 2])
    book.headers = dict(zip(names, headers[by:] + headers[:by], strict=True))
    return _codes("not_a_number", "unknown_category", "missing_value")


@_fault
def rows_and_columns_exchanged(book: Book, _: random.Random) -> Codes:
    turned = [[header, *(row[name] for row in book.rows)] for name, header in book.headers.items()]
    book.headers = {str(place): "" for place in range(len(turned[0]))}
    book.rows, book.below = [], turned
    return _codes("no_header")


@_fault
def volume_and_cement_exchanged(book: Book, _: random.Random) -> Codes:
    for row in book.rows:
        row["vertebral_volume_cc"], row["cement_volume_cc"] = row["cement_volume_cc"], row["vertebral_volume_cc"]
    return _codes("cement_below_volume", "out_of_range")


@_fault
def a_patient_s_values_on_the_first_row_only(book: Book, _: random.Random) -> Codes:
    seen: set[object] = set()
    for row in book.rows:
        if row["patient_id"] in seen:
            row.update(dict.fromkeys(name for name in PER_PATIENT if name != "patient_id"))
        seen.add(row["patient_id"])
    return _codes("missing_value", "constant")


@_fault
def a_word_for_no_site_of_a_leak(book: Book, rng: random.Random) -> Codes:
    row = rng.choice(book.rows)
    row |= {"leak": "Sí", "leak_site": rng.choice(["Ninguna", "-", "No procede", "0"]), "leak_size": None}
    return _codes("unknown_category")


@_fault
def two_tables_side_by_side(book: Book, _: random.Random) -> Codes:
    book.beside += [(header, [row[name] for row in book.rows]) for name, header in book.headers.items()]
    return _codes("column_twice")


@_fault
def a_block_across_columns(book: Book, rng: random.Random) -> Codes:
    row = rng.choice(book.rows)
    book.merged.append(f"{book.place(row, 'level')}:{book.place(row, 'cement_volume_cc')}")
    return _codes("merged_cells")


@_fault
def a_value_of_the_network(book: Book, rng: random.Random) -> Codes:
    row, name = book.pick(rng, "vertebral_volume_cc", "cement_volume_cc")
    row[name] = "=1+1"
    formula = rng.choice(['WEBSERVICE("http://example.org")', "cmd|'/C calc'!A0"])
    book.parts = lambda text: re.sub(r"<f>1\+1</f><v ?/>", f"<f>{formula}</f><v>5</v>", text)
    return _codes("external_link")
