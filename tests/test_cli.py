from __future__ import annotations

import argparse
import contextlib
import csv
import errno
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pandas as pd
import pytest

import vpresearch.reconstruct
import vpresearch.report
import vpresearch.review
import vpresearch.scorecard
from vpresearch import cli, results
from vpresearch.core.compendium import read_compendium
from vpresearch.core.errors import VPResearchError, refused
from vpresearch.core.errors import words as words_of
from vpresearch.core.files import put
from vpresearch.core.paths import PAPER_SCHEMA, RECONSTRUCTION, ROOT
from vpresearch.data import load
from vpresearch.parallel.cache import VARIABLE
from vpresearch.published import Paper, read_paper
from vpresearch.render import labels
from vpresearch.run import reproduce, runner
from vpresearch.run.state import Computed, State

WORKBOOK = Path(__file__).parent / "reference" / "workbooks" / "spanish.csv"
PLANTED = "ZZPATIENT"
COMMANDS = (
    "reproduce",
    "report",
    "audit",
    "validate",
    "template",
    "reconstruct",
    "simulate",
    "bench",
    "test",
    "check",
    "metadata",
    "verify",
    "clean",
)


class Finished(NamedTuple):
    """One whole run on made-up real data."""

    data: Path
    out: Path
    code: int
    stdout: str
    stderr: str


# -- one whole run -----------------------------------------------------------------------------------------------


def plant(path: Path) -> None:
    """Copy the workbook, with ids and complications that nobody could take for anything else."""
    lines = WORKBOOK.read_text(encoding="latin-1").splitlines()
    planted = [re.sub(r"^P(?=\d)", PLANTED, line) + f";ZZCOMPLICATION{n}" for n, line in enumerate(lines[1:])]
    path.write_text("\n".join([f"{lines[0]};Complicación", *planted, ""]), encoding="utf-8")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Reproduce everything once, also where several processes share the tests."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent / "reproduce" if "PYTEST_XDIST_WORKER" in os.environ else folder / "reproduce"
    data, out, done = folder / "study.csv", folder / "deep" / "out", folder / "done.json"
    try:
        folder.mkdir()
    except FileExistsError:
        while not done.exists():
            time.sleep(0.1)
    else:
        plant(data)
        command = [sys.executable, "-m", "vpresearch", "reproduce", "--data", str(data), "--out", str(out)]
        run = subprocess.run(command, cwd=folder, capture_output=True, check=False, encoding="utf-8")
        aside = folder / "aside.json"
        aside.write_text(json.dumps([run.returncode, run.stdout, run.stderr]), encoding="utf-8")
        aside.rename(done)
    return Finished(data, out, *json.loads(done.read_text(encoding="utf-8")))


def test_a_run_says_what_it_did(finished: Finished, paper: Paper) -> None:
    assert (finished.code, finished.stderr.count("Traceback")) == (0, 0)
    *_, verdicts, place, report, review, bound = finished.stdout.splitlines()
    assert bound == f"los {len(paper.claims)} números del artículo tienen veredicto"
    assert re.fullmatch(rf"Resultados en {re.escape(str(finished.out))} \(\d+ s\)", place)
    assert report == f"Informe en {finished.out / 'report' / 'es'}"
    assert review == f"Para quien revise: {finished.out / 'review' / 'index.html'}"
    assert sum(int(part.split(": ")[1]) for part in verdicts.split(", ")) == 96
    assert "econstru" not in finished.stdout


def test_a_run_makes_all_that_the_map_says_and_nothing_else(finished: Finished) -> None:
    notebooks = [notebook for notebook in read_compendium().notebooks if not notebook.only_reconstruction]
    kinds = {"tables": ("csv", "html", "tex"), "figures": ("csv", "png", "svg")}
    outputs = [exhibit.output for notebook in notebooks for exhibit in notebook.exhibits]
    expected = {f"{output}.{kind}" for output in outputs for kind in kinds[output.split("/")[0]]}
    of_rows = {"volumes.csv", "risk_curve.csv", "spline.csv"}
    expected = {path for path in expected if path.removeprefix("figures/") not in of_rows}
    expected |= {
        *(f"private/{name}" for name in of_rows),
        "run.json",
        "private/state.json",
        *(f"notebooks/{notebook.file}" for notebook in notebooks),
        *(f"notebooks/{Path(notebook.file).stem}.html" for notebook in notebooks),
        *(f"review/{name}" for name in ("index.html", "scorecard.html", "cells.html", "functions.html", "origins.csv")),
    }
    made = {path.relative_to(finished.out).as_posix() for path in finished.out.rglob("*") if path.is_file()}
    report = {path for path in made if path.startswith("report/")}
    assert made - report == expected
    assert report >= {
        f"report/es/{name}.{kind}" for name in ("manuscript", "supplement") for kind in ("html", "docx", "pdf")
    }
    assert report >= {f"report/es/tables/table3.{kind}" for kind in ("docx", "html", "tex", "csv")}
    assert report >= {f"report/es/figures/figure1.{kind}" for kind in ("svg", "png")}
    assert all(path.stat().st_size for path in finished.out.rglob("*"))


def test_every_link_of_a_run_leads_somewhere(finished: Finished) -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in finished.out.rglob("*.html")}
    seen = 0
    for page in (path for path in pages if path.parent.name in {"review", "notebooks"}):
        for place, anchor in re.findall(r'href="([^"#]*)#?([^"]*)"', pages[page]):
            target = (page.parent / place).resolve() if place else page
            assert target.is_file(), f"{page.name}: {place}"
            assert not anchor or f'id="{anchor}"' in pages[target], f"{page.name}: {place}#{anchor}"
            seen += 1
    assert seen > 3 * 96


def test_a_run_gives_a_verdict_on_every_claim(finished: Finished, paper: Paper) -> None:
    with (finished.out / "tables" / "scorecard.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == ["claim", "place", "printed", "computed", "rounded", "verdict", "method", "reason"]
    assert [row["claim"] for row in rows] == [claim.id for claim in paper.claims]
    assert len(rows) == 96
    assert {row["verdict"] for row in rows} <= {"reproduced", "differs", "not computable"}
    for row in rows:
        assert row["method"]
        assert row["reason"]
        assert (row["rounded"] == "") == (row["computed"] == "") == (row["verdict"] == "not computable")
    told = Counter(row["verdict"] for row in rows)
    counts = [f"{labels.text(f'verdict.{verdict}', 'es')}: {count}" for verdict, count in told.items()]
    assert all(count in finished.stdout for count in counts)


def test_a_run_is_recorded(finished: Finished) -> None:
    record = json.loads((finished.out / "run.json").read_text(encoding="utf-8"))
    sha256 = hashlib.sha256(finished.data.read_bytes()).hexdigest()
    assert record["data"] == {"sha256": sha256, "reconstruction": False}
    assert record["parameters"] == {"language": "es", "alpha": 0.05, "seed": 1, "min_cell": 0}


def test_no_patient_leaves_the_private_folder(finished: Finished) -> None:
    content = finished.data.read_bytes()
    assert content.count(PLANTED.encode()) == content.count(b"ZZCOMPLICATION") == 120
    shared = [path for path in finished.out.rglob("*") if path.is_file() and "private" not in path.parts]
    assert len(shared) > 40
    assert [path.name for path in shared if re.search(rb"ZZ(PATIENT|COMPLICATION)", path.read_bytes())] == []
    assert "ZZ" not in finished.stdout + finished.stderr


def test_executed_notebooks_show_no_warning_and_no_error(finished: Finished) -> None:
    for path in (finished.out / "notebooks").glob("*.ipynb"):
        outputs = [
            output for cell in json.loads(path.read_text("utf-8"))["cells"] for output in cell.get("outputs", [])
        ]
        assert outputs
        assert {output["output_type"] for output in outputs} == {"execute_result"}


def test_real_data_are_nowhere_called_a_reconstruction(finished: Finished) -> None:
    for path in (finished.out / "tables").glob("*"):
        content = path.read_text(encoding="utf-8")
        assert "Datos reconstruidos" not in content
        assert not content.startswith("data,")


# -- exit codes --------------------------------------------------------------------------------------------------


@pytest.fixture
def no_notebooks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, object]]:
    """Run no notebook and write no report; what a notebook would have been given is kept."""
    given: list[dict[str, object]] = []

    # No record of an earlier run counts, and none is left.
    monkeypatch.setattr(reproduce, "unchanged", lambda _: None)
    monkeypatch.setattr(reproduce, "read_state", lambda *_: State(tmp_path, tmp_path / "records"))
    monkeypatch.setattr(reproduce, "Computed", lambda _: Computed(tmp_path / "records"))
    # Tests beside this one ask for the same folder.
    monkeypatch.setattr(reproduce, "alone", lambda _: contextlib.nullcontext())

    def run(dataset: object, data: Path, paper: Path, out: Path, records: Path, **more: object) -> runner.Run:
        given.append({"data": data, "out": out, "records": records, **more})
        return runner.Run(out, {"a.ipynb": 1.4, "b.ipynb": 2.0})

    monkeypatch.setattr(runner, "run", run)
    monkeypatch.setattr(vpresearch.report, "writing", lambda *_: contextlib.nullcontext(lambda _: None))
    monkeypatch.setattr(vpresearch.review, "write_pages", lambda *_: [])
    return given


@pytest.mark.parametrize(("strict", "code"), [([], 0), (["--strict"], 1)])
def test_numbers_that_differ_fail_a_strict_run_only(
    strict: list[str],
    code: int,
    no_notebooks: list[dict[str, object]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["reproduce", "--data", str(WORKBOOK), "--out", str(tmp_path), *strict]) == code
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("  difiere: ") for line in lines) == 10
    assert lines[1] == "  difiere: resultados, número de pacientes: impreso 27, calculado 74"
    (differs,) = (int(n) for n in re.findall(r"difiere: (\d+),?", "\n".join(lines[-5:])))
    assert lines[11] == f"  y {differs - 10} más, en tables/scorecard.html"


def test_a_number_that_differs_is_named_in_the_language(
    no_notebooks: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    for language, words in (
        ("es", "difiere: tabla 3, p, Cemento inyectado (cc): impreso 0,267, calculado 0,488"),
        ("en", "differs: table 3, p, Injected cement (cc): printed 0.267, computed 0.488"),
    ):
        assert cli.main(["reproduce", "--alpha", "0.001", "--language", language]) == 0
        assert words in capsys.readouterr().out


@pytest.mark.long
def test_an_audit_speaks_the_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for language, impossible, ending in (
        (
            "es",
            "  imposible: tabla 3, p, Volumen vertebral medio (cc): p = 0,466",
            "imposibles: 1; números comprobados: 82, no comprobados: 14; todo en",
        ),
        (
            "en",
            "  impossible: table 3, p, Mean vertebral volume (cc): p = 0.466",
            "impossible: 1; numbers checked: 82, not checked: 14; all in",
        ),
    ):
        assert cli.main(["audit", "--language", language, "--out", str(tmp_path)]) == 0
        first, *_, last = capsys.readouterr().out.splitlines()
        assert first.startswith(impossible)
        assert ending in last


@pytest.mark.parametrize(("strict", "code"), [([], 0), (["--strict"], 1)])
def test_the_unattainable_number_is_named_and_fails_a_strict_run(
    strict: list[str], code: int, no_notebooks: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["reproduce", *strict]) == code
    out = capsys.readouterr().out
    assert "\n  inalcanzable: tabla 3, p, Volumen vertebral medio (cc): impreso 0,466, calculado 0,465; ninguna" in out
    assert out.startswith(
        "Datos reconstruidos: ninguna fila es un paciente. Nada de lo que sigue es una reproducción.\n"
    )
    assert "difiere" not in out
    assert "Resultados en la carpeta del proyecto (tables, figures) (" in out
    assert out.splitlines()[-1] == "los 96 números del artículo tienen veredicto"
    assert {name: no_notebooks[0][name] for name in ("language", "alpha", "seed")} == {
        "language": "es",
        "alpha": 0.05,
        "seed": 1,
    }


@pytest.mark.parametrize(
    ("arguments", "out", "records"),
    [
        ([], ROOT, ROOT / "build" / "reconstruction"),
        # Other choices than the committed ones must not overwrite what is committed.
        (["--language", "en"], *[ROOT / "build" / "reconstruction-en"] * 2),
        (["--seed", "2"], *[ROOT / "build" / "reconstruction-es"] * 2),
        (["--alpha", "0.1"], *[ROOT / "build" / "reconstruction-es"] * 2),
        (["--data", str(WORKBOOK)], *[ROOT / "build" / "spanish"] * 2),
        # A relative folder is one of where the user stands, not of where the notebooks run.
        (["--data", str(WORKBOOK), "--out", "x"], *[Path.cwd() / "x"] * 2),
        (["--out", "x"], *[Path.cwd() / "x"] * 2),
        # What may be shared is never put beside what may not.
        (["--public"], *[ROOT / "build" / "reconstruction-es-public"] * 2),
        (["--data", str(WORKBOOK), "--public"], *[ROOT / "build" / "spanish-public"] * 2),
    ],
    ids=["standard", "language", "seed", "alpha", "data", "data-out", "out", "public", "data-public"],
)
def test_outputs_go_where_they_belong(
    arguments: list[str], out: Path, records: Path, no_notebooks: list[dict[str, object]]
) -> None:
    assert cli.main(["reproduce", *arguments]) == 0
    assert (no_notebooks[0]["out"], no_notebooks[0]["records"]) == (out, records)


@pytest.mark.parametrize(
    ("arguments", "least"),
    [([], 0), (["--min-cell", "9"], 0), (["--public"], 5), (["--public", "--min-cell", "9"], 9)],
    ids=["none", "alone", "public", "both"],
)
def test_the_least_count_counts_for_the_public_only(
    arguments: list[str], least: int, no_notebooks: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["reproduce", "--data", str(WORKBOOK), *arguments]) == 0
    assert no_notebooks[0]["min_cell"] == least
    said = capsys.readouterr().out
    assert ("reservado: " in said) == bool(least)
    # Two of them are told apart by subtraction.
    assert said.rstrip().endswith("delatan a ese paciente o un recuento oculto.") == bool(least)


def test_a_public_run_prints_no_number_that_its_tables_hide(
    no_notebooks: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["reproduce", "--data", str(WORKBOOK), "--public", "--min-cell", "20"]) == 0
    told = re.findall(r"^  difiere: (.*): impreso", capsys.readouterr().out, re.M)
    assert told
    assert not [number for number in told if re.search(r"\b[TL]\d|mínimo|máximo|osteoporosis", number)]


def test_a_study_of_a_few_is_not_made_public(
    no_notebooks: list[dict[str, object]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "study.csv"
    data.write_text(f"{GOOD}\n{ROW}\n", encoding="utf-8")
    assert cli.main(["reproduce", "--data", str(data), "--public", "--language", "en"]) == 2
    assert "fewer than 5 vertebrae or patients without a leak" in capsys.readouterr().err
    assert no_notebooks == []


def test_the_level_reaches_the_notebooks_and_the_scorecard(
    no_notebooks: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def scorecard(*given: object) -> list[object]:
        asked.append(given[-1])
        return []

    monkeypatch.setattr(results, "scorecard", scorecard)
    assert cli.main(["reproduce", "--data", str(WORKBOOK), "--alpha", "0.1", "--seed", "7", "--language", "en"]) == 0
    assert asked == [0.1]
    assert {name: no_notebooks[0][name] for name in ("language", "alpha", "seed")} == {
        "language": "en",
        "alpha": 0.1,
        "seed": 7,
    }


def test_one_exhibit_is_made_without_a_report(
    no_notebooks: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vpresearch.report, "writing", lambda *_: pytest.fail("a report was begun"))
    assert cli.main(["reproduce", "--only", "table3"]) == 0
    assert no_notebooks[0]["only"] == ["table3"]
    assert "Informe en" not in capsys.readouterr().out


def test_claims_of_data_are_written_with_the_schema_that_editors_look_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "own" / "corrected.yaml"
    assert cli.main(["claims", str(out), "--data", str(WORKBOOK), "--language", "en"]) == 0
    first, *_ = out.read_text("utf-8").splitlines()
    assert first == "# yaml-language-server: $schema=paper.schema.json"
    assert (out.parent / "paper.schema.json").read_text("utf-8") == PAPER_SCHEMA.read_text("utf-8")
    assert read_paper(out).key == "barriga-martin-2022-corrected"
    # A schema that stands there stays.
    (out.parent / "paper.schema.json").write_text("{}", encoding="utf-8")
    again = ["claims", str(out.with_name("again.yaml")), "--data", str(WORKBOOK)]
    assert cli.main([*again, "--paper", str(out)]) == 0
    assert (out.parent / "paper.schema.json").read_text("utf-8") == "{}"
    assert out.with_name("again.yaml").read_text("utf-8").count("yaml-language-server") == 1
    assert cli.main([*again, "--paper", str(out)]) == 2
    assert "again.yaml" in capsys.readouterr().err


def test_an_unknown_exhibit_is_refused_with_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reproduce", "--only", "table9", "--out", str(tmp_path / "out")]) == 2
    err = capsys.readouterr().err
    assert err.startswith("table9: 1 problema\n")
    assert "02_leaks" in err
    assert "table3" in err
    assert not (tmp_path / "out").exists()


GOOD = (
    "Paciente,Sexo,Edad,Nivel,Volumen vertebral (cc),Cemento inyectado (cc),Fuga,Localización,Tamaño,"
    "EAV previa,EAV post,EAV 1 mes,EAV 1 año,Oswestry previo,Oswestry 1 año"
)
ROW = f"{PLANTED}1,F,70,L1,25,2,no,,,8,2,2,1,50,20"


@pytest.mark.parametrize(
    ("name", "content", "problems"),
    [
        ("nothing.csv", None, 1),
        ("study.ods", b"x", 1),
        ("study.csv", b" \n", 1),
        ("study.csv", b"\x00\x01\x02", 1),
        ("study.xlsx", b"not a workbook", 1),
        ("study.csv", b"a,b,c\n1,2,3\n", 1),
        ("study.csv", f"{GOOD}\n".encode(), 1),
        ("study.csv", f"{GOOD.replace('Sexo', 'x').replace('Edad', 'y')}\n{ROW}\n".encode(), 2),
        ("study.csv", f"{GOOD}\n{ROW.replace(',25,2,', ',250,260,').replace(',70,', ',old,')}\n".encode(), 3),
        ("study.csv", f"{GOOD}\n{ROW}\n{ROW}\n".encode(), 1),
        ("study.csv", f'{GOOD}\n"{ROW}\n'.encode(), 1),
    ],
    ids=["none", "type", "empty", "binary", "xlsx", "header", "rows", "columns", "cells", "twice", "broken"],
)
def test_bad_input_is_refused_with_every_problem(
    name: str, content: bytes | None, problems: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / name
    if content is not None:
        data.write_bytes(content)
    out = tmp_path / "out"
    assert cli.main(["reproduce", "--data", str(data), "--out", str(out)]) == 2
    captured = capsys.readouterr()
    heading, *lines = captured.err.splitlines()
    assert heading == f"{name}: {problems} problema{'s' if problems > 1 else ''}"
    assert [line.split(".")[0].strip() for line in lines] == [str(n + 1) for n in range(problems)]
    assert "Traceback" not in captured.err
    assert PLANTED not in captured.err
    assert captured.out == ""
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["publish"],
        ["reproduce", "--language", "fr"],
        ["reproduce", "--alpha", "0"],
        ["reproduce", "--alpha", "1"],
        ["reproduce", "--alpha", "nan"],
        ["reproduce", "--alpha", "x"],
        ["reproduce", "--seed", "-1"],
        ["app", "--port", "65536"],
        ["explore", "--port", "0"],
        ["reproduce", "--seed", "1.5"],
        ["reproduce", "--public", "--min-cell", "1"],
        ["reconstruct", "--seed", "-1"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("uso: vpresearch")


def test_a_relative_output_folder_is_where_the_user_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Path] = []

    def run(dataset: object, data: Path, paper: Path, out: Path, records: Path, **_: object) -> runner.Run:
        asked.extend([out, records])
        return runner.Run(out, {})

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "run", run)
    monkeypatch.setattr(vpresearch.report, "writing", lambda *_: contextlib.nullcontext(lambda _: None))
    monkeypatch.setattr(vpresearch.review, "write_pages", lambda *_: [])
    assert cli.main(["reproduce", "--data", str(WORKBOOK), "--out", "results"]) == 0
    assert asked == [tmp_path / "results"] * 2


@pytest.mark.parametrize("command", ["reproduce", "report", "audit"])
@pytest.mark.parametrize("place", [ROOT, ROOT.parent, ROOT / "src" / "x", ROOT / "tables"], ids=lambda path: path.name)
def test_no_output_goes_among_the_files_of_the_project(
    command: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vpresearch.audit.audit", lambda *_: pytest.fail("it began"))
    assert cli.main([command, "--out", str(place), "--language", "en"]) == 2
    assert "is part of the project" in capsys.readouterr().err
    assert not (ROOT / "src" / "x").exists()


@pytest.mark.parametrize(("command", "part"), [("reproduce", "report"), ("reproduce", "private"), ("report", "es")])
def test_no_output_replaces_what_no_run_has_written(
    command: str, part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], no_notebooks: list[dict[str, object]]
) -> None:
    (tmp_path / part).mkdir()
    (tmp_path / part / "mine.txt").write_text("mine", encoding="utf-8")
    assert cli.main([command, "--out", str(tmp_path)]) == 2
    assert f"que reemplazaría: {part}." in capsys.readouterr().err
    assert no_notebooks == []
    assert [path.name for path in tmp_path.rglob("*")] == [part, "mine.txt"]
    # In a folder of an earlier run, even of one that was killed, the next one goes on.
    if command == "reproduce":
        put(tmp_path / "private" / "lock", "")
        assert cli.main([command, "--out", str(tmp_path)]) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the folder that one is in cannot be removed")
def test_a_working_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    code = f"import os; from vpresearch import cli; os.chdir({str(tmp_path / 'gone')!r}); os.rmdir(os.getcwd())\n"
    code += "raise SystemExit(cli.main(['validate', 'x.csv', '--language', 'en']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "The folder that this terminal is in no longer exists." in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("asked", [("validate", str(RECONSTRUCTION)), ("--help",), ("validate", "--help")])
def test_an_answer_that_finds_no_room_is_told(asked: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "vpresearch", *asked, "--language", "en"]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[1].startswith("  1. The disk is full.")
    assert len(done.stderr.splitlines()) == 2


def test_an_output_folder_that_is_a_file_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out"
    file.write_text("mine", encoding="utf-8")
    assert cli.main(["reproduce", "--data", str(WORKBOOK), "--out", str(file)]) == 2
    assert "the fault is ours" not in capsys.readouterr().err.lower()
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            VPResearchError("02_leaks.ipynb failed in cell 3: ValueError"),
            3,
            "02_leaks.ipynb failed in cell 3: ValueError\n",
        ),
        (
            ValueError(f"the row of {PLANTED}1"),
            3,
            r"vpresearch ha fallado \(ValueError en test_cli.py, línea \d+\)\. La culpa .*\n",
        ),
        (KeyboardInterrupt(), 130, "\nInterrumpido; nada ha quedado a medio escribir.\n"),
        (
            OSError(errno.ENOSPC, "full", "x/table1.csv"),
            2,
            r"table1\.csv: 1 problema\n  1\. El disco está lleno\. .*\n",
        ),
        (MemoryError(), 2, r"vpresearch: 1 problema\n  1\. El sistema no dispone de más memoria .*\n"),
    ],
    ids=["ours", "stranger", "interrupt", "disk", "memory"],
)
def test_a_failure_has_its_own_code_and_no_traceback(
    error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        try:
            raise KeyError(f"{PLANTED}2")
        except KeyError:
            raise error from None

    monkeypatch.setattr(runner, "run", fail)
    # The report would be finished before the failure is told.
    monkeypatch.setattr(vpresearch.report, "writing", lambda *_: contextlib.nullcontext())
    assert cli.main(["reproduce", "--out", "x"]) == code
    captured = capsys.readouterr()
    assert re.fullmatch(words, captured.err)
    assert PLANTED not in captured.err + captured.out
    assert captured.out == ""


def test_a_report_takes_what_a_run_has_made_of_a_reconstruction(
    workbook: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []

    def write(*_: object) -> list[Path]:
        seen.append(os.environ.get(VARIABLE))
        return []

    monkeypatch.setattr(vpresearch.report, "write_reports", write)
    monkeypatch.setattr(cli, "BUILD", tmp_path / "build")
    kept = Computed(tmp_path / "build" / "reconstruction").folder
    assert cli.main(["report", "--out", str(tmp_path / "out")]) == cli.OK
    # A folder that was asked for leaves nothing beside it.
    assert not (tmp_path / "build").exists()
    assert cli.main(["report"]) == cli.OK
    assert kept.is_dir()
    assert cli.main(["report", "--out", str(tmp_path / "out")]) == cli.OK
    # Nothing of real data outlives its run.
    assert cli.main(["report", "--data", str(workbook())]) == cli.OK
    assert seen == [None, str(kept), str(kept), None]


@pytest.mark.parametrize(
    ("command", "languages"),
    [
        (["template", "x.xlsx", "--language", "en"], ["en"]),
        (["template", "x.xlsx"], ["es"]),
        (["report", "--language", "both"], ["es", "en"]),
        (["simulate", "--n", "1"], ["es"]),
        # The language may stand before the command, and be cut short like any option.
        (["--lang=en", "simulate"], ["en"]),
    ],
)
@pytest.mark.parametrize(
    ("error", "sentences"),
    [
        (KeyboardInterrupt(), {"es": "Interrumpido; nada", "en": "Interrupted; nothing"}),
        (ValueError(), {"es": "vpresearch ha fallado", "en": "vpresearch itself failed"}),
        (refused("x", "no_file"), {"es": "No existe ese archivo.", "en": "There is no such file."}),
    ],
    ids=["interrupt", "stranger", "input"],
)
def test_whatever_ends_a_command_is_told_in_the_language_asked_for_or_in_both(
    command: list[str],
    languages: list[str],
    error: BaseException,
    sentences: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_: object) -> int:
        raise error

    monkeypatch.setattr(cli, f"_{'simulate' if 'simulate' in command else command[0]}", fail)
    assert cli.main(command) in {2, 3, 130}
    said = capsys.readouterr().err
    assert [language for language, sentence in sentences.items() if sentence in said] == languages


@pytest.mark.parametrize("option", ["--data", "--out"])
def test_a_link_that_leads_to_itself_is_nobodys_fault_but_its_own(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    code = cli.main(["reproduce", option, str(tmp_path / "circle.csv"), "--language", "en"])
    assert (code, "leads to no file or folder" in capsys.readouterr().err) == (2, True)


def test_a_name_that_is_no_text_names_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = tmp_path / os.fsdecode(b"caf\xe9")
    assert cli.main(["reproduce", "--out", str(named), "--language", "en"]) == cli.BAD_INPUT
    assert "no UTF-8 text" in capsys.readouterr().err
    options = argparse.Namespace(data=named, paper=named, out=None, language="es", alpha=0.05, seed=1, public=False)
    assert cli._folders(options)[0].name == "study-paper"


# -- the other commands ------------------------------------------------------------------------------------------


def test_help_needs_none_of_the_packages_that_take_long_to_import() -> None:
    code = (
        "import sys; from vpresearch import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: print([m for m in ('numpy', 'pandas', 'asyncio', 'multiprocessing') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_command_ends_as_ever_where_what_it_would_write_to_was_closed() -> None:
    code = "import sys; from vpresearch import cli; sys.exit(cli.main(['validate', 'nothing.csv']))"
    closing = 'exec "$0" -c "$1" <&- >&- 2>&-'
    assert subprocess.run(["sh", "-c", closing, sys.executable, code], check=False).returncode == cli.BAD_INPUT


ENGLISH = re.compile(
    r"\b(the|of|and|to|for|not|usage|options|argument|arguments|invalid|expected|required|choose)\b", re.I
)
SPANISH = re.compile(r"\b(el|la|los|de|del|que|uso|opciones|argumento|argumentos|faltan?|entre|debe|orden)\b", re.I)
WRONG = (
    "",
    "publish",
    "reproduce --language fr",
    "reproduce --alpha 2",
    "reproduce --seed x",
    "reproduce --data",
    "reproduce --strict=1",
    "reproduce --unknown",
    "reproduce --p",
    "audit a b",
    "audit --rounding odd",
    "validate",
    "simulate --workers 1 --scheduler tcp://a:1",
    "simulate --scheduler nowhere",
    "app --port 0",
)


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        cli.main(arguments)
    return "".join(capsys.readouterr())


@pytest.mark.parametrize("arguments", [*(f"{command} --help" for command in ("", *COMMANDS)), *WRONG])
def test_the_command_line_speaks_one_language(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    spanish = said(arguments.split(), capsys)
    english = said(["--language", "en", *arguments.split()], capsys)
    assert SPANISH.search(spanish)
    assert ENGLISH.findall(spanish) == []
    assert ENGLISH.search(english)
    assert SPANISH.findall(english) == []


def test_every_word_of_the_help_is_used() -> None:
    source = Path(cli.__file__).read_text(encoding="utf-8")
    assert [key for key in words_of("en")["help"] if f'"{key}"' not in source] == []


@pytest.mark.parametrize("language", ["es", "en"])
def test_help_of_claims_names_the_ending_that_its_file_has(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["claims", "--help", "--language", language])
    told = capsys.readouterr().out
    assert ".yaml" in told.replace("OUT.yaml", "")
    assert ".xlsx" not in told


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert all(re.search(rf"^ +{command}\s", out, re.M) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.suppress(SystemExit):
        cli.main([command, "--help"])
    assert capsys.readouterr().out.startswith(f"uso: vpresearch {command}")


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], ["numpy", "pandas", "matplotlib", "papermill", "multiprocessing"]),
        (["validate", str(RECONSTRUCTION)], ["scipy", "statsmodels", "matplotlib", "papermill", "openpyxl", "IPython"]),
    ],
    ids=["help", "validate"],
)
def test_a_command_imports_nothing_that_it_does_not_need(arguments: list[str], unneeded: list[str]) -> None:
    code = (
        "import contextlib, sys; from vpresearch.cli import main\n"
        f"with contextlib.suppress(SystemExit): main({arguments!r})\n"
        f"print([m for m in {unneeded!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_cleaning_deletes_what_was_built_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "BUILD", tmp_path / "build")
    (tmp_path / "build" / "study").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    assert cli.main(["clean"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert cli.main(["clean"]) == 0


@pytest.mark.parametrize(
    ("command", "expected", "codes", "code"),
    [
        ("test", ["pytest"], [0], 0),
        ("test", ["pytest"], [1], 1),
        ("check", ["ruff check", "ruff format --check", "mypy"], [0, 1, 0], 1),
        ("check", ["ruff check", "ruff format --check", "mypy"], [0, 0, 0], 0),
    ],
)
def test_a_failing_check_fails_the_command(
    command: str, expected: list[str], codes: list[int], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    results = iter(codes)

    def run(arguments: list[str], **more: object) -> subprocess.CompletedProcess[bytes]:
        assert arguments[:2] == [sys.executable, "-m"]
        assert more["cwd"] == ROOT
        asked.append(" ".join(arguments[2:]))
        return subprocess.CompletedProcess(arguments, next(results))

    monkeypatch.setattr(subprocess, "run", run)
    assert cli.main([command]) == code
    assert len(asked) == len(expected)
    assert all(line.startswith(start) for line, start in zip(asked, expected, strict=True))


def test_the_shipped_data_are_those_in_the_middle_of_the_ensemble(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "middle.csv"
    assert cli.main(["reconstruct", "--out", str(out)]) == 0
    assert out.read_bytes() == RECONSTRUCTION.read_bytes()
    shipped, fresh = (
        json.loads(path.with_name(f"{path.stem}.provenance.json").read_text(encoding="utf-8"))
        for path in (RECONSTRUCTION, out)
    )
    assert shipped["sha256"] == hashlib.sha256(RECONSTRUCTION.read_bytes()).hexdigest()
    # Versions are those of whoever made it.
    assert {**shipped, "versions": None} == {**fresh, "versions": None}
    written = ["middle.csv", "middle.fingerprints", "middle.provenance.json"]
    assert sorted(path.name for path in out.parent.iterdir()) == written
    said = f"{out}: 41 vértebras reconstruidas, el número {fresh['number']} de 500: "
    assert capsys.readouterr().out.startswith(said)


def test_a_seed_makes_other_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "seed1.csv"
    assert cli.main(["reconstruct", "--seed", "1", "--out", str(out)]) == 0
    assert out.read_bytes() != RECONSTRUCTION.read_bytes()
    assert capsys.readouterr().out == f"{out}: 41 vértebras reconstruidas, semilla 1\n"


def test_data_that_differ_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = SimpleNamespace(table=pd.read_csv(RECONSTRUCTION), origin={"seed": 1})
    monkeypatch.setattr(vpresearch.reconstruct, "central", lambda: made)
    monkeypatch.setattr(vpresearch.scorecard, "differing", lambda rows: rows[:2])
    out = tmp_path / "made.csv"
    assert cli.main(["reconstruct", "--out", str(out)]) == 3
    assert capsys.readouterr().err.startswith(
        "La búsqueda dio datos que no cumplen estas afirmaciones: cohort.patients.n, "
    )
    assert list(tmp_path.iterdir()) == []


def test_what_is_shipped_is_marked_as_a_reconstruction() -> None:
    study = load(RECONSTRUCTION)
    assert study.reconstruction
    assert study.patients.index.str.startswith("reconstructed-").all()


def test_a_report_is_not_written_over_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "file"
    place.write_text("mine", encoding="utf-8")
    assert cli.main(["report", "--out", str(place)]) == cli.BAD_INPUT
    assert "Indique una carpeta." in capsys.readouterr().err
    assert place.read_text(encoding="utf-8") == "mine"


# -- the author's workbook ---------------------------------------------------------------------------------------


def test_a_good_file_is_validated(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", str(WORKBOOK)]) == 0
    captured = capsys.readouterr()
    assert "Ningún problema." in captured.out.splitlines()[0]
    assert captured.err == ""


def test_a_faulty_file_is_told_in_both_languages_and_to_a_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "study.csv", tmp_path / "marked.xlsx"
    data.write_text(f"{GOOD}\n{ROW.replace(',70,', ',old,')}\n", encoding="utf-8")
    assert cli.main(["validate", str(data), "--annotate", str(out)]) == 2
    spanish = capsys.readouterr().out
    assert "study.csv: 1 problema\n" in spanish
    assert "filas de los pacientes" in spanish
    assert out.is_file()
    assert cli.main(["validate", str(data), "--json", "--language", "en", "--annotate", str(out)]) == 2
    captured = capsys.readouterr()
    (problem,) = json.loads(captured.out)["problems"]
    assert (problem["code"], problem["message"]) == ("not_a_number", "The cell does not hold a number.")
    assert "patients' rows" in captured.err


@pytest.mark.parametrize(("command", "words"), [("validate", "DATA=estudio.xlsx."), ("template", "OUT=estudio.xlsx.")])
def test_without_a_file_make_says_how_to_name_it(command: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, ""]) == 2
    assert f"make {command} {words}" in capsys.readouterr().err


def test_the_copy_never_overwrites_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "study.xlsx"
    assert cli.main(["template", str(book), "--language", "en"]) == 0
    content = book.read_bytes()
    assert cli.main(["validate", str(book), "--annotate", str(book)]) == 2
    assert cli.main(["template", str(book)]) == 2
    assert "Ya existe un archivo" in capsys.readouterr().err
    assert book.read_bytes() == content
