from __future__ import annotations

import pytest

from vpresearch.core.dictionary import columns
from vpresearch.identifiers import kind_of_header

HEADERS = {
    "name": "Nombre|Apellidos|Nombre y apellidos|Primer apellido|2º Apellido|Nombre del paciente|Iniciales|Name|"
    "Surname|Patient name|Full name|Last name|first_name|INICIALES|Initials",
    "identity": "DNI|NIF/NIE|N.I.E|Pasaporte|Nº DNI|Passport|Documento de identidad|National ID|Social security number",
    "record": "NHC|N.º historia|Nº Hª Clínica|Historia clínica|Número de historia|MRN|Medical record number|"
    "nº_historia|"
    "Hospital number|Nº de episodio|NHC paciente",
    "health_card": "CIP|CIP-SNS|SNS|Tarjeta sanitaria|CIPA|NUHSA|Health card number|Nº tarjeta sanitaria",
    "phone": "Teléfono|Tfno.|Tel. móvil|Móvil|Phone|Mobile phone|Nº de teléfono|TLF contacto",
    "email": "Correo|Correo electrónico|E-mail|eMail|Dirección de correo|Email address",
    "address": "Dirección|Domicilio|Address|Código postal|C.P.|CP|Postcode|Municipio",
    "birth_date": "Fecha de nacimiento|F. Nacimiento|FechaNacimiento|Fecha nac.|DOB|Date of birth|Birth date",
    "date": "Fecha de intervención|Fecha operación|F. IQ|FechaCirugía|Fecha|Surgery date|Date of surgery|Fecha alta",
}
INNOCENT = (
    "Hospital|Notas|Observaciones|Peso|Talla|IMC|Historia de caídas|Nombre del cemento|Density|Update|Candidate|ID|Nº|"
    "N|"
    "Cemento|Viscosidad|Escala|Número de vértebras|Number of levels|Tiempo de intervención (min)|Duración|Caso|"
    "Mecanismo|Nombre del hospital|Cement name|Días de ingreso|Seguimiento (meses)|Año|T-score|Lado||  |Fenotipo|"
    "Telemetría"
)


@pytest.mark.parametrize(("kind", "header"), [(kind, each) for kind, row in HEADERS.items() for each in row.split("|")])
def test_a_column_is_told_by_its_name(kind: str, header: str) -> None:
    assert kind_of_header(header) == kind
    assert (
        kind_of_header(f" {header.upper()} ") == kind or not header.isascii() or "Fecha" in header or header == "eMail"
    )


@pytest.mark.parametrize("header", INNOCENT.split("|"))
def test_other_columns_are_left_alone(header: str) -> None:
    assert kind_of_header(header) is None


def test_no_column_of_the_study_is_an_identifier() -> None:
    spellings = [each for name, column in columns().items() if name != "patient_id" for each in column.spellings()]
    assert [each for each in spellings if kind_of_header(each)] == []
