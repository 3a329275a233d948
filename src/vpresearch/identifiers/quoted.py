"""What may be said aloud of a file: values that identify nobody, and its name."""

from __future__ import annotations

import re

from vpresearch.identifiers.headers import Kind
from vpresearch.identifiers.persons import is_name_alone, may_be_a_name, without_words_of_the_field
from vpresearch.identifiers.values import as_text, kinds_of_value

_LONGEST = 30
# Digits enough to be the number of a record, a telephone or a document.
_NUMBER_OF_SOMEBODY = re.compile(r"\d{6}")
# No list of names is complete: a word that may be one is not quoted.
_WORD = re.compile(r"[^\W\d_]{4}|(?<![^\W\d_])[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{2}")
_ERROR_OF_EXCEL = re.compile(r"#[\w¡¿/]+[!?]?")


def identifies_nobody(cell: object) -> bool:
    """Tell whether a cell may be quoted to the owner of the file.

    Parameters
    ----------
    cell : object

    Returns
    -------
    bool
        False for what is blank, long, cannot be seen, or might tell who somebody is.

    Examples
    --------
    >>> identifies_nobody("24,8 ml"), identifies_nobody(-3), identifies_nobody(612345678), identifies_nobody("Etxeb")
    (True, True, False, False)
    """
    if not isinstance(cell, str | int | float) or isinstance(cell, bool):
        return False
    text = as_text(cell)
    if not 0 < len(text) <= _LONGEST or not text.isprintable():
        return False
    if _ERROR_OF_EXCEL.fullmatch(text):
        return True
    return not any((kinds_of_value(text), is_name_alone(text), _NUMBER_OF_SOMEBODY.search(text), _WORD.search(text)))


def kinds_of_file_name(stem: str) -> tuple[Kind, ...]:
    """Tell which identifiers the name of a file holds; the date of a version is none.

    Parameters
    ----------
    stem : str
        The name without its ending.

    Returns
    -------
    tuple of str
        Kinds as of ``kind_of_header``.

    Examples
    --------
    >>> kinds_of_file_name("DNI_12345678Z"), kinds_of_file_name("estudio 2024-03-12")
    (('identity',), ())
    """
    return tuple(kind for kind in kinds_of_value(stem.replace("_", " ")) if kind != "date")


def may_name_somebody(name: str) -> bool:
    """Tell whether the name of a file, folder or sheet may be that of a person, so that nothing is named after it.

    Parameters
    ----------
    name : str
        Without an ending.

    Returns
    -------
    bool

    Examples
    --------
    >>> may_name_somebody("Goikoetxea_Iratxe"), may_name_somebody("estudio_final")
    (True, False)
    """
    words = [word for word in re.split(r"[\W_]+", name) if not word.isdecimal()]
    return bool(kinds_of_file_name(name)) or may_be_a_name(" ".join(without_words_of_the_field(words)), several=True)
