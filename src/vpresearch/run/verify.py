"""Run everything twice under unlike conditions, and compare what was made byte by byte."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vpresearch.core.compendium import read_compendium
from vpresearch.core.errors import failure, say
from vpresearch.core.paths import ROOT
from vpresearch.render.labels import text

# Two runs agree on everything but the hour: papermill's record of it in the executed notebooks, and how long they took.
_TIMED = ("run.json", "notebooks/*.ipynb")


@dataclass(frozen=True)
class Conditions:
    """What a run is made under."""

    name: str
    locale: str
    timezone: str
    hash_seed: str
    place: str
    oldest: bool


UNLIKE = (
    Conditions("first", "C", "America/St_Johns", "0", ".", oldest=False),
    Conditions("second", "es_ES.UTF-8", "Asia/Kathmandu", "4294967295", "carpeta con espacios y eñes", oldest=True),
)
# What makes OpenBLAS and NumPy pass over the newer instructions of a processor; what a system does not know is ignored.
_OLD_KERNELS = {
    "OPENBLAS_CORETYPE": "Prescott" if platform.machine().lower() in ("x86_64", "amd64") else "ARMV8",
    "NPY_DISABLE_CPU_FEATURES": " ".join(np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])),
}
Say = Callable[[str], None]


def verify(language: str = "en", say: Say = say) -> bool:
    """Run everything twice, and tell every file that differs; nothing is left of either run."""
    missing = [each.locale for each in UNLIKE if not has_locale(each.locale)]
    with tempfile.TemporaryDirectory(prefix="vpresearch-verify-") as name:
        folder = Path(name)
        made = []
        for number, conditions in enumerate(UNLIKE, 1):
            sums = text("verify.old_sums" if conditions.oldest else "verify.own_sums", language)
            under = text("verify.conditions", language, sums=sums, **vars(conditions))
            say(text("verify.run", language, number=number, total=len(UNLIKE), conditions=under))
            made.append(run(conditions, folder / conditions.name))
        first, second = (contents(out) for out in made)
        shipped = contents(ROOT, exhibits())
        again = {name: content for name, content in first.items() if name.startswith(("tables/", "figures/"))}
        differences = differing(first, second, "runs", language)
        differences += differing(shipped, again, "project", language)
    for line in differences:
        say(f"  {line}")
    verdict = text("verify.differences" if differences else "verify.same", language, n=len(differences))
    say(text("verify.verdict", language, made=len(first), shipped=len(shipped), verdict=verdict))
    # Last, where it is read: what follows from a locale was not looked at.
    for locale in missing:
        say(text("verify.not_checked", language, locale=locale))
    return not differences


def has_locale(name: str) -> bool:
    """Return whether the system has a locale."""
    # In a process of its own: the locale is of the whole process.
    code = f"import locale; locale.setlocale(locale.LC_ALL, {name!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def run(conditions: Conditions, folder: Path) -> Path:
    """Reproduce everything under the given conditions."""
    place, out = folder / conditions.place, folder / "out"
    place.mkdir(parents=True, exist_ok=True)
    settings = {
        "LC_ALL": conditions.locale,
        "LANG": conditions.locale,
        "LANGUAGE": conditions.locale.split(".")[0],
        "TZ": conditions.timezone,
        "PYTHONHASHSEED": conditions.hash_seed,
        **(_OLD_KERNELS if conditions.oldest else {}),
    }
    command = [sys.executable, "-m", "vpresearch", "reproduce", "--force", "--out", str(out)]
    # Its progress goes to the terminal; what it says in the end is the same both times.
    done = subprocess.run(command, cwd=place, env={**os.environ, **settings}, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise failure("verify_failed", run=conditions.name)
    return out


def contents(folder: Path, only: frozenset[str] = frozenset()) -> dict[str, bytes]:
    """Read what a run made, without what only the hour changes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if not only else [folder / n for n in only]
    named = {path.relative_to(folder): path for path in sorted(files) if path.is_file()}
    return {
        name.as_posix(): _timeless(path) if any(name.match(pattern) for pattern in _TIMED) else path.read_bytes()
        for name, path in named.items()
        if name.parts[0] != "private"
    }


def _timeless(path: Path) -> bytes:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    content.pop("seconds", None)
    for part in (content, *content.get("cells", [])):
        metadata = part.get("metadata", {})
        metadata.pop("papermill", None)
        metadata.pop("execution", None)
    return json.dumps(content, sort_keys=True).encode()


def exhibits() -> frozenset[str]:
    """Name the tables and figures that the project holds."""
    outputs = [exhibit.output for notebook in read_compendium().notebooks for exhibit in notebook.exhibits]
    return frozenset(path.relative_to(ROOT).as_posix() for output in outputs for path in ROOT.glob(f"{output}.*"))


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes], between: str, language: str) -> list[str]:
    """Report every difference between two sets of files."""
    lines, said = [], text(f"verify.{between}", language)
    for name in sorted({*one, *other}):
        if name not in one or name not in other:
            lines.append(text("verify.only_one", language, name=name, between=said))
        elif one[name] != other[name]:
            first = _first(one[name], other[name])
            how = _how(one[name][first : first + 20], other[name][first : first + 20], language)
            lines.append(text("verify.differs", language, name=name, between=said, byte=first + 1, how=how))
    return lines


def _first(one: bytes, other: bytes) -> int:
    """Find the first place where two contents differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, pair in pairs if pair[0] != pair[1]), min(len(one), len(other)))


def _how(one: bytes, other: bytes, language: str) -> str:
    """Show what differs, where it can be read."""
    legible = one.isascii() and other.isascii()
    return text("verify.how", language, one=repr(one), other=repr(other)) if legible else ""
