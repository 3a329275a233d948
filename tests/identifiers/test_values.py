from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.core.dictionary import columns
from vpresearch.identifiers import kinds_of_value, names_a_person

LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"

VALUES: dict[str, tuple[object, ...]] = {
    "identity": (
        "12 345 678 Z",
        "12-345-678-Z",
        "123-45-6789",
        "943 476 5919",
        "NAF 28/12345678/40",
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
    "account": (
        "2100 0418 45 0200051332",
        "cta. 2100-0418-45-0200051332",
        "ES91 2100 0418 4502 0005 1332",
        "IBAN: GB82WEST12345698765432 de la hija",
        "4111 1111 1111 1111",
    ),
    "plate": ("BI 1234 CK", "1234 BCD", "coche 1234BCD", "M-1234-AB", "matrícula SS 1234 X"),
    "position": (
        "N 43.3208 W 1.9844",
        "lat 43.3208 lon -1.9844",
        "43.32083N, 1.98444W",
        "UTM 30T 582345 4796521",
        "43º19,25'N 1º59,08'W",
        "40.4168, -3.7038",
        "40°24'59\"N 3°42'09\"W",
        "43.2630; -2.9350",
        "43,2630; -2,9350",
    ),
    "health_card": (
        "CITE LOPE450321",
        "mutua nº 12345678",
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
        "HªC: 482913",
        "ID paciente 482913",
        "Patient ID 482913",
        "patient no 482913",
        "hospital no. 482913",
        "ingreso nº 2019/123456",
        "nº de estudio RX 20190045",
        "nº acceso 123456789",
        "Accession number: CT20190045",
        "1.2.840.113619.2.55.3.604688119",
        "historia social 12345",
        "expte. 12345/2019",
        "case no. 2019-1234",
        "col. 28/12345",
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
        "Bº San Roque 14",
        "bloque 3 piso 2 puerta B",
        "48930 Getxo",
        "vive en Tudela, 31500 Tudela",
        "código postal 20018",
        "London SW1A 2AA",
        "Caserío Goikoetxe 4",
        "28013 Madrid",
        "C.P. 48001",
        "C/ Mayor 12",
        "calle del Pez, 3",
        "Avda. de América 7, 2º B",
        "12 High Street",
        *("Gran Vía 12", "Calle Mayor s/n", "Carrer de Mallorca 5", "Nagusia kalea 5", "3º dcha"),
    ),
    "date": (
        "12MAR1944",
        "the 12th March 1944",
        "12th of March 1944",
        "1944ko martxoaren 12a",
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
    "online": (
        "https://pacs.example.eus/482913",
        "www.example.com/ane",
        "//servidor/pacientes/1",
        "\\\\servidor\\pacientes",
        "IP 192.168.1.25",
        "@ane_muguruza",
        "Instagram: ane.muguruza",
    ),
    "birth_date": (
        "nacida en marzo de 1944",
        "f. nac 12031944",
        "born 12/3/44",
        "F.N.: 12.03.44",
    ),
    "name": (
        "la señora Urrutikoetxea",
        "firmado: dra. Zabalbeitia",
        "DRA. ZABALBEITIA",
        "la doctora Popescu",
        "enfermera Zulueta",
        "Nombre: Xiao",
        "iniciales AMG",
        "daughter Siobhan",
        "called her son Declan",
        "GP Dr McAllister",
        "dr. Šimić",
        *("María García López", "GARCIA LOPEZ, MARIA", "garcia lopez, maria", "M.G.L.", "Dr. Pérez", "Dña. Etxebarria"),
        *("J. Pérez", "Etxebarria Agirre, Miren", "Mohamed El Amrani", "Remedios Pérez", "Miren Arruabarrena"),
        *("AVISADA MARIA ETXEBARRIA", "JOSE AMRANI", "hija de Iratxe", "avisar a su cuidadora Ionela"),
        *("Avisada María Etxebarria", "Ana Ruiz", "hija: Carmen Ortega", "John Smith"),
    ),
}
INNOCENT: tuple[object, ...] = (
    "10° E",
    "15º O",
    "Cobb 23,5 º",
    "L1 5CC",
    "L1 5 ML",
    "Lote A1234B",
    "lote nº 123456",
    "Ref. nº 1234567",
    "Mujer Postmenopáusica",
    "la señora refiere dolor",
    "pte. Buena evolución",
    "bloque anestésico",
    "T-score -3.1",
    "DMO 0,612 g/cm2",
    "plaquetas 234000",
    "12500 leucocitos",
    "20000 UI",
    "1.2.3.4",
    "6 12 24 36 48",
    "nacida en 1941",
    "hist. de dolor",
    "her son called",
    "CA 19-9",
    "Ca 125 34",
    "EVA: 7/3/2",
    "calcio 9.8",
    "CMW 3",
    "VP-2018-014",
    "SF-36 42,1",
    "TC 64 cortes",
    "son Leves",
    "B12 345",
    "3/10 @ 3 meses",
    "col. lumbar 3",
    "no 12",
    "NO 3 NIVELES",
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
    # NHC 482913 is no passport.
    assert kind != "record" or "identity" not in kinds_of_value(value)


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
