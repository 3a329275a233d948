"""The reviewer's page: its commands run, its numbers are those of the outputs, its files are there."""

from __future__ import annotations

import csv
import math
import re
import shlex
import subprocess
import sys
from collections import Counter
from typing import get_args

import pytest

from vpresearch import cli
from vpresearch.core.paths import ROOT
from vpresearch.data import Dataset
from vpresearch.implied import shipped as ensembles
from vpresearch.published import Paper
from vpresearch.reconstruct import ENSEMBLE, most_mean_fill, read_ensemble
from vpresearch.render import labels
from vpresearch.scorecard import Verdict, differing, scorecard

PAGE = (ROOT / "REVIEWING.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
OURS = [line.removeprefix(".venv/bin/vpresearch ") for line in COMMANDS if line.startswith(".venv/bin/vpresearch ")]


def test_every_command_is_run_by_a_test_or_by_the_integration() -> None:
    integration = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    others = [line for line in COMMANDS if not line.startswith(".venv/bin/vpresearch ")]
    assert {*others} == {"make reproduce", "git status --short", "make verify", "make test", "make audit"}
    for line in others:
        assert re.search(rf"^ *{line}\b", integration, re.M), line


def test_every_command_of_ours_is_understood() -> None:
    assert len(OURS) == 5
    for line in OURS:
        options = cli._options(shlex.split(line), "es")
        out = getattr(options, "out", None)
        assert out is None or out.parts[0] == "build"


@pytest.mark.long
def test_every_command_of_ours_runs() -> None:
    for line in OURS:
        command = [sys.executable, "-m", "vpresearch", *shlex.split(line)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, f"{line}: {done.stderr}"


def test_the_verdicts_are_counted_as_they_are() -> None:
    with (ROOT / "tables" / "scorecard.csv").open(encoding="utf-8", newline="") as file:
        counts = Counter(row["verdict"] for row in csv.DictReader(file))
    told = re.findall(r"^\| ([a-z ]+) \| ([^|]+) \| (\d+) \|", PAGE, re.M)
    assert told == [
        (verdict, labels.text(f"verdict.{verdict}", "es"), str(counts[verdict])) for verdict in get_args(Verdict)
    ]


def test_the_other_parameter_changes_what_the_page_says(paper: Paper, shipped: Dataset) -> None:
    (level,) = re.findall(r"--alpha (\S+) ", PAGE)
    rows = {row.claim.id: row for row in scorecard(paper, shipped, float(level))}
    volume, cement = rows["table3.vertebral_volume.p"], rows["table3.cement_volume.p"]
    assert {volume.computed.method.code, cement.computed.method.code} == {"p_student"}
    told = [each.replace(",", ".") for each in (volume.rounded, cement.rounded, cement.claim.printed.printed)]
    assert told == ["0.207", "0.488", "0.267"]
    assert "p = {} for the vertebral volume and {} for the cement.".format(*told) in PAGE
    assert [row.claim.id for row in differing(list(rows.values()))] == [cement.claim.id]


def test_every_number_of_its_prose_is_that_of_an_output(paper: Paper) -> None:
    prose = re.sub(r"```.*?```|`[^`]*`|^\|[^\n]*$|SHA-256", "", PAGE, flags=re.S | re.M)
    held = {
        "3.11": re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())[1],  # type: ignore[index]
        "96": str(len(paper.claims)),
        "0.05": str(cli._ALPHA),
        "0.466": paper["table3.vertebral_volume.p"].printed.printed.replace(",", "."),
        # The run with another parameter has a test of its own.
        **{number: number for number in ("0.207", "0.488", "0.267")},
        "500": str(len(read_ensemble(ENSEMBLE).fill_percent)),
        "9": paper["results.fill_ratio.mean"].printed.printed.removesuffix("%"),
        "9.29": f"{math.ceil(100 * (most_mean_fill(paper) or 0)) / 100}",
        "9.17": f"{max(each.fill_percent.mean(axis=1).max() for each in ensembles().values()):.2f}",
        # Exhibits by their numbers in the paper: table 3, figures 3 and 4.
        "3": "3",
        "4": "4",
        # What --strict exits with.
        "1": str(cli.DIFFERS),
        # Years of the paper's software, and of the article on its test.
        **{number: number for number in ("1997", "2020")},
    }
    found = set(re.findall(r"\d+(?:\.\d+)?", prose))
    assert found == set(held)
    assert all(number == value for number, value in held.items())


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:data|src|tests|tables)/[\w./-]*|[\w.-]+\.(?:yml|yaml|json))`", PAGE))
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_binder_installs_the_locks_and_the_package_and_nothing_else() -> None:
    folder = ROOT / ".binder"
    assert {path.name for path in folder.iterdir()} == {"requirements.txt", "runtime.txt", "postBuild"}
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    locks = [ROOT / "requirements-setup.lock", ROOT / "requirements.lock"]
    assert [(folder / line.removeprefix("-r ")).resolve() for line in lines] == locks
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = (folder / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert f'requires-python = ">={version}"' in project
    commands = [
        line
        for line in (folder / "postBuild").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "set "))
    ]
    (make,) = re.findall(r"\$\(call install,(.*--editable \.)\)$", (ROOT / "Makefile").read_text(), re.M)
    assert commands == [f"python -m pip install --quiet --disable-pip-version-check {make}"]
    assert (folder / "postBuild").stat().st_mode & 0o111
