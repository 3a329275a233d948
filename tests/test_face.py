"""The public face: light, complete, and with examples that run as they are copied."""

from __future__ import annotations

import ast
import builtins
import doctest
import inspect
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import vpresearch as vp
from vpresearch.core.frame import Framed
from vpresearch.data import Dataset

FACE = {name: getattr(vp, name) for name in vp.__all__}
PUBLIC = [name for name, it in FACE.items() if callable(it)]


def test_some_forty_names_are_public() -> None:
    assert 40 <= len(vp.__all__) <= 50
    assert dir(vp) == vp.__all__
    assert {name for name, it in FACE.items() if not callable(it)} == {
        *("ENSEMBLE", "PUBLISHED", "RECONSTRUCTION", "figures", "tables")
    }


def test_the_face_is_light() -> None:
    program = "import sys, vpresearch; print({'numpy', 'pandas', 'yaml', 'dataclasses'} & {*sys.modules})"
    # Without site packages: what the import needs is in the package and in Python.
    command, source = [sys.executable, "-S", "-c", program], Path(vp.__file__).parents[1]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        vp.nothing  # type: ignore[attr-defined]  # noqa: B018


def headed(name: str) -> set[str]:
    """The sections of a docstring in numpydoc."""
    lines = (inspect.getdoc(FACE[name]) or "").splitlines()
    return {above for above, line in pairwise(lines) if above and line == "-" * len(above)}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_says_what_it_takes_and_returns(name: str) -> None:
    if inspect.isclass(FACE[name]):
        assert headed(name) & {"Attributes", "Parameters"}
    else:
        assert {"Parameters", "Returns"} <= headed(name)


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_of_a_public_name_can_be_copied(name: str) -> None:
    """It names nothing that it did not make or import itself; that it gives what it shows is held with the modules'."""
    (example,) = doctest.DocTestFinder(recurse=False).find(FACE[name], name, module=False, globs={})
    sources = [each.source for each in example.examples]
    assert sources[0] == "import vpresearch as vp\n"
    # Longer lines are cut on the pages.
    assert max(map(len, "".join(sources).splitlines())) <= 78
    own = "vp." if inspect.isclass(FACE[name]) else f"vp.{name}("
    assert any(own in source for source in sources)
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    made = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    made |= {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {node.id for node in nodes if isinstance(node, ast.Name)} <= made | set(dir(builtins))
    of_face = {node.attr for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "vp"}
    assert of_face <= set(vp.__all__)


@pytest.fixture(scope="module")
def results(shipped: Dataset) -> dict[str, Any]:
    design, paper = vp.leak_design(shipped.rows), vp.read_paper(vp.PUBLISHED)
    return {
        "summary": vp.summarise([1.0, 2.0]),
        "share": vp.proportion(1, 2),
        "test": vp.student([1.0, 2.0], [2.0, 4.0]),
        "normality": vp.shapiro_wilk([1.0, 2.0, 4.0]),
        "comparison": vp.compare_by_leak(shipped, "cement_volume_cc"),
        "association": vp.associate_with_leak(shipped, "region"),
        "estimate": vp.fit_logistic(design)[1],
        "performance": vp.validate_model(design, resamples=20)[0],
        "size": vp.minimum_sample_size(0.288, 0.174),
        "row": vp.score_paper(paper, shipped)[0],
    }


def test_every_result_is_a_table_at_full_precision_and_shows_itself(results: dict[str, Any]) -> None:
    for name, result in results.items():
        assert isinstance(result, Framed), name
        frame = result.to_frame()
        assert len(frame) == (4 if name == "comparison" else 2 if name == "association" else 1), name
        assert result._repr_html_() == frame.to_html()
    test = results["test"]
    assert test.to_frame().loc[0, "p_value"] == test.p_value
    assert test.to_frame().loc[0, "effect_estimate"] == test.effect.estimate
    chosen = results["comparison"].to_frame().query("chosen")
    assert chosen["test"].tolist() == [results["comparison"].chosen]
    assert results["row"].to_frame().loc[0, ["claim", "printed", "verdict"]].tolist() == [
        *("cohort.patients.n", "27", "by construction")
    ]
    assert vp.to_frame([test, test]).equals(pd.concat([test.to_frame()] * 2, ignore_index=True))


def test_neither_a_dataset_nor_a_design_shows_a_row(shipped: Dataset) -> None:
    assert repr(shipped) == "<Dataset: 27 patients, 41 vertebrae, a reconstruction>"
    assert repr(vp.leak_design(shipped.rows)) == "<Design: leak on fill_percent; 41 rows, 27 patients>"
    assert not hasattr(shipped, "_repr_html_")
