"""Fixtures that several test modules share: R's answers, the workbooks they are for, and a small good table."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray
from openpyxl import Workbook
from xdist.scheduler import LoadFileScheduling

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import InputError, Problem
from vpresearch.core.paths import PUBLISHED, RECONSTRUCTION
from vpresearch.data import Dataset, load
from vpresearch.inference.describe import select
from vpresearch.parallel import forks
from vpresearch.published import Paper, read_paper
from vpresearch.reconstruct import Reconstruction, reconstruct

REFERENCE = Path(__file__).parent / "reference"
_TOGETHER = {"tests/report", "tests/reconstruct"}

# The same examples on every run and machine: a red test is then the code's doing.
settings.register_profile("reproducible", deadline=None, derandomize=True)
settings.load_profile("reproducible")

_HEADER = (
    "patient_id,sex,age_years,cause,level,vertebral_volume_cc,cement_volume_cc,leak,leak_site,leak_size,"
    "vas_pre,vas_post,vas_1m,vas_1y,odi_pre,odi_post,odi_1m,odi_1y,complication,new_fracture_1y"
)
_ROWS = (
    "Zubiri-77,F,74,osteoporosis,T12,24.8,3.7,yes,posterior,moderate,8,4,5,3,54,40,46,40,none,no",
    "Zubiri-77,F,74,osteoporosis,L1,31.8,2.2,no,,,8,4,5,3,54,40,46,40,transient_neuritis,no",
    "Quesada-31,M,68,rheumatoid_arthritis,T10,35.6,1.9,yes,vascular,massive,9,2,2,,60,30,20,20,none,yes",
    "Iturbe-58,F,81,osteoporosis,T9,34.1,2,no,,,10,5,5,4,66,50,40,26,none,no",
    "Iturbe-58,F,81,osteoporosis,L2,38.7,4.5,no,,,10,5,5,4,66,50,40,26,none,no",
)


class Compared(NamedTuple):
    """Both groups of one variable of one workbook, and what R says about them."""

    book: str
    variable: str
    no: NDArray[np.float64]
    yes: NDArray[np.float64]
    expected: dict[str, Any]


def _read_oracle() -> dict[str, Any]:
    books: dict[str, Any] = json.loads((REFERENCE / "oracle.json").read_text(encoding="utf-8"))["workbooks"]
    for book in books.values():
        book["by_leak"]["fill_percent"] |= book["fill_percent_true_ties"]
    return books


_ORACLE = _read_oracle()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for ``compared`` on every variable of every workbook, for ``book`` on every workbook."""
    if "compared" in metafunc.fixturenames:
        cases = [(book, variable) for book, answers in _ORACLE.items() for variable in answers["by_leak"]]
        metafunc.parametrize("compared", cases, indirect=True, ids=["-".join(case) for case in cases])
    if "book" in metafunc.fixturenames:
        metafunc.parametrize("book", list(_ORACLE))


class _ByWhatTheyShare(LoadFileScheduling):  # type: ignore[misc]
    """Give each file to one process, and to the same one the files of a folder that share what takes long to make."""

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.split("::")[0].rpartition("/")[0]
        return folder if folder in _TOGETHER else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return _ByWhatTheyShare(config, log)


@pytest.fixture(autouse=True)
def _no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copy no process that runs tests: it may have threads, and what is replaced in it would be so in the copy."""
    monkeypatch.setattr(forks, "possible", lambda: False)


@pytest.fixture(scope="session")
def oracle() -> dict[str, Any]:
    """R's answers by workbook; rank tests of the fill ratio are those with true ties restored."""
    return _ORACLE


@pytest.fixture(scope="session")
def studies() -> dict[str, Dataset]:
    """The reference workbooks, loaded."""
    return {name: load(REFERENCE / "workbooks" / f"{name}.csv") for name in _ORACLE}


@pytest.fixture
def compared(request: pytest.FixtureRequest, studies: dict[str, Dataset], oracle: dict[str, Any]) -> Compared:
    book, variable = request.param
    no, yes = (select(studies[book], "vertebrae", {"leak": leak})[variable].dropna() for leak in ("no", "yes"))
    return Compared(book, variable, no.to_numpy(float), yes.to_numpy(float), oracle[book]["by_leak"][variable])


@pytest.fixture(scope="session")
def paper() -> Paper:
    return read_paper(PUBLISHED)


@pytest.fixture(scope="session")
def shipped() -> Dataset:
    """The reconstruction that the compendium ships."""
    return load(RECONSTRUCTION)


@pytest.fixture(scope="session")
def reconstructed(paper: Paper) -> Callable[[int], Reconstruction]:
    """Fresh reconstructions by seed."""
    return cache(partial(reconstruct, paper))


@pytest.fixture
def rows() -> list[dict[str, str]]:
    """A good table with canonical headers: three patients, five vertebrae, one value missing."""
    return [dict(zip(_HEADER.split(","), row.split(","), strict=True)) for row in _ROWS]


@pytest.fixture(scope="session")
def canonical(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The good table, loaded."""
    path = tmp_path_factory.mktemp("canonical") / "canonical.csv"
    path.write_text("\n".join([_HEADER, *_ROWS, ""]), encoding="utf-8")
    return load(path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a CSV."""

    def write(
        rows: Sequence[Mapping[str, str]], name: str = "study.csv", delimiter: str = ",", encoding: str = "utf-8"
    ) -> Path:
        path = tmp_path / name
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def refused() -> Callable[[Path], list[Problem]]:
    """Load a file that must be refused: every problem has a remedy, and none repeats what stands in the rows."""

    def refused(path: Path) -> list[Problem]:
        with pytest.raises(InputError) as caught:
            load(path)
        error = caught.value
        assert error.source == path.name
        assert error.problems
        for problem in error.problems:
            assert problem.code
            assert problem.message.endswith(".")
            assert problem.remedy.endswith(".")
        # The ids and the marks that the tests put into broken cells.
        for private in ("Zubiri", "Quesada", "Iturbe", "xyzzy", "97.25", str(path.parent)):
            assert private not in str(error)
        return list(error.problems)

    return refused


@pytest.fixture
def workbook(rows: list[dict[str, str]], tmp_path: Path) -> Callable[..., Path]:
    """Write the good table as an Excel workbook with Spanish headers, changed as a hand would."""

    def workbook(change: Callable[[Any], None] = lambda sheet: None, name: str = "study.xlsx") -> Path:
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = "Datos"
        sheet.append([columns()[header].labels["es"] for header in rows[0]])
        for row in rows:
            kinds = {header: columns()[header].kind for header in row}
            sheet.append([float(v) if kinds[h] == "number" and v else v or None for h, v in row.items()])
        change(sheet)
        book.save(tmp_path / name)
        return tmp_path / name

    return workbook
