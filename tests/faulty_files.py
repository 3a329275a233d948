"""Faulty files held against what the package does with them, and CSVs spoilt at random."""

from __future__ import annotations

import contextlib
import csv
import io
import random
from pathlib import Path

from tests.faulty_workbooks import SECRET, Book, good
from vpresearch import cli
from vpresearch.core.dictionary import columns
from vpresearch.data import Dataset, examine

_TEXTS = [
    "",
    " ",
    '"',
    ";",
    ",",
    "\t",
    "\n",
    "\r",
    "\ufeff",
    "\u202e",
    "=1+1",
    "1e999",
    "-0",
    "Sí",
    "ñ",
    "💉",
    "\x1b[2J",
]


def complaint(path: Path, expected: frozenset[str]) -> str:
    """Tell what is wrong with how a faulty file is met; nothing if it is refused for its fault, and only refused."""
    try:
        problems = examine(path).problems
    except Exception as error:
        return f"{type(error).__name__} escaped"
    if not problems:
        return "accepted"
    if not expected & {problem.code for problem in problems}:
        return f"refused for {sorted({problem.code for problem in problems})}, not for {sorted(expected)}"
    return _refusal(path)


def _refusal(path: Path) -> str:
    """Run the whole command on a file that must be refused."""
    before = sorted(path.parent.rglob("*"))
    said = io.StringIO()
    out = path.parent / "out"
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        code = cli.main(["reproduce", "--data", str(path), "--out", str(out)])
    told = said.getvalue()
    if code != cli.BAD_INPUT:
        return f"exit {code}"
    if sorted(path.parent.rglob("*")) != before:
        return "something was written"
    return next(
        (
            f"{mark} was said"
            for mark in ("Traceback", SECRET, "12345678Z", "Ruiz", "Etxebarria", "2345678")
            if mark in told
        ),
        "",
    )


def fuzzed_csv(rng: random.Random) -> bytes:
    """Write a good table as a CSV, and spoil it at random, from not at all to beyond recognition."""
    text = _as_csv(good(rng), rng.choice(";,\t"))
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 8, 30])):
        text = rng.choice(_SPOILING)(text, rng)
    content = text.encode(rng.choice(["utf-8", "utf-8", "utf-8-sig", "latin-1", "utf-16", "cp1252"]), "replace")
    if rng.random() < 0.3:
        spoilt = bytearray(content)
        for _ in range(rng.randint(1, 9)):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        content = bytes(spoilt)
    return content


def _as_csv(book: Book, delimiter: str) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(book.headers.values())
    writer.writerows(row.values() for row in book.rows)
    return buffer.getvalue()


def _insert(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(_TEXTS) + text[at:]


def _delete(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[at + rng.choice([1, 1, 2, 40, 4000]) :]


def _lines(text: str, rng: random.Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = rng.randrange(len(lines))
    lines[at : at + 1] = rng.choice([[], [lines[at]] * 2, [*lines[at + 1 : at + 2], lines[at]], ["\n", lines[at]]])
    return "".join(lines)


def _digit(text: str, rng: random.Random) -> str:
    digits = [place for place, letter in enumerate(text) if letter.isdigit()] or [0]
    at = rng.choice(digits)
    return text[:at] + rng.choice("0123456789-.,;") + text[at + 1 :]


def _swap(text: str, rng: random.Random) -> str:
    return text.replace(*rng.choice([(";", ","), (",", "."), (".", ","), ("\n", "\r"), ("Sí", "Si"), ('"', "")]))


_SPOILING = (_insert, _delete, _lines, _digit, _swap)


def csv_complaint(path: Path) -> str:
    """Tell what is wrong with how a spoilt CSV is met; nothing if it is refused, or keeps every rule as it stands."""
    try:
        examined = examine(path)
    except Exception as error:
        return f"{type(error).__name__} escaped"
    if examined.dataset is None:
        return "" if examined.problems else "refused without a word"
    return broken_rule(examined.dataset)


def broken_rule(dataset: Dataset) -> str:
    """Hold a dataset to the rules of the dictionary, by other means than the package's own."""
    for row in dataset.rows.to_dict("records"):
        for name, column in columns().items():
            value = row.get(name)
            missing = value is None or value != value
            if missing and not (column.may_be_empty or name not in row):
                return f"no {name}"
            if not missing and column.kind == "number" and not column.minimum <= value <= column.maximum:  # type: ignore[operator]
                return f"{name} out of range"
            if not missing and column.kind == "category" and value not in {level.value for level in column.levels}:
                return f"{name} of no known kind"
        site, size = (isinstance(row[name], str) for name in ("leak_site", "leak_size"))
        if (site or size) and row["leak"] != "yes":
            return "a site without a leak"
        if row["cement_volume_cc"] >= row["vertebral_volume_cc"]:
            return "more cement than vertebra"
    levels = [(row["patient_id"], row["level"]) for row in dataset.rows.to_dict("records")]
    return "one level twice" if len(set(levels)) < len(levels) else ""
