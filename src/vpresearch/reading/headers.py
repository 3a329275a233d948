"""Headers as people write them, and the columns that they mean; a near miss is suggested, never guessed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from vpresearch.core.dictionary import Column, columns, fold, follow_up, of_dictionary
from vpresearch.core.errors import Problem, retold, tell
from vpresearch.reading.cells import convert, says_missing
from vpresearch.reading.raw import LONGEST_WORD, RawTable, cell_at, is_blank, letter

# Optional, and what the analyses ask for.
ANALYSED = ("leak_site", "leak_size", "vas_pre", "vas_post", "vas_1m", "vas_1y", "odi_pre", "odi_1y")

# What may stand behind a header, folded: the same unit by another name, and units that would be read wrongly.
_SAME = {
    "cc": ("cc", "ml", "cm3", "c c"),
    "years": ("anos", "years", "en anos", "in years"),
    "points": ("puntos", "points", "0 10", "0 a 10", "de 0 a 10", "cm"),
    "percent": ("percent", "porcentaje", "por ciento", "0 100", "0 a 100", "de 0 a 100"),
    # What has no unit may have its answers there.
    "": (
        "si no",
        "no si",
        "s n",
        "yes no",
        "y n",
        "0 1",
        "1 0",
        "m f",
        "f m",
        "h m",
        "m h",
        "v m",
        "m v",
        "mujer varon",
    ),
}
_WRONG = {
    "cc": ("mm3", "mm", "l", "litros", "dl", "dm3", "m3", "ul", "cm", "porcentaje", "percent"),
    "years": ("meses", "months", "dias", "days"),
    "points": ("0 100", "0 a 100", "de 0 a 100", "mm", "0 1", "porcentaje", "percent"),
    "percent": ("0 1", "0 a 1", "0 50", "0 a 50", "sobre 50", "fraccion", "fraction", "tanto por uno"),
}
_COMPUTED = ("fill percent", "llenado", "relleno", "porcentaje de llenado", "porcentaje de relleno", "fill ratio")
_COMPUTED_TOO = (
    "de llenado",
    "de relleno",
    "fill",
    "fill percentage",
    "ratio de llenado",
    "region",
    "region vertebral",
    "spinal region",
)
_ALIKE = 0.8
# Fewer begin too many words.
_LEAST_LETTERS = 5
_DIGITS = re.compile(r"\d+")
# A unit and a level are one word; of what else letters and digits make, each is one.
_TOKENS = re.compile(r"\b[cdm]?m3\b|\b(?:t|d|th)(?:1[0-2]|[1-9])\b|\bl[1-5]\b|\d+|[^\W\d]+")
# Columns of a form with boxes to tick, as REDCap names them by code and by label.
_BOX = re.compile(r"(.+?)(?:___\w+|\s*\(choice=.*\))")
OF_REDCAP = frozenset(
    {
        *("redcap repeat instrument", "redcap repeat instance", "repeat instrument", "repeat instance"),
        *("redcap event name", "event name"),
    }
)
SCORES = {
    **dict.fromkeys(("eav", "eva", "vas", "dolor", "pain"), "vas"),
    **dict.fromkeys(("odi", "oswestry"), "odi"),
}
_SIDE = re.compile(r"\b(?:der\w*|dch\w*|d|izq\w*|izd\w*|i|right|left|r|l)\b")
# Where columns are numbered, the bare word is enough.
_BARE = {
    **dict.fromkeys(("volumen", "volume", "vol"), "vertebral_volume_cc"),
    **dict.fromkeys(("cemento", "cement", "cem", "pmma"), "cement_volume_cc"),
    **dict.fromkeys(("localizacion", "sitio", "site", "loc"), "leak_site"),
    **dict.fromkeys(("tamano", "grado", "size", "tam"), "leak_size"),
}
_ORDINALS = {
    word: str(number)
    for number, words in enumerate(
        (
            "primer primera primero first uno one i a",
            "segundo segunda second dos two ii b",
            "tercer tercera tercero third tres three iii c",
            "cuarto cuarta fourth cuatro four iv d",
            "quinto quinta fifth cinco five v e",
            "sexto sexta sixth seis six vi f",
        ),
        start=1,
    )
    for word in words.split()
}
# What the time of a score is counted in.
_TIME_WORDS = {
    **dict.fromkeys(("h", "hora", "horas", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "dia", "dias", "day", "days"), "d"),
    **dict.fromkeys(("w", "wk", "sem", "semana", "semanas", "week", "weeks"), "w"),
    **dict.fromkeys(("m", "mo", "mes", "meses", "month", "months"), "m"),
    **dict.fromkeys(("y", "yr", "a", "ano", "anos", "year", "years"), "y"),
}
# A number beside one of these counts no vertebrae, and a level beside one is that of another time; d and a are also
# the right side and the first.
_TIMES = frozenset(
    {
        *(set(_TIME_WORDS) - {"d", "a"}),
        *("pre", "post", "previo", "previa", "previos", "previas", "anterior", "anteriores", "antiguo", "antigua"),
        *("antiguos", "antiguas", "previous", "prior", "former"),
    }
)
# Words beside a number that say of what it is the number.
_OF_COUNTING = ("vert", "nivel", "level", "segm", "frac", "fx", "cuerp", "bod", "num", "instan")
_BESIDE_NUMBERS = frozenset({"n", "no", "o", "er", "de", "del", "la", "of", "st", "nd", "rd", "th"})
_MOST_VERTEBRAE = 20
_LONGEST_KEY = 5
_MOST_WORDS = 12
_MOST_NAMED = 20


@dataclass(frozen=True)
class Matched:
    """Which column stands where."""

    positions: Mapping[str, int]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def _folded(header: object) -> str:
    """Fold a header; its percent sign is a unit, and no punctuation."""
    return fold(str(header).replace("%", " percent "))


@of_dictionary
def _names() -> dict[str, tuple[str, str]]:
    """Return column and wrong unit by folded header; a header as the dictionary has it goes before one with a unit."""
    known = {_folded(spelling): (column.name, "") for column in columns().values() for spelling in column.spellings()}
    for column in columns().values():
        stems = {_folded(spelling) for spelling in column.spellings()}
        stems |= {stem.removesuffix(f" {unit}") for stem in stems for unit in _SAME.get(column.unit, ())}
        for stem in sorted(stems):
            for unit in ("", *_SAME.get(column.unit, ())):
                known.setdefault(f"{stem} {unit}".strip(), (column.name, ""))
            for unit in _WRONG.get(column.unit, ()):
                known.setdefault(f"{stem} {unit}", (column.name, unit))
    return known


def column_of(header: str) -> str | None:
    """Return the column of the study that a header means."""
    return _names().get(_folded(header), (None, ""))[0]


def known_headers(cells: Iterable[object]) -> int:
    """Count the cells of a row that are headers."""
    written = (str(cell) for cell in cells if cell is not None)
    return sum(_folded(cell) in _names() or bool(numbered(cell)) for cell in written if len(cell) <= LONGEST_WORD)


@dataclass(frozen=True)
class Numbered:
    """A header that names a column of a vertebra, and which of several vertebrae it is."""

    name: str
    key: str
    words: str
    unit: str
    is_counted: bool
    counts_alone: bool


def numbered(header: str) -> Numbered | None:
    """Read a header as that of one of several vertebrae by its number or level."""
    return next((found for found in readings(header) if found.is_counted), None)


@of_dictionary
def readings(header: str) -> tuple[Numbered, ...]:
    """Return every way to read a header as a column of a vertebra and words that tell which one, the best first."""
    words = _TOKENS.findall(_folded(header))
    if len(words) > _MOST_WORDS or _folded(header) in _names() or boxed(header):
        return ()
    found: list[tuple[tuple[bool, bool, bool, int], Numbered]] = []
    spans = [(start, end) for start in range(len(words)) for end in range(start + 1, len(words) + 1)]
    parts = [(words[start:end], words[:start] + words[end:]) for start, end in spans]
    # What counts stands in one place, or on both sides of what is counted.
    for own, rest in [*parts, *((outer, inner) for inner, outer in parts)]:
        if not rest or not 0 < len(own) <= _LONGEST_KEY or not (_of_columns() | _TIMES).isdisjoint(own):
            continue
        name, unit, is_sure = bare(" ".join(rest))
        key = _key(own)
        if name and not (name == "level" and key in _levels().values()):
            said = " ".join(word for word in own if not word.startswith("vertebra"))
            rank = (key not in _levels().values(), not key, not is_sure, -len(own))
            counts_alone = bool(key) and all(map(_counts, own))
            found.append((rank, Numbered(name, key or said, said, unit, bool(key), counts_alone)))
    return tuple(each for _, each in sorted(found, key=lambda one: one[0]))


def boxed(header: str) -> str | None:
    """Return the column of the study for which a header has a box to tick."""
    match = _BOX.fullmatch(header)
    return column_of(match[1]) if match else _sites().get(_folded(header))


@of_dictionary
def _sites() -> dict[str, str]:
    """Return the column of the sites of leaks by headers that name one of them: posterior leak."""
    sites = [fold(word) for level in columns()["leak_site"].levels for word in level.spellings()]
    words = [form for site in sites for form in (f"fuga {site}", f"fuga a {site}", f"leak {site}", f"{site} leak")]
    return dict.fromkeys(words, "leak_site")


def _of_one_side(header: str) -> bool:
    """Return whether a header names the cement of one side."""
    words = _SIDE.sub("", _folded(header))
    return words != _folded(header) and bare(" ".join(words.split()))[0] == "cement_volume_cc"


@of_dictionary
def bare(words: str) -> tuple[str | None, str, bool]:
    """Return the column of a vertebra that a folded header means, its wrong unit, and whether it is no guess."""
    name, unit = _names().get(words, (None, ""))
    stem, other = words, ""
    if name is None:
        units = (*_SAME["cc"], *_WRONG["cc"])
        other = next((own for own in units if words.endswith(f" {own}")), "")
        stem = words.removesuffix(f" {other}") if other else words
        name = _names().get(stem, (None, ""))[0] or _BARE.get(stem)
        unit = other if other in _WRONG["cc"] else ""
    is_sure = name is not None
    name = name or meant(stem, of_vertebrae())
    fits = name in of_vertebrae() and not (other and columns()[name or ""].unit != "cc")
    return (name, unit, is_sure) if fits else (None, "", False)


@of_dictionary
def of_vertebrae() -> tuple[str, ...]:
    """Return the columns that belong to the vertebra and not to the patient."""
    return tuple(column.name for column in columns().values() if column.unit_of_observation == "vertebra")


@of_dictionary
def _of_columns() -> frozenset[str]:
    """Return the words that name a column of a vertebra other than its level, or a unit: none of them counts."""
    spelled = {_folded(s) for name in of_vertebrae() if name != "level" for s in columns()[name].spellings()}
    words = {word for spelling in spelled for word in spelling.split() if not word.startswith("vertebra")}
    few = {word for word in words if len(word) > len("cc")}
    hints = {word for name in of_vertebrae() for word in _HINTS.get(name, "").split()}
    return frozenset({*few, *hints, *_BARE, *_SAME["cc"], *_WRONG["cc"]} - {"l"})


@of_dictionary
def _levels() -> dict[str, str]:
    return {fold(word): level.value for level in columns()["level"].levels for word in level.spellings()}


def _counts(word: str) -> bool:
    return word.isdigit() or word in {*_ORDINALS, *_levels(), *_BESIDE_NUMBERS} or word.startswith(_OF_COUNTING)


def _key(words: list[str]) -> str:
    """Return the level or the number among words; the empty string if there is none, or more than one."""
    levels = [_levels()[word] for word in ("".join(words), *words) if word in _levels()]
    if levels:
        return levels[0] if len(set(levels)) == 1 else ""
    numbers = [word for word in words if word.isdigit()] or [_ORDINALS[word] for word in words if word in _ORDINALS]
    return str(int(numbers[0])) if len(numbers) == 1 and int(numbers[0]) <= _MOST_VERTEBRAE else ""


_NUMBER_WORDS = {word: int(number) for word, number in _ORDINALS.items() if len(word) > len("ii")}
_NUMBER_WORDS |= {"un": 1, "una": 1, "nueve": 9, "nine": 9, "doce": 12, "twelve": 12}
_BESIDE_TIMES = frozenset(
    {
        *("a", "al", "los", "las", "de", "del", "tras", "despues", "follow", "up", "fu", "seguimiento", "at"),
        *("after", "the", "score", "escala"),
    }
)
# A longer unit for so many of a shorter one.
_LONGER = {"h": (24, "d"), "d": (7, "w"), "m": (12, "y")}


def follow_ups(raw: RawTable) -> dict[str, str]:
    """Return the headers of scores at times that the dictionary has no column for, by the names of their columns."""
    found: dict[str, str] = {}
    for header in raw.header:
        name = _followed(header) if column_of(header) is None else None
        if name is not None and follow_up(name):
            found.setdefault(name, header)
    return found


def _followed(header: str) -> str | None:
    """Read a header as a score and its time, where it says nothing else: VAS at 3 months."""
    key = _folded(header)
    for ending in (*_SAME["points"], *_SAME["percent"]):
        key = key.removesuffix(f" {ending}")
    tokens = re.findall(r"\d+|[^\W\d]+", key)
    if any(len(token) > LONGEST_WORD for token in tokens):
        return None
    numbers = {token: int(token) if token.isdecimal() else _NUMBER_WORDS.get(token, 0) for token in tokens}
    times = [(numbers[one], _TIME_WORDS[two]) for one, two in pairwise(tokens) if numbers[one] and two in _TIME_WORDS]
    # Month 3; but a 3 is at 3.
    times += [
        (numbers[two], _TIME_WORDS[one])
        for one, two in pairwise(tokens)
        if two.isdecimal() and one in _TIME_WORDS and one not in _BESIDE_TIMES
    ]
    scores = {SCORES[token] for token in tokens if token in SCORES}
    said = {*_BESIDE_TIMES, *_TIME_WORDS, *SCORES, *(token for token in tokens if numbers[token])}
    if len(scores) != 1 or len(times) != 1 or sum(map(str.isdecimal, tokens)) > 1 or not said.issuperset(tokens):
        return None
    (number, unit), (score,) = times[0], scores
    while unit in _LONGER and number % _LONGER[unit][0] == 0:
        number, unit = number // _LONGER[unit][0], _LONGER[unit][1]
    return f"{score}_{number}{unit}" if unit != "h" else None


def match_headers(raw: RawTable) -> Matched:
    """Find the columns of a table."""
    positions: dict[str, int] = {}
    problems: list[Problem] = []
    unknown: list[int] = []
    for position, header in enumerate(raw.header):
        name, unit = _names().get(_folded(header), (None, ""))
        cell = f"{letter(position)}{raw.header_row}"
        if name is None:
            unknown.append(position)
        elif name in positions:
            first = raw.header[positions[name]]
            problems.append(tell("column_twice", column=header, cell=cell, first=first, second=header))
        else:
            positions[name] = position
            if unit:
                problems.append(tell("header_unit", column=header, cell=cell, unit=columns()[name].unit))
    told = set(_elsewhere(raw))
    sides = [position for position in unknown if _of_one_side(raw.header[position])]
    if "cement_volume_cc" not in positions and len(sides) > 1:
        told.add("cement_volume_cc")
        named = ", ".join(raw.header[position] for position in sides)
        at = {"column": raw.header[sides[0]], "cell": f"{letter(sides[0])}{raw.header_row}"}
        label = columns()["cement_volume_cc"].labels
        problems.append(tell("missing_column", wording="cement_by_side", **at, label=label, named=named))  # type: ignore[arg-type]
    near = _near(raw, unknown, {**positions, **dict.fromkeys(told, 0)})
    # What was recorded under a misspelt header must not be lost; what only sounds like it is another column.
    slips = {name for name in ANALYSED if name in near and _holds(raw, near[name], columns()[name])}
    problems += [
        _missing_column(column, near.get(column.name))
        for column in columns().values()
        if (column.required or column.name in slips) and column.name not in positions and column.name not in told
    ]
    return Matched(positions, tuple(problems), _ignored(raw, unknown, near, slips))


def _holds(raw: RawTable, header: str, column: Column) -> bool:
    """Return whether whatever stands below a header could stand in a column."""
    position = raw.header.index(header)
    cells = [cell for cells in raw.rows.values() if not is_blank(cell := cell_at(cells, position))]
    return bool(cells) and all(says_missing(cell) or convert(cell, column)[1] is None for cell in cells)


# Words of a header by what they stand for, and headers that name a column only where nothing else does.
_SHORT_FOR = {
    "fx": "fractura",
    "vol": "volumen",
    "cem": "cemento",
    "loc": "localizacion",
    "m": "meses",
    "iny": "inyectado",
    "vert": "vertebral",
    **dict.fromkeys(("preop", "preoperative", "preoperatorio", "preoperatoria", "baseline", "basal", "before"), "prev"),
    **dict.fromkeys(("prequirurgico", "prequirurgica"), "prev"),
    **dict.fromkeys(("postop", "postoperative", "postoperatorio", "postoperatoria", "alta", "discharge"), "post"),
    "mo": "meses",
    "dolor": "eav",
    "anual": "1 ano",
    "tratado": "",
    "tratada": "",
    "treated": "",
    "months": "meses",
}
_BESIDE_HINTS = frozenset(
    {
        *("de", "la", "fuga", "paciente", "of", "the", "leak", "leakage", "volumen", "volume", "iny", "inyectado"),
        *("injected", "cant", "cantidad", "amount"),
    }
)
_HINTS = {
    "patient_id": "n no num numero caso case sujeto record registro codigo pac pte",
    "leak": "extravasacion extravasation extravasado",
    "leak_size": "grado grade severidad severity cuantia gravedad magnitud magnitude",
    "leak_site": "sitio via location",
    "cement_volume_cc": "pmma cemento cement",
}


def _near(raw: RawTable, unknown: list[int], positions: Mapping[str, int]) -> dict[str, str]:
    """Return the unknown header that is most like each column that is not there; a header is meant for one only."""
    near: dict[str, str] = {}
    for position in unknown:
        header = raw.header[position]
        name = meant(header, [name for name in columns() if name not in positions and name not in near])
        if name is not None:
            near[name] = header
    return near


def meant(header: str, among: Iterable[str] | None = None) -> str | None:
    """Guess which column a header that is none of the known ones is meant for, to suggest it."""
    key = _folded(header)
    # Of a score alone nobody knows when it was taken.
    if not key or key in SCORES:
        return None
    names = list(columns() if among is None else among)
    spelled = {_folded(spelling): name for name in reversed(names) for spelling in columns()[name].spellings()}
    # EAV 1 is neither of one month nor of one year.
    if _DIGITS.search(key) and len({name for spelling, name in spelled.items() if spelling.startswith(key)}) > 1:
        return None
    # One month is no slip for twelve.
    alike = [spelling for spelling in spelled if _DIGITS.findall(spelling) == _DIGITS.findall(key)]
    if like := difflib.get_close_matches(key, alike, 1, _ALIKE):
        return spelled[like[0]]
    apart = re.sub(r"(?<=\d)(?=[^\W\d])", " ", key).split()
    words = " ".join(_SHORT_FOR.get(word, word) for word in apart if word not in _SAME["cc"]).split()
    # English puts the time before the score.
    orders = (words, [*words[1:], *words[:1]])
    shortened = [spelling for spelling in spelled for own in orders if _is_short_for(own, spelling.split())]
    if shortened:
        return spelled[min(shortened, key=len)]
    hints = set(key.split()) - _BESIDE_HINTS - {*_SAME["cc"]}
    return next((name for name in names if hints and hints <= set(_HINTS.get(name, "").split())), None)


def _is_short_for(words: list[str], spelling: list[str]) -> bool:
    """Return whether every word is the beginning of one of a spelling's, in order; numbers are whole."""
    if sum(map(len, words)) < _LEAST_LETTERS or len(words) > len(spelling):
        return False
    rest = iter(spelling)
    return all(any(own == word or (own.startswith(word) and not word.isdigit()) for own in rest) for word in words)


def _elsewhere(raw: RawTable) -> tuple[str, ...]:
    """Return the columns of which it is told that they are on another sheet."""
    return tuple(name for p in raw.problems if p.code == "split_table" for name in p.values.get("columns", ()))  # type: ignore[attr-defined]


def _missing_column(column: Column, near: str | None) -> Problem:
    words = {"column": column.name, "label": column.labels, "name": column.name, "near": near}
    if column.may_be_empty:
        found = tell("missing_column", wording="missing_column_or_empty", **words)  # type: ignore[arg-type]
        return found if near is None else retold(found, "missing_column_near_or_empty")
    found = tell("missing_column", **words)  # type: ignore[arg-type]
    return found if near is None else retold(found, "missing_column_near")


def _ignored(raw: RawTable, unknown: list[int], near: Mapping[str, str], slips: set[str]) -> tuple[Problem, ...]:
    """Note the columns that are not read: those that look like an optional one, those computed here, the rest."""
    notes = [
        tell("ignored_near", column=header, label=columns()[name].labels)
        for name, header in near.items()
        if not columns()[name].required and name not in slips
    ]
    computed = [raw.header[position] for position in unknown if is_computed(raw.header[position])]
    notes += [tell("computed_column", column=header) for header in computed]
    told = {*near.values(), *computed, ""}
    others = [raw.header[position] for position in unknown if raw.header[position] not in told]
    if others:
        named = ", ".join(others[:_MOST_NAMED]) + (" …" if len(others) > _MOST_NAMED else "")
        notes.append(tell("ignored_columns", named=named))
    return tuple(notes)


def is_computed(header: str) -> bool:
    """Return whether a header names what is computed and never read."""
    return fold(header) in {*_COMPUTED, *_COMPUTED_TOO}
