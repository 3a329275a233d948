from __future__ import annotations

import contextlib
import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import vpresearch.report
import vpresearch.review
from tests.larger_study import larger_study
from vpresearch import results, scorecard
from vpresearch.audit import audit
from vpresearch.core.compendium import Compendium, Exhibit, Notebook, read_compendium
from vpresearch.core.files import file_digest
from vpresearch.core.paths import NO_PAPER, NOTEBOOKS, PUBLISHED, RECONSTRUCTION
from vpresearch.data import Dataset
from vpresearch.published import read_paper
from vpresearch.render.labels import text
from vpresearch.run import reproduce, runner
from vpresearch.run import state as state_module
from vpresearch.run.reproduce import Wanted, remake, unchanged, why
from vpresearch.run.state import Finished, Made, read_state

BOOKS = ("01_cohort.ipynb", "02_leaks.ipynb")


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wanted:
    """Ask for two notebooks and a report, none of which takes any time to make."""
    notebooks = tuple(Notebook(file, (Exhibit("table", f"tables/{file[:2]}"),)) for file in BOOKS)
    monkeypatch.setattr(reproduce, "read_compendium", lambda: Compendium(notebooks, ()))

    def run(dataset: Dataset, data: Path, paper: Path, out: Path, records: Path, **chosen: object) -> runner.Run:
        only, force = chosen.pop("only"), chosen.pop("force")
        assert chosen.pop("copies") is None
        state = read_state(out, records)
        made_from = state_module.inputs_of(notebooks, dataset.sha256, paper, chosen, NOTEBOOKS)
        seconds = {}
        for name, inputs in made_from.items():
            if only in {None, name} and (force or state.stale(name, inputs)):
                path = out / "tables" / f"{name[:2]}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("made", encoding="utf-8")
                state.made[name] = Made(inputs, {f"tables/{path.name}": file_digest(path)})
                seconds[name] = 1.0
        state.write()
        return runner.Run(out, seconds)

    @contextlib.contextmanager
    def writing(*asked: Any) -> Iterator[Callable[[Path], None]]:
        def put_in_place(folder: Path) -> None:
            place = folder / asked[2][0] / "manuscript.html"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("report", encoding="utf-8")

        yield put_in_place

    def write_pages(records: Path, *_: object) -> list[Path]:
        place = records / "review" / "index.html"
        place.parent.mkdir(exist_ok=True)
        place.write_text("index", encoding="utf-8")
        return [place]

    monkeypatch.setattr(runner, "run", run)
    monkeypatch.setattr(vpresearch.review, "write_pages", write_pages)
    monkeypatch.setattr(vpresearch.report, "writing", writing)
    out = tmp_path / "out"
    return Wanted(
        RECONSTRUCTION, PUBLISHED, out, out, "es", 0.05, 1, 0, None, drop_identifiers=False, force=False, plain=True
    )


def test_nothing_is_said_to_be_unchanged_before_it_was_made(wanted: Wanted) -> None:
    assert unchanged(wanted) is None
    assert set(why(wanted).lines) == {f"{name}: aún no se había hecho" for name in (*BOOKS, "report/es", "review")}
    assert not wanted.out.exists()


def test_what_was_made_is_unchanged_and_says_the_same(wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    told = remake(wanted)
    # To read the paper would take several times as long as all the rest.
    with monkeypatch.context() as unread:
        unread.setattr("vpresearch.published.read_paper", None)
        again = unchanged(wanted)
    assert again is not None
    assert again.failing == told.failing == 1
    assert again.lines[-6:-4] == told.lines[-6:-4]
    assert again.lines[-5].startswith("  inalcanzable: tabla 3, p, ")
    assert again.lines[1].startswith("Nada ha cambiado y cada resultado está como se hizo: 01_cohort.ipynb, ")
    assert (again.lines[0], *again.lines[-3:]) == (told.lines[0], *told.lines[-3:])
    assert set(why(wanted).lines) == {f"{name}: nada ha cambiado" for name in (*BOOKS, "report/es", "review")}


def test_what_was_made_of_another_study_is_unchanged_too(wanted: Wanted, tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    larger_study(90, seed=2).drop(columns=["vas_1y", "odi_pre", "odi_1y"]).to_csv(path, index=False)
    asked = dataclasses.replace(wanted, data=path, named=False)
    remake(dataclasses.replace(asked, paper=NO_PAPER, named=True))
    # To hold it against no paper was asked for; whether it is the paper's is seen once it is not.
    assert unchanged(asked) is None
    told = remake(asked)
    again = unchanged(asked)
    assert again is not None
    assert again.lines[1] == told.lines[1] == text("console.another_study", "es")
    assert all(line.endswith("nada ha cambiado") for line in why(asked).lines)


@pytest.mark.parametrize("part", ["tables/01.csv", "report/es/manuscript.html", "review/index.html"])
@pytest.mark.parametrize("gone", [False, True])
def test_an_output_that_is_not_as_it_was_made_is_made_again(wanted: Wanted, part: str, gone: bool) -> None:
    remake(wanted)
    path = wanted.out / part
    before = path.read_bytes()
    path.unlink() if gone else path.write_text("by hand", encoding="utf-8")
    assert unchanged(wanted) is None
    assert sum(told.endswith("falta un resultado o se cambió") for told in why(wanted).lines) == 1
    remake(wanted)
    assert path.read_bytes() == before
    assert unchanged(wanted) is not None


@pytest.mark.parametrize(
    ("change", "words", "n"),
    [
        ({"language": "en"}, "the language changed", 3),
        ({"alpha": 0.1}, "cambiaron los parámetros", 4),
        ({"seed": 2}, "cambiaron los parámetros", 4),
        ({"min_cell": 5}, "cambiaron los parámetros", 3),
        ({"only": ["table"], "seed": 2}, "cambiaron los parámetros", 2),
        ({"force": True}, "se pidió con --force", 4),
    ],
)
def test_why_names_what_changed(wanted: Wanted, change: dict[str, object], words: str, n: int) -> None:
    remake(wanted)
    asked = dataclasses.replace(wanted, **change)  # type: ignore[arg-type]
    assert sum(told.endswith(words) for told in why(asked).lines) == n
    assert unchanged(asked) is None


def test_dropping_identifiers_or_not_is_no_unchanged_run(wanted: Wanted) -> None:
    # Without it, a file that has any would be refused.
    remake(dataclasses.replace(wanted, drop_identifiers=True))
    assert unchanged(wanted) is None


def test_a_report_of_which_nothing_changed_is_not_written_again(
    wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    remake(wanted)
    monkeypatch.setattr(vpresearch.report, "writing", lambda *_: pytest.fail("a report was begun"))
    (wanted.out / "tables" / "01.csv").unlink()
    remake(wanted)


def results_of(wanted: Wanted) -> list[str]:
    return sorted(path.name for path in (wanted.records / "private").rglob("*") if len(path.name) == 64)


def test_what_a_run_computed_of_a_reconstruction_the_next_one_takes(
    wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    remake(wanted)
    found = results_of(wanted)
    assert found

    monkeypatch.setattr(scorecard, "judge", lambda *_: pytest.fail("it was computed again"))
    remake(dataclasses.replace(wanted, language="en"))
    assert results_of(wanted) == found


@pytest.mark.parametrize("change", ["force", "code"])
def test_what_other_code_computed_is_dropped(wanted: Wanted, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    remake(wanted)
    (kept,) = (wanted.records / "private" / "computed").iterdir()
    (kept / "old").touch()
    if change == "code":
        monkeypatch.setattr(state_module, "code_digest", lambda: "of other code")
    remake(dataclasses.replace(wanted, force=change == "force", language="en"))
    (anew,) = (wanted.records / "private" / "computed").iterdir()
    assert (anew.name != kept.name) == (change == "code")
    assert results_of(wanted)
    assert not (anew / "old").exists()


def test_what_a_run_computed_of_real_data_goes_with_it(
    wanted: Wanted, rows: list[dict[str, str]], write: Callable[..., Path]
) -> None:
    # The next study in the same place is a patient's.
    remake(wanted)
    before = results_of(wanted)
    remake(dataclasses.replace(wanted, data=write(rows)))
    assert results_of(wanted) == before
    assert not list(wanted.records.glob(".staging-*"))


AUDITED = """
import os, sys, time
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from vpresearch.parallel.forks import one_thread
one_thread()
from vpresearch.run import reproduce
from vpresearch.core.paths import PUBLISHED, RECONSTRUCTION
from vpresearch.published import read_paper
from vpresearch.parallel.cache import once, shared_by_all
def by_whom(paper, seed):
    return os.getpid()
import_module("vpresearch.audit").audit = by_whom
out = Path(sys.argv[1])
asked = (RECONSTRUCTION, PUBLISHED, out, out, "es", 0.05, 1, 0, None)
wanted = reproduce.Wanted(*asked, drop_identifiers=False, force=False)
for asked in (wanted, replace(wanted, only=["01_cohort"]), replace(wanted, plain=True)):
    with shared_by_all(out / str(id(asked))), reproduce._auditing(asked):
        # Time enough to be begun.
        time.sleep(asked is wanted)
        print(once(by_whom, read_paper(PUBLISHED), 1) == os.getpid())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")
def test_the_audit_is_begun_in_a_copy_where_a_notebook_will_show_it(tmp_path: Path) -> None:
    # A process of its own, since this one has threads.
    told = subprocess.run([sys.executable, "-c", AUDITED, tmp_path], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "True", "True"]


def test_what_is_begun_is_what_the_notebook_asks_for(shipped: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reproduce._AUDIT in {notebook.file for notebook in read_compendium().notebooks}
    assert "results.checks" in (NOTEBOOKS / reproduce._AUDIT).read_text(encoding="utf-8")
    monkeypatch.setattr(results, "once", lambda *asked: asked)
    asked: object = results.Results(shipped, seed=3).checks
    assert asked == (audit, read_paper(PUBLISHED), 3)


def test_saying_that_nothing_changed_needs_none_of_the_scientific_packages() -> None:
    code = (
        "import sys, pathlib; from vpresearch.run.reproduce import Wanted, unchanged, inputs, inputs_of, choose\n"
        "print([m for m in ('numpy', 'pandas', 'papermill', 'multiprocessing') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_what_waits_is_put_in_place_whole_and_only_if_whole(tmp_path: Path) -> None:
    finished, workspace = Finished(tmp_path), tmp_path / "work"
    for part in ("tables/a.csv", "notebooks/a.ipynb"):
        (workspace / part).parent.mkdir(parents=True)
        (workspace / part).write_text(part, encoding="utf-8")
    finished.keep("a.ipynb", workspace, {"data": "1"}, 2.0)
    assert not workspace.exists()
    assert finished.made("a.ipynb", {"data": "2"}) is None
    made = finished.made("a.ipynb", {"data": "1"})
    assert made is not None
    state = read_state(tmp_path / "out", tmp_path)
    finished.put_in_place("a.ipynb", state, tmp_path)
    state.made["a.ipynb"] = made
    assert state.stale("a.ipynb", {"data": "1"}) == []
    assert (tmp_path / "out" / "tables" / "a.csv").exists()
    assert (tmp_path / "notebooks" / "a.ipynb").exists()
    (tmp_path / "private" / "finished" / "a.ipynb" / "tables" / "a.csv").write_text("half", encoding="utf-8")
    assert finished.made("a.ipynb", {"data": "1"}) is None
