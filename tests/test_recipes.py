"""What CONTRIBUTING says of how to add a statistic and a table, done to the letter in a copy of the package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from vpresearch.core.paths import ROOT

_BLOCK = re.compile(r"^```(?:python|yaml)\n# (src/\S+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_MADE = """
from pathlib import Path
from vpresearch import tables
from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.data import load
from vpresearch.report.blocks import table_block
from vpresearch.render.pandoc import write
from vpresearch.results import Results

results = Results(load(RECONSTRUCTION))
for language in ("es", "en"):
    table = tables.write(tables.variation_table(results, language), Path(language))
    assert tables.TABLES["variation"](results, language).caption == table.caption
    print(table.caption, *table.shown.to_numpy().ravel().tolist(), sep="|")
    assert all(write([table_block(table, "c")], form) for form in ("html5", "typst", "docx"))
"""


@pytest.mark.long
def test_the_recipes_are_right_to_the_letter(tmp_path: Path) -> None:
    for part in ("src/vpresearch", "data", "docs"):
        # Without the rows of patients that may lie there.
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("raw"))
    for part in ("compendium.yaml", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / part, tmp_path)
    steps = _BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert [Path(file).name for file, _ in steps] == ["describe.py", "results.py", "behind.py", "en.yaml", "es.yaml"]
    for file, added in steps:
        place = tmp_path / file
        if place.suffix == ".yaml":
            # Under the heads that stand there already.
            for head, entries in yaml.safe_load(added).items():
                lines = "".join(f"  {name}: {words}\n" for name, words in entries.items())
                whole = place.read_text(encoding="utf-8")
                place.write_text(re.sub(f"^{head}:\n", rf"\g<0>{lines}", whole, count=1, flags=re.M), encoding="utf-8")
        else:
            place.write_text(f"{place.read_text(encoding='utf-8')}\n\n{added}", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _MADE], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.stderr == ""
    spanish, english = done.stdout.splitlines()
    assert spanish.startswith("Cuánto varían los volúmenes|Volumen vertebral")
    assert english.startswith("How much the volumes vary|Mean vertebral volume")
    made = [path.name for path in sorted((tmp_path / "es").iterdir())]
    assert made == [f"variation.{kind}" for kind in ("csv", "html", "tex")]
