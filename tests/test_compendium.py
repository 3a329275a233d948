from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from vpresearch.core.compendium import Exhibit, choose, read_compendium
from vpresearch.core.dictionary import columns
from vpresearch.core.errors import InputError
from vpresearch.core.paths import NOTEBOOKS, ROOT

FILES = sorted(path.name for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
each = pytest.mark.parametrize("file", FILES)
# What would be logic: it belongs into the library, where it is tested.
LOGIC = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.For,
    ast.While,
    ast.If,
    ast.IfExp,
    ast.Try,
    ast.With,
    ast.ListComp,
    ast.DictComp,
    ast.SetComp,
    ast.GeneratorExp,
)


def cells(file: str, kind: str = "code") -> list[dict[str, Any]]:
    content = json.loads((NOTEBOOKS / file).read_text(encoding="utf-8"))
    return [cell for cell in content["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def code(file: str) -> ast.Module:
    return ast.parse("\n".join(source(cell) for cell in cells(file)))


# -- the map -----------------------------------------------------------------------------------------------------


def test_the_map_names_every_notebook_and_nothing_else_in_their_order() -> None:
    assert [notebook.file for notebook in read_compendium().notebooks] == FILES


def test_every_exhibit_of_the_paper_is_in_the_map() -> None:
    compendium = read_compendium()
    made = [exhibit.name for notebook in compendium.notebooks for exhibit in notebook.exhibits]
    paper = [name for name in made if name.startswith(("table ", "figure "))]
    assert sorted(paper) == ["figure 1", "figure 2", "table 1", "table 2", "table 3", "table 4"]
    assert [image.name for image in compendium.images] == ["figure 3", "figure 4"]


def test_no_output_is_made_twice() -> None:
    outputs = [exhibit.output for notebook in read_compendium().notebooks for exhibit in notebook.exhibits]
    assert len(set(outputs)) == len(outputs)


def test_an_image_shows_a_kind_of_vertebra_that_the_data_model_knows() -> None:
    for image in read_compendium().images:
        for column, value in image.shows.items():
            assert value in [level.value for level in columns()[column].levels]


def test_what_is_committed_is_what_the_map_says() -> None:
    outputs = {exhibit.output for notebook in read_compendium().notebooks for exhibit in notebook.exhibits}
    kinds = {"tables": ("csv", "html", "tex"), "figures": ("csv", "png", "svg")}
    expected = {f"{output}.{kind}" for output in outputs for kind in kinds[output.split("/")[0]]}
    found = {path.relative_to(ROOT).as_posix() for folder in kinds for path in (ROOT / folder).iterdir()}
    assert found == expected


def test_another_map_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(
        "notebooks: [{file: a.ipynb, exhibits: [{exhibit: b, output: c/d}]}]\nimages: []\n", encoding="utf-8"
    )
    (notebook,) = read_compendium(path).notebooks
    assert (notebook.file, notebook.exhibits) == ("a.ipynb", (Exhibit("b", "c/d"),))
    assert read_compendium(path).images == ()


@pytest.mark.parametrize(
    "name", ["table3", "Table 3", "tables/table3", "02_leaks", "02_leaks.ipynb", "chi-squared tests", "figure1"]
)
def test_a_notebook_is_chosen_by_its_name_or_by_what_it_makes(name: str) -> None:
    assert [each.file for each in choose(read_compendium(), [name], reconstruction=True)] == ["02_leaks.ipynb"]


def test_several_are_chosen_in_the_order_of_the_compendium() -> None:
    found = choose(read_compendium(), ["models", "table3", "table 1"], reconstruction=True)
    assert [each.file for each in found] == ["01_cohort.ipynb", "02_leaks.ipynb", "07_fill_risk.ipynb"]


def test_without_a_name_all_notebooks_that_have_something_to_say_are_chosen() -> None:
    assert [each.file for each in choose(read_compendium(), None, reconstruction=True)] == FILES
    real = [each.file for each in choose(read_compendium(), None, reconstruction=False)]
    assert [file for file in FILES if file not in real] == ["06_ensemble.ipynb"]


@pytest.mark.parametrize(("name", "reconstruction"), [("table9", True), ("figure 3", True), ("spread", False)])
def test_an_unknown_name_is_refused_with_those_that_are_known(name: str, reconstruction: bool) -> None:
    with pytest.raises(InputError) as caught:
        choose(read_compendium(), ["table3", name], reconstruction=reconstruction)
    assert "02_leaks" in str(caught.value)
    assert "table3" in str(caught.value)
    assert ("spread" in caught.value.problems[0].remedy) == reconstruction


# -- the notebooks -----------------------------------------------------------------------------------------------


@each
def test_a_notebook_is_committed_without_what_it_gave(file: str) -> None:
    for cell in cells(file):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@each
def test_a_notebook_has_one_cell_of_parameters(file: str) -> None:
    tagged = [cell for cell in cells(file) if "parameters" in cell["metadata"].get("tags", [])]
    assert tagged == cells(file)[:1]
    values = {}
    for statement in ast.parse(source(tagged[0])).body:
        assert isinstance(statement, ast.Assign)
        (name,) = (target.id for target in statement.targets if isinstance(target, ast.Name))
        values[name] = ast.literal_eval(statement.value)
    # Those of the committed outputs, so that a reader who runs a cell gets them.
    assert values == {
        "data": "data/reconstructed/vertebrae.csv",
        "paper": "data/published/barriga-martin-2022.yaml",
        "language": "es",
        "alpha": 0.05,
        "seed": 1,
        "min_cell": 0,
        "out": "build/notebooks",
    }


@each
def test_a_notebook_holds_no_logic(file: str) -> None:
    assert not [node for node in ast.walk(code(file)) if isinstance(node, LOGIC)]
    for cell in cells(file):
        assert not source(cell).lstrip().startswith(("%", "!"))


@each
def test_a_notebook_says_what_its_data_are_before_anything_else(file: str) -> None:
    showing = [cell for cell in cells(file)[1:] if not source(cell).startswith("from ")]
    places, loading, banner = source(showing[0]).splitlines()
    assert places == "data, out = in_project(data), in_project(out)"
    assert loading == "results = Results(load(data), alpha, seed, read_paper(in_project(paper)))"
    assert banner == "labels.Banner(results.dataset.reconstruction, language)"


@each
def test_a_notebook_makes_what_the_map_says(file: str) -> None:
    (notebook,) = (notebook for notebook in read_compendium().notebooks if notebook.file == file)
    made = []
    for call in ast.walk(code(file)):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {"tables.write", "figures.write"}:
            folder = ast.unparse(call.func).split(".")[0]
            assert ast.unparse(call.args[1]) == f"Path(out) / '{folder}'"
            name = ast.unparse(call.args[0]).split("(")[0].split(".")[1]
            made.append(f"{folder}/{name.removesuffix('_table').removesuffix('_figure')}")
    assert sorted(made) == sorted(exhibit.output for exhibit in notebook.exhibits)


def test_notebooks_of_any_study_speak_of_no_paper() -> None:
    every = choose(read_compendium(), None, reconstruction=False, judged=False)
    said = " ".join(source(cell) for notebook in every for cell in cells(notebook.file, "markdown"))
    assert len(every) > 3
    assert not [word for word in ("paper", "artículo", "authors", "autores") if word in said]


@each
def test_a_notebook_is_told_in_both_languages(file: str) -> None:
    heading, *_ = (source(cell) for cell in cells(file, "markdown"))
    title, *paragraphs = [part for part in heading.split("\n\n") if part]
    assert title.startswith("# ")
    assert " · " in title
    assert [part.startswith("*") for part in paragraphs] == [False, True]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("notebooks: [a: b: c", 1),
        ("", None),
        ("- 1", None),
        ("notebooks: 3\nimages: []", None),
        ("notebooks:\n- file: ../a.ipynb\n  exhibits: []\nimages: []", None),
        ("notebooks:\n- file: a.ipynb\n  exhibits: [x]\nimages: []", None),
        ("notebooks: []\nimages:\n- exhibit: a", None),
        ("notebooks: []\nimages: 3", None),
        ("\x00", None),
    ],
)
def test_a_map_that_is_none_is_told(tmp_path: Path, content: str, line: int | None) -> None:
    (tmp_path / "map.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_compendium(tmp_path / "map.yaml")
    assert [(problem.code, problem.line) for problem in caught.value.problems] == [("broken_map", line)]
