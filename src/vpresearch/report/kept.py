"""The audit of the printed numbers, kept between reports: it depends on the paper's file and the code alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vpresearch.audit import Check, audit
from vpresearch.project import LOCK
from vpresearch.published import read_paper
from vpresearch.sharing import keep

_PACKAGE = Path(__file__).parents[1]
# What an audit is made by, below and beside its own floor.
_MAKERS = ("audit", "inference", "lattice", "describe.py", "dictionary.py", "published", "reported.py")


def audited(paper: Path, seed: int, folder: Path) -> list[Check]:
    """Audit a paper, or read what an earlier audit of the same file by the same code found.

    Parameters
    ----------
    paper : pathlib.Path
    seed : int
    folder : pathlib.Path
        Where audits are kept.

    Returns
    -------
    list of Check
    """
    place = folder / f"audit-{_digest(paper, seed)}"
    return keep(place, lambda: audit(read_paper(paper), seed))


def _digest(paper: Path, seed: int) -> str:
    """Tell one audit from another: by the paper's file, the seed, the lock and every line of code behind it."""
    digest = hashlib.sha256(f"{seed} ".encode() + paper.read_bytes() + LOCK.read_bytes())
    for maker in _MAKERS:
        place = _PACKAGE / maker
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
