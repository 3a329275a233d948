"""Direct identifiers by the name of their column, in Spanish and English."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from vpresearch.core.dictionary import fold

Kind = Literal[
    "name",
    "identity",
    "record",
    "health_card",
    "phone",
    "email",
    "address",
    "birth_date",
    "date",
    "account",
    "plate",
    "position",
    "online",
]


@dataclass(frozen=True)
class _Vocabulary:
    """The words of one kind: a header is of it if it has a head, and nothing but heads and words that go with them."""

    heads: frozenset[str]
    beside: frozenset[str] = frozenset()
    phrases: frozenset[str] = field(default=frozenset())


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


# Words that change nothing: "Nº" folds to "no", "Hª" to "ha".
_IDLE = words(
    "de del la el los las y e o of the and a s no n nro num numero number paciente pacientes patient patients enfermo "
    "completo completa completos full 1 2"
)
# The order counts: an e-mail address is no address, a date of birth is more than a date.
_KINDS: dict[Kind, _Vocabulary] = {
    "name": _Vocabulary(
        words(
            "nombre nombres apellido apellidos name names surname surnames forename forenames firstname lastname "
            "fullname patientname iniciales initials nombreyapellidos apellidosynombre"
        ),
        words("primer segundo first second middle last family given 1er 2o pila"),
        frozenset({"acompanante", "contacto", "persona contacto", "familiar", "familiar contacto", "next kin"}),
    ),
    "identity": _Vocabulary(
        words("dni nif nie pasaporte passport ssn nuss nss nass cedula identidad"),
        words("documento doc nacional national card id letra identificacion fiscal cif"),
        frozenset({"national id", "identity card", "identity", "social security", "seguridad social", "documento"}),
    ),
    "record": _Vocabulary(
        words("nhc mrn historia historial hc nhs expediente episodio ha"),
        words("clinica clinico medical record hospital hospitalaria electronica codigo code id h"),
        frozenset(
            {
                "medical record",
                "hospital",
                "hospital id",
                "id hospital",
                "record",
                "chart",
                "case note",
                "h clinica",
                "hist clinica",
            }
        ),
    ),
    "health_card": _Vocabulary(
        words("cip cipa cic sns tis tsi nuhsa sip"),
        words("tarjeta sanitaria individual autonomico autonomica codigo code identificacion personal id"),
        frozenset(
            {
                *("tarjeta sanitaria", "tarjeta sanitaria individual", "health card", "insurance", "poliza"),
                *("afiliacion", "codigo identificacion personal"),
            }
        ),
    ),
    "phone": _Vocabulary(
        words(
            "telefono telefonos tfno tlf tlfn tlfno tel telf movil celular phone mobile telephone cellphone fax "
            "whatsapp"
        ),
        words("contacto contact fijo home casa familiar particular"),
    ),
    "email": _Vocabulary(words("email emails correo mail"), words("electronico contacto contact address direccion")),
    "address": _Vocabulary(
        words(
            "direccion domicilio address calle street cp postcode zip localidad poblacion municipio ciudad city town"
        ),
        words("codigo postal code residencia home provincia"),
        frozenset({"codigo postal", "postal code", "cod postal"}),
    ),
    "birth_date": _Vocabulary(
        words("nacimiento dob birth birthdate birthday fnac nac fechanacimiento"),
        words("fecha fec f date dia day lugar place"),
    ),
    "account": _Vocabulary(words("iban ccc cuenta"), words("bancaria corriente banco bank account")),
    "plate": _Vocabulary(words("matricula"), words("coche vehiculo")),
    "position": _Vocabulary(
        words("gps coordenadas coordinates latitud longitud latitude longitude lat lon lng"),
        words("domicilio home casa"),
    ),
}
_DAY_HEADS = words("dia day")
# Alone they may be a count or a score; as plain headers the numbers of these are those of hospitals.
_ONLY_WITH_NUMBER = frozenset({"hospital", "record", "chart", "insurance", "identity"})
_NUMBERED = words("no n nro num numero number")
_DATE_HEADS = words("fecha fechas fec date dates")
_EVENTS = words("intervencion operacion cirugia iq qx ingreso alta procedimiento tratamiento vertebroplastia exitus")


def kind_of_header(header: str) -> Kind | None:
    """Return which identifier a column holds by its name."""
    # A header may be written as one word, FechaNacimiento, or with stops, N.I.E.
    apart = re.sub(r"(?<=[a-záéíóúñ])(?=[A-ZÁÉÍÓÚÑ])", " ", header)
    apart = re.sub(r"(?i)\bn[º°](?=\w)", "n ", apart)
    folded = fold(re.sub(r"(?<![^\W_])([A-Za-z])\.(?=[A-Za-z](?![^\W_]))", r"\1", apart))
    tokens = folded.split()
    telling = [token for token in tokens if token not in _IDLE]
    if not telling:
        return None
    for kind, vocabulary in _KINDS.items():
        if _is_of(telling, vocabulary, numbered=bool(_NUMBERED & set(tokens))):
            return kind
    if _DATE_HEADS & set(telling) or telling[0].startswith("fecha"):
        return "date"
    of_event = telling[0] == "f" or telling[0] in _DAY_HEADS
    return "date" if of_event and _EVENTS & set(telling) else None


def _is_of(telling: list[str], vocabulary: _Vocabulary, numbered: bool) -> bool:
    phrase = " ".join(telling)
    if phrase in vocabulary.phrases:
        return numbered or phrase not in _ONLY_WITH_NUMBER
    found = set(telling)
    return bool(found & vocabulary.heads) and found <= vocabulary.heads | vocabulary.beside
