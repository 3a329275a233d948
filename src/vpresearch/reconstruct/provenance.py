"""Where a reconstructed dataset comes from."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from typing import Any

from vpresearch.audit import findings
from vpresearch.published import Paper
from vpresearch.reconstruct.dataset import Reconstruction, targeted

_FREE = (
    "which patient has which levels, sexes, ages and scores",
    "which vertebrae leak, beyond the group statistics of volume and cement",
    "the pairing of cement with volume, beyond the printed mean fill ratio",
    "how site and size of a leak go together, and with anything else",
    "every correlation between variables",
    "Oswestry after treatment and at one month, of which nothing is printed: left out",
)


def provenance(paper: Paper, made: Reconstruction, content: bytes) -> dict[str, Any]:
    """Describe how a reconstruction was made.

    Parameters
    ----------
    paper : Paper
    made : Reconstruction
    content : bytes
        Of its file.

    Returns
    -------
    dict
        Ready for JSON.
    """
    return {
        "what": "Reconstructed data: no row is a patient. The rows were made to satisfy the published statistics.",
        "paper": paper.key,
        "seed": made.seed,
        "attempts": made.attempts,
        "method": [
            "levels are dealt to the patients, neighbours together",
            "volumes and leaks: simulated annealing on the printed statistics, in integers of 0.1 cc",
            "cement: simulated annealing with a prior of whole and half cc; paired with the volumes by a Markov chain "
            "that holds the printed mean fill ratio",
            "VAS by leak: a uniform draw from the exact list of multisets that print the means, the standard "
            "deviations and the p-value, laid over the patients",
            "other scores: drawn around the printed means and shifted until these hold",
        ],
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("vpresearch", "numpy", "scipy")},
        },
        "targeted": [claim.id for claim in paper.claims if targeted(claim)],
        "not_targeted": [claim.id for claim in paper.claims if not targeted(claim)],
        "unattainable": [
            claim.id
            for claim in paper.claims
            if any(finding.code == "p_unattainable" for finding in findings(paper, claim))
        ],
        "left_free": list(_FREE),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
