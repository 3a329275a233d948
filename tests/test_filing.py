"""Files beside the outputs: never over what is there and may hold data, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vpresearch.core.errors import InputError, of_the_system
from vpresearch.data import examine
from vpresearch.workbook.template import write_copy, write_template

Book = Callable[..., Path]


def codes(action: Callable[[], object]) -> list[str]:
    with pytest.raises(InputError) as caught:
        action()
    return [problem.code for problem in caught.value.problems]


def spoil(sheet: Any) -> None:
    sheet["C4"] = 130


def test_the_template_is_written_once(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "study.xlsx"
    said = write_template(out, "es")
    assert "Datos" in said
    assert said.endswith(f'make validate DATA="{out.as_posix()}"')
    content = out.read_bytes()
    assert codes(lambda: write_template(out, "es")) == ["file_exists"]
    assert (out.read_bytes(), os.listdir(out.parent)) == (content, ["study.xlsx"])


@pytest.mark.parametrize("name", ["study.csv", "study", "study.xls"])
def test_another_kind_of_file_is_not_written(tmp_path: Path, name: str) -> None:
    assert codes(lambda: write_template(tmp_path / name, "es")) == ["not_xlsx"]
    assert os.listdir(tmp_path) == []


def test_the_copy_says_that_it_holds_patients(workbook: Book, tmp_path: Path) -> None:
    path = workbook(spoil)
    said = write_copy(path, examine(path), tmp_path / "marked.xlsx", "es")
    assert "filas de los pacientes" in said
    assert sorted(os.listdir(tmp_path)) == ["marked.xlsx", "study.xlsx"]


def test_the_copy_is_never_the_file_itself(workbook: Book, tmp_path: Path) -> None:
    path = workbook(spoil)
    content, examined = path.read_bytes(), examine(path)
    (tmp_path / "link.xlsx").symlink_to(path)
    for out in (path, tmp_path / "link.xlsx", tmp_path / "x" / ".." / "study.xlsx"):
        (tmp_path / "x").mkdir(exist_ok=True)
        assert codes(lambda out=out: write_copy(path, examined, out, "es")) == ["overwrites_input"]  # type: ignore[misc]
    assert path.read_bytes() == content


def test_a_good_file_needs_no_copy(workbook: Book, tmp_path: Path) -> None:
    path = workbook()
    assert "No cell" in write_copy(path, examine(path), tmp_path / "marked.xlsx", "en")
    assert not (tmp_path / "marked.xlsx").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(OSError, match="file") as caught:
        write_template(tmp_path / "file" / "study.xlsx", "es")
    told = of_the_system(caught.value)
    assert told is not None
    assert [problem.code for problem in told.problems] == ["file_in_the_way"]
