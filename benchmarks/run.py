"""Run the benchmarks, or those named, and print one table.

What each of them found takes the place of its rows in results.csv, with the machine that it ran on.
"""

from __future__ import annotations

import csv
import platform
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from operator import itemgetter
from pathlib import Path

import psutil

from benchmarks.bench_common import Row

HERE = Path(__file__).parent
RESULTS = HERE / "results.csv"
_COLUMNS = ("benchmark", "figure", "value", "unit", "peer", "peer_value", "ratio", "aim", "met", "note", "machine")
SHOWN = ("figure", "value", "unit", "peer", "peer_value", "ratio", "aim", "met", "note")
_MET = {True: "yes", False: "no", None: ""}


def names() -> list[str]:
    """List the benchmarks that give rows; others stand beside them and are run by hand."""
    paths = [path for path in HERE.glob("bench_*.py") if "\ndef rows(" in path.read_text(encoding="utf-8")]
    return sorted(path.stem.removeprefix("bench_") for path in paths)


def machine() -> str:
    """Describe this machine without naming it."""
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    return f"{cores} cores {_model()}, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def _model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


def rows_of(name: str) -> list[Row]:
    found: list[Row] = import_module(f"benchmarks.bench_{name}").rows()
    return found


def as_cells(name: str, row: Row, where: str) -> dict[str, str]:
    """Write a row as the table and the file show it, to three digits."""
    values = {"value": row.value, "peer_value": row.peer_value, "ratio": row.ratio}
    digits = {key: "" if value is None else f"{value:.3g}" for key, value in values.items()}
    words = {"benchmark": name, "figure": row.figure, "unit": row.unit, "peer": row.peer, "aim": row.target}
    return words | digits | {"met": _MET[row.met], "note": row.note, "machine": where}


def read() -> list[dict[str, str]]:
    if not RESULTS.exists():
        return []
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(rows: Sequence[dict[str, str]]) -> None:
    aside = RESULTS.with_name(f".{RESULTS.name}")
    with aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    aside.replace(RESULTS)


def keep(name: str, rows: Sequence[dict[str, str]]) -> None:
    """Let rows take the place of those that their benchmark gave before."""
    others = [row for row in read() if row["benchmark"] != name]
    write(sorted([*rows, *others], key=itemgetter("benchmark")))


def show(rows: Sequence[dict[str, str]]) -> None:
    widths = [max(len(column), *(len(row[column]) for row in rows)) for column in SHOWN]
    for row in [dict(zip(SHOWN, SHOWN, strict=True)), *rows]:
        cells = (
            row[column].rjust(width) if column in {"value", "peer_value", "ratio"} else row[column].ljust(width)
            for column, width in zip(SHOWN, widths, strict=True)
        )
        print("  ".join(cells).rstrip())


def main(wanted: Sequence[str]) -> int:
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(names())}.", file=sys.stderr)
        return 2
    where, failed, found = machine(), list[str](), list[dict[str, str]]()
    for name in wanted or names():
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            # In a process of its own: what one has loaded or kept must not help or hinder the next.
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                cells = [as_cells(name, row, where) for row in pool.submit(rows_of, name).result()]
        except Exception as error:
            failed.append(name)
            print(f"{name} failed: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        found += cells
        keep(name, cells)
    if found:
        print(where)
        show(found)
    return 3 if failed else 0
