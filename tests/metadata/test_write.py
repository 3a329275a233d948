from __future__ import annotations

import json
import re
import shutil
import tomllib
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from vpresearch.core.compendium import read_compendium
from vpresearch.core.paths import ROOT
from vpresearch.metadata import described, write_metadata

CITATION: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
# What only a codechecker can say.
OF_A_CHECK = {"codechecker", "summary", "certificate", "report", "check_time"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The described files in a folder of their own."""
    for name in ("data", "tables", "figures", "notebooks", "codecheck", "benchmarks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("raw"))
    for path in (path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_what_is_committed_is_what_is_generated() -> None:
    different = [path.name for path, content in described().items() if path.read_text(encoding="utf-8") != content]
    assert different == [], "run `vpresearch metadata`"


def test_it_is_written_whole_and_alone(copy: Path) -> None:
    before = set(copy.rglob("*"))
    for path in described(copy):
        path.unlink()
    written = write_metadata(copy)
    assert set(copy.rglob("*")) == before
    assert [path.read_bytes() for path in written] == [(ROOT / path.relative_to(copy)).read_bytes() for path in written]


# -- CODECHECK -----------------------------------------------------------------------------------------------------


def test_the_codecheck_configuration_keeps_the_rules_for_authors() -> None:
    content = (ROOT / "codecheck.yml").read_text(encoding="utf-8")
    assert content.startswith("---\n")
    told = yaml.safe_load(content)
    assert re.fullmatch(r"https://codecheck\.org\.uk/spec/config/\d\.\d/", told["version"])
    assert told["paper"]["title"] == CITATION["references"][0]["title"]
    assert len(told["paper"]["authors"]) == len(CITATION["references"][0]["authors"])
    assert all(author["name"] for author in told["paper"]["authors"])
    assert told["paper"]["reference"].startswith("https://")
    assert not OF_A_CHECK & set(told)
    assert not re.search("FIXME|TODO|XXXX|0000-000", content)


def test_the_manifest_holds_every_exhibit_and_each_is_there() -> None:
    manifest = yaml.safe_load((ROOT / "codecheck.yml").read_text(encoding="utf-8"))["manifest"]
    outputs = [exhibit.output for notebook in read_compendium().notebooks for exhibit in notebook.exhibits]
    assert [entry["file"].rsplit(".", 1)[0] for entry in manifest] == outputs
    for entry in manifest:
        assert (ROOT / entry["file"]).is_file()
    # Those that no data enter, real or reconstructed.
    without = {Path(entry["file"]).stem for entry in manifest if "reconstructed" not in entry["comment"]}
    assert without == {"audit", "audit_p", "conclusions", "simulation", "statements"}


def test_the_certificate_leaves_to_the_codechecker_what_only_they_can_say() -> None:
    text = (ROOT / "codecheck" / "certificate.md").read_text(encoding="utf-8")
    for name in ("Codechecker", "Date of check", "Certificate", "Repository"):
        assert re.search(rf"^\| {name} \| <.*> \|$", text, re.M)
    manifest = yaml.safe_load((ROOT / "codecheck.yml").read_text(encoding="utf-8"))["manifest"]
    assert re.findall(r"^- \[ \] `(\S+)`", text, re.M) == [entry["file"] for entry in manifest]
    assert f"| files of the manifest | {len(manifest)} |" in text
    assert "| numbers unattainable | 1 |" in text


# -- citation ------------------------------------------------------------------------------------------------------


def test_the_citation_keeps_the_schema_and_tells_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= set(CITATION)
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] == "software"
    # The code's licence first, then that of data and prose.
    assert (CITATION["version"], CITATION["license"][0]) == (project["version"], project["license"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", CITATION["date-released"])
    for reference in CITATION["references"]:
        assert {"type", "title", "authors"} <= set(reference)
        assert all(
            set(author) <= {"family-names", "given-names", "name", "affiliation"} for author in reference["authors"]
        )
    # As the journal's own page has it.
    (paper,) = (each for each in CITATION["references"] if each["type"] == "article")
    assert [paper[key] for key in ("volume", "issue", "start", "end")] == [67, "3", "181", "187"]
    assert (paper["date-published"], paper["year"]) == ("2022-11-09", 2023)
    assert paper["identifiers"][0]["value"] == "S1888-4415(22)00306-X"
    assert paper["authors"][-1]["family-names"] == "Guimbard-Pérez"


# -- data package --------------------------------------------------------------------------------------------------


def validated(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from frictionless import system, validate

        with system.use_context(trusted=False):
            return validate(str(folder / "data" / "datapackage.json"))


@pytest.fixture(scope="module")
def package() -> Any:
    return json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))


def test_the_data_package_is_valid_and_so_is_every_value(package: Any) -> None:
    report = validated(ROOT)
    assert report.valid, report.flatten(["name", "message"])
    assert report.stats["tasks"] == len(package["resources"])


@pytest.mark.parametrize(
    ("old", "new"), [(",no,,,7,1,1,1,", ",maybe,,,7,1,1,1,"), (",7,1,1,1,", ",11,1,1,1,"), (",27.2,", ",large,")]
)
def test_the_data_package_refuses_a_wrong_value(copy: Path, old: str, new: str) -> None:
    path = copy / "data" / "reconstructed" / "vertebrae.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    for described_file in write_metadata(copy):
        assert described_file.exists()
    report = validated(copy)
    assert {"constraint-error", "type-error"} & {row[0] for row in report.flatten(["type"])}


def test_the_data_package_names_every_shipped_file_and_calls_a_reconstruction_one(package: Any) -> None:
    shipped = {
        path.relative_to(ROOT / "data").as_posix()
        for path in (ROOT / "data").rglob("*")
        if path.is_file() and "raw" not in path.parts
    }
    own = {"README.md", "datapackage.json", "literature/README.md", "published/README.md", "published/README.es.md"}
    assert {resource["path"] for resource in package["resources"]} == shipped - own
    assert "econstruct" in package["title"]
    assert "no row is a patient" in package["description"]
    (rows,) = [each for each in package["resources"] if each["path"] == "reconstructed/vertebrae.csv"]
    assert "econstruct" in rows["title"]
    assert "econstruct" in rows["description"]


# -- RO-Crate ------------------------------------------------------------------------------------------------------


def test_the_crate_loads_and_every_part_of_it_is_there(copy: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from rocrate.rocrate import ROCrate

        crate = ROCrate(copy)
    root = crate.root_dataset
    assert {"name", "description", "datePublished", "license", "hasPart"} <= set(root.properties())
    assert "no row is a patient" in root["description"]
    parts = root["hasPart"]
    assert len(parts) == len({part.id for part in parts}) > 100
    for part in parts:
        assert (ROOT / part.id).is_file(), part.id
    for notebook in read_compendium().notebooks:
        run = crate.dereference(f"#run-{Path(notebook.file).stem}")
        assert run["instrument"].id == f"notebooks/{notebook.file}"
        assert all(made in parts for made in run["result"])


def test_the_crate_says_whose_it_is_and_which_profile_it_keeps() -> None:
    graph = json.loads((ROOT / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    entities = {entity["@id"]: entity for entity in graph}
    assert len(entities) == len(graph)
    root = entities["./"]
    for name in ("author", "publisher", "license", "conformsTo", "about"):
        assert root[name]["@id"] in entities, name
    assert root["conformsTo"]["@id"].startswith("https://w3id.org/ro/wfrun/process/")
    paper = entities[CITATION["references"][0]["url"]]
    assert paper["@type"] == "ScholarlyArticle"
    assert "by-nc-nd" in paper["license"]["@id"]
    assert all("affiliation" in entities[author["@id"]] for author in paper["author"])
    for entity in graph:
        for name, value in entity.items():
            assert not isinstance(value, list) or len(value) > 1, f"{entity['@id']}: {name}"
    licences = {kind: entities[name]["license"]["@id"] for kind, name in (
        ("code", "notebooks/01_cohort.ipynb"), ("data", "data/dictionary.csv"), ("table", "tables/table1.csv"),
    )}  # fmt: skip
    assert licences["code"] == "LICENSE"
    assert "/by/4.0" in licences["data"]
    assert "/by/4.0" in licences["table"]
