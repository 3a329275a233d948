from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from vpresearch import cli
from vpresearch.core.compendium import read_compendium
from vpresearch.core.paths import NOTEBOOKS, RECONSTRUCTION, ROOT

PACKAGE = ROOT / "src" / "vpresearch"
in_git = pytest.mark.skipif(
    not ((ROOT / ".git").exists() and shutil.which("git")), reason="the project is not in a git repository"
)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


# -- floors ------------------------------------------------------------------------------------------------------


def floors() -> dict[str, int]:
    """The floor of every module, as CONTRIBUTING.md tells."""
    rows = re.findall(r"^\| (\d+) \| (.+?) \|", read("CONTRIBUTING.md"), re.M)
    return {module: int(floor) for floor, modules in rows for module in re.findall(r"`(\w+)`", modules)}


def test_every_module_has_a_floor() -> None:
    modules = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert modules - {"__init__", "__main__"} == set(floors())


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports, also inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "vpresearch" else []
            names += [str(node.module)] if node.module != "vpresearch" else []
        found |= {name.split(".")[1] for name in names if name.startswith("vpresearch.")}
    return found


def test_a_module_imports_only_from_its_own_or_a_lower_floor() -> None:
    floor = floors()
    seen = 0
    for path in PACKAGE.rglob("*.py"):
        module = path.relative_to(PACKAGE).with_suffix("").parts[0]
        own = floor.get(module, max(floor.values()))
        for other in imported(path):
            seen += 1
            assert floor[other] <= own, f"{path.relative_to(PACKAGE)} (floor {own}) imports {other} ({floor[other]})"
    assert seen > 50


# -- dependencies ------------------------------------------------------------------------------------------------


# What conda-forge calls otherwise; its pypandoc comes without pandoc. What it is not known to have, pip installs.
OF_CONDA = {"pypandoc-binary>=1.15": ["pypandoc>=1.15", "pandoc"]}
OF_PIP = ["typst>=0.15"]


def required(*, tests: bool) -> set[str]:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    return {*project["dependencies"], *(name for extra in extras for name in extras[extra] if tests or extra != "dev")}


def normal(name: str) -> str:
    return re.split("[<>=!~]", name)[0].lower().replace("_", "-")


def test_the_conda_environment_names_the_same_dependencies() -> None:
    environment = yaml.safe_load(read("environment.yml"))["dependencies"]
    python = f"python{tomllib.loads(read('pyproject.toml'))['project']['requires-python']}"
    backend = tomllib.loads(read("pyproject.toml"))["build-system"]["requires"]
    named = [name for entry in required(tests=False) - {*OF_PIP} for name in OF_CONDA.get(entry, [entry])]
    assert sorted(entry for entry in environment if isinstance(entry, str)) == sorted([*named, *backend, python, "pip"])
    # Lines of a requirements file, which pip refuses whole for an option that such a file cannot have.
    assert [entry["pip"] for entry in environment if not isinstance(entry, str)] == [[*OF_PIP, "-e ."]]


def test_every_name_for_conda_is_one_that_conda_forge_has() -> None:
    date, *lines = read(".ci/conda-forge.txt").splitlines()
    assert re.search(r"of \d{4}-\d\d-\d\d,", date)
    known = [line for line in lines if not line.startswith("#")]
    assert known == sorted(set(known))
    environment = yaml.safe_load(read("environment.yml"))["dependencies"]
    assert {re.split("[<>=]", entry)[0] for entry in environment if isinstance(entry, str)} <= set(known)


def locked(name: str) -> dict[str, str]:
    """The packages of a lock, with their versions."""
    lock = read(name)
    assert "://" not in lock
    entries = re.split(r"\n(?! )", lock.strip())
    for entry in entries:
        assert re.match(r"[\w.-]+==[\w.!+]+( ;.*)? \\\n", entry), entry.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]
    return {normal(entry): entry.split("==")[1].split()[0] for entry in entries}


def test_the_locks_pin_every_package_by_its_hash() -> None:
    runs, tests, installs = map(locked, ("requirements.lock", "requirements-test.lock", "requirements-setup.lock"))
    assert {normal(name) for name in required(tests=False)} <= set(runs)
    assert {normal(name) for name in required(tests=True)} <= set(runs) | set(tests)
    assert set(runs).isdisjoint(tests)
    assert {"uv", "hatchling"} <= set(installs)
    assert all(version == (runs | tests).get(name, version) for name, version in installs.items())


# -- commands ----------------------------------------------------------------------------------------------------


def test_the_readme_shows_both_commands() -> None:
    (block, *_) = re.findall(r"```sh\n(.*?)```", read("README.md"), re.S)
    assert [line.split("#")[0].strip() for line in block.splitlines()] == ["make reproduce", "make test"]


def test_every_target_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    makefile = read("Makefile")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M)) - {"help"}
    assert set(re.findall(r"\.PHONY: (.*)", makefile)[0].split()) == targets | {"help"}
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    commands = set(re.findall(r"^    ([a-z]+)\s", capsys.readouterr().out, re.M))
    recipes = [re.search(rf"^{target}:.*\n\t\$\(VPRESEARCH\) ([a-z]+)", makefile, re.M) for target in targets]
    assert {recipe[1] for recipe in recipes if recipe} == commands
    assert all(recipes)


def test_the_first_installation_says_what_it_does_before_it_does_anything() -> None:
    makefile = read("Makefile")
    for mark in ("done", "tests"):
        (recipe,) = re.findall(rf"^\.venv/{mark}: .*\n((?:\t.*\n)+)", makefile, re.M)
        first, *_ = recipe.splitlines()
        assert first.startswith('\t@echo "First time only:')
        assert "Solo la primera vez:" in recipe
    (told,) = re.findall(r"some (\d+) packages", makefile)
    assert abs(int(told) - len(locked("requirements.lock"))) < 20


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (["reproduce"], "reproduce"),
        (["reproduce", "LANGUAGE=en"], "reproduce --language en"),
        (["reproduce", "DROP_IDENTIFIERS=1", "PUBLIC=1"], "reproduce --drop-identifiers --public"),
        (
            ["reproduce", "DATA=my study.xlsx", "OUT=a b", "STRICT=1"],
            'reproduce --data "my study.xlsx" --out "a b" --strict',
        ),
        (["validate", "DATA=a b.csv", "DROP_IDENTIFIERS=1"], 'validate --drop-identifiers "a b.csv"'),
        (["validate", "DATA=a.xlsx", "ANNOTATE=b c.xlsx"], 'validate --annotate "b c.xlsx" "a.xlsx"'),
        (["verify", "LANGUAGE=en"], "verify --language en"),
        (["validate", "LANGUAGE=en"], 'validate --language en ""'),
        (["audit", "LANGUAGE=en", "PAPER=a.yaml"], 'audit --language en "a.yaml"'),
    ],
)
def test_make_passes_on_what_is_given(given: list[str], passed: str) -> None:
    # These tests may themselves be run by make, which hands its own mode down.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment = {**inherited, "LANGUAGE": "en_GB:en"}
    command = [
        "make",
        "--no-print-directory",
        "--dry-run",
        "--assume-old=.venv/done",
        "--assume-old=.venv/tests",
        *given,
    ]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert " ".join(run.stdout.split()).endswith(passed)


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_alone_lists_the_targets() -> None:
    done = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert {"make reproduce", "make test"} <= {" ".join(line.split()[:2]) for line in done.stdout.splitlines()}


# -- what is committed -------------------------------------------------------------------------------------------


@in_git
@pytest.mark.parametrize("name", ["study.xlsx", "study.csv", "deep/study.xlsx", ".hidden"])
def test_real_data_are_never_committed(name: str) -> None:
    assert git("check-ignore", "-q", f"data/raw/{name}").returncode == 0
    assert git("check-ignore", "-q", "data/raw/README.md").returncode == 1


@in_git
def test_no_file_names_a_machine_or_a_registry() -> None:
    folders = "|".join(["ho" + "me", "tm" + "p", "wo" + "rk", "ro" + "ot", "Us" + "ers"])
    hosts = "|".join(
        ["py" + r"pi\.", "python" + "hosted", "ana" + r"conda\.(org|com)", "local" + "host", r"127\.0" + r"\.0"]
    )
    forbidden = re.compile(rf"(?<![\w.~/])/({folders})/|[A-Z]:\\\\?{'Us' + 'ers'}|{hosts}")
    found = []
    for name in git("ls-files", "-z").stdout.split("\0")[:-1]:
        try:
            content = read(name)
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        found += [f"{name}: {match[0]}" for match in forbidden.finditer(content)]
    assert found == []


def test_the_provenance_is_that_of_the_shipped_data() -> None:
    import hashlib

    provenance = json.loads(RECONSTRUCTION.with_name("vertebrae.provenance.json").read_text(encoding="utf-8"))
    assert provenance["sha256"] == hashlib.sha256(RECONSTRUCTION.read_bytes()).hexdigest()


@pytest.mark.long
@pytest.mark.parametrize("file", [notebook.file for notebook in read_compendium().notebooks])
def test_committed_outputs_are_what_the_library_gives(file: str, tmp_path: Path) -> None:
    """Run the notebook's lines without its kernel, and compare every file byte by byte."""
    content = json.loads((NOTEBOOKS / file).read_text(encoding="utf-8"))
    parameters, *cells = ("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code")
    space: dict[str, object] = {}
    exec(parameters, space)
    space |= {"data": RECONSTRUCTION, "out": str(tmp_path)}
    exec("\n".join(cells), space)
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert made
    different = [path.name for path in made if path.read_bytes() != (ROOT / path.relative_to(tmp_path)).read_bytes()]
    assert different == []
