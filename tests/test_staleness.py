from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vpresearch.core.errors import InputError
from vpresearch.core.paths import NOTEBOOKS
from vpresearch.run import state
from vpresearch.run.state import notebook_digest, source_digest

BOOK = NOTEBOOKS / "02_leaks.ipynb"


def test_a_notebook_is_its_cells_and_nothing_else(tmp_path: Path) -> None:
    content: dict[str, Any] = json.loads(BOOK.read_text(encoding="utf-8"))
    for number, cell in enumerate(content["cells"]):
        cell["source"] = "".join(cell["source"])
        cell["id"] = f"other-{number}"
        if cell["cell_type"] == "code":
            cell |= {"outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}], "execution_count": 3}
        # What editors add to a notebook and its cells.
        cell["metadata"] |= {"jp-MarkdownHeadingCollapsed": True, "comment": "mine"}
    content["metadata"]["kernelspec"]["display_name"] = "another"
    content["metadata"]["comment"] = "mine"
    path = tmp_path / "another name.ipynb"
    path.write_text(json.dumps(content, indent=4), encoding="utf-8", newline="\r\n")
    assert notebook_digest(path) == notebook_digest(BOOK)
    content["cells"][0]["source"] += " "
    path.write_text(json.dumps(content), encoding="utf-8")
    assert notebook_digest(path) != notebook_digest(BOOK)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a small project in the place of this one."""
    for name, content in {
        "src/a.py": "x = 1\n",
        "src/locales/es.yaml": "a: b\n",
        "data/published/p.yaml": "c: d\n",
        "data/README.md": "words\n",
        "data/raw/study.csv": "rows\n",
        "map.yaml": "notebooks: []\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
    monkeypatch.setattr(state, "_PACKAGE", tmp_path / "src")
    monkeypatch.setattr(state, "ROOT", tmp_path)
    monkeypatch.setattr(state, "_RAW", tmp_path / "data" / "raw")
    monkeypatch.setattr(state, "COMPENDIUM", tmp_path / "map.yaml")
    return tmp_path


def fresh() -> str:
    source_digest.cache_clear()
    try:
        return source_digest()
    finally:
        source_digest.cache_clear()


@pytest.mark.parametrize("name", ["src/a.py", "src/locales/es.yaml", "data/published/p.yaml", "map.yaml", "src/new.py"])
def test_every_line_of_the_package_and_its_tables_counts(package: Path, name: str) -> None:
    before = fresh()
    with (package / name).open("a", encoding="utf-8") as file:
        file.write("# more\n")
    assert fresh() != before


@pytest.mark.parametrize(
    "change",
    [
        lambda root: os.utime(root / "src" / "a.py", (1, 1)),
        lambda root: (root / "src" / "a.py").write_bytes(b"x = 1\r\n"),
        lambda root: (root / "data" / "README.md").write_text("other words", encoding="utf-8"),
        lambda root: (root / "data" / "raw" / "study.csv").write_text("other rows", encoding="utf-8"),
        lambda root: (root / "src" / "__pycache__").mkdir() or (root / "src/__pycache__/a.pyc").write_bytes(b"x"),
        lambda root: (root / "src" / ".DS_Store").write_bytes(b"x"),
    ],
    ids=["date", "line endings", "readme", "another study", "bytecode", "hidden"],
)
def test_nothing_else_counts(package: Path, change: Callable[[Path], object]) -> None:
    before = fresh()
    change(package)
    assert fresh() == before


@pytest.mark.parametrize(
    "content", ['{"cells": ', "[1]", '{"cells": 3}', '{"cells": [{"source": ""}]}', '{"cells": ["x"]}']
)
def test_a_notebook_that_is_none_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.ipynb").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        notebook_digest(tmp_path / "a.ipynb")
    assert [problem.code for problem in caught.value.problems] == ["broken_notebook"]
