"""Run the notebooks of the compendium on one dataset, all or nothing."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import papermill
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from vpresearch.compendium import Notebook, read_compendium
from vpresearch.errors import VPResearchError
from vpresearch.load import Dataset
from vpresearch.project import NOTEBOOKS

_VERSIONS = ("vpresearch", "numpy", "pandas", "scipy", "statsmodels", "pingouin", "matplotlib", "seaborn", "papermill")


_OUR_ERRORS = ("InputError", "NotFoundError", "VPResearchError")


class NotebookError(VPResearchError):
    """A notebook that failed, with the cell and the reason."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    folder : pathlib.Path
        Where the outputs are.
    seconds : dict of str to float
        Run time by notebook.
    """

    folder: Path
    seconds: Mapping[str, float]


def run(
    dataset: Dataset,
    data: Path,
    out: Path,
    records: Path,
    *,
    language: str,
    alpha: float,
    seed: int,
    quiet: bool = False,
) -> Run:
    """Execute every notebook, and put the outputs in place only when all have finished.

    Parameters
    ----------
    dataset : Dataset
        The validated data.
    data : pathlib.Path
        Its file, which the notebooks load again.
    out : pathlib.Path
        Folder of ``tables/`` and ``figures/``.
    records : pathlib.Path
        Folder of the executed notebooks, the record of the run, and a failed notebook.
    language : {"es", "en"}
    alpha : float
    seed : int
    quiet : bool, default False
        Without a progress bar.

    Returns
    -------
    Run

    Raises
    ------
    NotebookError
        If a notebook fails or takes other parameters; nothing is put in place then.
    """
    notebooks = tuple(
        notebook
        for notebook in read_compendium().notebooks
        if dataset.reconstruction or not notebook.only_reconstruction
    )
    parameters = {"data": str(data.resolve()), "language": language, "alpha": alpha, "seed": seed}
    seconds: dict[str, float] = {}
    with _staging(records) as staging:
        parameters["out"] = str(staging)
        for notebook in notebooks:
            _check_parameters(notebook, parameters)
        for notebook in tqdm(notebooks, desc="notebooks", unit="notebook", disable=quiet):
            start = time.perf_counter()
            _execute(notebook, staging, records, parameters)
            seconds[notebook.file] = time.perf_counter() - start
        _check_outputs(notebooks, staging)
        _put_in_place(staging, out, records)
    _write_record(records, dataset, parameters, seconds)
    return Run(out, seconds)


def _check_parameters(notebook: Notebook, parameters: Mapping[str, Any]) -> None:
    """Refuse a parameter that the notebook does not know, or lacks; papermill would only warn."""
    known = set(papermill.inspect_notebook(str(NOTEBOOKS / notebook.file)))
    unknown, missing = sorted(set(parameters) - known), sorted(known - set(parameters))
    faults = [f"does not know the parameter {name}" for name in unknown]
    faults += [f"asks for the parameter {name}, which nothing gives" for name in missing]
    if faults:
        raise NotebookError(f"{notebook.file} {' and '.join(faults)}")


def _execute(notebook: Notebook, staging: Path, records: Path, parameters: Mapping[str, Any]) -> None:
    executed = staging / "notebooks" / notebook.file
    executed.parent.mkdir(exist_ok=True)
    try:
        papermill.execute_notebook(
            str(NOTEBOOKS / notebook.file),
            str(executed),
            dict(parameters),
            kernel_name="python3",
            progress_bar=False,
            cwd=str(NOTEBOOKS),
            # The kernel listens on loopback only; its warning of plain TCP would frighten and not help.
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
    except PapermillExecutionError as error:
        failed = records / "private" / "failed" / notebook.file
        failed.parent.mkdir(parents=True, exist_ok=True)
        os.replace(executed, failed)
        # Only an error of our own is sure to quote no patient's row; another one's words stay in the private copy.
        words = f": {error.evalue}" if error.ename in _OUR_ERRORS else ""
        raise NotebookError(
            f"{notebook.file} failed in cell {error.cell_index + 1}: {error.ename}{words}\n"
            f"The failed copy, with the reason, is private/failed/{failed.name}; nothing else was written."
        ) from None


def _check_outputs(notebooks: tuple[Notebook, ...], staging: Path) -> None:
    """Refuse a run that did not make what the map says: an old exhibit would be left standing."""
    for notebook in notebooks:
        for exhibit in notebook.exhibits:
            if not list((staging / exhibit.output).parent.glob(f"{Path(exhibit.output).name}.*")):
                raise NotebookError(f"{notebook.file} did not make {exhibit.output}")


# -- files -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _staging(records: Path) -> Iterator[Path]:
    """Open a folder that is gone afterwards, whatever happens, on the file system of the outputs."""
    made = [folder for folder in (records, *records.parents) if not folder.exists()]
    records.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=records))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        for folder in made:
            # A folder that this run made and left empty says that something finished; nothing did.
            with contextlib.suppress(OSError):
                folder.rmdir()


def _put_in_place(staging: Path, out: Path, records: Path) -> None:
    for made in sorted(path for path in staging.rglob("*") if path.is_file()):
        part = made.relative_to(staging)
        target = (records if part.parts[0] == "notebooks" else out) / part
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(made, target)
    shutil.rmtree(records / "private" / "failed", ignore_errors=True)


def _write_record(records: Path, dataset: Dataset, parameters: Mapping[str, Any], seconds: Mapping[str, float]) -> None:
    record = {
        "data": {"name": dataset.name, "sha256": dataset.sha256, "reconstruction": dataset.reconstruction},
        "parameters": {name: parameters[name] for name in ("language", "alpha", "seed")},
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _VERSIONS},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
    }
    aside = records / ".run.json"
    aside.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    os.replace(aside, records / "run.json")
