from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import papermill
import pytest

from vpresearch.core.compendium import Compendium, Exhibit, Notebook
from vpresearch.core.paths import PUBLISHED, RECONSTRUCTION
from vpresearch.data import Dataset, load
from vpresearch.run import runner
from vpresearch.run import state as state_module
from vpresearch.run.runner import NotebookError, Run
from vpresearch.run.state import read_state

PARAMETERS = 'data = ""\npaper = ""\nlanguage = "es"\nalpha = 0.05\nseed = 1\nmin_cell = 0\nout = ""\n'
WRITES = (
    "from pathlib import Path\n"
    "folder = Path(out) / 'tables'\n"
    "folder.mkdir(exist_ok=True)\n"
    "(folder / '{name}.csv').write_text(f'{language} {alpha} {seed} {Path(data).name}')"
)
PLANTED = "ZZPATIENT001"

Books = Callable[..., None]
Go = Callable[..., Run]
# What waits of a notebook that finished when another did not.
PAGES = ("notebooks/good.ipynb", "notebooks/good.html")
WAITING = {f"private/finished/good.ipynb/{name}" for name in (".made.json", *PAGES, "tables/good.csv")}
EXECUTED = '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}'


def cell(source: str, **metadata: list[str]) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Put notebooks in the place of the compendium's: cells by name; each is to make the table of its name."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(runner, "NOTEBOOKS", folder)

    def books(parameters: str = PARAMETERS, **code: str) -> None:
        for name, source in code.items():
            kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
            cells = [cell(parameters, tags=["parameters"]), cell(source.replace("{name}", name))]
            book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}, "cells": cells}
            (folder / f"{name}.ipynb").write_text(json.dumps(book), encoding="utf-8")
        notebooks = tuple(Notebook(f"{name}.ipynb", (Exhibit("table", f"tables/{name}"),)) for name in code)
        monkeypatch.setattr(runner, "read_compendium", lambda: Compendium(notebooks, ()))

    return books


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "new {folder}" / "out"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return tmp_path / "new {folder}" / "records"


@pytest.fixture
def go(shipped: Dataset, out: Path, records: Path) -> Go:
    """Run the notebooks, quietly."""

    def go(**more: Any) -> Run:
        chosen: dict[str, Any] = {"language": "en", "alpha": 0.1, "seed": 7, "quiet": True} | more
        return runner.run(shipped, RECONSTRUCTION, PUBLISHED, out, records, **chosen)

    return go


@pytest.fixture
def old(out: Path) -> Path:
    """Leave an output of an earlier run."""
    path = out / "tables" / "good.csv"
    path.parent.mkdir(parents=True)
    path.write_text("old", encoding="utf-8")
    return path


def never(*_: object, **__: object) -> None:
    raise AssertionError("a notebook was run")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# -- a good run --------------------------------------------------------------------------------------------------


def test_a_run_puts_everything_in_its_place(books: Books, go: Go, out: Path, records: Path, shipped: Dataset) -> None:
    books(good=WRITES)
    failed = records / "private" / "failed" / "good.ipynb"
    failed.parent.mkdir(parents=True)
    failed.write_text("of an earlier run", encoding="utf-8")
    finished = go()
    assert finished.folder == out
    assert list(finished.seconds) == ["good.ipynb"]
    assert files(out) == {"tables/good.csv"}
    assert (out / "tables" / "good.csv").read_text(encoding="utf-8") == "en 0.1 7 vertebrae.csv"
    assert files(records) == {"run.json", *PAGES, "private/state.json"}
    record = json.loads((records / "run.json").read_text(encoding="utf-8"))
    assert record["data"] == {"sha256": shipped.sha256, "reconstruction": True}
    assert record["parameters"] == {"language": "en", "alpha": 0.1, "seed": 7, "min_cell": 0}
    assert set(record["seconds"]) == {"good.ipynb"}
    assert {"vpresearch", "numpy", "scipy", "matplotlib"} <= set(record["versions"])


def test_one_exhibit_alone_can_be_made(
    books: Books, go: Go, out: Path, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books(good=WRITES, second=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", pretend)
    assert list(go(only=["second"]).seconds) == ["second.ipynb"]
    assert files(out) == {"tables/second.csv"}
    # The other record is one of a whole run.
    assert files(records) == {"notebooks/second.ipynb", "notebooks/second.html", "private/state.json"}
    assert list(go().seconds) == ["good.ipynb"]
    pages = {f"notebooks/{name}.{kind}" for name in ("good", "second") for kind in ("ipynb", "html")}
    assert files(records) == {"run.json", "private/state.json", *pages}


# -- parameters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (PARAMETERS.replace("seed = 1\n", ""), "lacks parameters that it is given: seed."),
        (PARAMETERS + "extra = 1\n", "has parameters that it is not given: extra."),
        (
            PARAMETERS.replace("alpha = 0.05", "level = 0.05"),
            "too many: level; too few: alpha",
        ),
    ],
    ids=["unknown", "missing", "both"],
)
def test_other_parameters_are_refused_before_anything_runs(
    books: Books, go: Go, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, parameters: str, words: str
) -> None:
    books(parameters, other=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", never)
    with pytest.raises(NotebookError) as caught:
        go()
    assert words in str(caught.value)
    assert "–" not in str(caught.value)
    assert not (tmp_path / "new {folder}").exists()


# -- a failure ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        # A stranger's words may quote a row.
        (f"raise ValueError('the row of {PLANTED}')", "ValueError", ""),
        (f"import pandas as pd; pd.Series([1.0], index=['a'])['{PLANTED}']", "KeyError", ""),
        # Our own are written to be read.
        (
            "from vpresearch.core.errors import InputError, Problem\n"
            "raise InputError('study.csv', [Problem('x', 'The cell is empty.', 'Enter the value.', row=3)])",
            "InputError",
            "study.csv: 1 problem\n  1. row 3: The cell is empty. Enter the value.\n",
        ),
    ],
    ids=["stranger", "library", "ours"],
)
def test_a_failure_writes_nothing_but_a_private_copy(
    books: Books,
    go: Go,
    old: Path,
    out: Path,
    records: Path,
    code: str,
    error: str,
    words: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    books(good=WRITES, bad=code)
    with pytest.raises(NotebookError) as caught:
        go()
    assert str(caught.value) == (
        f"The notebook bad.ipynb failed in cell 3: {error}. "
        f"The failed copy, with the reason, is private/failed/bad.ipynb.\n{words}"
        "No output was changed. What finished waits for the next run."
    )
    # Who gave a file that is refused ends as with any bad input.
    assert caught.value.of_input == (error == "InputError")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert PLANTED not in "".join(capfd.readouterr())
    assert files(out) == {"tables/good.csv"}
    assert old.read_text(encoding="utf-8") == "old"
    assert files(records) == {"private/failed/bad.ipynb", *WAITING}
    copy = json.loads((records / "private" / "failed" / "bad.ipynb").read_text(encoding="utf-8"))
    assert any("".join(cell["source"]) == code for cell in copy["cells"])


def test_a_notebook_that_does_not_make_its_output_is_an_error(
    books: Books, go: Go, old: Path, records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books(good=WRITES, lazy="pass")
    monkeypatch.setattr(papermill, "execute_notebook", pretend)
    with pytest.raises(NotebookError, match=r"^The notebook lazy\.ipynb did not make tables/lazy\. "):
        go()
    assert old.read_text(encoding="utf-8") == "old"
    assert files(tmp_path / "new {folder}") == {"out/tables/good.csv", *(f"records/{name}" for name in WAITING)}


def plain(path: str) -> str:
    """Undouble the braces of a path, as papermill does."""
    return path.format()


def pretend(source: str, target: str, parameters: dict[str, Any], **_: object) -> None:
    """Do what papermill would, without a kernel."""
    Path(plain(target)).write_text(EXECUTED, encoding="utf-8")
    (Path(parameters["out"]) / "tables").mkdir(exist_ok=True)
    if Path(source).stem != "lazy":
        (Path(parameters["out"]) / "tables" / f"{Path(source).stem}.csv").write_text("new", encoding="utf-8")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space")])
def test_nothing_half_written_is_left_of_a_run_that_is_cut_short(
    books: Books, go: Go, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def execute(source: str, target: str, parameters: dict[str, Any], **more: object) -> None:
        pretend(source, target, parameters, **more)
        if Path(source).stem == "second":
            raise error

    books(good=WRITES, second=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", execute)
    with pytest.raises(type(error)):
        go()
    assert files(tmp_path / "new {folder}") == {f"records/{name}" for name in WAITING}
    # The next run begins where this one ended.
    monkeypatch.setattr(papermill, "execute_notebook", pretend)
    assert list(go().seconds) == ["second.ipynb"]
    assert files(out) == {"tables/good.csv", "tables/second.csv"}
    assert not (tmp_path / "new {folder}" / "records" / "private" / "finished").exists()


def test_no_folder_is_left_of_a_run_in_which_nothing_finished(
    books: Books, go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    books(good=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", execute)
    with pytest.raises(KeyboardInterrupt):
        go()
    assert not (tmp_path / "new {folder}").exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("Kernel died"), "The process of the notebook bad.ipynb died in cell 2"),
        (TimeoutError("x"), "The notebook bad.ipynb took longer than 3 s in cell 2"),
    ],
)
def test_a_kernel_that_dies_or_hangs_is_told_with_its_cell_and_the_rest_finishes(
    books: Books, go: Go, monkeypatch: pytest.MonkeyPatch, records: Path, error: Exception, words: str
) -> None:
    def execute(source: str, target: str, parameters: dict[str, Any], **more: object) -> None:
        pretend(source, target, parameters, **more)
        if Path(source).stem == "bad":
            begun = [{"metadata": {"papermill": {"start_time": start}}} for start in ("now", "now", None)]
            Path(plain(target)).write_text(json.dumps({"cells": begun}), encoding="utf-8")
            raise error

    books(bad=WRITES, good=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", execute)
    with pytest.raises(NotebookError, match=f"^{words}"):
        go(limit=3)
    assert files(records) >= WAITING


def test_a_run_that_is_cut_short_leaves_the_earlier_one(
    books: Books, go: Go, records: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books(good=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", pretend)
    go()
    assert old.read_text(encoding="utf-8") == "new"
    before = {path: path.read_bytes() for path in records.parent.rglob("*") if path.is_file()}

    def execute(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(papermill, "execute_notebook", execute)
    with pytest.raises(KeyboardInterrupt):
        go(force=True)
    assert {path: path.read_bytes() for path in records.parent.rglob("*") if path.is_file()} == before
    assert not list(records.glob(".*"))


def test_what_a_killed_run_left_is_removed(
    books: Books, go: Go, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No process has such a number.
    gone = records / f".staging-{2**31 - 1}-x"
    # Older than the process that has its number now.
    reused = records / f".staging-{os.getpid()}-y"
    # As earlier releases had them, and as they are now.
    reused = records / "private" / reused.name
    for left in (gone, reused):
        (left / "private").mkdir(parents=True)
        (left / "private" / "rows.csv").write_text("rows", encoding="utf-8")
    os.utime(reused, (1, 1))
    other = records / "private" / f".staging-{os.getpid()}-x"
    other.mkdir()
    books(good=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", pretend)
    go()
    assert list(records.rglob(".staging-*")) == [other]


# -- only what changed -------------------------------------------------------------------------------------------


@pytest.fixture
def ran(books: Books, go: Go, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Run two notebooks once."""
    books(good=WRITES, second=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", pretend)
    assert list(go().seconds) == ["good.ipynb", "second.ipynb"]
    return books


def test_nothing_is_run_of_which_nothing_changed(
    ran: Books, go: Go, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papermill, "execute_notebook", never)
    before = (records / "run.json").read_bytes()
    assert go().seconds == {}
    assert (records / "run.json").read_bytes() == before


def test_only_a_changed_notebook_is_run(ran: Books, go: Go) -> None:
    ran(good=WRITES, second=WRITES + "\n# changed")
    assert list(go().seconds) == ["second.ipynb"]


@pytest.mark.parametrize("more", [{"language": "es"}, {"alpha": 0.2}, {"seed": 8}, {"min_cell": 5}, {"force": True}])
def test_everything_is_run_for_other_parameters_and_where_that_is_asked(
    ran: Books, go: Go, more: dict[str, object]
) -> None:
    assert set(go(**more).seconds) == {"good.ipynb", "second.ipynb"}


@pytest.mark.parametrize("name", ["source_digest", "LOCK"])
def test_everything_is_run_for_another_package(
    ran: Books, go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "lock").write_text("another", encoding="utf-8")
    monkeypatch.setattr(state_module, name, {"source_digest": lambda: "another", "LOCK": tmp_path / "lock"}[name])
    assert set(go().seconds) == {"good.ipynb", "second.ipynb"}


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("by hand", encoding="utf-8")])
def test_an_output_that_is_gone_or_changed_is_made_again(
    ran: Books, go: Go, out: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(out / "tables" / "second.csv")
    assert list(go().seconds) == ["second.ipynb"]
    assert (out / "tables" / "second.csv").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"made": []}',
        '{"made": {"good.ipynb": {}}, "verdicts": null}',
        '{"made": {"good.ipynb": {"inputs": [], "outputs": {}, "seconds": 1}}, "verdicts": null}',
        '{"made": {"good.ipynb": {"inputs": {}, "outputs": {"": ""}, "seconds": 1}}, "verdicts": null}',
        '{"made": {"good.ipynb": {"inputs": {}, "outputs": {}, "seconds": "1"}}, "verdicts": null}',
        '{"made": {}, "verdicts": {"inputs": {}, "counts": {"odd": 1}, "differing": 0, "reconstruction": true}}',
        '{"made": {}, "verdicts": {"inputs": {}, "counts": [], "differing": 0, "reconstruction": true}}',
        '{"made": {}, "verdicts": {"inputs": {}, "counts": {}, "differing": 0, "reconstruction": true, '
        '"unattainable": 1}}',
        "[" * 100_000,
    ],
    ids=range(11),
)
def test_a_record_that_cannot_be_read_counts_for_nothing(ran: Books, go: Go, records: Path, content: str) -> None:
    (records / "private" / "state.json").write_text(content, encoding="utf-8")
    assert read_state(records, records).made == {}
    assert read_state(records, records).verdicts is None
    assert list(go().seconds) == ["good.ipynb", "second.ipynb"]


@pytest.mark.parametrize("spoilt", [False, True])
def test_what_waits_counts_only_if_it_is_whole(
    books: Books, go: Go, records: Path, monkeypatch: pytest.MonkeyPatch, spoilt: bool
) -> None:
    books(good=WRITES, lazy="pass")
    monkeypatch.setattr(papermill, "execute_notebook", pretend)
    with pytest.raises(NotebookError):
        go()
    if spoilt:
        (records / "private/finished/good.ipynb/tables/good.csv").write_text("half", encoding="utf-8")
    books(good=WRITES, second=WRITES)
    assert list(go().seconds) == [*(["good.ipynb"] if spoilt else []), "second.ipynb"]


def test_the_longest_is_begun_first(books: Books, go: Go, records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    books(good=WRITES, second=WRITES, third=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", pretend)
    estimates = {"good": 1.0, "second": 3.0, "third": 2.0}
    notebooks = tuple(
        Notebook(f"{name}.ipynb", (Exhibit("table", f"tables/{name}"),), seconds=n) for name, n in estimates.items()
    )
    monkeypatch.setattr(runner, "read_compendium", lambda: Compendium(notebooks, ()))
    assert list(go().seconds) == ["second.ipynb", "third.ipynb", "good.ipynb"]
    # What was measured counts for more.
    place = records / "private" / "state.json"
    state = json.loads(place.read_text(encoding="utf-8"))
    state["made"]["good.ipynb"]["seconds"] = 9.0
    place.write_text(json.dumps(state), encoding="utf-8")
    assert next(iter(go(seed=8).seconds)) == "good.ipynb"


# -- real data ---------------------------------------------------------------------------------------------------


def test_notebooks_get_rows_without_ids_that_are_gone_afterwards(
    books: Books, studies: dict[str, Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, given = studies["plain"], []

    def execute(source: str, target: str, parameters: dict[str, Any], **more: object) -> None:
        given.append((parameters, load(parameters["data"])))
        pretend(source, target, parameters, **more)

    books(good=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", execute)
    data, out = tmp_path / "Ana Ruiz.csv", tmp_path / "out"
    runner.run(study, data, PUBLISHED, out, out, language="es", alpha=0.05, seed=1, min_cell=7, quiet=True)
    ((parameters, seen),) = given
    assert Path(parameters["data"]).parent.name == "private"
    assert parameters["min_cell"] == 7
    assert set(seen.patients.index).isdisjoint(study.patients.index)
    assert sorted(seen.rows["cement_volume_cc"]) == sorted(study.rows["cement_volume_cc"])
    assert files(out) == {"tables/good.csv", *PAGES, "run.json", "private/state.json"}
    for record in ("run.json", "private/state.json"):
        content = (out / record).read_text(encoding="utf-8")
        assert "Ana" not in content
        assert not [patient for patient in study.patients.index if str(patient) in re.split(r"\W", content)]
    shared = [path for path in out.rglob("*") if path.is_file() and "private" not in path.parts]
    assert [path for path in shared if study.sha256 in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("min_cell", [0, 5])
def test_a_public_run_removes_what_it_leaves_out(
    books: Books, studies: dict[str, Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, min_cell: int
) -> None:
    def execute(source: str, target: str, parameters: dict[str, Any], **_: object) -> None:
        Path(target).write_text(EXECUTED, encoding="utf-8")
        (Path(parameters["out"]) / "private").mkdir()
        (Path(parameters["out"]) / "private" / "points.svg").write_text("new", encoding="utf-8")

    books(points=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", execute)
    out = tmp_path / "out"
    old = out / "tables" / "points.csv"
    old.parent.mkdir(parents=True)
    old.write_text("of an earlier run", encoding="utf-8")
    run = {"language": "es", "alpha": 0.05, "seed": 1, "min_cell": min_cell, "quiet": True}
    runner.run(studies["plain"], tmp_path / "x.csv", PUBLISHED, out, out, **run)  # type: ignore[arg-type]
    assert old.exists() == (min_cell == 0)
    assert (out / "private" / "points.svg").read_text(encoding="utf-8") == "new"


def test_no_kernel_keeps_a_history(books: Books, go: Go, monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    asked: list[object] = []

    def execute(source: str, target: str, parameters: dict[str, Any], **more: object) -> None:
        asked.append(more["extra_arguments"])
        pretend(source, target, parameters)

    books(good=WRITES)
    monkeypatch.setattr(papermill, "execute_notebook", execute)
    go()
    assert asked == [["--IPKernelApp.log_level=ERROR", "--HistoryManager.enabled=False"]]
