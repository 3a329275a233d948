"""Direct identifiers by their value: forms that are theirs alone, with the check letter where there is one."""

from __future__ import annotations

import datetime
import re

from vpresearch.identifiers.headers import Kind
from vpresearch.identifiers.persons import names_a_person

_SEPARATOR = r"[\s.\-]?"
# Digits that are no part of a longer number.
_START, _END = r"(?<![\w.,])", r"(?![.,]?\w)"

_IDENTITY = re.compile(
    rf"{_START}(?:([XYZ]){_SEPARATOR}(\d{{7}})|(\d{{1,2}}[.\s\-]\d{{3}}[.\s\-]\d{{3}}|\d{{7,8}})){_SEPARATOR}([A-Z]){_END}"
)
_SOCIAL_SECURITY = re.compile(rf"{_START}(\d{{2}})[\s/\-]?(\d{{7,8}})[\s/\-]?(\d{{2}}){_END}")
# Numbers of other countries, and of a passport when nothing else stands in the cell.
_FOREIGN = re.compile(
    rf"{_START}(?:[A-Z]{{6}}\d{{2}}[A-Z]\d{{2}}[A-Z]\d{{3}}[A-Z]|[A-Z]{{4}}\d{{6}}[A-Z\d]{{8}}|\d{{13}}|\d{{15}}){_END}"
)
_PASSPORT = re.compile(r"[A-Z]{3}\s?\d{6}")
# Social security of the United States by its dashes, NHS number of the United Kingdom by its check digit.
_BY_GROUPS = re.compile(rf"{_START}\d{{3}}(?:-\d{{2}}-|[\s\-]\d{{3}}[\s\-])\d{{4}}{_END}")
_BANK = re.compile(
    rf"{_START}(?:[A-Z]{{2}}\d{{2}}(?:[\s\-]?[A-Z\d]{{1,4}}){{3,8}}|\d{{4}}(?:[\s\-]?\d{{3,4}}){{3}}|\d{{4}}[\s\-]?\d{{4}}[\s\-]?\d{{2}}[\s\-]?\d{{10}}){_END}"
)
_HEALTH_CARD = re.compile(
    rf"{_START}(?:B{{8}}[A-Z]{{2}}\d{{6}}|[A-Z]{{4}}[\s\-]?\d{{12}}|[A-Z]{{4}}[\s\-]?[01][\s\-]?\d{{6}}[\s\-]?\d{{2}}[\s\-]?\d"
    rf"|[A-Z]{{4}}\d{{10}}|A[NR][\s\-]?\d{{10}}|\d{{6}}[A-Z]{{4}}\d{{4}}){_END}"
)
_PLATE = re.compile(
    rf"{_START}(?:\d{{4}}[\s\-]?[BCDFGHJ-NPR-TV-Z]{{3}}|[A-Z]{{1,2}}([\s\-])\d{{4}}\1[A-Z]{{1,2}}){_END}"
)
_PRIMES = r"""(?:\s?\d{1,2}(?:[.,]\d+)?\s?(?:''|['′"″]))"""
# Minutes of arc, or digits that no angle of a spine is measured to.
_DEGREES = (
    rf"\d{{1,3}}(?:[.,]\d{{3,}})?\s?[°º]{_PRIMES}{{1,2}}\s?[NSEWO](?!\w)|\d{{1,3}}[.,]\d{{3,}}\s?[°º]?\s?[NSEWO](?!\w)"
)
_POSITION = re.compile(
    rf"{_START}-?\d{{1,2}}[.,]\d{{4,}}\s?[,;]?\s-?\d{{1,3}}[.,]\d{{4,}}(?![.,]?\d)|{_DEGREES}"
    r"|(?<!\w)(?:[NSEWO]|lat(?:itud|itude)?\.?|lon(?:gitud|gitude|g)?\.?)[\s:=]*-?\d{1,3}[.,]\d{3,}(?!\w)|(?<!\w)UTM\W[^\n]{0,12}\d{6}",
    re.IGNORECASE,
)
# Servers, pages, accounts and files of a network.
_ONLINE = re.compile(
    r"(?<!\w)(?:[a-z]{3,6}://\S|www\.\w)|(?<![\w:/])(?://|\\\\)\w|(?<![\w.])\d{2,3}(?:\.\d{1,3}){3}(?![\w.]*\d)|(?<![\w.@])@[a-z]\w[\w.]+(?![\w.]*\()"
    r"|(?<!\w)(?:facebook|instagram|twitter|telegram|skype|linkedin|tiktok)[\s:]+\S*\w[._]?\w",
    re.IGNORECASE,
)
# An object of DICOM; what is said to be the number of anything, unless it is that of a batch.
_OBJECT = re.compile(r"(?<![\w.])[0-2](?:\.\d+){5,}(?![\w.])")
_NUMBERED = re.compile(
    r"(?<!\w)(?:(?P<of>[^\W\d]+)\.?\s)?(?:(?:N[º°.]|NO[.:]?|NÚM\.?|NUM\.?|NÚMERO|NUMERO|NUMBER)\s?(?:DE\s)?(?:[^\W\d]+[\s:]+){0,2}|ID(?:[\s:]+[^\W\d]+)?[\s:]+|COL(?:EG)?\.)\s?"
    r"[A-Z]{0,4}\s?\d(?:[.\-/]?\d){5,}(?!\w)"
)
_OF_A_THING = re.compile(r"(?<!\w)(?:LOTES?|LOT|BATCH|REF(?:ERENCIA|ERENCE)?|SERIE|SERIAL)(?!\w)")


def _after(words: str, digits: int = 4) -> re.Pattern[str]:
    """Match a number that a word before it says to be an identifier, whatever the form of the number."""
    between = r"[\s.:=#ªº°\-]*(?:(?:N|NO|NUM|NÚM|NUMERO|NÚMERO|ES|DE)[\s.:=#º°]+)*"
    return re.compile(rf"(?<!\w)(?:{words})(?![^\W\d_]){between}[A-Z]{{0,4}}[\s.\-]?\d(?:[\s.\-/]?\d){{{digits - 1},}}")


# Told by the word before the number; a letter of the word may be followed by a stop.
_SAID: dict[Kind, re.Pattern[str]] = {
    "identity": _after(
        r"D\.?N\.?I|N\.?I\.?[FE]|PASAPORTE|PASSPORT|DOCUMENTO|C[EÉ]DULA|CNP|CURP|SSN|N?[ºO°]?\s?SS|NUSS|NASS|NSS|NAF|SEG(?:URIDAD|\.)?\sSOCIAL"
    ),
    "health_card": _after(
        r"C\.?I\.?[PC]|CIPA|CITE|MUTUA|S\.?I\.?P|T\.?I\.?S|T\.?S\.?I|S\.?N\.?S|NUHSA|TARJETA(?:\sSANITARIA)?|P[OÓ]LIZA|AFILIACI[OÓ]N"
    ),
    "record": _after(
        r"N\.?\s?[ºO°]?\s?H\.?\s?C\.?|H\.?\s?C\.?|H[ªº]?\.?\s?(?:CL[IÍ]N(?:\.|ICA)?|C[ªº]?)|H[ªº]|MRN|HIST(?:\.|ORIA)?(?:\s(?:CL[IÍ]N(?:\.|ICA)?|SOCIAL))?"
        r"|EPISODIO|EXPEDIENTE|EXPTE\.?|ACCESSION|CASE\sN(?:O\.?|UMBER)|MEDICAL\sRECORD|CHART|COLEGIAD[OA]"
    ),
    "birth_date": re.compile(
        r"(?<!\w)(?:NACID[OA]|NAC(?:IMIENTO|\.)?|BORN|F\.?\s?N(?:AC)?\.?|D\.?O\.?B\.?)(?!\w)[^\d\n]{0,20}(?:\d{6}|\d{1,2}[/.\-]\d)"
        r"|(?<!\w)(?:NACID[OA]|BORN)\s(?:EN|EL|IN|ON)\s[^\d\n]{3,20}(?:18|19)\d{2}(?!\d)"
    ),
    "phone": _after(r"TEL[EÉ]FONO|TEL[F.]?|TFNO\.?|TLFN?O?\.?|M[OÓ]VIL|PHONE|MOBILE|WHATSAPP", 6),
    "account": _after(r"IBAN|CTA\.?|CUENTA(?:\s(?:BANCARIA|CORRIENTE))?|CCC|VISA|MASTERCARD", 8),
    "plate": re.compile(r"(?<!\w)MATR[IÍ]CULA[\s.:=#\-]*(?=[A-Z\s\-]*\d)[A-Z\d\s\-]{4,10}(?!\w)"),
}
_EMAIL = re.compile(
    r"[\w.+\-]{1,64}(?:@|\s?[(\[](?:arroba|at)[)\]]\s?|\sarroba\s)[\w\-]{1,63}(?:\.[\w\-]{1,63}){0,6}\.[a-z]{2,24}",
    re.IGNORECASE,
)
_PHONE = re.compile(
    rf"{_START}(?:(?:\+|00)\s?34[\s.\-]?)?[6-9]\d{{2}}(?:[\s.\-]?\d{{3}}){{2}}{_END}"
    rf"|{_START}(?:(?:\+|00)\s?34[\s.\-]?)?[6-9]\d{{2}}(?:[\s.\-]\d{{2}}){{3}}{_END}"
    rf"|{_START}[89]\d[\s.\-]\d{{3}}(?:[\s.\-]\d{{2}}){{2}}{_END}|{_START}[6-9]\d{{2}}/\d{{3}}/\d{{3}}{_END}"
    rf"|(?:{_START}[89]\d{{1,2}}[\s\-]|\([89]\d{{1,2}}\)\s?)\d{{6,7}}{_END}"
    r"|\+[1-9]\d{0,2}(?:[\s.\-]?\d{1,4}){3,5}(?!\d)"
)
_ADDRESS = re.compile(
    r"(?<!\w)(?:c/\s?|cl?\.\s|calle\s|avda?\.?\s|avenida\s|plaza\s|pl?za\.?\s|paseo\s|p\.?[ºª]\.?\s|camino\s|ctra\.?\s|carretera\s|gran\sv[ií]a\s|v[ií]a\s"
    r"|b[ºª]\.?\s|caserío\s|rambla\s|travesera\s|rúa\s|carrer\s|passeig\s|plaça\s|avinguda\s|ronda\s|travesía\s|glorieta\s|barrio\s|urb(?:\.|anización)\s|pol(?:\.|ígono)\s|rue\s|via\s|strada\s)"
    r"(?:[^\W\d][^\d\n]{0,40}\d{1,4}(?!\d)|\d{1,4}(?!\d)|[^\d\n]{2,40}\ss/n(?!\w))|(?<!\w)[^\W\d]{3,}\s(?:kalea|etorbidea|plaza)[\s,]+\d{1,4}(?!\d)"
    r"|(?<!\w)(?:portal|bloque|escalera|piso)\s\w{1,3}[\s,]+(?:bloque|escalera|piso|puerta)\s\w{1,3}(?!\w)|(?<![\w.,])\d{1,2}\.?[ºª°]\s?(?:izq|izda|dcha|dch|izquierda|derecha)(?!\w)|(?<![\w.,])\d{1,5}\s(?:[a-z]+\s){1,3}(?:street|road|avenue|lane|drive)(?!\w)",
    re.IGNORECASE,
)
# A postcode before the town of its province, or said to be one.
_POSTCODE = re.compile(
    r"(?<![\w.,])(?:(?:c\.?\s?p\.?|postcode|c[oó]d(?:igo|\.)?\spostal|postal\scode)[\s:.]*\d{5}|"
    r"(?:0[1-9]|[1-4]\d|5[0-2])\d{3}[\s,\-]+(?:a coruña|albacete|"
    r"alicante|almería|ávila|badajoz|barcelona|bilbao|burgos|cáceres|cádiz|castellón|ceuta|ciudad real|córdoba|cuenca|"
    r"donostia|gerona|girona|granada|guadalajara|huelva|huesca|jaén|las palmas|león|lérida|lleida|logroño|lugo|madrid|"
    r"málaga|melilla|murcia|orense|ourense|oviedo|palencia|palma|pamplona|pontevedra|salamanca|san sebastián|santander|"
    r"segovia|sevilla|soria|tarragona|tenerife|teruel|toledo|valencia|valladolid|vigo|vitoria|zamora|zaragoza))(?!\w)",
    re.IGNORECASE,
)
# The like before any word that is written as a town is, where nothing else stands about the two; and the British form.
_POSTCODE_BY_FORM = re.compile(
    r"(?:^|[,;(]\s*)(?:0[1-9]|[1-4]\d|5[0-2])\d{3}[\s,\-]+(?:[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{3,})(?:$|[,;)])|(?<!\w)[A-Z]{1,2}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2}(?!\w)"
)
_MONTHS = (
    "ene(?:ro)?|feb(?:rero)?|mar(?:zo|ch)?|abr(?:il)?|may(?:o)?|jun(?:io|e)?|jul(?:io|y)?|ago(?:sto)?|sep(?:tiembre|tember)?|"
    "oct(?:ubre|ober)?|nov(?:iembre|ember)?|dic(?:iembre)?|jan(?:uary)?|feb(?:ruary)?|apr(?:il)?|aug(?:ust)?|dec(?:ember)?|"
    "gener|febrer|març|maig|juny|juliol|agost|setembre|octubre|novembre|desembre|xaneiro|febreiro|maio|xuño|xullo|outubro|decembro"
)
_DAY_IN_WORDS = (
    "primero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieci(?:séis|seis|siete|ocho|nueve)|"
    "veint(?:e|iuno|iún|idós|idos|itrés|itres|icuatro|icinco|iséis|iseis|isiete|iocho|inueve)|treinta(?:\\sy\\suno)?"
)
_ROMAN = "I{1,3}|IV|VI{0,3}|IX|XI{0,2}"
_MONTHS_WHOLE = (
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre|january|february|march|april|may|june|july|"
    "august|september|october|november|december"
)
_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d{2}"
# Two digits of a year, so that three scores such as 8/4/3 are no date.
_DATE = re.compile(
    rf"{_START}(?:{_DAY}([/.\-\s])(?:{_MONTH})\1{_YEAR}|{_YEAR}([/.\-]){_MONTH}\2{_DAY}|(?:0[1-9]|[12]\d|3[01])([/.\-])(?:0[1-9]|1[0-2])\3\d{{2}}"
    rf"|{_DAY}([/\-])(?:{_MONTH})\4(?:0\d|[1-9][1-9]|[2-9]0)|{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    rf"|(?:{_MONTHS})\.?\s{_DAY}(?:st|nd|rd|th)?,?\s{_YEAR}"
    rf"|{_MONTH}/{_DAY}/{_YEAR}|{_DAY}(?:\s(?:de\s|d')?|[.\-/])(?:{_MONTHS})\.?(?:\s(?:del?\s)?|[.\-/])(?:{_YEAR}|\d{{2}}))(?!\d)"
    rf"|{_START}{_DAY}([/.\-])(?:{_ROMAN})\5(?:{_YEAR}|\d{{2}})(?!\d)"
    rf"|{_START}{_DAY}(?:(?:st|nd|rd|th)\s(?:of\s)?)?(?:{_MONTHS})\s?{_YEAR}(?!\d)|(?<!\w){_YEAR}ko\s\w+ren\s\d{{1,2}}"
    # In words, and without a year.
    rf"|(?<!\w)(?:{_DAY_IN_WORDS}|{_DAY}(?:st|nd|rd|th)?)\s(?:de|of)\s(?:{_MONTHS_WHOLE})(?!\w)"
    rf"|(?<!\w)(?:{_MONTHS_WHOLE})\s(?:the\s)?{_DAY}(?:st|nd|rd|th)(?!\w)",
    re.IGNORECASE,
)


def kinds_of_value(cell: object) -> tuple[Kind, ...]:
    """Return which identifiers a cell holds, by the form of its value."""
    if isinstance(cell, datetime.date):
        return ("date",)
    text = as_text(cell)
    # Anything told by its form has at least six characters or is somebody's name.
    return _kinds_of_text(text) if len(text) > 3 else ()


def as_text(cell: object) -> str:
    """Write a cell as its reader would see it, a whole number without a decimal mark."""
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _kinds_of_text(text: str) -> tuple[Kind, ...]:
    upper, found = text.upper(), dict[Kind, None]()
    if any(character.isdigit() for character in text):
        if _has_identity(upper) or _has_social_security(upper) or _has_groups(text):
            found["identity"] = None
        if _HEALTH_CARD.search(upper):
            found["health_card"] = None
        if _has_account(upper):
            found["account"] = None
        if _PLATE.search(text):
            found["plate"] = None
        if _POSITION.search(text):
            found["position"] = None
        if _PHONE.search(text):
            found["phone"] = None
        found |= {kind: None for kind, said in _SAID.items() if said.search(upper)}
        if _OBJECT.search(text) or (_NUMBERED.search(upper) and not _OF_A_THING.search(upper)):
            found["record"] = None
        # After a keyword the number is of what that says, as in NHC 123456.
        if not found and _PASSPORT.fullmatch(upper):
            found["identity"] = None
        if _POSTCODE.search(text) or _POSTCODE_BY_FORM.search(text):
            found["address"] = None
    if _ADDRESS.search(text):
        found["address"] = None
    if ("@" in text or "ARROBA" in upper or "AT" in upper) and _EMAIL.search(text):
        found["email"] = None
    if _ONLINE.search(text):
        found["online"] = None
    if _DATE.search(text):
        found["date"] = None
    if names_a_person(text):
        found["name"] = None
    return tuple(found)


def _has_identity(text: str) -> bool:
    """Whether there is a number of an identity document with its right check digits."""
    # Lazy: hardly any cell holds what may be one.
    for letter, foreign, own, check in _IDENTITY.findall(text):
        from stdnum.es import dni, nie

        number = f"{letter}{foreign}{check}" if letter else re.sub(r"\D", "", own).zfill(8) + check
        if (nie if letter else dni).is_valid(number):
            return True
    for number in _FOREIGN.findall(text):
        from stdnum.fr import nir
        from stdnum.it import codicefiscale
        from stdnum.mx import curp
        from stdnum.ro import cnp

        if any(kind.is_valid(number) for kind in (nir, codicefiscale, curp, cnp)):
            return True
    return False


def _has_account(text: str) -> bool:
    """Whether there is a bank account or a card with its right check digits."""
    for number in _BANK.findall(text):
        from stdnum import iban, luhn
        from stdnum.es import ccc

        parts = number.replace("-", " ").split()
        if number[:1].isdigit():
            if luhn.is_valid("".join(parts)) or ccc.is_valid("".join(parts)):
                return True
        # What follows an account may look like a part of it.
        elif any(iban.is_valid("".join(parts[: end + 1])) for end in range(len(parts))):
            return True
    return False


def _has_social_security(text: str) -> bool:
    """Whether there is a Spanish social security number with its right check digits."""
    for province, serial, check in _SOCIAL_SECURITY.findall(text):
        number = int(province) * 10_000_000 + int(serial) if int(serial) < 10_000_000 else int(province + serial)
        if 1 <= int(province) <= 66 and number % 97 == int(check):
            return True
    return False


def _has_groups(text: str) -> bool:
    """Whether there is a number of another country's social security or health service."""
    for number in _BY_GROUPS.findall(text):
        from stdnum.gb import nhs
        from stdnum.us import ssn

        if (ssn if number[6:7] == "-" and number.count("-") == 2 and len(number) == 11 else nhs).is_valid(number):
            return True
    return False
