"""What a report takes after the analysis, beside what the programs that write its three formats take alone."""

from __future__ import annotations

import tempfile
from itertools import product
from pathlib import Path

from benchmarks.bench_common import Row, medians
from vpresearch.core.paths import PUBLISHED, RECONSTRUCTION
from vpresearch.data import load
from vpresearch.published import read_paper
from vpresearch.report import about, analyse, compose, prepare, write_reports
from vpresearch.report.document import FORMATS

RUNS = 5


def rows(runs: int = RUNS) -> list[Row]:
    results = analyse(load(RECONSTRUCTION), 0.05, 1, read_paper(PUBLISHED))
    (prepared,) = prepare(results, ["es"])
    report = compose(prepared, about())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_reports(results, folder, ["es"])
        pictures = folder / "es" / "figures"

        def formats() -> None:
            for write, name in product(FORMATS.values(), report.documents):
                write(report, name, pictures)

        times = medians({"whole": lambda: write_reports(results, folder, ["es"]), "formats": formats}, runs)
        files = sum(path.is_file() for path in (folder / "es").rglob("*"))
    floor = "its documents alone as HTML, DOCX and PDF, pictures drawn"
    return [
        Row(
            "report after the analysis, one language",
            times["whole"],
            "s",
            floor,
            times["formats"],
            most=10,
            note=f"{files} files",
        )
    ]
