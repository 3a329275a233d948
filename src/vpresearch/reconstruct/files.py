"""The files of an ensemble: its datasets, its witnessed extremes, and where they come from."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from vpresearch.core.files import put_all
from vpresearch.data import SUFFIX, fingerprint, fingerprints_bytes
from vpresearch.parallel import Workers
from vpresearch.published import Paper
from vpresearch.reconstruct.dataset import Reconstruction, targeted
from vpresearch.reconstruct.ensemble import Ensemble, ensemble_bytes, from_tables
from vpresearch.reconstruct.parallel import BLOCK, draw_ensemble, draw_extremes
from vpresearch.reconstruct.targets import attainable


def make_ensemble(
    paper: Paper, n: int, seed: int, out: Path, *, workers: Workers, extremes: bool, progress: str | None
) -> list[Path]:
    """Draw an ensemble and write its files, all or none."""
    ensemble = draw_ensemble(paper, n, seed, workers=workers, progress=progress)
    witnesses = draw_extremes(paper, ensemble, seed, workers=workers, progress=progress) if extremes else []
    contents = {out.name: ensemble_bytes(ensemble)}
    marks = fingerprints(ensemble)
    if witnesses:
        found = from_tables([witness.table for witness in witnesses])
        contents[f"{out.stem}_extremes.npz"] = ensemble_bytes(found)
        marks += fingerprints(found)
    values = pd.DataFrame(
        [
            {"statistic": each.statistic, "end": {-1: "least", 1: "greatest"}[each.sign], "value": each.value}
            for each in witnesses
        ]
    )
    record = ensemble_provenance(paper, seed, contents, ensemble, values)
    contents[f"{out.stem}{SUFFIX}"] = fingerprints_bytes(marks)
    contents[f"{out.stem}.provenance.json"] = (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode()
    written = {out.with_name(name): content for name, content in contents.items()}
    put_all(written)
    return list(written)


def fingerprints(ensemble: Ensemble) -> list[str]:
    """Return the fingerprint of every dataset of an ensemble."""
    return [fingerprint(*rows) for rows in zip(ensemble.volumes, ensemble.cement, ensemble.leak, strict=True)]


_METHOD = (
    "levels are dealt to the patients, neighbours together",
    "volumes and leaks: simulated annealing on the printed statistics, in integers of 0.1 cc",
    "cement: simulated annealing with a prior of whole and half cc; paired with the volumes by a Markov chain "
    "that holds the printed mean fill ratio",
    "VAS by leak: a uniform draw from the exact list of multisets that print the means, the standard "
    "deviations and the p-value, laid over the patients",
    "other scores: drawn around the printed means and shifted until these hold",
)
_FREE = (
    "which patient has which levels, sexes, ages and scores",
    "which vertebrae leak, beyond the group statistics of volume and cement",
    "the pairing of cement with volume, beyond the printed mean fill ratio",
    "how site and size of a leak go together, and with anything else",
    "every correlation between variables",
    "Oswestry after treatment and at one month, of which nothing is printed: left out",
)


def provenance(paper: Paper, made: Reconstruction, content: bytes) -> dict[str, Any]:
    """Describe how a reconstruction was made."""
    return {
        "what": "Reconstructed data: no row is a patient. The rows were made to satisfy the published statistics.",
        "paper": paper.key,
        "seed": made.seed,
        "attempts": made.attempts,
        "method": list(_METHOD),
        **_aims(paper),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def ensemble_provenance(
    paper: Paper, seed: int, contents: Mapping[str, bytes], ensemble: Ensemble, witnesses: pd.DataFrame
) -> dict[str, Any]:
    """Describe how an ensemble was made."""
    return {
        "what": "Reconstructed data: no row is a patient. Every dataset satisfies the published statistics.",
        "paper": paper.key,
        "seed": seed,
        "n": len(ensemble),
        "block": BLOCK,
        "method": [
            *_METHOD,
            "many datasets at once, each chain with patients and levels of its own; a dataset whose search does not "
            "arrive is replaced by another draw",
            "every dataset is verified claim by claim by a checker that shares no code with the search",
        ],
        "not_a_posterior": "The spread of the datasets is that of this search, not a probability of the truth.",
        **_aims(paper),
        "instead_of_unattainable": {claim: p.printed for claim, p in attainable(paper).items()},
        "witnessed_extremes": {
            "what": "The least and the greatest value that a targeted search found under the claims and the rules of "
            "the data model alone; witnesses, not proved bounds.",
            "rows": witnesses.to_dict("records"),
        },
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }


def _aims(paper: Paper) -> dict[str, Any]:
    return {
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("vpresearch", "numpy", "scipy")},
        },
        "targeted": [claim.id for claim in paper.claims if targeted(claim)],
        "not_targeted": [claim.id for claim in paper.claims if not targeted(claim)],
        "unattainable": list(attainable(paper)),
        "left_free": list(_FREE),
    }
