"""How often the audit cries wolf on true numbers, and how often it catches what is altered.

Papers are printed from made-up data. On each as it is, an impossible verdict is a false alarm; on its altered copies an
impossible verdict is a catch, and a remark or an open verdict that the true paper does not have is undecided.
"""

from __future__ import annotations

import copy
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from tests.made_up_paper import alter, make_paper, write_paper
from vpresearch.audit import Check, audit
from vpresearch.published import read_paper

_COPIES = 2


def main(first: int = 0, last: int = 200) -> None:
    results, seen, seconds, alarms = Counter[tuple[str, str]](), Counter[str](), [], 0
    for seed in range(first, last):
        content, rng = make_paper(seed), np.random.default_rng([seed, 1])
        start = time.perf_counter()
        true = checks_of(content)
        seconds.append(time.perf_counter() - start)
        alarms += any(check.alarm for check in true)
        for check in (check for check in true if check.alarm):
            print("FALSE ALARM", seed, check.check, check.claims[0], check.code, dict(check.values), flush=True)
        for _ in range(_COPIES):
            altered = copy.deepcopy(content)
            names, kind = alter(altered, rng, seen)
            seen[kind] += 1
            found = outcome(true, checks_of(altered), names)
            results[kind, found] += 1
            print(seed, found, kind, *names, sep="\t", flush=True)
    print(f"papers with a false alarm: {alarms} of {last - first}; median {np.median(seconds):.1f} s a paper")
    for kind in sorted(seen):
        counts = {found: results[kind, found] for found in ("caught", "undecided", "passed")}
        print(f"| {kind} | {sum(counts.values())} | {' | '.join(map(str, counts.values()))} |")


def checks_of(content: dict[str, Any]) -> list[Check]:
    with tempfile.TemporaryDirectory() as folder:
        return audit(read_paper(write_paper(content, Path(folder) / "paper.yaml")))


def outcome(true: list[Check], checks: list[Check], names: list[str]) -> str:
    """Tell whether an alteration is caught, leaves open or remarked on what was not, or passes."""
    if any(check.alarm for check in checks):
        return "caught"
    before, after = (
        {(c.check, c.claims) for c in each if c.remark or c.verdict == "undecided"} for each in (true, checks)
    )
    return "undecided" if any({*names} & {*claims} for _, claims in after - before) else "passed"


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
