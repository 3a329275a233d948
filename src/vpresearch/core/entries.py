"""The text files that people write by hand: read with the line of everything that stands in them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import yaml

from vpresearch.core.errors import InputError, Problem, tell

_MERGE = "tag:yaml.org,2002:merge"
_MAP, _SEQUENCE = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"


# More signs, or more parts with all that aliases repeat written out, take too long and too much memory.
_MOST_SIGNS, _MOST_NODES = 1_200_000, 400_000


class Entry(dict[Any, Any]):
    """Keys and values of a file."""

    line: int
    lines: dict[str, int]

    def line_of(self, key: str) -> int:
        """Return the line of a key, or of the whole entry where it lacks the key."""
        return self.lines.get(key, self.line)


class Items(list[Any]):
    """A list of a file."""

    lines: list[int]


class _Loader(yaml.SafeLoader):
    """Remembers lines, and the keys that stand twice, of which YAML would silently keep the last."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeated: list[Problem] = []

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            # A date that no calendar has, a number beyond what Python reads.
            raise yaml.constructor.ConstructorError(None, None, "not a value", node.start_mark) from error

    def construct_entry(self, node: yaml.MappingNode) -> Entry:
        written = [
            (key.value, key.start_mark.line + 1)
            for key, _ in node.value
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE
        ]
        entry = Entry(self.construct_mapping(node, deep=True))
        entry.line, entry.lines = node.start_mark.line + 1, {}
        for key, line in written:
            if key in entry.lines:
                self.repeated.append(tell("key_twice", line=line, key=key, first_line=entry.lines[key]))
            entry.lines.setdefault(key, line)
        return entry

    def construct_items(self, node: yaml.SequenceNode) -> Items:
        items = Items(self.construct_sequence(node, deep=True))
        items.lines = [item.start_mark.line + 1 for item in node.value]
        return items


_Loader.add_constructor(_MAP, _Loader.construct_entry)
_Loader.add_constructor(_SEQUENCE, _Loader.construct_items)


def _written_out(node: yaml.Node, known: dict[int, float]) -> float:
    """Count the parts of a node, those of an alias as often as it stands; endless where one stands within itself."""
    if id(node) not in known:
        known[id(node)] = math.inf
        parts: list[Any] = node.value if isinstance(node, yaml.CollectionNode) else []
        each = [part for pair in parts for part in (pair if isinstance(pair, tuple) else (pair,))]
        known[id(node)] = 1 + sum(_written_out(part, known) for part in each)
    return known[id(node)]


def read_text(path: Path) -> str:
    """Read a text file."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problem = tell("dead_link" if path.is_symlink() else "no_file")
    except IsADirectoryError:
        problem = tell("folder_in_the_way")
    except UnicodeDecodeError:
        problem = tell("not_text", wording="not_utf8", line=1)
    raise InputError(path.name, [problem])


def read_entries(name: str, text: str) -> tuple[Any, list[Problem]]:
    """Read YAML."""
    try:
        # Not the loader in C: brackets without end would crash it, and the process with it.
        loader = _Loader(text) if len(text) <= _MOST_SIGNS else None
        node = loader.get_single_node() if loader else None
        if loader is not None and (node is None or _written_out(node, {}) <= _MOST_NODES):
            return None if node is None else loader.construct_document(node), loader.repeated
        problem = tell("too_large", wording="entries_too_long", signs=_MOST_SIGNS, nodes=_MOST_NODES)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1 + text[: getattr(error, "position", 0)].count("\n")
        problem = tell("not_yaml", line=line)
    except RecursionError:
        problem = tell("not_yaml", wording="endless_brackets", line=1)
    raise InputError(name, [problem])
