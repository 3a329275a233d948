"""Ensembles drawn by workers, and the files that they are kept in."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from itertools import count, takewhile
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd

from vpresearch.core.errors import progress_bar
from vpresearch.core.files import put_all
from vpresearch.data import SUFFIX, fingerprint, fingerprints_bytes
from vpresearch.parallel import InPlace, Workers, gather
from vpresearch.published import Paper
from vpresearch.reconstruct.dataset import Reconstruction, draw_block, targeted
from vpresearch.reconstruct.ensemble import ANY_FILL, EXTREMES, Ensemble, ensemble_bytes, from_tables
from vpresearch.reconstruct.extreme import STATISTICS, STEPS, Sign, Witness, extreme
from vpresearch.reconstruct.targets import attainable, without_fill
from vpresearch.reconstruct.verify import verify

BLOCK = 320


def draw_ensemble(
    paper: Paper,
    n: int,
    seed: int,
    *,
    workers: Workers | None = None,
    block: int = BLOCK,
    progress: str | None = None,
) -> Ensemble:
    """Draw datasets that each satisfy every attainable claim of a paper, all verified.

    Datasets are drawn in numbered blocks, each with its own generator, and taken in the order of the blocks.
    """
    if n < 1:
        raise ValueError(f"an ensemble has at least one dataset, not {n}")
    workers = workers or InPlace()
    drawn: dict[int, list[pd.DataFrame]] = {}
    found = 0

    def wanted() -> int:
        # No more blocks than are likely to be needed: the last ones would keep everybody waiting.
        usual = max(found / len(drawn) if drawn else block / 3, 1)
        return min(workers.n, ceil((n - found) / usual))

    with progress_bar("datasets", n, progress) as bar:
        numbers = ((paper, seed, number, block) for number in count())
        for (*_, number, _), tables in gather(workers, draw_verified, numbers, wanted):
            drawn[number] = tables
            found += len(tables)
            bar.update(min(found, n) - bar.n)
            # Those after a block that is still missing have to wait for it.
            ready = [table for number in takewhile(drawn.__contains__, count()) for table in drawn[number]]
            if len(ready) >= n:
                break
    return from_tables(ready[:n])


def draw_verified(paper: Paper, seed: int, number: int, size: int) -> list[pd.DataFrame]:
    """Draw a block and keep the datasets in which a checker of its own finds no claim that fails."""
    instead = attainable(paper)
    return [table for table in draw_block(paper, seed, number, size) if not verify(table, paper, instead)]


def draw_extremes(
    paper: Paper,
    ensemble: Ensemble,
    seed: int,
    *,
    workers: Workers | None = None,
    progress: str | None = None,
    steps: int = STEPS,
) -> list[Witness]:
    """Search for the least and the greatest value of each statistic of ``extreme``."""
    signs: tuple[Sign, Sign] = (-1, 1)
    aims = [(statistic, sign) for statistic in STATISTICS for sign in signs]
    tasks = ((paper, ensemble, *aim, seed, steps) for aim in aims)
    witnesses: dict[tuple[str, Sign], Witness] = {}
    with progress_bar("searches", len(aims), progress) as bar:
        for _, witness in gather(workers or InPlace(), extreme, tasks):
            witnesses[witness.statistic, witness.sign] = witness
            bar.update()
    return [witnesses[aim] for aim in aims]


def make_ensemble(
    paper: Paper, n: int, seed: int, out: Path, *, workers: Workers, extremes: bool, progress: str | None
) -> list[Path]:
    """Draw an ensemble, and another without the printed mean fill ratio, and write their files, all or none."""
    contents: dict[str, bytes] = {}
    marks: list[str] = []
    witnessed: list[pd.DataFrame] = []
    # A quarter of the search is enough for what is only held beside the other.
    families = ((out.stem, paper, STEPS), (f"{out.stem}{ANY_FILL}", without_fill(paper), STEPS // 4))
    for stem, aims, steps in families:
        ensemble = draw_ensemble(aims, n, seed, workers=workers, progress=progress)
        found = {f"{stem}.npz": ensemble}
        if extremes:
            witnesses = draw_extremes(aims, ensemble, seed, workers=workers, progress=progress, steps=steps)
            found[f"{stem}{EXTREMES}.npz"] = from_tables([witness.table for witness in witnesses])
            witnessed.append(_values(stem, witnesses))
        contents |= {name: ensemble_bytes(each) for name, each in found.items()}
        marks += [mark for each in found.values() for mark in fingerprints(each)]
    record = ensemble_provenance(paper, n, seed, contents, witnessed)
    contents[f"{out.stem}{SUFFIX}"] = fingerprints_bytes(marks)
    contents[f"{out.stem}.provenance.json"] = (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode()
    written = {out.with_name(name): content for name, content in contents.items()}
    put_all(written)
    return list(written)


def _values(stem: str, witnesses: Sequence[Witness]) -> pd.DataFrame:
    ends = {-1: "least", 1: "greatest"}
    return pd.DataFrame(
        [
            {"ensemble": stem, "statistic": each.statistic, "end": ends[each.sign], "value": each.value}
            for each in witnesses
        ]
    )


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
        **made.origin,
        "method": list(_METHOD),
        **_aims(paper),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def ensemble_provenance(
    paper: Paper, n: int, seed: int, contents: Mapping[str, bytes], witnessed: Sequence[pd.DataFrame]
) -> dict[str, Any]:
    """Describe how an ensemble was made."""
    rows = [row for table in witnessed for row in table.to_dict("records")]
    return {
        "what": "Reconstructed data: no row is a patient. Every dataset satisfies the published statistics.",
        "without_the_fill_ratio": f"The files named {ANY_FILL} hold datasets that satisfy all but the printed mean "
        "fill ratio, in which cement falls on the vertebrae of a leak group by chance.",
        "paper": paper.key,
        "seed": seed,
        "n": n,
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
            "rows": rows,
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
