"""``ro-crate-metadata.json``: the compendium as a Research Object Crate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vpresearch.compendium import Compendium, Notebook
from vpresearch.metadata.files import FORMATS, of_reconstruction, told_of

_ENDINGS = {"tables": ("csv", "html", "tex"), "figures": ("png", "svg", "csv")}
_DOCUMENTS = {
    "README.md": "What the compendium is, and its commands",
    "README.es.md": "The same for the authors, in Spanish",
    "REVIEWING.md": "How to check it in ten minutes",
    "LICENSE": "The licence",
    "CITATION.cff": "How to cite it",
    "compendium.yaml": "The map: which notebook makes which exhibit",
    "codecheck.yml": "What a codechecker has to see made again",
    "data/datapackage.json": "The shipped data, column by column",
    "requirements.lock": "Every package that it runs on, pinned by hash",
}
_WHAT = "The paper's tables, figures and p-values, regenerated. Reconstructed data: no row is a patient."
_RECONSTRUCTION = "Made from reconstructed data: no row is a patient."


def crate(root: Path, compendium: Compendium, citation: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the compendium: its data, its notebooks, and what each of them makes.

    Parameters
    ----------
    root : pathlib.Path
    compendium : Compendium
    citation : dict
        ``CITATION.cff``.

    Returns
    -------
    dict
        JSON-LD, by RO-Crate 1.1.
    """
    data = [_file(f"data/{told.path}", f"{told.what}. From: {told.origin}.") for told in told_of(root / "data")]
    made = list(_outputs(root, compendium))
    documents = [_file(name, words) for name, words in _DOCUMENTS.items()]
    notebooks = [_notebook(each) for each in compendium.notebooks]
    parts = [*documents, *data, *notebooks, *made]
    (paper,) = citation["references"]
    people = [
        {"@id": f"#{_slug(each)}", "@type": "Person", "name": f"{each['given-names']} {each['family-names']}"}
        for each in paper["authors"]
    ]
    runs = [_run(notebook) for notebook in compendium.notebooks]
    study = {
        "@id": "#paper",
        "@type": "ScholarlyArticle",
        "name": paper["title"],
        "author": [_to(each) for each in people],
        "datePublished": paper["date-published"],
        "isPartOf": paper["journal"],
        "pagination": f"{paper['start']}-{paper['end']}",
        "identifier": [each["value"] for each in paper["identifiers"]],
    }
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {
                "@id": "ro-crate-metadata.json",
                "@type": "CreativeWork",
                "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
                "about": {"@id": "./"},
            },
            {
                "@id": "./",
                "@type": "Dataset",
                "name": citation["title"],
                "description": _WHAT,
                "version": citation["version"],
                "datePublished": str(citation["date-released"]),
                "license": {"@id": "LICENSE"},
                "about": _to(study),
                "hasPart": [_to(each) for each in parts],
                "mentions": [_to(each) for each in runs],
            },
            *parts,
            *runs,
            study,
            *people,
        ],
    }


def _to(entity: Mapping[str, Any]) -> dict[str, str]:
    return {"@id": entity["@id"]}


def _slug(person: Mapping[str, str]) -> str:
    return person["family-names"].lower().replace(" ", "-")


def _file(name: str, words: str) -> dict[str, Any]:
    kind = FORMATS.get(Path(name).suffix, "text/plain")
    return {"@id": name, "@type": "File", "name": Path(name).name, "description": words, "encodingFormat": kind}


def _notebook(notebook: Notebook) -> dict[str, Any]:
    exhibits = ", ".join(dict.fromkeys(exhibit.name for exhibit in notebook.exhibits))
    entity = _file(f"notebooks/{notebook.file}", f"Makes: {exhibits}")
    return entity | {"@type": ["File", "SoftwareSourceCode"], "programmingLanguage": "Python"}


def _outputs(root: Path, compendium: Compendium) -> Iterator[dict[str, Any]]:
    for notebook in compendium.notebooks:
        for exhibit in notebook.exhibits:
            words = f"{exhibit.name}. {_RECONSTRUCTION}" if of_reconstruction(root, exhibit.output) else exhibit.name
            yield from (_file(name, words) for name in _files(exhibit.output))


def _files(output: str) -> list[str]:
    return [f"{output}.{ending}" for ending in _ENDINGS[output.split("/")[0]]]


def _run(notebook: Notebook) -> dict[str, Any]:
    """Say which notebook makes which files."""
    return {
        "@id": f"#run-{Path(notebook.file).stem}",
        "@type": "CreateAction",
        "name": f"vpresearch reproduce --only {Path(notebook.file).stem}",
        "instrument": {"@id": f"notebooks/{notebook.file}"},
        "object": [{"@id": "data/reconstructed/vertebrae.csv"}],
        "result": [{"@id": name} for exhibit in notebook.exhibits for name in _files(exhibit.output)],
    }
