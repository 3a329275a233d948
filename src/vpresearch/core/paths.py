"""Where the compendium keeps its files."""

from pathlib import Path

_PACKAGE, _CLONE = Path(__file__).resolve().parents[1], Path(__file__).resolve().parents[3]
# Installed from a wheel, the package has beside its code what it reads of the project, and writes where it is called.
CLONED = (_CLONE / "compendium.yaml").is_file()
ROOT = _CLONE if CLONED else _PACKAGE / "shipped"
DICTIONARY = ROOT / "data" / "dictionary.csv"
RECONSTRUCTION = ROOT / "data" / "reconstructed" / "vertebrae.csv"
# What tells kernels of another paper than this one.
PAPER = "VPRESEARCH_PAPER"
PUBLISHED = ROOT / "data" / "published" / "barriga-martin-2022.yaml"
PAPER_SCHEMA = ROOT / "docs" / "paper.schema.json"
NO_PAPER = PUBLISHED.with_name("none.yaml")
COMPARATORS = ROOT / "data" / "literature" / "comparators.csv"
SIMULATION = ROOT / "data" / "simulation" / "leak_regression.csv"
RELIEF = ROOT / "data" / "implied" / "relief.csv"
PROTOCOL = ROOT / "data" / "protocol.md"
NOTEBOOKS = ROOT / "notebooks"
COMPENDIUM = ROOT / "compendium.yaml"
LOCK = ROOT / "requirements.lock"
BUILD = ROOT / "build" if CLONED else Path("build")


def shown(path: Path) -> Path:
    """Return a path as short as it can be said."""
    absolute = path.resolve()
    return absolute.relative_to(ROOT) if absolute.is_relative_to(ROOT) else absolute


def in_project(path: Path | str) -> Path:
    """Resolve a path that a notebook names from the project's folder, whichever folder it is run from."""
    here = Path.cwd()
    clone = (folder for folder in (here, *here.parents) if (folder / "compendium.yaml").is_file())
    return next(clone, ROOT if CLONED else here) / path
