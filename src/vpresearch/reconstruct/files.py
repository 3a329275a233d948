"""The files of an ensemble: its datasets, its witnessed extremes, and where they come from."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from vpresearch.files import put_all
from vpresearch.fingerprint import SUFFIX, fingerprint, fingerprints_bytes
from vpresearch.published import Paper
from vpresearch.reconstruct.ensemble import Ensemble, from_tables
from vpresearch.reconstruct.parallel import draw_ensemble, draw_extremes
from vpresearch.reconstruct.provenance import ensemble_provenance
from vpresearch.reconstruct.store import ensemble_bytes
from vpresearch.workers import Workers


def make_ensemble(
    paper: Paper, n: int, seed: int, out: Path, *, workers: Workers, extremes: bool, progress: str | None
) -> list[Path]:
    """Draw an ensemble and write its files, all or none.

    Parameters
    ----------
    paper : Paper
    n, seed : int
        As in ``draw_ensemble``.
    out : pathlib.Path
        File of the ensemble; the others stand beside it.
    workers : Workers
    extremes : bool
        Whether to search for witnessed extremes too.
    progress : {"es", "en"} or None
        As in ``draw_ensemble``.

    Returns
    -------
    list of pathlib.Path
        What was written.
    """
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
    """Give the fingerprint of every dataset of an ensemble.

    Parameters
    ----------
    ensemble : Ensemble

    Returns
    -------
    list of str
    """
    return [fingerprint(*rows) for rows in zip(ensemble.volumes, ensemble.cement, ensemble.leak, strict=True)]
