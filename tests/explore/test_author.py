"""The way without a terminal: template, check, marked copy, run, download, and nothing left of it."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser

from tests.parts import DECLARATION
from vpresearch.core.paths import BUILD

from .browser import PATIENCE, Visitor, es, serving, visitor

pytestmark = pytest.mark.long
_WHOLE_RUN = 600


def saved(one: Visitor, name: str, folder: Path) -> Path:
    with one.page.expect_download() as waiting:
        one.page.get_by_role("button", name=es(name), exact=True).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def come_to(*, staged: bool) -> None:
    """Wait until the visitor's rows are on the disk, or are not."""
    limit = time.monotonic() + PATIENCE
    while any(".staging" in str(path) for path in BUILD.rglob("study.xlsx")) != staged:
        assert time.monotonic() < limit
        time.sleep(0.2)


def test_from_the_template_to_the_files_without_a_terminal(
    opened: Browser, workbook: Callable[..., Path], tmp_path: Path
) -> None:
    def spoil(sheet: Any) -> None:
        sheet["C3"] = 97.25

    def add(sheet: Any) -> None:
        for row, side in enumerate(("Lado", "Izquierdo", "Derecho", "Izquierdo", "Derecho", "Derecho"), start=1):
            sheet.cell(row, sheet.max_column + (row == 1), side)

    with serving("app") as address, visitor(opened) as one:
        one.visit(f"{address}#panel=author")
        one.see(es("author_title"))
        button = one.page.get_by_role("button", name=es("author_run"), exact=True)
        assert button.is_disabled()
        assert load_workbook(saved(one, "author_template", tmp_path)).sheetnames
        one.give(es("upload"), workbook(spoil, "faulty.xlsx"))
        one.see("celda C3")
        assert button.is_disabled()
        copy = load_workbook(saved(one, "author_copy", tmp_path))
        assert any(sheet["C3"].comment for sheet in copy.worksheets)
        declared = tmp_path / "columns.yaml"
        declared.write_text(DECLARATION, encoding="utf-8")
        one.give(es("upload"), declared, workbook(add, "mine.xlsx"))
        one.see("mine.xlsx: 3 pacientes")
        button.click()
        come_to(staged=True)
        # Whoever looks elsewhere meanwhile finds it done.
        one.tab(es("walk_tab"))
        one.tab(es("author_tab"))
        one.page.get_by_text(es("author_done")).wait_for(timeout=_WHOLE_RUN * 1000)
        come_to(staged=False)
        with zipfile.ZipFile(saved(one, "author_files", tmp_path)) as files:
            names = files.namelist()
            assert "Lado" in files.read("report/es/manuscript.html").decode()
        assert {f"report/es/{own}.docx" for own in ("manuscript", "supplement", "letter")} <= set(names)
        assert "report/es/figures/figure1.pdf" in names
        assert not [name for name in names if "private" in name]
        # A page that is closed takes with it what it has begun.
        button.click()
        come_to(staged=True)
        one.page.close()
        come_to(staged=False)
