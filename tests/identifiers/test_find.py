from __future__ import annotations

import re

import pytest

from vpresearch import cli
from vpresearch.core.errors import Problem
from vpresearch.identifiers import drop, find
from vpresearch.reading import RawTable

GOOD = ("Paciente", "Edad", "Nivel", "Volumen vertebral (cc)", "Complicación")


def table(*records: tuple[object, ...], header: tuple[str, ...] = GOOD) -> RawTable:
    return RawTable("Hoja1", 1, header, dict(enumerate(records, start=2)))


def with_column(header: str, *cells: object) -> RawTable:
    return table(*(("P1", 70, "L1", 24.8, "", cell) for cell in cells), header=(*GOOD, header))


def test_a_table_of_the_study_is_clean() -> None:
    assert find(table(("P1", 70, "T12", 24.8, "Ninguna"), (2, 81.0, "L1", "31,8", "neuritis"))) == []


@pytest.mark.parametrize(
    "ids",
    [
        *(("P01", "P02"), (1, 2), ("001", "002"), ("2019001", "2019002"), ("A", "B"), ("Z-7", 1)),
        *(("PAC-12", "PAC-13"), ("AAA", "AAB", "AAC"), ("CASO000012", "CASO000013"), ("VP 01", "VP 02")),
        *(("a3f9", "b77c"), ("S01_F78", "S02_M65")),
    ],
)
def test_anonymous_ids_are_clean(ids: tuple[object, object]) -> None:
    assert find(table(*((patient, 70, "T12", 24.8, "") for patient in ids))) == []


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (("12345678Z", "87654321X"), "identity documents"),
        ((482913, 1077234), "medical records"),
        (("482913",), "medical records"),
        (("García López, María", "P02"), "names"),
        (("García", "Ruiz"), "names"),
        (("GALO1730224003",), "health cards"),
        (("12345678A", "12345679A"), "identity documents"),
        (("Goikoetxea", "Popescu"), "names"),
        (("Abdelkader Benali", "P02"), "names"),
        (("GOIKOETXEA ZABALA IRATXE", 2), "names"),
        (("MGL 1945", "ACR 1950"), "names"),
        (("王秀英", "李娜"), "names"),
        (("فاطمة الزهراء", 2), "names"),
        (("Li Wei", "Xu Na"), "names"),
        (("muguruza", "iturri"), "names"),
        (("AMG", "JLP", "RTS"), "names"),
        (("AMG45", "JLP38", "RTS51"), "names"),
        (("LOPE450321", "GARC380112"), "identity documents"),
        (("482.913", "482.977"), "medical records"),
    ],
)
def test_ids_that_are_identifiers_are_told(ids: tuple[object, ...], words: str) -> None:
    found = find(table(*((patient, 70, "T12", 24.8, "") for patient in ids)))
    assert [(each.code, each.sheet, each.row, each.column) for each in found] == [
        ("identifier", "Hoja1", 2, "Paciente")
    ]
    assert words in found[0].message
    assert "Number the patients" in found[0].remedy


def test_a_column_is_told_once_by_its_name() -> None:
    (found,) = find(with_column("Teléfono", "612345678", "no tiene"))
    assert (found.row, found.column) == (None, "Teléfono")
    assert found.message == "By its name the column holds telephone numbers."
    assert found.remedy.endswith("with --drop-identifiers (with make: DROP_IDENTIFIERS=1).")


NAMES = ("GOIKOETXEA ZABALA", "Ionescu Andreea", "Abdelkader Benali", "zubizarreta uriarte, maddi", "Ștefănescu Ionuț")


@pytest.mark.parametrize(
    "name", [*NAMES, "MGL 1945", "llamar a su hija Iratxe Goikoetxea", "avisada IRATXE GOIKOETXEA"]
)
def test_a_name_in_no_list_is_told_in_a_column_that_nobody_needs(name: str) -> None:
    cells = ("", name, "sin incidencias", "alta", "nada")
    header = (*GOOD, "Observaciones")
    rows = [(f"P{number}", 70, "L1", 24.8, "", cell) for number, cell in enumerate(cells)]
    (found,) = find(table(*rows, header=header))
    assert (found.row, found.column, "name" in found.message) == (3, "Observaciones", True)


def test_a_column_of_single_words_with_capitals_is_one_of_names() -> None:
    header, names = (*GOOD, "Ref"), ("Goikoetxea", "Popescu", "Benali", "Zubizarreta")
    rows = [(f"P{number}", 70, "L1", 24.8, "", name) for number, name in enumerate(names)]
    (found,) = find(table(*rows, header=header))
    # Trades and towns are single words with capitals too: told, and not refused.
    assert (found.code, found.message.rpartition("(")[2]) == ("doubtful", "rows: 2-5).")
    rows = [(f"P{number}", 70, "L1", 24.8, "", f"{name} Ane") for number, name in enumerate(names)]
    (found,) = find(table(*rows, header=header))
    assert found.message == "The column holds what looks like names or initials of persons (rows: 2-5)."


@pytest.mark.parametrize("words", ["Kyphon Xpede", "Osteopal Plus", "Unidad Raquis"])
def test_words_that_several_patients_share_are_no_name(words: str) -> None:
    header = (*GOOD, "Material")
    assert find(table(*((f"P{number}", 70, "L1", 24.8, "", words) for number in range(3)), header=header)) == []


@pytest.mark.parametrize(
    "words",
    [
        *(
            ("Grupo A", "Grupo B", "Grupo C"),
            ("Clase I", "Clase II", "Clase III"),
            ("Stage I", "Stage II", "Stage III"),
        ),
        *(
            ("Mendec Spine", "Osteopal V", "Cobalt HV", "Kyphon"),
            ("Bueno", "Malo", "Regular"),
            ("Good", "Fair", "Poor"),
        ),
        *(("cifosis leve, indolora", "dieta blanda, reposo", "asma, obesidad"), ("Anestesia General", "", "Sedación")),
    ],
)
def test_categories_and_brands_stop_no_study(words: tuple[str, ...]) -> None:
    rows = [(f"P{number}", 70, "L1", 24.8, "", word) for number, word in enumerate(words)]
    assert {found.code for found in find(table(*rows, header=(*GOOD, "Dato")))} <= {"doubtful"}


LISTS = (
    ("Diabetes, Hipertensión", "Hipertensión, Asma", "Asma, Obesidad", "Obesidad, Gota"),
    ("Atrial Fibrillation, Asthma", "Asthma, Stroke", "Atrial Fibrillation", "Dementia"),
    ("Metformina, Enalapril, Tramadol", "Tramadol, Omeprazol", "Enalapril, Omeprazol", "Paracetamol, Enalapril"),
    ("Ictus y Gota", "Gota y Obesidad", "Obesidad - Ictus", "Gota\nPsoriasis"),
    ("ASMA, GOTA", "GOTA, ICTUS", "ICTUS, OBESIDAD", "OBESIDAD, ASMA"),
    ("Apendicectomía, Colecistectomía", "Apendicectomía", "Cataratas, Hernia", "Cataratas"),
)


@pytest.mark.parametrize("words", LISTS)
def test_lists_of_diseases_or_drugs_are_no_names(words: tuple[str, ...]) -> None:
    rows = [(f"P{number}", 70, "L1", 24.8, "", word) for number, word in enumerate(words)]
    assert find(table(*rows, header=(*GOOD, "Antecedentes"))) == []


def test_what_is_an_identifier_in_a_list_is_told() -> None:
    cells = ("Asma, Gota", "Gota, Ictus", "Ictus, 611223344, 612345678", "García, Ana", "Ana")
    rows = [(f"P{number}", 70, "L1", 24.8, "", word) for number, word in enumerate(cells)]
    found = find(table(*rows, header=(*GOOD, "Antecedentes")))
    assert [(problem.values["kind"], problem.row) for problem in found] == [("phone", 4), ("name", 5)]
    assert "(rows: 4)" in found[0].message


def test_surnames_before_names_stop_a_study_whatever_the_names() -> None:
    # One surname of three is a given name too.
    cells = ("Goikoetxea, Eneko", "Etxebarria, Oier", "Zubiri, Garazi", "Oier, Uxue", "Arrieta, Ibai")
    rows = [(f"P{number}", 70, "L1", 24.8, "", word) for number, word in enumerate(cells)]
    (found,) = find(table(*rows, header=(*GOOD, "Dato")))
    assert (found.code, found.values["kind"]) == ("identifier", "name")


def test_a_small_word_after_the_comma_is_no_given_name() -> None:
    cells = ("Hipertensión, artrosis", "Ictus, gota", "Psoriasis, bocio")
    rows = [(f"P{number}", 70, "L1", 24.8, "", word) for number, word in enumerate(cells)]
    assert {found.code for found in find(table(*rows, header=(*GOOD, "Dato")))} == {"doubtful"}


def test_two_diseases_of_one_patient_are_at_most_doubtful() -> None:
    for text, codes in (("Embolia Pulmonar, Neumonía", []), ("Zubiri Goikoetxea, Iratxe", ["doubtful"])):
        assert [found.code for found in find(table(("P1", 70, "L1", 24.8, text)))] == codes


def test_words_that_may_be_a_name_in_a_text_of_the_study_are_told_as_doubtful() -> None:
    rows = table(
        ("P1", 70, "L1", 24.8, "neuritis, avisa Iratxe Goikoetxea"), ("P2", 70, "L1", 24.8, "Embolia Pulmonar")
    )
    (found,) = find(rows)
    assert (found.code, found.row, found.column) == ("doubtful", 2, "Complicación")
    assert "Iratxe" not in str(found)
    clean, dropped = drop(rows)
    assert clean.rows[2][4] == "text removed"
    assert len(dropped) == 1


def test_a_column_without_a_cell_tells_nothing() -> None:
    assert find(with_column("Teléfono", None, " ")) == []


def test_values_are_told_by_rows() -> None:
    (found,) = find(with_column("Notas", "612345678", "", "x", *["ana@example.org"] * 0, "600 11 22 33", "699887766"))
    assert found.message == "The column holds what looks like telephone numbers (rows: 2, 5-6)."
    assert (found.row, found.column) == (2, "Notas")


def test_every_kind_of_a_column_is_told() -> None:
    found = find(with_column("Notas", "ana@example.org", "12/03/2019 Ana Ruiz"))
    assert [re.findall("names|dates|e-mail", each.message)[0] for each in found] == ["e-mail", "dates", "names"]


def test_long_numbers_are_records_under_the_header_of_a_number_only() -> None:
    assert find(with_column("Plaquetas", 230512, 187344)) == []
    (found,) = find(with_column("Código", 230512, 1873440))
    assert "medical records" in found.message


def test_a_date_in_a_measurement_is_a_slip_of_excel() -> None:
    import datetime

    assert find(table(("P1", 70, "T12", datetime.datetime(2024, 5, 4), ""))) == []


def test_an_identifier_in_a_note_is_told() -> None:
    (found,) = find(table(("P1", 70, "T12", 24.8, "neuritis, avisada María Etxebarria")))
    assert (found.row, found.column) == (2, "Complicación")
    assert found.remedy.startswith("Take it out of the text")


def test_no_value_is_told() -> None:
    secrets = ("12345678Z", "María García López", "ana@example.org", "612345678")
    tables = [
        table(*((secret, 70, secret, secret, secret) for secret in secrets)),
        with_column("Nombre", *secrets),
        with_column("Notas", *secrets),
        # Nor a header that is one.
        with_column(secrets[1], "x", "ana@example.org"),
    ]
    told = [problem for each in tables for problem in find(each)]
    assert len(told) > 8
    assert not [secret for secret in secrets if secret in "".join(map(str, told))]


def test_cells_beyond_the_header_are_read() -> None:
    (found,) = find(table(("P1", 70, "L1", 24.8, "", "ana@example.org")))
    assert (found.column, found.cell) == (None, "F2")


def test_a_problem_is_a_problem() -> None:
    assert all(isinstance(each, Problem) for each in find(with_column("DNI", "1")))


@pytest.mark.parametrize(
    ("stem", "personal"),
    [
        *(("GOIKOETXEA_Iratxe", True), ("Ionescu Andreea 2024", True), ("datos Ana Ruiz", True)),
        *(
            ("estudio_final", False),
            ("Datos_Vertebroplastia", False),
            ("study", False),
            ("Vertebroplastia 2022", False),
        ),
    ],
)
def test_nothing_is_named_after_a_file_that_may_be_named_after_somebody(stem: str, *, personal: bool) -> None:
    options = cli._parser("es").parse_args(["reproduce", "--data", f"{stem}.xlsx"])
    assert (cli._folders(options)[0].name == "study") == (personal or stem == "study")
