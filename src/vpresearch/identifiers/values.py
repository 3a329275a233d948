"""Direct identifiers by their value: forms that are theirs alone, with the check letter where there is one."""

from __future__ import annotations

import datetime
import re

from vpresearch.identifiers.headers import Kind
from vpresearch.identifiers.persons import names_a_person

_CHECK_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_SEPARATOR = r"[\s.\-]?"
# Digits that are no part of a longer number.
_START, _END = r"(?<![\w.,])", r"(?![.,]?\w)"

_IDENTITY = re.compile(
    rf"{_START}(?:([XYZ]){_SEPARATOR}(\d{{7}})|(\d{{1,2}}\.\d{{3}}\.\d{{3}}|\d{{7,8}})){_SEPARATOR}([A-Z]){_END}"
)
_SOCIAL_SECURITY = re.compile(rf"{_START}(\d{{2}})[\s/\-]?(\d{{7,8}})[\s/\-]?(\d{{2}}){_END}")
_HEALTH_CARD = re.compile(
    rf"{_START}(?:B{{8}}[A-Z]{{2}}\d{{6}}|[A-Z]{{4}}[\s\-]?\d{{12}}|[A-Z]{{4}}[\s\-]?[01][\s\-]?\d{{6}}[\s\-]?\d{{2}}[\s\-]?\d"
    rf"|[A-Z]{{4}}\d{{10}}|A[NR][\s\-]?\d{{10}}|\d{{6}}[A-Z]{{4}}\d{{4}}){_END}"
)
_RECORD = re.compile(
    rf"{_START}(?:N\.?\s?H\.?\s?C\.?|H\.?\s?C\.?|H[ªº]\.?(?:\s?CL[IÍ]NICA)?|MRN|HISTORIA|EPISODIO)[\s.:#\-]*(?:N[º°.]\s?)?\d{{4,}}{_END}"
)
_EMAIL = re.compile(
    r"[\w.+\-]{1,64}(?:@|\s?[(\[](?:arroba|at)[)\]]\s?|\sarroba\s)[\w\-]{1,63}(?:\.[\w\-]{1,63}){0,6}\.[a-z]{2,24}",
    re.IGNORECASE,
)
_PHONE = re.compile(
    rf"{_START}(?:(?:\+|00)\s?34[\s.\-]?)?[6-9]\d{{2}}(?:[\s.\-]?\d{{3}}){{2}}{_END}"
    rf"|{_START}(?:(?:\+|00)\s?34[\s.\-]?)?[6-9]\d{{2}}(?:[\s.\-]\d{{2}}){{3}}{_END}"
    rf"|{_START}[89]\d[\s.\-]\d{{3}}(?:[\s.\-]\d{{2}}){{2}}{_END}|{_START}[6-9]\d{{2}}/\d{{3}}/\d{{3}}{_END}"
    rf"|(?:{_START}[89]\d{{1,2}}[\s\-]|\([89]\d{{1,2}}\)\s?)\d{{6,7}}{_END}"
    r"|\+[1-9]\d{0,2}(?:[\s.\-]?\d{2,4}){3,4}(?!\d)"
)
_ADDRESS = re.compile(
    r"(?<!\w)(?:c/\s?|calle\s|avda?\.?\s|avenida\s|plaza\s|pza\.?\s|paseo\s|camino\s|ctra\.?\s|carretera\s)"
    r"[^\W\d][^\d\n]{1,40}\d{1,4}(?!\d)|(?<![\w.,])\d{1,5}\s(?:[a-z]+\s){1,3}(?:street|road|avenue|lane|drive)(?!\w)",
    re.IGNORECASE,
)
# A postcode before the town of its province, or said to be one.
_POSTCODE = re.compile(
    r"(?<![\w.,])(?:(?:c\.?\s?p\.?|postcode)[\s:.]*\d{5}|(?:0[1-9]|[1-4]\d|5[0-2])\d{3}[\s,\-]+(?:a coruña|albacete|"
    r"alicante|almería|ávila|badajoz|barcelona|bilbao|burgos|cáceres|cádiz|castellón|ceuta|ciudad real|córdoba|cuenca|"
    r"donostia|gerona|girona|granada|guadalajara|huelva|huesca|jaén|las palmas|león|lérida|lleida|logroño|lugo|madrid|"
    r"málaga|melilla|murcia|orense|ourense|oviedo|palencia|palma|pamplona|pontevedra|salamanca|san sebastián|santander|"
    r"segovia|sevilla|soria|tarragona|tenerife|teruel|toledo|valencia|valladolid|vigo|vitoria|zamora|zaragoza))(?!\w)",
    re.IGNORECASE,
)
_MONTHS = (
    "ene(?:ro)?|feb(?:rero)?|mar(?:zo|ch)?|abr(?:il)?|may(?:o)?|jun(?:io|e)?|jul(?:io|y)?|ago(?:sto)?|sep(?:tiembre|tember)?|"
    "oct(?:ubre|ober)?|nov(?:iembre|ember)?|dic(?:iembre)?|jan(?:uary)?|feb(?:ruary)?|apr(?:il)?|aug(?:ust)?|dec(?:ember)?"
)
_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d{2}"
# Two digits of a year, so that three scores such as 8/4/3 are no date.
_DATE = re.compile(
    rf"{_START}(?:{_DAY}([/.\-\s])(?:{_MONTH})\1{_YEAR}|{_YEAR}([/.\-]){_MONTH}\2{_DAY}|(?:0[1-9]|[12]\d|3[01])([/.\-])(?:0[1-9]|1[0-2])\3\d{{2}}"
    rf"|{_DAY}([/\-])(?:{_MONTH})\4(?:0\d|[1-9][1-9]|[2-9]0)|{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    rf"|(?:{_MONTHS})\.?\s{_DAY}(?:st|nd|rd|th)?,?\s{_YEAR}"
    rf"|{_MONTH}/{_DAY}/{_YEAR}|{_DAY}(?:\s(?:de\s)?|-)(?:{_MONTHS})\.?(?:\s(?:del?\s)?|-)(?:{_YEAR}|\d{{2}}))(?!\d)",
    re.IGNORECASE,
)


def kinds_of_value(cell: object) -> tuple[Kind, ...]:
    """Tell which identifiers a cell holds, by the form of its value.

    Parameters
    ----------
    cell : object
        As the file's reader gives it.

    Returns
    -------
    tuple of str
        Kinds as of ``kind_of_header``; empty for a cell without any.

    Examples
    --------
    >>> kinds_of_value("DNI 12345678Z"), kinds_of_value("12345678A")
    (('identity',), ())
    >>> kinds_of_value("ana@example.org, 600 123 456"), kinds_of_value(24.8), kinds_of_value("T12")
    (('phone', 'email'), (), ())
    """
    if isinstance(cell, datetime.date):
        return ("date",)
    text = as_text(cell)
    # Anything told by its form has at least six characters or is somebody's name.
    return _kinds_of_text(text) if len(text) > 3 else ()


def as_text(cell: object) -> str:
    """Write a cell as its reader would see it, a whole number without a decimal mark.

    Parameters
    ----------
    cell : object

    Returns
    -------
    str

    Examples
    --------
    >>> as_text(482913.0), as_text(None), as_text(" x ")
    ('482913', '', 'x')
    """
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _kinds_of_text(text: str) -> tuple[Kind, ...]:
    upper, found = text.upper(), list[Kind]()
    has_digit = any(character.isdigit() for character in text)
    if has_digit and (_has_identity(upper) or _has_social_security(upper)):
        found.append("identity")
    if has_digit and _HEALTH_CARD.search(upper):
        found.append("health_card")
    if has_digit and _RECORD.search(upper):
        found.append("record")
    if has_digit and _PHONE.search(text):
        found.append("phone")
    if ("@" in text or "ARROBA" in upper or "AT" in upper) and _EMAIL.search(text):
        found.append("email")
    if has_digit and (_ADDRESS.search(text) or _POSTCODE.search(text)):
        found.append("address")
    if has_digit and _DATE.search(text):
        found.append("date")
    if names_a_person(text):
        found.append("name")
    return tuple(found)


def _has_identity(text: str) -> bool:
    """Whether there is a DNI or NIE with its right check letter."""
    for letter, foreign, own, check in _IDENTITY.findall(text):
        digits = str("XYZ".index(letter)) + foreign if letter else own.replace(".", "")
        if _CHECK_LETTERS[int(digits) % 23] == check:
            return True
    return False


def _has_social_security(text: str) -> bool:
    """Whether there is a Spanish social security number with its right check digits."""
    for province, serial, check in _SOCIAL_SECURITY.findall(text):
        number = int(province) * 10_000_000 + int(serial) if int(serial) < 10_000_000 else int(province + serial)
        if 1 <= int(province) <= 66 and number % 97 == int(check):
            return True
    return False
