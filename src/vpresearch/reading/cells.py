"""The letter M alone, which is mujer to some and masculino to others."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from vpresearch.core.dictionary import Column, columns, fold, of_dictionary
from vpresearch.core.errors import LANGUAGES, Problem, retold, tell
from vpresearch.reading.raw import LONGEST_WORD, Percent, RawTable, Unreadable, cell_at, is_blank, letter

# One or two patients may well be men; a column without any woman is more likely coded H and M, or M and V.
_FEWEST = 3


def look_at_sex(raw: RawTable, positions: Mapping[str, int], table: pd.DataFrame) -> list[Problem]:
    """Report a column of sexes where M stands for men, and beside it something that says that it may be mujer."""
    if not {"sex", "patient_id"} <= set(table):
        return []
    at = positions["sex"]
    words = {row: fold(cell_at(cells, at)) for row, cells in raw.rows.items()}
    women = {word for row, word in words.items() if table["sex"].get(row) == "F"}
    # Beside Varón, Hombre, V or H, M is no man, unless women are F; beside Mujer alone, it is.
    other_men = any(word[:1] in {"h", "v"} and word != "hembra" for word in words.values())
    letters = [row for row, word in words.items() if word == "m"]
    sure = women and (not other_men or not all(word.startswith("mujer") for word in women))
    if sure or table["patient_id"].nunique() < _FEWEST:
        return []
    return [tell("sex_m", row=row, column=raw.header[at]) for row in letters]


EXAMPLE_IDS = {"es": "EJEMPLO", "en": "EXAMPLE"}
_NUMBER = re.compile(r"[-\u2212+]?[0-9]+(?:[.,][0-9]+)?")
_THOUSANDS = re.compile(r"[-\u2212+]?[1-9][0-9]{0,2}[.,][0-9]{3}")
# 1.234,5 and 1,234.5; and 30/5, 24/25 or 3-5-2020.
_GROUPED = re.compile(r"[-\u2212+]?[0-9]{1,3}(?:[.,][0-9]{3})+[.,][0-9]+")
_MONTH = r"(?:ene|jan|feb|mar|abr|apr|may|jun|jul|ago|aug|sep|set|oct|nov|dic|dec)[a-z]*\.?"
_DATE_OR_FRACTION = re.compile(
    r"[0-9]{1,4}/[0-9]{1,4}(?:/[0-9]{1,4})?|[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,4}"
    rf"|[0-9]{{1,2}}[-/ ]{_MONTH}(?:[-/ ][0-9]{{2,4}})?|{_MONTH}[-/ ][0-9]{{1,4}}"
)
_DAY = re.compile(r"[0-9]{1,4}([-/])[0-9]{1,2}\1[0-9]{2,4}")
# Points out of a whole: 12/50, 3 de 10.
_FRACTION = re.compile(r"([0-9]{1,2}) ?(?:/|de|of|sobre) ?([0-9]{1,3})")
# 2'5, 2 ,5, 2,,5 and 2 000: one number, and not two to be added.
# O for 0 and l for 1, beside a digit.
_LETTERS_FOR_DIGITS = re.compile(r"(?=.*[0-9])(?=.*[oli|])[0-9oli|]+(?:[.,][0-9oli|]+)?")
_MISSPELT = re.compile(r"[.,]?[0-9]+(?:(?: ?[.,'´`·]){1,2} ?[0-9]+|(?: [0-9]{3})+)[.,]?|[0-9]+[.,]|[.,·][0-9]+")
_WHOLE = re.compile(r"([0-9]+)[.,]0+")
_LARGEST = 1e15
# Signs that are no part of any accepted word, and change or doubt it.
_DOUBT = re.compile(r"[?¿±~<>=*#%&+|^/\\]|^\s*[-\u2212]")
# A text that a spreadsheet would run as a formula, wherever it is written out again.
_LIKE_A_FORMULA = re.compile(r"[=@+\-\t\r][\w\s(\[|'\"+=@-]")
# The value of the row above, in a word or a sign.
_DITTO = frozenset({"idem", "igual", "ditto", "same", "same as above", "igual que arriba", "lo mismo"})
_DITTO_SIGNS = re.compile(r"[\"“”„»«〃″]|''|´´|,,|[-–—]\s?[\"“”〃″]\s?[-–—]")
_EXCEL_ERROR = re.compile(r"#(?:N/A|N/D|[A-Z0-9/¡¿]+[!?])", re.I)
# Vertebrae are also written T 12, D-12, L.1 and lumbar 1.
_APART = re.compile(r"(?<=[a-z]) (?=\d+$)")
_IN_WORDS = re.compile(r"^(?:vertebra )?(d(?=orsal)|t(?=oracica|horacic)|l(?=umbar))[a-z]+ (?=\d+$)")
_DATES = (datetime.date, datetime.time, datetime.timedelta)
# What programs and people write where a value is missing, folded; signs alone, such as - or ?, fold to nothing.
_MISSING = frozenset(
    {
        *(
            "",
            "na",
            "n a",
            "n c",
            "s d",
            "nan",
            "null",
            "nulo",
            "none",
            "missing",
            "unknown",
            "lost",
            "empty",
            "pending",
        ),
        *("not known", "not recorded", "not available", "not done", "not applicable", "not assessed", "no data"),
        *("no consta", "no procede", "no aplica", "no disponible", "no se sabe", "no registrado", "no registrada"),
        *("no recogido", "no recogida", "no valorado", "no valorada", "sin dato", "sin datos", "sin registrar"),
        *("desconocido", "desconocida", "perdido", "perdida", "falta", "pendiente", "vacio"),
    }
)
# Two letters may also be a patient's own code.
_MISSING_SHORT = _MISSING | {
    *("nc", "nd", "n d", "sd", "nk", "ns", "nr", "n r", "np", "n p", "nv", "n v", "ns nc"),
}
# Signs for nothing; others, such as + or ✓, fold to nothing too.
_SAYS_MORE = re.compile(r"[^\s\-−‐-―_.…,:;/\\|?¿*·()\[\]\"'~=#<>]")
_TICK = re.compile(r"[x×✓✔✗✘☑☒☐√•●*+]+", re.I)
_CODE = re.compile(r"-1|-[789]|-?(?:7{2,6}|8{2,6}|9{2,6})")
# First words of a cell that denies a leak.
_DENIALS = frozenset(
    {
        *("0", "9", "no", "non", "not", "none", "nothing", "nil", "without", "absent", "negative", "false", "zero"),
        *("sin", "ningun", "ninguno", "ninguna", "nada", "ausente", "negativo", "negativa", "falso", "cero"),
        *("n", "sf", "nunca", "never"),
    }
)
_NO_COMPLICATION = _MISSING_SHORT | {"nada", "nothing", "nil", "no hubo", "sin incidencias", "false", "falso"}
_ONE = r"[0-9]+(?:[.,][0-9]+)?"
_NUMBERS = re.compile(_ONE)
_ABOUT = re.compile(
    r"[≈~∼≃≅±?¿]|\+/?-|\b(?:app?rox\w*|circa|ca|about|around|roughly|nearly|unos|unas|casi|alrededor|cerca"
    r"|mas o menos|more or less)\b"
)
_LIMIT = re.compile(
    r"[<>≤≥]|\b(?:menos|mas|menor|mayor|inferior|superior|hasta|max|min|maximo|minimo|less|more|under|over|below|above"
    r"|up to|at (?:least|most))\b"
)
_RANGE = re.compile(rf"(?:de|from)?\s*({_ONE})\s*(?:-|–|—|a|o|to|or|hasta|\.\.+|…)\s*({_ONE})\D*")
_BETWEEN = re.compile(rf"(?:entre|between)\s*{_ONE}\s*(?:y|and)\s*{_ONE}\D*")
_BETWEEN_AMOUNTS = re.compile(
    r"(?:\s|[-–—+/;&|:,()x×*=]|cc|ml|y|and|cada|each|por|per|bilateral|total|lado|side|d(?:er(?:ech[oa])?|ch[oa])?"
    r"|r(?:ight)?"
    r"|i(?:z(?:q(?:uierd[oa])?|da)?)?|l(?:eft)?|pediculo|pedicle)+\.?\s*"
)
_EACH_SIDE = re.compile(r"\b(?:cada|por|each|per|both|ambos|bilateral)\b")
_CUBED = re.compile(r"(?<=m)[3³]")
# A number with another unit than its column's is not to be copied without it.
_OTHER_UNITS = {
    "cc": re.compile(r"\b[0-9.,]*\s?(?:mm|dm|[µμu]l|[dc]?l|litros?|liters?|litres?|gr?|gramos?|grams?|mg|%)(?![a-z])"),
    "years": re.compile(r"\b[0-9.,]*\s?(?:m|mes(?:es)?|months?|dias?|days?)(?![a-z])"),
    "points": re.compile(r"%|\bmm\b"),
}

# (value, what to tell: reason code and the values of its words)
_Converted = tuple[object, tuple[str, dict[str, object]] | None]


def without_examples(raw: RawTable, positions: Mapping[str, int]) -> tuple[RawTable, list[Problem]]:
    """Take out the example row of the template, which is nobody's data, and tell that it stands there."""
    at = positions.get("patient_id")
    if at is None:
        return raw, []
    ids = {fold(name) for name in EXAMPLE_IDS.values()}
    examples = {
        number for number, cells in raw.rows.items() if at < len(cells) and fold(str(cells[at])[:LONGEST_WORD]) in ids
    }
    problems = [
        tell("example_row", sheet=raw.sheet, row=number, column=raw.header[at], cell=f"{letter(at)}{number}")
        for number in sorted(examples)
    ]
    rows = {number: cells for number, cells in raw.rows.items() if number not in examples}
    return replace(raw, rows=rows), problems


def type_cells(raw: RawTable, positions: Mapping[str, int]) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the table with its canonical columns, its cells typed."""
    problems: list[Problem] = []
    data: dict[str, pd.Series[Any]] = {}
    for name, position in positions.items():
        column = columns()[name]
        values, known, faults = [], dict[tuple[type, object], _Converted](), list[Problem]()
        for number, cells in raw.rows.items():
            cell = cells[position] if position < len(cells) else None
            # The same few things stand in most cells; 1, 1.0 and True are one key without their type.
            key = (type(cell), cell)
            if key not in known:
                known[key] = convert(cell, column)
            value, fault = known[key]
            values.append(value)
            if fault is not None:
                faults.append(tell(fault[0], row=number, column=raw.header[position], **fault[1]))  # type: ignore[arg-type]
        dtype = float if column.kind == "number" else object
        data[name] = pd.Series(values, index=list(raw.rows), dtype=dtype)
        doubtful = _two_marks(raw, position) if column.kind == "number" else _coded(raw, position, column)
        data[name].loc[[problem.row for problem in doubtful if problem.row]] = None
        told = {problem.row for problem in doubtful}
        faults = [problem for problem in faults if problem.row not in told] + doubtful
        empty = len(faults) > 1 and len(faults) == len(raw.rows) and {p.wording for p in faults} == {"missing_value"}
        problems += [retold(problem, "empty_column") for problem in faults] if empty else faults
    return pd.DataFrame(data, index=list(raw.rows)), problems


def _two_marks(raw: RawTable, position: int) -> list[Problem]:
    """Report the numbers of a column with both decimal marks that may have thousands: 1.234 beside 24,8."""
    texts = {
        row: cell.strip()
        for row, cells in raw.rows.items()
        if position < len(cells) and isinstance(cell := cells[position], str) and len(cell) <= LONGEST_WORD
    }
    if not all(any(mark in text for text in texts.values()) for mark in ".,"):
        return []
    return [
        tell("two_marks", row=row, column=raw.header[position])
        for row, text in texts.items()
        if _THOUSANDS.fullmatch(text)
    ]


def _coded(raw: RawTable, position: int, column: Column) -> list[Problem]:
    """Report the numbers of a column of yes and no where a 2 and no 0 beside the 1 leave open which is which."""
    if "1" not in _words(column.name):
        return []
    written = {row: _folded(cell_at(cells, position), column) for row, cells in raw.rows.items()}
    if not {"1", "2"} <= set(written.values()) or "0" in written.values():
        return []
    coded = [row for row, text in written.items() if text in {"1", "2"}]
    return [tell("unknown_category", wording="coded_yes_no", row=row, column=raw.header[position]) for row in coded]


def convert(cell: object, column: Column) -> _Converted:
    """Type one cell."""
    if isinstance(cell, Unreadable):
        return None, (cell.code, {})
    if is_blank(cell):
        return None, None if column.may_be_empty else ("missing_value", {})
    if isinstance(cell, _DATES):
        if column.kind != "number":
            return None, ("date", {"wording": "date_for_text"})
        born = column.unit == "years" and isinstance(cell, datetime.date)
        return None, ("date", {"wording": "date_of_birth"} if born else {})
    if isinstance(cell, str) and len(cell) > LONGEST_WORD:
        return None, ("too_long", {"limit": LONGEST_WORD})
    if isinstance(cell, str) and _EXCEL_ERROR.fullmatch(cell.strip()):
        return None, ("excel_error", {"wording": "excel_error_or_empty"} if column.may_be_empty else {})
    # Two letters may also be a patient's own code.
    if isinstance(cell, str) and (
        _DITTO_SIGNS.fullmatch(cell.strip()) or fold(cell) in _DITTO or (fold(cell) == "id" and column.kind != "text")
    ):
        return None, ("same_as_above", {})
    if column.kind == "number":
        return _number(cell, column)
    if column.kind == "category":
        return _category(cell, column)
    return _text(cell, column)


def _number(cell: object, column: Column) -> _Converted:
    if isinstance(cell, Percent):
        words = {"wording": "percent_format_of_percent"} if column.unit == "percent" else {}
        return None, ("percent_format", {"unit": column.unit, **words})
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        # Whole numbers of a workbook may have more digits than any float.
        if abs(cell) < _LARGEST:
            return float(cell), None
    elif isinstance(cell, str) and _NUMBER.fullmatch(cell.strip()):
        return float(cell.strip().replace(",", ".").replace("\u2212", "-")), None
    return None, ("not_a_number", {"unit": column.unit, **_seeming(cell, column)})


def _seeming(cell: object, column: Column) -> dict[str, object]:
    """Choose the words that name what was written instead of a number."""
    written = _CUBED.sub("", " ".join(_plain(cell).split())) if isinstance(cell, str) else ""
    numbers = _NUMBERS.findall(written)
    if _GROUPED.fullmatch(written):
        return {"wording": "number_with_thousands"}
    if _MISSPELT.fullmatch(written):
        return {"wording": "number_misspelt"}
    if _LETTERS_FOR_DIGITS.fullmatch(written):
        return {"wording": "letter_for_digit"}
    if fraction := _FRACTION.fullmatch(written):
        part, whole = map(int, fraction.groups())
        if column.unit in {"points", "percent"} and part <= whole:
            return {"wording": f"fraction_of_{column.unit}"}
    if _of_several_amounts(written, column):
        return {"wording": "several_amounts"}
    if _DATE_OR_FRACTION.fullmatch(written):
        born = any(len(number) == 4 for number in numbers)
        return {"wording": "date_of_birth" if born and column.unit == "years" else "date_or_fraction"}
    if _RANGE.fullmatch(written) or _BETWEEN.fullmatch(written):
        return {"wording": "number_range"}
    if numbers and _ABOUT.search(written):
        return {"wording": "approximate"}
    if len(numbers) == 1 and _LIMIT.search(written):
        return {"wording": "only_a_limit"}
    if len(numbers) > 1:
        return {"wording": "several_numbers"}
    if numbers:
        other = _OTHER_UNITS.get(column.unit)
        return {"wording": "number_in_other_unit" if other and other.search(written) else "number_and_text"}
    if says_missing(cell):
        return {"wording": "missing_word_to_empty" if column.may_be_empty else "missing_word"}
    if column.unit in {"points", "percent"} and (denies(cell) or fold(cell).startswith("asintomatic")):
        return {"wording": "none_in_words"}
    # A word is most often there because there is no number.
    return {"wording": "no_number_or_empty"} if column.may_be_empty else {}


def _of_several_amounts(written: str, column: Column) -> bool:
    """Return whether cement is given by pedicle: 1,5+1,2; 2 / 1.5; 1.5 R, 1.2 L; but 1,2-1,5 is a range."""
    numbers = _NUMBERS.findall(written)
    if column.name != "cement_volume_cc" or not numbers or _DAY.search(written):
        return False
    if len(numbers) == 1:
        return bool(_EACH_SIDE.search(written))
    # 1/2 and 2/3 may be fractions; 2/2 and 2/1 are none.
    if _DATE_OR_FRACTION.fullmatch(written) and (written.count("/") != 1 or int(numbers[0]) < int(numbers[1])):
        return False
    rising = _RANGE.fullmatch(written)
    if rising and float(rising[1].replace(",", ".")) < float(rising[2].replace(",", ".")):
        return False
    first, *between, last = _NUMBERS.split(written)
    told = [words for words in (first, last) if words.strip()]
    return all(map(_BETWEEN_AMOUNTS.fullmatch, [*told, *between]))


def says_missing(cell: object) -> bool:
    """Return whether a cell holds one of the words, signs or codes for a value that is missing."""
    return _word(cell) in _MISSING_SHORT or is_code(cell)


def _word(cell: object) -> str:
    """Fold a word, but a sign that says more than nothing."""
    signs = str(cell).strip()
    folded = fold(cell)
    return signs if not folded and (_SAYS_MORE.search(signs) or _DITTO_SIGNS.fullmatch(signs)) else folded


def is_code(value: object) -> bool:
    """Return whether a number is one that statistical programs take for a missing value."""
    return bool(_CODE.fullmatch(str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()))


def said_empty(raw: RawTable, positions: Mapping[str, int]) -> tuple[RawTable, list[Problem]]:
    """Empty the cells that say that there is nothing to tell: the kind of a leak where there is none, complications."""
    leak = positions.get("leak")
    leaks = {
        number: convert(cells[leak], columns()["leak"])[0]
        for number, cells in raw.rows.items()
        if leak is not None and leak < len(cells)
    }
    rows, notes = {number: list(cells) for number, cells in raw.rows.items()}, []
    for name in (name for name in ("leak_site", "leak_size", "complication") if name in positions):
        at, said = positions[name], 0
        for number, cells in rows.items():
            if at >= len(cells) or is_blank(cells[at]):
                continue
            if name == "complication":
                nothing = counted = _denies_complication(cells[at])
            else:
                # Where the leak itself is in doubt, so is what the cell denies.
                nothing = leaks.get(number) != "yes" and denies(cells[at])
                counted = nothing and leaks.get(number) == "no"
            if nothing:
                cells[at], said = None, said + counted
        if said:
            wording = "taken_as_none" if name == "complication" else "taken_as_empty"
            notes.append(tell(wording, sheet=raw.sheet, column=raw.header[at], n=said))
    return replace(raw, rows={number: tuple(cells) for number, cells in rows.items()}), notes


def denies(cell: object) -> bool:
    """Return whether a cell says in words, or by a zero, that there is nothing."""
    first, *_ = fold(cell).split() or [""]
    return not isinstance(cell, (Unreadable, *_DATES)) and (says_missing(cell) or first in _DENIALS)


def _denies_complication(cell: object) -> bool:
    return isinstance(cell, str) and _word(cell) in _NO_COMPLICATION - set(_words("complication"))


def _category(cell: object, column: Column) -> _Converted:
    written = _folded(cell, column)
    value = _words(column.name).get(written)
    if value is not None and not _DOUBT.search(str(cell)):
        return value, None
    accepted = {language: ", ".join(level.labels[language] for level in column.levels) for language in LANGUAGES}
    return None, ("unknown_category", {"accepted": accepted, **_mistaken(cell, column)})


def _folded(cell: object, column: Column) -> str:
    """Fold a word; other programs write a code of 1 as 1.0, and a vertebra with a gap."""
    if isinstance(cell, str) and (whole := _WHOLE.fullmatch(cell.strip())):
        return whole[1]
    return _APART.sub("", _IN_WORDS.sub(r"\1", fold(cell))) if column.name == "level" else fold(cell)


def _mistaken(cell: object, column: Column) -> dict[str, object]:
    """Choose the words that name what was written instead of an accepted word."""
    written = _folded(cell, column)
    named = {_words(column.name).get(word) for word in written.split()} - {None}
    if len(named) > 1:
        return {"wording": "several_levels" if column.name == "level" else "several_categories"}
    if column.name == "leak" and any(word in {*_words("leak_site"), *_words("leak_size")} for word in written.split()):
        return {"wording": "leak_of_a_kind"}
    if "yes" in _words(column.name).values() and _TICK.fullmatch(str(cell).strip()):
        return {"wording": "tick_mark"}
    if not column.may_be_empty:
        # Of a vertebra a sign may well be an answer, as - is to a leak.
        return {"wording": "missing_word"} if says_missing(cell) and column.unit_of_observation == "patient" else {}
    # Without a leak such a cell was emptied.
    if column.name in {"leak_site", "leak_size"} and denies(cell):
        return {"wording": "leak_denied"}
    return {"wording": "category_or_empty" if says_missing(cell) else "category_else_empty"}


def _text(cell: object, column: Column) -> _Converted:
    if fold(cell) in _words(column.name):
        # The one level of a text column is its word for nothing to tell.
        return None, None
    text = str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip()
    if not column.may_be_empty and isinstance(cell, str) and _word(cell) in _MISSING:
        # Read as a code, it would make one patient of all who have none.
        return None, ("missing_value", {"wording": "missing_word"})
    if _LIKE_A_FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return None, ("like_a_formula", {})
    return text, None


def _plain(text: str) -> str:
    """Fold case and accents, and keep the signs."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@of_dictionary
def _words(name: str) -> dict[str, str]:
    """Return the category by its folded spellings."""
    return {fold(spelling): level.value for level in columns()[name].levels for spelling in level.spellings()}
