"""Headers as people write them, and the columns that they mean; a near miss is suggested, never guessed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from vpresearch.dictionary import Column, columns, fold
from vpresearch.errors import Problem
from vpresearch.reading.raw import LONGEST_WORD, RawTable, letter
from vpresearch.telling import tell

# What may stand behind a header, folded: the same unit by another name, and units that would be read wrongly.
_SAME = {
    "cc": ("cc", "ml", "cm3", "c c"),
    "years": ("anos", "years", "en anos", "in years"),
    "points": ("puntos", "points", "0 10", "0 a 10", "de 0 a 10", "cm"),
    "percent": ("percent", "porcentaje", "por ciento", "0 100", "0 a 100", "de 0 a 100"),
}
_WRONG = {
    "cc": ("mm3", "mm", "l", "litros", "dl", "dm3", "m3", "ul", "cm", "porcentaje", "percent"),
    "years": ("meses", "months", "dias", "days"),
    "points": ("0 100", "0 a 100", "de 0 a 100", "mm", "0 1", "porcentaje", "percent"),
    "percent": ("0 1", "0 a 1", "0 50", "0 a 50", "sobre 50", "fraccion", "fraction", "tanto por uno"),
}
_COMPUTED = ("fill percent", "llenado", "relleno", "porcentaje de llenado", "porcentaje de relleno", "fill ratio")
_COMPUTED_TOO = ("fill", "fill percentage", "ratio de llenado", "region", "region vertebral", "spinal region")
_ALIKE = 0.8
_MOST_NAMED = 20
# What people also call a column: too vague to be read as it, but worth a suggestion.
_HINTS = {
    "patient_id": "pac|pt|n|no|num|numero|codigo|caso|no caso|case|case no|record id|study id|subject id|participant",
    "level": "nivel tratado|vertebra tratada|treated level|treated vertebra",
    "vertebral_volume_cc": "volumen|volume|volumen cuerpo vertebral|vertebral body volume",
    "cement_volume_cc": "pmma|volumen pmma|volumen inyectado|pmma volume|injected volume",
    "leak": "extravasacion|extravasation|fuga si no",
    "leak_site": "loc|loc fuga|tipo|type|tipo extravasacion|leak type|leak location|sitio fuga",
    "leak_size": "grado|grade|grado fuga|leak grade|cuantia|entidad|gravedad|gravedad fuga|severity|leak severity",
    "complication": "comp",
    "vas_1y": "vas 12 months|eva 12 months|eav 12 months",
    "odi_1y": "odi 12 months|oswestry 12 months",
    "new_fracture_1y": "nueva fx|new fx|fx nueva|refractura|refracture",
}


def words_of(text: str) -> frozenset[str]:
    """Give the words of a text as a set."""
    return frozenset(text.split())


_SMALL_WORDS = words_of("de del la las el los al en a of the at in and y")
# Words that count vertebrae and may stand before or behind the number: "Vértebra 2: cemento", "2.º nivel, fuga".
_COUNTERS = words_of(
    "vertebra vertebrae vert v nivel niv level lvl n no num numero number fractura fracture fx segmento"
)
_ORDINALS = {
    word: number
    for number, words in enumerate(
        (
            "primera primer primero first i a",
            "segunda segundo second ii b",
            "tercera tercer tercero third iii c",
            "cuarta cuarto fourth iv d",
            "quinta quinto fifth v e",
            "sexta sexto sixth vi f",
        ),
        start=1,
    )
    for word in words.split()
}
_ALONE = re.compile(r"0*(\d{1,2})(?:a|o|er|ra|da|ro|do|st|nd|rd|th)?")
_APART = re.compile(r"\b(\d{1,2}|n) (a|o|er|ra|da|ro|do)\b")
_BEHIND = re.compile(r"([a-z]+?)0*(\d{1,2})")
_BEFORE = re.compile(r"0*(\d{1,2})([a-z]{3,})")
_MOST_VERTEBRAE = 20
_MOST_WORDS = 12
_FEWEST_LETTERS = 3
_LEAST_PART = 0.4


@dataclass(frozen=True)
class Matched:
    """Which column stands where.

    Attributes
    ----------
    positions : dict of str to int
        By canonical name, in the order of the file.
    problems, notes : tuple of Problem
    """

    positions: Mapping[str, int]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def _folded(header: object) -> str:
    """Fold a header; its percent sign is a unit, and no punctuation."""
    return fold(str(header).replace("%", " percent "))


@cache
def _names() -> dict[str, tuple[str, str]]:
    """Give column and wrong unit by folded header; a header as the dictionary has it goes before one with a unit."""
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
    """Give the column of the study that a header means.

    Parameters
    ----------
    header : str

    Returns
    -------
    str or None

    Examples
    --------
    >>> column_of("Edad (años)"), column_of("Hospital")
    ('age_years', None)
    """
    return _names().get(_folded(header), (None, ""))[0]


def known_headers(cells: Iterable[object]) -> int:
    """Count the cells of a row that are headers.

    Parameters
    ----------
    cells : iterable of object

    Returns
    -------
    int

    Examples
    --------
    >>> known_headers(["Sexo", "EDAD (años)", "Volumen vertebral [ml]", "Cirujano", None])
    3
    """
    written = (str(cell) for cell in cells if cell is not None)
    return sum(_folded(cell) in _names() or bool(numbered(cell)) for cell in written if len(cell) <= LONGEST_WORD)


def numbered(header: str) -> tuple[str, str] | None:
    """Give the column of a vertebra that a header names with a number, as of one of several vertebrae in a row.

    Parameters
    ----------
    header : str

    Returns
    -------
    tuple of str, or None
        The column, and the number, or the level, of the vertebra.

    Examples
    --------
    >>> numbered("Nivel 2"), numbered("2.º nivel: cemento (cc)"), numbered("Vol. L1"), numbered("EAV 1 mes")
    (('level', '2'), ('cement_volume_cc', '2'), ('vertebral_volume_cc', 'L1'), None)
    """
    found = _taken_apart(header)
    return found and found[:2]


def unit_of(header: str) -> str:
    """Give the wrong unit that a header with a number names; the empty string if it names none."""
    found = _taken_apart(header)
    units = _WRONG.get(columns()[found[0]].unit, ()) if found else ()
    return next((unit for unit in units if found and found[2].endswith(f" {unit}")), "")


@lru_cache(maxsize=10_000)
def _taken_apart(header: str) -> tuple[str, str, str] | None:
    """Give the column of a vertebra, the number or level, and the header without it."""
    # 2.º, 1.er and n.º are one word once more.
    words = _APART.sub(r"\1\2", _folded(header)).split()
    if len(words) > _MOST_WORDS or _folded(header) in _names():
        return None
    found = [(key, " ".join(rest)) for key, rests in _without_number(words) for rest in rests if rest]
    for meant in (_exactly, _loosely):
        for key, rest in found:
            name = meant(rest)
            if name is not None and is_of_vertebra(name) and not (name == "level" and key in _levels().values()):
                return name, key, rest
    return None


def is_of_vertebra(name: str) -> bool:
    """Tell whether a column belongs to the vertebra and not to the patient."""
    return columns()[name].unit_of_observation == "vertebra"


def _without_number(words: list[str]) -> Iterator[tuple[str, list[list[str]]]]:
    """Give each number or level among the words, and the other words, with and without one that only counts."""
    for at, word in enumerate(words):
        before, behind = words[:at], words[at + 1 :]
        if word in _levels():
            yield _levels()[word], [before + behind]
        if behind and (level := _levels().get(word + behind[0])):
            yield level, [before + behind[1:]]
        if (match := _ALONE.fullmatch(word)) or word in _ORDINALS:
            number, stem = int(match[1]) if match else _ORDINALS[word], []
        elif (match := _BEHIND.fullmatch(word)) and match[1] not in {"cm", "mm", "dm", "m"}:
            number, stem = int(match[2]), [match[1]]
        elif match := _BEFORE.fullmatch(word):
            number, stem = int(match[1]), [match[2]]
        else:
            continue
        if number <= _MOST_VERTEBRAE:
            rests = [before + stem + behind]
            rests += [before + behind] if stem and stem[0] in _COUNTERS else []
            rests += [before[:-1] + behind] if not stem and before and before[-1] in _COUNTERS else []
            rests += [before + behind[1:]] if not stem and behind and behind[0] in _COUNTERS else []
            yield str(number), rests


@cache
def _levels() -> dict[str, str]:
    return {fold(word): level.value for level in columns()["level"].levels for word in level.spellings()}


@lru_cache(maxsize=1_000)
def level_of(word: str) -> str | None:
    """Give the level of the spine that a word names."""
    return _levels().get(fold(word).replace(" ", ""))


def _exactly(key: str) -> str | None:
    return _names().get(key, (None, ""))[0]


def match_headers(raw: RawTable, aside: Collection[int] = ()) -> Matched:
    """Find the columns of a table.

    Parameters
    ----------
    raw : RawTable
    aside : collection of int, optional
        Positions that hold one of several vertebrae in a row; where there are any, no column of a vertebra is looked
        for.

    Returns
    -------
    Matched

    Examples
    --------
    >>> found = match_headers(RawTable(None, 1, ("Nivel", "Volumen vertebral (mm3)"), {}))
    >>> dict(found.positions), [problem.code for problem in found.problems][:2]
    ({'level': 0, 'vertebral_volume_cc': 1}, ['header_unit', 'missing_column'])
    """
    positions: dict[str, int] = {}
    problems: list[Problem] = []
    unknown: list[int] = []
    for position, header in enumerate(raw.header):
        name, unit = _names().get(_folded(header), (None, ""))
        if position in aside or (aside and name and is_of_vertebra(name)):
            continue
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
    wanted = [name for name in columns() if name not in positions and not (aside and is_of_vertebra(name))]
    near = _near({position: raw.header[position] for position in unknown}, wanted)
    problems += [_missing_column(columns()[name], near.get(name)) for name in wanted if columns()[name].required]
    return Matched(positions, tuple(problems), _ignored(raw, unknown, near))


def _near(unknown: Mapping[int, str], wanted: Sequence[str]) -> dict[str, str]:
    """Give the unknown header that is most like each column that is not there, each header at most once."""
    pairs = [
        (-likeness, columns()[name].required is False, position, name)
        for position, header in unknown.items()
        if header and not numbered(header)
        for name in wanted
        if (likeness := _likeness(_folded(header), name)) >= _ALIKE
    ]
    near: dict[str, str] = {}
    taken: set[int] = set()
    for _, _, position, name in sorted(pairs):
        if name not in near and position not in taken:
            near[name] = unknown[position]
            taken.add(position)
    return near


@cache
def _likeness(key: str, name: str) -> float:
    """Give how like a header is to the names of a column: 1 if it abbreviates one, 0 if a number or a word is lost."""
    own, names = _of_header(key, name), _of_column(name)
    return 1 if _abbreviates_any(own, names) else max((_alike(one, other) for one in own for other in names), default=0)


def abbreviated(header: str) -> str | None:
    """Give the column of a vertebra that a header without a number abbreviates."""
    return _loosely(_folded(header))


def _loosely(key: str) -> str | None:
    """Give the column of a vertebra that a folded header abbreviates."""
    own = {_words(key), *(_words(key.removesuffix(unit)) for unit in _volume_units() if key.endswith(unit))}
    own = {words for words in own if any(len(word) >= _FEWEST_LETTERS and word.isalpha() for word in words)}
    return next((name for names, name in _of_vertebrae() if _abbreviates_any(own, names)), None)


@cache
def _volume_units() -> tuple[str, ...]:
    return tuple(f" {unit}" for unit in (*_SAME["cc"], *_WRONG["cc"]))


@cache
def _of_vertebrae() -> tuple[tuple[frozenset[tuple[str, ...]], str], ...]:
    return tuple((_of_column(name), name) for name in columns() if is_of_vertebra(name))


def _of_header(key: str, name: str) -> set[tuple[str, ...]]:
    """Give the words of a folded header, and those without a unit that the column may have."""
    unit = columns()[name].unit
    units = ("", *(f" {word}" for word in (*_SAME.get(unit, ()), *_WRONG.get(unit, ()))))
    return {_words(key.removesuffix(unit)) for unit in units} - {()}


@cache
def _of_column(name: str) -> frozenset[tuple[str, ...]]:
    written = [*map(_folded, columns()[name].spellings()), *_HINTS.get(name, "").split("|")]
    return frozenset(words for key in written for words in _of_header(key, name))


def _words(key: str) -> tuple[str, ...]:
    """Give the words and the numbers of a folded header, without the small ones."""
    return tuple(word for word in re.findall(r"[^\W\d]+|\d+", key) if word not in _SMALL_WORDS)


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    numbers, others = ([word for word in words if word.isdigit()] for words in (one, other))
    # What follows up at another time, or does not say when, is another column.
    if numbers != others or set(one) < set(other):
        return 0
    return difflib.SequenceMatcher(None, "".join(one), "".join(other)).ratio()


def _abbreviates_any(own: Iterable[tuple[str, ...]], names: Iterable[tuple[str, ...]]) -> bool:
    return any(len(one) == len(other) and _abbreviates(one, other) for one in own for other in names)


def _abbreviates(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether each word is the beginning of another one, in whatever order, and enough letters say so."""
    left = list(other)
    for word in sorted(one, key=len, reverse=True):
        meant = next((full for full in left if full == word or (full.startswith(word) and word.isalpha())), None)
        if meant is None:
            return False
        left.remove(meant)
    # A few letters of one word could be those of any other; of several they are not.
    enough = len(one) > 1 or len(one[0]) > _LEAST_PART * len(other[0])
    return one == other or (enough and max(map(len, one)) >= _FEWEST_LETTERS)


def _missing_column(column: Column, near: str | None) -> Problem:
    label = column.labels["es"]
    if near is None:
        return tell("missing_column", column=column.name, label=label, name=column.name)
    return tell(
        "missing_column", wording="missing_column_near", column=column.name, label=label, name=column.name, near=near
    )


def _ignored(raw: RawTable, unknown: list[int], near: Mapping[str, str]) -> tuple[Problem, ...]:
    """Note the columns that are not read: those that look like an optional one, those computed here, the rest."""
    notes = [
        tell("ignored_near", column=header, label=columns()[name].labels["es"])
        for name, header in near.items()
        if not columns()[name].required
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
    """Tell whether a header names what is computed and never read.

    Parameters
    ----------
    header : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_computed("Llenado (%)"), is_computed("Fuga")
    (True, False)
    """
    return fold(header) in {*_COMPUTED, *_COMPUTED_TOO}
