"""How often the audit cries wolf on true numbers, and how often it catches an altered one.

Papers are printed from made-up data. On each as it is, an impossible verdict is a false alarm; on copies with one
number altered by two to seven units of its last place, an impossible verdict is a catch.
"""

from __future__ import annotations

import copy
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.made_up_paper import alter, make_paper, write_paper
from vpresearch.audit import audit
from vpresearch.published import read_paper


def main(n_papers: int = 10, n_copies: int = 8) -> None:
    rng = np.random.default_rng(1)
    alarms, results, seconds = 0, Counter[tuple[str, str]](), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.yaml"
        for seed in range(n_papers):
            content = make_paper(seed)
            start = time.perf_counter()
            false = [check for check in audit(read_paper(write_paper(content, path))) if check.alarm]
            seconds.append(time.perf_counter() - start)
            alarms += bool(false)
            for check in false:
                print("FALSE ALARM", seed, check.check, check.claims[0], check.code, dict(check.values))
            for _ in range(n_copies):
                altered = copy.deepcopy(content)
                name, kind = alter(altered, rng)
                checks = audit(read_paper(write_paper(altered, path)))
                touched = [check for check in checks if name in check.claims or check.alarm]
                caught = any(check.alarm for check in touched)
                undecided = any(check.verdict == "undecided" for check in touched)
                results[kind, "caught" if caught else ("undecided" if undecided else "passed")] += 1
    print(f"papers with a false alarm: {alarms} of {n_papers}; median {np.median(seconds):.1f} s a paper")
    for kind in sorted({kind for kind, _ in results}):
        counts = {outcome: results[kind, outcome] for outcome in ("caught", "undecided", "passed")}
        print(f"altered {kind:<11}", "  ".join(f"{outcome}: {count}" for outcome, count in counts.items()))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
