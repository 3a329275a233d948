"""Write the made-up workbooks that oracle.R and the tests read.

No row describes a real person.  Run from anywhere: ``python tests/reference/make_workbooks.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "workbooks"
MAX_BYTES = 60_000

LEVELS = [f"T{i}" for i in range(1, 13)] + [f"L{i}" for i in range(1, 6)]
LEVEL_WEIGHTS = np.array([1, 1, 1, 2, 3, 4, 6, 7, 6, 6, 10, 18, 18, 11, 8, 6, 4], dtype=float)
SITES = ["posterior", "lateral", "anterior", "vascular", "disc"]
SIZES = ["punctate", "moderate", "massive"]
SCORES = ["vas_pre", "vas_post", "vas_1m", "vas_1y", "odi_pre", "odi_post", "odi_1m", "odi_1y"]
COLUMNS = [
    "patient_id",
    "sex",
    "age_years",
    "cause",
    "level",
    "vertebral_volume_cc",
    "cement_volume_cc",
    "leak",
    "leak_site",
    "leak_size",
    *SCORES,
    "complication",
    "new_fracture_1y",
]
SPANISH_HEADERS = {
    "patient_id": "Paciente",
    "sex": "Sexo",
    "age_years": "Edad",
    "cause": "Causa",
    "level": "Nivel",
    "vertebral_volume_cc": "Volumen vertebral (cc)",
    "cement_volume_cc": "Cemento inyectado (cc)",
    "leak": "Fuga",
    "leak_site": "Localización de la fuga",
    "leak_size": "Tamaño de la fuga",
    "vas_pre": "EAV previa",
    "vas_post": "EAV post",
    "vas_1m": "EAV 1 mes",
    "vas_1y": "EAV 1 año",
    "odi_pre": "Oswestry previo",
    "odi_1y": "Oswestry 1 año",
}
SPANISH_VALUES = {
    "sex": {"F": "Mujer", "M": "Varón"},
    "cause": {"osteoporosis": "Osteoporosis", "rheumatoid_arthritis": "Artritis reumatoide"},
    "leak": {"yes": "Sí", "no": "No"},
    "leak_site": {
        "posterior": "Posterior",
        "lateral": "Lateral",
        "anterior": "Anterior",
        "vascular": "Vascular",
        "disc": "Disco",
    },
    "leak_size": {"punctate": "Puntual", "moderate": "Moderada", "massive": "Masiva"},
}

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]
ScoreMaker = Callable[[np.random.Generator, int], dict[str, Floats]]


def patient_sizes(rng: np.random.Generator, vertebrae: int, patients: int) -> list[int]:
    """Share the vertebrae out, 1 to 4 for each patient."""
    sizes = [1] * patients
    while sum(sizes) < vertebrae:
        i = int(rng.integers(patients))
        if sizes[i] < 4:
            sizes[i] += 1
    return sizes


def declining_scores(rng: np.random.Generator, patients: int) -> dict[str, Floats]:
    """Pain and disability that fall after treatment, before rounding."""
    tough = rng.normal(0, 1, patients)
    scores: dict[str, Floats] = {}
    for stage, vas, odi in (("pre", 7.9, 62), ("post", 4.1, 44), ("1m", 3.2, 34), ("1y", 2.6, 28)):
        scores[f"vas_{stage}"] = vas + 0.7 * tough + rng.normal(0, 1.1, patients)
        scores[f"odi_{stage}"] = odi + 7 * tough + rng.normal(0, 8, patients)
    return scores


def lopsided_scores(rng: np.random.Generator, patients: int) -> dict[str, Floats]:
    """Pain heaped at one end of the scale, so no group of it looks normal."""
    scores = declining_scores(rng, patients)
    high, low, weights = [10, 9, 8, 5, 3], [0, 1, 2, 5, 8], [0.50, 0.20, 0.12, 0.10, 0.08]
    for name in ("vas_pre", "vas_post", "vas_1m", "vas_1y"):
        scores[name] = rng.choice(high if name == "vas_pre" else low, patients, p=weights).astype(float)
    return scores


def skewed_volumes(rng: np.random.Generator, n: int) -> tuple[Floats, Floats, Bools]:
    """Volumes with a long right tail; more cement makes a leak likelier."""
    volume = np.clip(rng.lognormal(np.log(27), 0.30, n), 10, 60)
    cement = np.clip(rng.lognormal(np.log(2.7), 0.35, n), 0.5, 6)
    leak = rng.random(n) < 1 / (1 + np.exp(-(0.7 * (cement - 2.9) - 0.4)))
    return volume, cement, leak


def normal_volumes(rng: np.random.Generator, n: int) -> tuple[Floats, Floats, Bools]:
    """Volumes placed on normal quantiles within each leak group, in shuffled order."""
    leak = np.zeros(n, dtype=bool)
    leak[rng.choice(n, 2 * n // 5, replace=False)] = True
    volume, cement = np.empty(n), np.empty(n)
    for group, mean_volume, mean_cement in ((False, 29.0, 2.8), (True, 32.0, 3.4)):
        rows = np.flatnonzero(leak == group)
        standard = NormalDist()
        z = np.array([standard.inv_cdf((i + 0.5) / rows.size) for i in range(rows.size)])
        volume[rows] = mean_volume + 6.0 * rng.permutation(z)
        cement[rows] = mean_cement + 0.8 * rng.permutation(z)
    return volume, cement, leak


def spread(rng: np.random.Generator, choices: list[str], weights: list[float], n: int) -> list[str]:
    """Draw n values in which every choice occurs at least once."""
    drawn = [*choices, *rng.choice(choices, n - len(choices), p=weights).tolist()]
    return [drawn[i] for i in rng.permutation(n)]


def make(seed: int, vertebrae: int, patients: int, *, normal: bool = False, missing: int = 0) -> pd.DataFrame:
    """Make one canonical workbook, with 2 * `missing` patients who missed a visit."""
    rng = np.random.default_rng(seed)
    sizes = patient_sizes(rng, vertebrae, patients)
    owner = np.repeat(np.arange(patients), sizes)

    scorer: ScoreMaker = lopsided_scores if normal else declining_scores
    person = pd.DataFrame(
        {
            "patient_id": [f"P{i + 1:03d}" for i in range(patients)],
            "sex": rng.choice(["F", "M"], patients, p=[0.75, 0.25]),
            "age_years": np.clip(np.rint(rng.normal(71, 9, patients)), 42, 93).astype(int),
            "cause": rng.choice(["osteoporosis", "rheumatoid_arthritis"], patients, p=[0.84, 0.16]),
            "complication": rng.choice(["none", "transient_neuritis"], patients, p=[0.94, 0.06]),
            "new_fracture_1y": rng.choice(["no", "yes"], patients, p=[0.9, 0.1]),
        }
    )
    for name, value in scorer(rng, patients).items():
        whole = np.clip(np.rint(value), 0, 10) if name.startswith("vas") else np.clip(2 * np.rint(value / 2), 0, 100)
        person[name] = pd.Series(whole.astype(int)).astype("Int64")
    lost = rng.choice(patients, 2 * missing, replace=False)
    person.loc[lost[:missing], ["vas_1y", "odi_1y"]] = pd.NA
    person.loc[lost[missing:], ["vas_1m", "odi_1m"]] = pd.NA

    frame = person.iloc[owner].reset_index(drop=True)
    picks = [np.sort(rng.choice(17, size, replace=False, p=LEVEL_WEIGHTS / LEVEL_WEIGHTS.sum())) for size in sizes]
    frame["level"] = [LEVELS[i] for i in np.concatenate(picks)]
    volume, cement, leak = (normal_volumes if normal else skewed_volumes)(rng, vertebrae)
    frame["vertebral_volume_cc"] = np.round(volume, 1)
    frame["cement_volume_cc"] = np.round(cement, 1)
    frame["leak"] = np.where(leak, "yes", "no")
    leaks = int(leak.sum())
    for name, choices, weights in (
        ("leak_site", SITES, [0.25, 0.20, 0.15, 0.25, 0.15]),
        ("leak_size", SIZES, [0.55, 0.35, 0.10]),
    ):
        frame[name] = ""
        frame.loc[leak, name] = spread(rng, choices, weights, leaks)
    return frame[COLUMNS]


def check(name: str, frame: pd.DataFrame, vertebrae: int, patients: int) -> None:
    """Stop if a workbook breaks a rule of the canonical format."""
    leak = frame["leak"] == "yes"
    per_patient = frame.groupby("patient_id")
    constant = ["sex", "age_years", "cause", *SCORES, "complication", "new_fracture_1y"]
    rules = {
        "vertebrae": len(frame) == vertebrae,
        "patients": per_patient.ngroups == patients,
        "1 to 4 vertebrae": bool(per_patient.size().between(1, 4).all()),
        "patient and level unique": not frame.duplicated(["patient_id", "level"]).any(),
        "patient columns constant": bool((per_patient[constant].nunique(dropna=False) == 1).all(axis=None)),
        "site with leak": bool(((frame["leak_site"] != "") == leak).all()),
        "size with leak": bool(((frame["leak_size"] != "") == leak).all()),
        "every site": set(frame.loc[leak, "leak_site"]) == set(SITES),
        "every size": set(frame.loc[leak, "leak_size"]) == set(SIZES),
        "volume range": bool(frame["vertebral_volume_cc"].between(10, 60).all()),
        "cement range": bool(frame["cement_volume_cc"].between(0.5, 6).all()),
        "cement below volume": bool((frame["cement_volume_cc"] < frame["vertebral_volume_cc"]).all()),
    }
    for score in SCORES:
        present = frame[score].dropna().astype(int)
        rules[score] = bool(present.between(0, 10 if score.startswith("vas") else 100).all())
        if score.startswith("odi"):
            rules[score] &= bool((present % 2 == 0).all())
    broken = [rule for rule, kept in rules.items() if not kept]
    if broken:
        raise ValueError(f"{name}: {', '.join(broken)}")


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the volumes one decimal, always."""
    out = frame.copy()
    for name in ("vertebral_volume_cc", "cement_volume_cc"):
        out[name] = [f"{value:.1f}" for value in frame[name]]
    return out


def to_spanish(text: pd.DataFrame) -> pd.DataFrame:
    """Rename, recode and put decimal commas."""
    out = text[list(SPANISH_HEADERS)].copy()
    for name, values in SPANISH_VALUES.items():
        out[name] = [values.get(str(value), "") for value in text[name]]
    for name in ("vertebral_volume_cc", "cement_volume_cc"):
        out[name] = [str(value).replace(".", ",") for value in text[name]]
    return out.rename(columns=SPANISH_HEADERS)


def write(name: str, text: pd.DataFrame, *, sep: str = ",", encoding: str = "utf-8") -> None:
    """Write one CSV file and hold it to the size limit."""
    raw = text.to_csv(index=False, sep=sep, lineterminator="\n").encode(encoding)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"{name}: {len(raw)} bytes")
    (FOLDER / name).write_bytes(raw)


def main() -> None:
    """Write the four workbooks."""
    FOLDER.mkdir(exist_ok=True)
    plain = make(20_010, 49, 31)
    spanish = make(20_011, 120, 74, missing=9)
    large = make(20_012, 484, 300, missing=34)
    normal = make(20_013, 60, 38, normal=True)
    check("plain", plain, 49, 31)
    check("spanish", spanish, 120, 74)
    check("large", large, 484, 300)
    check("normal", normal, 60, 38)
    write("plain.csv", as_text(plain))
    write("spanish.csv", to_spanish(as_text(spanish)), sep=";", encoding="latin-1")
    write("large.csv", as_text(large), encoding="utf-8-sig")
    write("normal.csv", as_text(normal))


if __name__ == "__main__":
    main()
