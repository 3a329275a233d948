from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vpresearch.core.errors import VPResearchError
from vpresearch.core.paths import ROOT
from vpresearch.run import verify as verifying
from vpresearch.run.verify import UNLIKE, Conditions, contents, differing, exhibits, has_locale, run, verify

Spoil = Callable[[Path], object]


def executed(started: str) -> str:
    cell = {"cell_type": "code", "source": "1", "outputs": [], "metadata": {"papermill": {"start_time": started}}}
    return json.dumps({"cells": [cell], "metadata": {"papermill": {"duration": started}}})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one table, in the place of the compendium's."""
    project = tmp_path / "project"
    (project / "tables").mkdir(parents=True)
    (project / "tables" / "table1.csv").write_bytes(b"27\n")
    monkeypatch.setattr(verifying, "ROOT", project)
    monkeypatch.setattr(verifying, "exhibits", lambda: frozenset({"tables/table1.csv"}))
    return project


@pytest.fixture
def go(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Spoil], tuple[bool, list[str], list[Path]]]:
    """Verify with runs that take no time; the second is spoilt."""

    def go(spoil: Spoil) -> tuple[bool, list[str], list[Path]]:
        folders: list[Path] = []

        def run(conditions: Conditions, folder: Path) -> Path:
            out = folder / "out"
            for part in ("tables", "notebooks", "private"):
                (out / part).mkdir(parents=True)
            (out / "tables" / "table1.csv").write_bytes(b"27\n")
            (out / "notebooks" / "a.ipynb").write_text(executed(conditions.name), encoding="utf-8")
            (out / "run.json").write_text(json.dumps({"seconds": {"a": len(folders)}, "python": "3"}), "utf-8")
            (out / "private" / "state.json").write_text(conditions.name, encoding="utf-8")
            if folders:
                spoil(out)
            folders.append(folder)
            return out

        monkeypatch.setattr(verifying, "run", run)
        said: list[str] = []
        return verify(say=said.append), said, folders

    return go


def test_equal_runs_are_verified_and_leave_nothing(go: Callable[..., tuple[bool, list[str], list[Path]]]) -> None:
    same, said, folders = go(lambda _: None)
    assert same
    assert said[-1] == "3 files made twice, 1 of them also in the project: the same bytes"
    assert len({*folders}) == 2
    assert not any(folder.exists() for folder in folders)
    for conditions, line in zip(UNLIKE, said, strict=False):
        for value in (conditions.locale, conditions.timezone, conditions.hash_seed, conditions.place):
            assert value in line
        assert ("old processor" in line) == conditions.oldest


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda out: (out / "tables" / "table1.csv").write_bytes(b"28\n"), "tables/table1.csv differs"),
        (lambda out: (out / "tables" / "table1.csv").unlink(), "tables/table1.csv is in one only of the two runs"),
        (lambda out: (out / "tables" / "new.csv").touch(), "tables/new.csv is in one only of the two runs"),
        (lambda out: (out / "run.json").write_text('{"python": "4"}'), "run.json differs"),
        (
            lambda out: (out / "notebooks" / "a.ipynb").write_text(executed("").replace("[]", "[2]")),
            "notebooks/a.ipynb differs",
        ),
    ],
)
def test_every_difference_is_told(
    go: Callable[..., tuple[bool, list[str], list[Path]]], spoil: Spoil, words: str
) -> None:
    same, said, _ = go(spoil)
    assert not same
    assert sum(words in line for line in said) == 1
    assert said[-1].endswith("differences: 1")


def test_runs_that_agree_but_not_with_the_project_are_told(
    go: Callable[..., tuple[bool, list[str], list[Path]]], project: Path
) -> None:
    (project / "tables" / "table1.csv").write_bytes(b"26\n")
    same, said, _ = go(lambda _: None)
    assert not same
    assert any("differs between the project and the runs from byte 2 on: b'6\\n' and b'7\\n'" in line for line in said)


def test_a_locale_that_the_system_lacks_is_told(
    go: Callable[..., tuple[bool, list[str], list[Path]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "has_locale", lambda name: name == "C")
    same, said, _ = go(lambda _: None)
    assert same
    # In the last line, where nobody misses it.
    assert [line.startswith("Not checked: this system has no locale es_ES.UTF-8") for line in said].count(True) == 1
    assert said[-1].startswith("Not checked: this system has no locale es_ES.UTF-8")
    assert has_locale("C")
    assert not has_locale("xx_XX.UTF-8")


def test_the_conditions_are_unlike_in_everything() -> None:
    first, second = UNLIKE
    for name in ("name", "locale", "timezone", "hash_seed", "place", "oldest"):
        assert getattr(first, name) != getattr(second, name)


def test_a_run_is_made_under_its_conditions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    def start(command: list[str], **more: object) -> subprocess.CompletedProcess[bytes]:
        seen.update(more, command=command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", start)
    out = run(UNLIKE[1], tmp_path)
    assert seen["command"][-2:] == ["--out", str(out)]  # type: ignore[index]
    assert seen["cwd"] == tmp_path / UNLIKE[1].place
    told = {"LC_ALL": "es_ES.UTF-8", "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4294967295"}
    assert told.items() <= seen["env"].items()  # type: ignore[attr-defined]


def test_an_old_processor_adds_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start, made = subprocess.run, []
    code = "import numpy as np; x = np.random.default_rng(1).normal(size=(99, 99)); print((np.exp(x) @ x).tobytes())"

    def compute(command: list[str], **more: Any) -> subprocess.CompletedProcess[bytes]:
        made.append(start([sys.executable, "-W", "error", "-c", code], **more))
        return made[-1]

    monkeypatch.setattr(subprocess, "run", compute)
    for conditions in UNLIKE:
        run(conditions, tmp_path / conditions.name)
    assert made[0].stdout != made[1].stdout


def test_a_run_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 3))
    with pytest.raises(VPResearchError, match="nothing was compared"):
        run(UNLIKE[0], tmp_path)


def test_every_committed_exhibit_is_compared() -> None:
    found = exhibits()
    assert {"tables/table3.csv", "tables/table3.tex", "figures/figure1.svg"} <= found
    assert set(contents(ROOT, found)) == found


def test_the_first_byte_that_differs_is_told() -> None:
    assert differing({"a": b"12345"}, {"a": b"12"}, "runs", "es") == [
        "a difiere entre las dos ejecuciones desde el byte 3: b'345' y b''"
    ]
