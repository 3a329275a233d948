"""Tables whose rows are not those of vertebrae: several beside one another, or patients apart; written one row each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from vpresearch.core.dictionary import columns, fold, label
from vpresearch.core.errors import Problem, tell
from vpresearch.reading.cells import denies, says_missing
from vpresearch.reading.headers import (
    OF_REDCAP,
    SCORES,
    Numbered,
    bare,
    boxed,
    column_of,
    meant,
    of_vertebrae,
    readings,
)
from vpresearch.reading.raw import RawTable, cell_at, is_blank, letter

# What makes a numbered column one of a vertebra and not, say, of a second complication.
_CORE = frozenset({"level", "vertebral_volume_cc", "cement_volume_cc", "leak"})
# R tells equal headers apart by the number of the column.
_OF_R = re.compile(r"\.\.\.\d+$")
_LEVELS = frozenset(level.value for level in columns()["level"].levels)
_LAST_VOWEL = re.compile(r"[oa]s?\b")
_MOST_NAMED = 6
_Groups = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Wide:
    """Which column of which vertebra stands where."""

    groups: Mapping[str, Mapping[str, int]]
    units: Mapping[str, str]

    def is_whole(self) -> bool:
        """Tell vertebrae from a single column of the vertebra that is there twice, as of two measurements."""
        named = [key for key, group in self.groups.items() if "level" in group or key in _LEVELS]
        return len(named) > 1 or len(_shared(self.groups)) > 1


def find_wide(raw: RawTable) -> Wide | None:
    """Find the groups of columns that are further vertebrae."""
    headers = [_OF_R.sub("", header) for header in raw.header]
    plain: dict[str, list[int]] = {}
    for position, header in enumerate(headers):
        if name := column_of(header):
            plain.setdefault(name, []).append(position)
    if len(plain.get("patient_id", [])) > 1:
        # Two tables side by side.
        return None
    read = {position: readings(header) for position, header in enumerate(headers) if not column_of(header)}
    unknown = _without_strange(read, plain.keys())
    groups = _by_number(unknown)
    placed = {position for group in groups.values() for position in group.values()}
    groups = {**_by_words({at: own for at, own in unknown.items() if at not in placed}), **groups}
    placed = {position for group in groups.values() for position in group.values()}
    numbered = {name for group in groups.values() for name in group}
    if not numbered.isdisjoint(_CORE):
        first = {name: places[0] for name, places in plain.items() if name in numbered or name == "level"}
        for name in numbered - first.keys():
            loose = [at for at in unknown if at not in placed and bare(fold(headers[at]))[0] == name]
            first |= {name: loose[0]} if loose else {}
        groups = {"": first, **groups} if not numbered.isdisjoint(first) else groups
        if _shared(groups):
            return Wide(groups, _units(unknown, groups))
    return _repeated(headers, plain, unknown)


def _without_strange(
    unknown: Mapping[int, Sequence[Numbered]], plain: Collection[str]
) -> dict[int, Sequence[Numbered]]:
    """Leave out of what stands beside a plain column what has words of its own, as the brands of its cement have."""
    saying: dict[str, set[str]] = {}
    for own in unknown.values():
        for found in own:
            saying.setdefault(_LAST_VOWEL.sub("", found.words), set()).add(found.name)
    return {
        position: tuple(
            found
            for found in own
            if found.name not in plain
            or found.counts_alone
            or len(_CORE & saying[_LAST_VOWEL.sub("", found.words)]) > 1
        )
        for position, own in unknown.items()
    }


def _by_number(unknown: Mapping[int, Sequence[Numbered]]) -> _Groups:
    counted = {at: next((found for found in own if found.is_counted), None) for at, own in unknown.items()}
    groups: dict[str, _Groups] = {"key": {}, "words": {}}
    for by, made in groups.items():
        for at, found in counted.items():
            if found and made.setdefault(getattr(found, by), {}).setdefault(found.name, at) != at:
                # A second numbering, as of "further vertebra 1" beside "vertebra 1".
                break
        else:
            return made
    return groups["words"]


def _by_words(unknown: Mapping[int, Sequence[Numbered]]) -> _Groups:
    """Group by other words than numbers, such as "other", where they stand beside a level and more."""
    groups: _Groups = {}
    for at, own in unknown.items():
        for found in own:
            groups.setdefault(_LAST_VOWEL.sub("", found.words), {}).setdefault(found.name, at)
    groups = {key: group for key, group in groups.items() if "level" in group and len(_CORE & group.keys()) > 1}
    # A header is of the group that has the most of them.
    taken: dict[int, str] = {}
    for key in sorted(groups, key=lambda key: -len(groups[key])):
        for at in groups[key].values():
            taken.setdefault(at, key)
    return {key: group for key, group in groups.items() if all(taken[at] == key for at in group.values())}


def _repeated(
    headers: Sequence[str], plain: Mapping[str, Sequence[int]], unknown: Mapping[int, Sequence[Numbered]]
) -> Wide | None:
    """Take the same headers again as the next vertebra, and not two columns that hold the same by mistake."""
    twice = {name: places for name, places in plain.items() if name in of_vertebrae() and len(places) > 1}
    if "level" in twice:
        for at in unknown:
            name = bare(fold(headers[at]))[0]
            if name and name not in plain:
                twice[name] = [p for p in unknown if bare(fold(headers[p]))[0] == name]
    if len(_CORE & twice.keys()) <= 1:
        return None
    most = max(map(len, twice.values()))
    groups = {str(n + 1): {name: at[n] for name, at in twice.items() if n < len(at)} for n in range(most)}
    return Wide(groups, {})


def _shared(groups: Mapping[str, Mapping[str, int]]) -> set[str]:
    """Return what makes a vertebra and is in more than one group."""
    return {name for name in _CORE if sum(name in group for group in groups.values()) > 1}


def _units(unknown: Mapping[int, Sequence[Numbered]], groups: _Groups) -> dict[str, str]:
    at = {position: name for group in groups.values() for name, position in group.items()}
    found = [(at[p], next((f.unit for f in own if f.name == at[p]), "")) for p, own in unknown.items() if p in at]
    return {name: unit for name, unit in found if unit}


def look_at_shape(raw: RawTable) -> list[Problem]:
    """Report that the rows of a table are not those of vertebrae, so that nothing else of it need be told."""
    found: list[Problem] = []
    if is_redcap(raw):
        found.append(tell("redcap", sheet=raw.sheet, row=raw.header_row))
    places = [position for position, header in enumerate(raw.header) if column_of(header) == "patient_id"]
    if len(places) > 1 and sum(column_of(header) == "level" for header in raw.header) > 1:
        cell = _cell(raw, places[1])
        return [*found, tell("column_twice", wording="tables_beside", sheet=raw.sheet, cell=cell)]
    whole = set(map(column_of, raw.header))
    if boxes := [position for position, header in enumerate(raw.header) if boxed(header) not in {None, *whole}]:
        known = {name: columns()[name].labels for at in boxes if (name := boxed(raw.header[at]))}
        said = {language: ", ".join(words[language] for words in known.values()) for language in ("es", "en")}
        found.append(tell("boxes", sheet=raw.sheet, cell=_cell(raw, boxes[0]), named=_named(raw, boxes), columns=said))
    if visits := _visits(raw):
        found.append(tell("row_a_visit", sheet=raw.sheet, cell=_cell(raw, visits[0]), named=_named(raw, visits)))
    wide = find_wide(raw)
    if wide is not None:
        at = sorted(position for key, group in wide.groups.items() if key for position in group.values())
        wording = "wide_table" if wide.is_whole() else "wide_beside"
        found.append(
            tell("wide_table", wording=wording, sheet=raw.sheet, cell=_cell(raw, at[0]), named=_named(raw, at))
        )
    return found


def _visits(raw: RawTable) -> list[int]:
    """Find the scores of a table with one row a visit: none says when it was taken, and most vertebrae come again."""
    at = {column_of(header): position for position, header in reversed(list(enumerate(raw.header)))}
    scores = [position for position, header in enumerate(raw.header) if fold(header) in SCORES]
    if not scores or not {"patient_id", "level"} <= at.keys():
        return []
    rows = Counter(
        tuple(str(cell_at(cells, at[name])) for name in ("patient_id", "level")) for cells in raw.rows.values()
    )
    return scores if 2 * sum(n > 1 for n in rows.values()) > len(rows) else []


def _cell(raw: RawTable, position: int) -> str:
    return f"{letter(position)}{raw.header_row}"


def _named(raw: RawTable, positions: Sequence[int]) -> str:
    return ", ".join(raw.header[at] for at in positions[:_MOST_NAMED]) + (" …" if positions[_MOST_NAMED:] else "")


def is_redcap(raw: RawTable) -> bool:
    """Return whether an export of REDCap has rows of patients, or of visits, and rows of vertebrae."""
    if OF_REDCAP.isdisjoint(map(fold, raw.header)):
        return False
    core = [position for position, header in enumerate(raw.header) if column_of(header) in _CORE]
    return any(all(is_blank(cell_at(cells, position)) for position in core) for cells in raw.rows.values())


def reshape(raw: RawTable, language: str) -> list[list[object]] | None:
    """Write a table with one row a vertebra."""
    wide = find_wide(raw)
    if wide is not None and wide.is_whole():
        return _of_groups(raw, wide, language)
    return _of_redcap(raw, language) if is_redcap(raw) else None


def _kept(raw: RawTable) -> dict[int, str]:
    """Return the columns that are read or may be meant to be; another may hold anything."""
    found = {at: column_of(header) or boxed(header) or meant(header) for at, header in enumerate(raw.header)}
    return {position: name for position, name in found.items() if name}


def _of_groups(raw: RawTable, wide: Wide, language: str) -> list[list[object]]:
    grouped = {position for group in wide.groups.values() for position in group.values()}
    others = {position: name for position, name in _kept(raw).items() if position not in grouped}
    names = [n for n in columns() if n == "level" or any(n in group for group in wide.groups.values())]
    is_unnamed = "patient_id" not in others.values()
    units = {name: f"{label(name, language).partition(' (')[0]} ({unit})" for name, unit in wide.units.items()}
    header: list[object] = [label("patient_id", language)] if is_unnamed else []
    header += [*(raw.header[at] for at in others), *(units.get(name) or label(name, language) for name in names)]
    rows = [header]
    for number, cells in enumerate(raw.rows.values(), start=1):
        groups = {
            key: group
            for key, group in wide.groups.items()
            if not all(_says_nothing(cell_at(cells, position)) for position in group.values())
        }
        # A patient without any is told when the new table is checked.
        for turn, (key, group) in enumerate((groups or {"": {}}).items()):
            shared = [None if turn and name in of_vertebrae() else cell_at(cells, at) for at, name in others.items()]
            known = {"level": key} if key in _LEVELS else {}
            values = [cell_at(cells, group[name]) if name in group else known.get(name) for name in names]
            rows.append([*([number] if is_unnamed else []), *shared, *values])
    return rows


def _says_nothing(cell: object) -> bool:
    """Return whether a cell is empty or has a word for nothing, as of a vertebra that was not treated."""
    return is_blank(cell) or says_missing(cell) or denies(cell)


def _of_redcap(raw: RawTable, language: str) -> list[list[object]]:
    """Write the patient's data, which REDCap exports in rows of their own, into the rows of the patient's vertebrae."""
    kept = _kept(raw)
    patient = next((at for at, name in kept.items() if name == "patient_id"), 0)
    kept = {patient: "patient_id", **kept}
    core = [position for position, name in kept.items() if name in _CORE]
    shared: dict[str, dict[int, dict[str, object]]] = {}
    for cells in raw.rows.values():
        own = shared.setdefault(fold(cell_at(cells, patient) or ""), {})
        for position, name in kept.items():
            cell = cell_at(cells, position)
            if name not in of_vertebrae() and not is_blank(cell):
                own.setdefault(position, {}).setdefault(fold(cell), cell)
    rows: list[list[object]] = [[label("patient_id", language), *(raw.header[at] for at in kept if at != patient)]]
    treated = set[str]()
    for cells in raw.rows.values():
        who = fold(cell_at(cells, patient) or "")
        if not all(is_blank(cell_at(cells, position)) for position in core):
            treated.add(who)
            # What differs between visits is for its owner to choose.
            said = {at: list(values.values()) for at, values in shared[who].items()}
            once = {at: values[0] if len(values) == 1 else " / ".join(map(str, values)) for at, values in said.items()}
            rows.append([once.get(position, cell_at(cells, position)) for position in kept])
    for who, own in shared.items():
        if who not in treated:
            rows.append([next(iter(own.get(position, {"": None}).values())) for position in kept])
    return rows
