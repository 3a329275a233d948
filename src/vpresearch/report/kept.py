"""The audit of the printed numbers, kept between reports: it depends on the paper's file and the code alone."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vpresearch.audit import Check, audit
from vpresearch.project import LOCK
from vpresearch.published import read_paper

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
    place = folder / f"audit-{_digest(paper, seed)}.json"
    try:
        return [_check(entry) for entry in json.loads(place.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, KeyError):
        # Nothing kept, or not to be trusted: the audit is made anew.
        checks = audit(read_paper(paper), seed)
    folder.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f".{place.name}-{os.getpid()}")
    aside.write_text(json.dumps([asdict(check) for check in checks]), encoding="utf-8")
    os.replace(aside, place)
    return checks


def _check(entry: dict[str, Any]) -> Check:
    claims: Any = entry.pop("claims")
    return Check(claims=tuple(claims), **entry)


def _digest(paper: Path, seed: int) -> str:
    """Tell one audit from another: by the paper's file, the seed, the lock and every line of code behind it."""
    digest = hashlib.sha256(f"{seed} ".encode() + paper.read_bytes() + LOCK.read_bytes())
    for maker in _MAKERS:
        place = _PACKAGE / maker
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
