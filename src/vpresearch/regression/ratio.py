"""Whether the ratio is the predictor: cement and volume apart, and fill within and between patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from vpresearch.regression import gee, logistic
from vpresearch.regression.design import Estimate, design


def fit(rows: pd.DataFrame, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit a leak on the logarithms of cement and volume, and on a patient's mean fill and what departs from it.

    If the ratio alone counts, the coefficients of the two logarithms are opposite and their sum, ``log_both``, is
    nought: the log odds of doubling both. Its p by ``ml_logs`` is the likelihood-ratio test of that. ``fill_contrast``
    is between less within.

    Neuhaus JM, Kalbfleisch JD. Biometrics 1998;54:638-45. Begg MD, Parides MK. Stat Med 2003;22:2591-602.
    """
    leak = rows["leak"].map({"no": 0.0, "yes": 1.0})
    cement, volume = (np.log2(rows[f"{name}_volume_cc"].where(lambda cc: cc > 0)) for name in ("cement", "vertebral"))
    own = rows["fill_percent"].where(leak.notna())
    between = own.groupby(rows["patient_id"]).transform("mean")
    table = rows.assign(
        log_cement=cement,
        log_volume=volume,
        log_ratio=cement - volume,
        log_both=volume,
        fill_between=between,
        fill_within=own - between,
        fill_contrast=between,
    )
    logs = [design(table, "leak", leak, terms) for terms in (("log_cement", "log_volume"), ("log_ratio", "log_both"))]
    apart = [
        design(table, "leak", leak, terms)
        for terms in (("fill_between", "fill_within"), ("fill_percent", "fill_contrast"))
    ]
    by_ml, by_gee = ([fit(each, alpha) for each in logs] for fit in (logistic.fit, gee.fit))
    if apart[0].n == apart[0].n_clusters:
        within = [each.failed("gee_kc_within", "one_row_a_cluster") for each in apart]
    else:
        within = [gee.fit(each, alpha) for each in apart]
    models = {"ml_logs": by_ml, "gee_kc_logs": by_gee, "gee_kc_within": within}
    # Fitted in two coordinates: all the coefficients of the first, and the last one of the second.
    return tuple(replace(each, model=model) for model, (whole, other) in models.items() for each in (*whole, other[-1]))
