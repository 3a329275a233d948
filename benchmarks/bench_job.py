"""The whole main job, its report included, beside papermill's command line, which makes no report.

The environment is warm, and nothing is cached: every run begins without a build folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.bench_common import Row, command, medians
from benchmarks.bench_start import copied


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as place:
        project = copied(Path(place))
        # The copy's package goes before the installed one.
        os.environ["PYTHONPATH"] = str(project / "src")
        times = medians(
            {
                "whole": lambda: whole(project),
                "one": lambda: papermill(project, 1),
                "two": lambda: papermill(project, 2),
            }
        )
    figure, peer = "whole job, nothing cached", "papermill's command line"
    return [
        Row(figure, times["whole"], "s", f"{peer}, one after the other", times["one"], least_ratio=3, most=15),
        Row(figure, times["whole"], "s", f"{peer}, two at a time", times["two"], least_ratio=2),
    ]


def whole(project: Path) -> None:
    shutil.rmtree(project / "build", ignore_errors=True)
    command(["-m", "vpresearch", "reproduce", "--force"], cwd=project)()


def papermill(project: Path, at_once: int) -> None:
    """Run papermill's own command line over the notebooks."""
    out, books = project / "build" / "papermill", sorted((project / "notebooks").glob("*.ipynb"))
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    given = ["-k", "python3", "-p", "data", str(project / "data/reconstructed/vertebrae.csv"), "-p", "out", str(out)]

    def execute(book: Path) -> None:
        arguments = ["-m", "papermill", str(book), str(out / book.name), *given]
        subprocess.run([sys.executable, *arguments], cwd=book.parent, capture_output=True, check=True)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(execute, books))
