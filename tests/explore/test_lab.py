from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from vpresearch.core.paths import NOTEBOOKS
from vpresearch.data import Dataset
from vpresearch.explore.panels import dose, walk
from vpresearch.inference import compare_by_leak
from vpresearch.render.labels import p_value, text

from .browser import PATIENCE, es, serving, visitor

pytestmark = pytest.mark.long
NOTEBOOK = NOTEBOOKS / "explore.ipynb"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    before = NOTEBOOK.read_bytes()
    with serving("explore") as address:
        yield address
    NOTEBOOK.write_bytes(before)


def test_without_the_token_nobody_gets_in(address: str) -> None:
    base = address.split("/lab")[0]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{base}/api/contents")
    assert refused.value.code == 403
    refused.value.close()
    with urllib.request.urlopen(address.split("?")[0]) as answer:
        assert "/login" in answer.url


def test_jupyterlab_opens_the_explorer_and_runs_it(opened: Browser, address: str, shipped: Dataset) -> None:
    with visitor(opened) as one:
        page = one.page
        one.visit(address)
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=PATIENCE * 1000)
        page.locator(".jp-CodeCell").nth(2).wait_for(timeout=PATIENCE * 1000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        one.ready()
        prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
        assert prompts == ["[1]:", "[2]:", "[3]:"]
        assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
        assert text("banner.reconstruction", "es") in one.text()

        one.box(es("vertebra_number")).fill("20")
        page.keyboard.press("Enter")
        one.see(es("walk_row", number=20, others=len(walk.siblings(shipped, 19))))

        one.tab(es("dose_tab"))
        handle = one.slider(text("variable.vertebral_volume_cc", "es"))
        handle.focus()
        for _ in range(4):
            handle.press("ArrowLeft")
        at = dose.risk_at(dose.fitted(shipped), "gee_kc", 2.0, 24.0)
        risk = {name: 100 * float(at[name]) for name in ("risk", "ci_low", "ci_high")}
        one.see(es("fill_is", fill=float(at["fill_percent"])) + " " + es("risk_is", **risk))

        one.tab(es("groups_tab"))
        page.locator(".vp-explorer select").first.select_option(label=text("variable.fill_percent", "es"))
        one.see(f"p = {p_value(compare_by_leak(shipped, 'fill_percent').result.p_value, 'es')}")

        # What is saved holds no row, and is the file that it was.
        before = NOTEBOOK.read_bytes()
        NOTEBOOK.write_bytes(before.replace(b"Saving this notebook", b"Changed elsewhere: saving this notebook"))
        page.keyboard.press("Escape")
        page.get_by_role("menuitem", name="File", exact=True).click()
        page.get_by_text("Save Notebook", exact=True).click()
        page.get_by_role("button", name="Overwrite").click()
        limit = time.monotonic() + PATIENCE
        while NOTEBOOK.read_bytes() != before:
            assert time.monotonic() < limit
            time.sleep(0.2)
