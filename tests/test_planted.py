"""What a run writes outside its private folder, held against rows and identifiers that were planted."""

from __future__ import annotations

import ast
import base64
import csv
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import papermill
import pytest

from vpresearch import cli
from vpresearch.core.compendium import Compendium, read_compendium
from vpresearch.core.paths import NOTEBOOKS, RECONSTRUCTION, ROOT
from vpresearch.report.document import DOCUMENTS, FORMATS
from vpresearch.run import runner

SURNAME, NOTE = "ZZGARRIDO", "ZZCOMPLICATION"
RECORDS = ("48291377", "12345678Z")
# The largest volume and the most cement, so that they are also what a table gives as the extremes.
MARKED = {"vertebral_volume_cc": "97.31", "cement_volume_cc": "8.73"}


# The audit reads no data; how far the answer hangs on the analyst counts nothing.
SKIPPED = {False: ("04_audit.ipynb",), True: ("04_audit.ipynb", "08_sensitivity.ipynb")}


class Ran(NamedTuple):
    """One run on a planted workbook."""

    rows: list[dict[str, str]]
    folder: Path
    public: bool
    said: str

    def shared(self, *suffixes: str) -> Iterator[tuple[Path, str]]:
        """Everything outside the private folder that is text."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and "private" not in path.parts and path.suffix in suffixes:
                yield path, path.read_text(encoding="utf-8")


def content(path: Path) -> str:
    """Give what a file says: of a Word file every part of it, of any other its bytes."""
    if path.suffix != ".docx":
        return path.read_bytes().decode("latin-1")
    with zipfile.ZipFile(path) as parts:
        return " ".join(parts.read(name).decode("latin-1") for name in parts.namelist())


def planted_rows() -> list[dict[str, str]]:
    """Rows that nobody shipped: every volume with digits of its own, names and record numbers beside."""
    with RECONSTRUCTION.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for place, row in enumerate(rows):
        number = row["patient_id"].removeprefix("reconstructed-")
        row |= {"patient_id": f"{SURNAME}-{number}", "complication": f"{NOTE}{place}" if place % 5 == 0 else "none"}
        row["vertebral_volume_cc"] = f"{float(row['vertebral_volume_cc']) + (137 + place) / 10_000:.4f}"
        row |= {"Nombre": f"Ana {SURNAME}", "NHC": str(int(RECORDS[0]) + 977 * place), "Notas": f"DNI {RECORDS[1]}"}
    rows[7] |= MARKED
    return rows


def write(rows: list[dict[str, str]], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def execute(source: str, target: str, parameters: dict[str, Any], **_: object) -> None:
    """Do what papermill would, without a kernel: run the lines, and keep what each cell shows."""
    book = json.loads(Path(source).read_text(encoding="utf-8"))
    space: dict[str, Any] = {}
    cells = []
    for cell in book["cells"]:
        cells.append(cell)
        if cell["cell_type"] != "code":
            continue
        *lines, last = ast.parse("".join(cell["source"])).body
        is_shown = isinstance(last, ast.Expr)
        exec(compile(ast.Module(lines if is_shown else [*lines, last], []), target, "exec"), space)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), target, "eval"), space)
            cell["outputs"] = [{"output_type": "execute_result", "data": dict(shown(value)), "metadata": {}}]
            cell["outputs"][0]["execution_count"] = 1
        if "parameters" in cell["metadata"].get("tags", []):
            space |= parameters
            lines_of = [f"{name} = {value!r}" for name, value in parameters.items()]
            told = {"source": lines_of, "metadata": {"tags": ["injected-parameters"]}}
            cells.append({"cell_type": "code", "execution_count": None, "outputs": [], **told})
    book |= {"cells": cells}
    book["metadata"]["papermill"] = {"parameters": parameters, "input_path": source, "output_path": target}
    Path(target).write_text(json.dumps(book), encoding="utf-8")


def shown(value: object) -> Iterator[tuple[str, str]]:
    for kind, method in (
        ("text/html", "_repr_html_"),
        ("text/markdown", "_repr_markdown_"),
        ("image/png", "_repr_png_"),
    ):
        if hasattr(value, method):
            content = getattr(value, method)()
            content = content[0] if isinstance(content, tuple) else content
            yield kind, base64.b64encode(content).decode() if isinstance(content, bytes) else content
    yield "text/plain", repr(value)


@pytest.fixture(scope="module", params=[False, True], ids=["own", "public"])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("zzplace")
    rows = planted_rows()
    data = write(rows, folder / f"{SURNAME} Ana.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(papermill, "execute_notebook", execute)
        whole = read_compendium()
        patch.setattr(
            runner,
            "read_compendium",
            lambda: Compendium(tuple(book for book in whole.notebooks if book.file not in SKIPPED[request.param]), ()),
        )
        said: list[str] = []
        patch.setattr("builtins.print", lambda *words, **_: said.append(" ".join(map(str, words))))
        out = folder / "out"
        arguments = ["--data", str(data), "--out", str(out), "--drop-identifiers", "--language", "en"]
        code = cli.main(["reproduce", *arguments, *(["--public"] if request.param else [])])
    assert code == 0
    return Ran(rows, out, request.param, "\n".join(said))


def test_identifiers_are_refused_before_anything_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(planted_rows(), tmp_path / "study.csv")
    assert cli.main(["reproduce", "--data", str(data), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr()
    assert [path.name for path in tmp_path.iterdir()] == ["study.csv"]
    assert "study.csv: 3 problemas" in told.err
    for column in ("Nombre", "NHC", "Notas"):
        assert f"columna {column}: " in told.err
    assert told.err.count("--drop-identifiers") == 3
    assert not [secret for secret in (SURNAME, *RECORDS) if secret in told.err + told.out]


def test_dropped_columns_are_told(ran: Ran) -> None:
    dropped = re.findall("column (.*): The column was dropped", ran.said)
    assert dropped == ["Nombre", "NHC", "Notas"]


def test_no_identifier_reaches_anything_shared(ran: Ran) -> None:
    secret = re.compile("|".join([SURNAME, NOTE, *RECORDS, "zzplace", re.escape(str(ROOT))]), re.IGNORECASE)
    files = [path for path in ran.folder.rglob("*") if path.is_file() and "private" not in path.parts]
    assert len(files) > 45
    assert [path.name for path in files if secret.search(content(path))] == []
    assert [path.name for path in ran.folder.rglob("*") if secret.search(path.name)] == []
    said = ran.said.replace(str(ran.folder), "")
    assert not secret.search(said)


def test_no_row_reaches_anything_shared(ran: Ran) -> None:
    values = {row["vertebral_volume_cc"] for row in ran.rows} | set(MARKED.values())
    assert len(values) == 42
    digits = "|".join(re.escape(value).replace(r"\.", "[.,]") for value in sorted(values))
    secret = re.compile(rf"(?<![\d.,])({digits})(?!\d)")
    for path, text in ran.shared(".csv", ".html", ".tex", ".json", ".ipynb", ".svg"):
        assert not secret.search(text), path.name
    for path in ran.folder.rglob("*.docx"):
        assert not secret.search(content(path)), path.name
    assert not secret.search(ran.said)


def test_the_report_is_for_the_authors_only(ran: Ran) -> None:
    reports = {path.name for path in ran.folder.glob("report/en/*.*")}
    assert reports == (set() if ran.public else {f"{name}.{kind}" for name in DOCUMENTS for kind in FORMATS})


def test_the_rows_themselves_are_not_kept(ran: Ran) -> None:
    assert not list(ran.folder.rglob("rows.csv"))
    assert not list(ran.folder.glob(".*"))


def test_executed_notebooks_name_the_data_by_their_checksum_unless_they_are_public(ran: Ran) -> None:
    record = json.loads((ran.folder / "run.json").read_text(encoding="utf-8"))
    assert set(record["data"]) == ({"reconstruction"} if ran.public else {"sha256", "reconstruction"})
    named = "private" if ran.public else f"sha256:{record['data']['sha256']}"
    assert record["identifiers_dropped"] == 3
    books = list(ran.shared(".ipynb"))
    assert len(books) == len(
        [
            book
            for book in read_compendium().notebooks
            if not book.only_reconstruction and book.file not in SKIPPED[ran.public]
        ]
    )
    for path, text in books:
        book = json.loads(text)
        parameters = book["metadata"]["papermill"]["parameters"]
        assert parameters["data"] == named
        assert parameters["out"] == "build/notebooks"
        (injected,) = [cell for cell in book["cells"] if cell["metadata"].get("tags") == ["injected-parameters"]]
        assert f"data = '{named}'" in injected["source"]
        assert (NOTEBOOKS / path.name).exists()


def test_points_are_for_the_authors_only(ran: Ran) -> None:
    drawn = {path.stem for path in (ran.folder / "figures").iterdir()}
    of_points = {"volumes", "risk_curve"} | (set() if ran.public else {"spline"})
    assert {path.stem for path in (ran.folder / "private").glob("*.csv")} >= of_points
    assert drawn.isdisjoint(of_points) if ran.public else drawn >= of_points
    assert not {path.name for path in (ran.folder / "figures").iterdir()} & {f"{name}.csv" for name in of_points}


def test_no_small_count_is_public(ran: Ran) -> None:
    if not ran.public:
        return
    for name, places in {"table1": [2], "leak_kinds": [1, 2, 3, 4], "outcome": [1, 2]}.items():
        with (ran.folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            _, *lines = csv.reader(file)
        cells = [line[place] for line in lines for place in places]
        counts = [int(cell.split()[0]) for cell in cells if cell != "•"]
        assert "•" in cells or name == "outcome"
        assert not [count for count in counts if 0 < count < 5]
    assert not list((ran.folder / "figures").glob("*.csv"))
    assert "withheld" in ran.said
