from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.dictionary import columns
from vpresearch.identifiers import kinds_of_value, names_a_person

LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"

VALUES: dict[str, tuple[object, ...]] = {
    "identity": (
        *(
            "DNI 12345678A",
            "dni: 12.345.678",
            "Pasaporte nº AAB123456",
            "AAB123456",
            "RSSMRA85T10A562S",
            "1800101221144",
        ),
        "12345678Z",
        "12.345.678-Z",
        "dni 12345678 z",
        "X1234567L",
        "y-1234567-x",
        "281234567840",
    ),
    "account": ("ES91 2100 0418 4502 0005 1332", "IBAN: GB82WEST12345698765432 de la hija", "4111 1111 1111 1111"),
    "plate": ("1234 BCD", "coche 1234BCD", "M-1234-AB", "matrícula SS 1234 X"),
    "position": ("40.4168, -3.7038", "40°24'59\"N 3°42'09\"W", "43.2630; -2.9350", "43,2630; -2,9350"),
    "health_card": (
        *(
            "GALO1730224003",
            "GRLP501012916014",
            "BBBBBBBBCS123456",
            "AN0123456789",
            "810216GAGP0019",
            "LOPE 1 730224 00 3",
            *("SIP 12345678", "CIC: 123456", "TIS nº 1234567", "C.I.P. 1234567", "tarjeta sanitaria 12345678"),
        ),
    ),
    "record": (
        "Hª 482913",
        "Hª clínica 482913",
        "NHC 482913",
        "HC: 48291",
        "n.h.c. nº 482913",
        "MRN 0048291",
        "Nº historia 48291",
        "hist. clín. 48291",
        "colegiada 123456",
    ),
    "phone": (
        *("612345678", 612345678, 612345678.0, "612 34 56 78", "+34 612 345 678", "91 234 56 78", "0034912345678"),
        *("(91) 2345678", "91-2345678", "612/345/678", "tfno. 943 123 456", "+33 6 12 34 56 78"),
    ),
    "email": ("ana (arroba) example.org", "ana.p@example.org", "véase Ana@hospital.example.es."),
    "address": (
        "28013 Madrid",
        "C.P. 48001",
        "C/ Mayor 12",
        "calle del Pez, 3",
        "Avda. de América 7, 2º B",
        "12 High Street",
        *("Gran Vía 12", "Calle Mayor s/n", "Carrer de Mallorca 5", "Nagusia kalea 5", "3º dcha"),
    ),
    "date": (
        *("12/03/2019", "2019-03-12", "1.2.1950", "12-03-19", "3 de mayo de 2018", "12-mar-19", "12 March 2019"),
        *(
            "doce de marzo de 1944",
            "operado el 3 de mayo",
            "12.marzo.2019",
            "12/mar/2019",
            "March 12th",
            "12 de març de 2019",
        ),
        *("12.03.44", "12/3/44", "19440312", "March 12, 1944", "Dec. 3rd 2018"),
        *(datetime.datetime(2019, 3, 12), datetime.date(1950, 1, 2), "operada el 12/03/2019, bien"),
    ),
    "name": (
        *("María García López", "GARCIA LOPEZ, MARIA", "garcia lopez, maria", "M.G.L.", "Dr. Pérez", "Dña. Etxebarria"),
        *("J. Pérez", "Etxebarria Agirre, Miren", "Mohamed El Amrani", "Remedios Pérez", "Miren Arruabarrena"),
        *("AVISADA MARIA ETXEBARRIA", "JOSE AMRANI", "hija de Iratxe", "avisar a su cuidadora Ionela"),
        *("Avisada María Etxebarria", "Ana Ruiz", "hija: Carmen Ortega", "John Smith"),
    ),
}
INNOCENT: tuple[object, ...] = (
    *("", None, True, 0, 1, 24.8, 3.7, 100, 12345678, "12345678A", "24,8", "24800", "0.612345678", 6123.45678, "T12"),
    *("D12-L1", "T11/T12/L1", "P01", "17", "Zubiri-77", "reconstructed-01", "ZZPATIENT001", "8/4/3", "8/4/10", "1-2-3"),
    *("transient_neuritis", "Dolores lumbares", "DOLORES INTENSOS", "Enfermedad de Paget", "Síndrome de Martín Bell"),
    *("Hospital Gregorio Marañón", "Clínica San José", "Fractura de Chance", "Cruz Roja", "Kyphon Xpede", "Sí", "No"),
    *(
        "metilprednisolona 40 mg/8 h",
        "neuritis L5 derecha 3 semanas",
        "Julio 2018",
        "2018",
        "nan",
        "Parkinson, HTA, DM2",
    ),
    *("8/10/10", "50000 UI", "25000 mg", "101325", "EVA 10/9/8", "12.5.3", "20010001"),
    *(
        "EVA PREVIA ALTA",
        "madre con Parkinson",
        "Historia de fracturas 2018",
        "ANA POSITIVOS",
        "IBAN MAL",
        "ES91 2100 0418 4502 0005 1333",
        "1234 5678 9012 3456",
        "TIS 12",
        "L1.1234",
    ),
    *("EVA 8 a 2 en 24 h", "ASA III", "PMMA 20 g", "INR 1.2", "Ref. 4512-B", "lote 12345-67890", 42048, "360000"),
)


@pytest.mark.parametrize(("kind", "value"), [(kind, each) for kind, row in VALUES.items() for each in row])
def test_an_identifier_is_told_by_its_form(kind: str, value: object) -> None:
    assert kind in kinds_of_value(value)


@pytest.mark.parametrize("value", INNOCENT)
def test_what_identifies_nobody_is_left_alone(value: object) -> None:
    assert kinds_of_value(value) == ()


def test_no_category_of_the_study_is_an_identifier() -> None:
    spellings = [each for column in columns().values() for level in column.levels for each in level.spellings()]
    assert [each for each in spellings if kinds_of_value(each)] == []


@given(st.integers(0, 99_999_999), st.sampled_from(LETTERS))
def test_a_dni_counts_with_its_own_letter_only(number: int, letter: str) -> None:
    found = "identity" in kinds_of_value(f"{number:08d}{letter}")
    assert found == (LETTERS[number % 23] == letter)


@given(st.floats(0, 200, allow_nan=False), st.integers(0, 3))
def test_no_measurement_is_an_identifier(value: float, decimals: int) -> None:
    for text in (round(value, decimals), f"{value:.{decimals}f}", f"{value:.{decimals}f}".replace(".", ",")):
        assert kinds_of_value(text) == ()


@given(st.text(max_size=60))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    assert kinds_of_value(text) == kinds_of_value(f" {text} ")
    assert isinstance(names_a_person(text), bool)
