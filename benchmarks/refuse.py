"""How faulty workbooks and spoilt CSVs are met: ``python benchmarks/refuse.py [workbooks of each fault] [CSVs]``.

Every workbook must be refused for its fault, without a traceback, a quoted cell or a written file; every CSV must be
refused, or keep every rule as it stands.
"""

from __future__ import annotations

import hashlib
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from openpyxl import load_workbook

from tests.faults import FAULTS
from tests.faulty_files import complaint, csv_complaint, fuzzed_csv
from tests.faulty_workbooks import good, write
from vpresearch.data import examine

# Faults that leave nothing for others to be seen in.
_ALONE = {
    "no_rows",
    "no_header_at_all",
    "far_too_many_columns",
    "the_header_again",
    "a_column_left_out",
    "rows_and_columns_exchanged",
    "the_headers_shifted",
    "two_tables_side_by_side",
}


def main(each: int = 25, n_csv: int = 2_000) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "estudio.xlsx"
        start, known, bad = time.perf_counter(), set[bytes](), Counter[str]()
        for seed in range(each):
            refused = examine(write(good(random.Random(seed)), path)).problems
            bad["good workbooks refused"] += bool(refused)
            for name, fault in FAULTS.items():
                rng = random.Random(f"{name} {seed}")
                book = good(rng)
                codes = fault(book, rng)
                _judge(complaint(write(book, path), codes), f"{name} {seed}", bad)
                known.add(_digest(path))
            _several(seed, path, bad)
            known.add(_digest(path))
        _tell(f"{len(known)} distinct faulty workbooks", bad, start)
        start, known, bad, accepted = time.perf_counter(), set(), Counter(), 0
        for seed in range(n_csv):
            path = Path(place) / "estudio.csv"
            path.write_bytes(fuzzed_csv(random.Random(seed)))
            known.add(path.read_bytes())
            _judge(csv_complaint(path), f"csv {seed}", bad)
            accepted += examine(path).dataset is not None
        _tell(f"{len(known)} distinct CSVs, {accepted} of them still good", bad, start)


def _several(seed: int, path: Path, bad: Counter[str]) -> None:
    """Spoil one workbook in several ways."""
    rng = random.Random(f"several {seed}")
    book = good(rng)
    names = rng.sample(sorted(set(FAULTS) - _ALONE), rng.randint(2, 4))
    told = [FAULTS[name](book, rng) for name in names]
    _judge(complaint(write(book, path), frozenset().union(*told)), f"several {seed}", bad)


def _digest(path: Path) -> bytes:
    """Tell workbooks apart by their cells; the files have the time in them."""
    book = load_workbook(path)
    cells = repr([(list(sheet.values), list(map(str, sheet.merged_cells.ranges))) for sheet in book.worksheets])
    return hashlib.sha256(cells.encode()).digest()


def _judge(found: str, name: str, bad: Counter[str]) -> None:
    if found:
        bad[found] += 1
        print(f"  {name}: {found}")


def _tell(what: str, bad: Counter[str], start: float) -> None:
    faults = {name: count for name, count in bad.items() if count}
    print(f"{what}: {faults or 'none met wrongly'} ({time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
