"""The main job: what of it must be made, why, and what is told of it in the end."""

from __future__ import annotations

import gc
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from vpresearch.core.compendium import choose, read_compendium
from vpresearch.core.errors import LANGUAGES, line
from vpresearch.core.files import alone, file_digest, staging
from vpresearch.core.paths import NO_PAPER, shown
from vpresearch.render import labels
from vpresearch.run.state import Computed, Made, State, Verdicts, inputs, inputs_of, outputs_of, read_state

# An unchanged run ends before any of the scientific packages would have been imported.
if TYPE_CHECKING:
    from vpresearch.data import Dataset
    from vpresearch.parallel.forks import Copies
    from vpresearch.published import Paper
    from vpresearch.scorecard import Row

_MOST_LISTED = 10
_NEW_OBJECTS = 100_000
_PAGES = "review"
# The notebook that shows the audit of the paper.
_AUDIT = "04_audit.ipynb"


@dataclass(frozen=True)
class Wanted:
    """What is asked for."""

    data: Path
    paper: Path
    out: Path
    records: Path
    language: str
    alpha: float
    seed: int
    min_cell: int
    only: Sequence[str] | None
    drop_identifiers: bool
    force: bool
    plain: bool = False
    # Whether the paper is one that was asked for.
    named: bool = True

    @property
    def chosen(self) -> dict[str, Any]:
        """The parameters of the notebooks."""
        return {"language": self.language, "alpha": self.alpha, "seed": self.seed, "min_cell": self.min_cell}

    @property
    def judged(self) -> bool:
        """Whether there is a paper to hold the data against."""
        return self.paper.resolve() != NO_PAPER.resolve()

    @property
    def pages(self) -> bool:
        """Whether pages for a reviewer of the paper are written."""
        return self.only is None and self.judged

    @property
    def report(self) -> Path | None:
        """The folder of the report; None where none is written: its prose tells what public tables hide."""
        return None if self.min_cell or self.only is not None else self.records / "report" / self.language


@dataclass(frozen=True)
class Told:
    """What to tell in the end, and how many numbers differ or are proved unattainable."""

    lines: list[str]
    failing: int = 0


def unchanged(wanted: Wanted) -> Told | None:
    """Report at once that nothing changed and that every output is there as it was made."""
    state, digest = read_state(wanted.out, wanted.records), _digest(wanted)
    verdicts = state.verdicts
    if verdicts is None or verdicts.inputs != _of_verdicts(wanted, digest):
        return None
    wanted = replace(wanted, paper=NO_PAPER) if verdicts.another else wanted
    reasons = _reasons(wanted, state, digest, reconstruction=verdicts.reconstruction)
    if any(reasons.values()):
        return None
    lines = _reconstructed(wanted, reconstruction=verdicts.reconstruction)
    lines += [_words("another_study", wanted)] if verdicts.another else []
    lines.append(_words("unchanged", wanted, names=", ".join(reasons)))
    if verdicts.differing:
        lines.append(f"  {_words('differing', wanted, n=verdicts.differing)}")
    failing = verdicts.differing + len(verdicts.unattainable[wanted.language])
    return Told([*lines, *_ending(wanted, verdicts, "")], failing)


def why(wanted: Wanted) -> Told:
    """Report what would be made, and why."""
    from vpresearch.data import load

    dataset = load(wanted.data, drop_identifiers=wanted.drop_identifiers)
    wanted = _held(wanted, dataset)
    state = read_state(wanted.out, wanted.records)
    reasons = _reasons(wanted, state, dataset.digest, reconstruction=dataset.reconstruction)
    nothing = _words("nothing_changed", wanted)
    return Told(
        [
            f"{name}: {'; '.join(labels.text(f'stale.{reason}', wanted.language) for reason in found) or nothing}"
            for name, found in reasons.items()
        ]
    )


def remake(wanted: Wanted) -> Told:
    """Rebuild every output whose inputs changed."""
    start = perf_counter()
    # Hardly anything of what is imported is ever garbage; to look for it as often as usual takes a tenth of the time.
    gc.set_threshold(_NEW_OBJECTS)
    from vpresearch.parallel.cache import shared_by_all
    from vpresearch.parallel.forks import one_thread

    # Before anything scientific is imported: a process of more than one thread has no copies.
    one_thread()
    from vpresearch.published import read_paper

    # What is wrong in it is told before any work.
    read_paper(wanted.paper)
    computed = Computed(wanted.records)
    with ExitStack() as started:
        started.enter_context(alone(wanted.records))
        if wanted.force:
            computed.drop()
        place = started.enter_context(staging(wanted.records))
        results = computed.folder if _known_reconstruction(wanted) and computed.folder.is_dir() else place / "private"
        started.enter_context(shared_by_all(results))
        # Whatever still writes must end before its folder goes.
        started.enter_context(_auditing(wanted))
        dataset = _load(wanted)
        asked, wanted = wanted, _held(wanted, dataset)
        another, paper = wanted.paper != asked.paper, read_paper(wanted.paper)
        from vpresearch.run.kernels import warm_copies

        forks = None if wanted.plain else warm_copies()
        if forks is not None:
            started.enter_context(forks)
        put_in_place = started.enter_context(_reporting(wanted, dataset, paper, place / "report", forks))
        from vpresearch.run import runner

        runner.run(
            dataset,
            wanted.data,
            wanted.paper,
            wanted.out,
            wanted.records,
            **wanted.chosen,
            only=wanted.only,
            force=wanted.force,
            copies=forks,
        )
        from vpresearch.privacy import withhold
        from vpresearch.results import Results
        from vpresearch.review import write_pages
        from vpresearch.scorecard import differing

        # While what the notebooks computed is still there, and the report is being written.
        rows = list(Results(dataset, wanted.alpha, wanted.seed, paper).rows)
        if put_in_place is not None:
            put_in_place(wanted.records / "report")
            _record_report(wanted, dataset)
        if dataset.reconstruction:
            computed.keep(results)
    if wanted.min_cell:
        # Its prose tells what the tables hide; one of an earlier run may stand there.
        shutil.rmtree(wanted.records / "report", ignore_errors=True)
    rows = withhold(rows, dataset, wanted.min_cell) if wanted.min_cell else rows
    differences, counts = differing(rows), Counter(str(row.verdict) for row in rows)
    proved = [row for row in rows if row.verdict == "unattainable"]
    unattainable = {each: [f"  {_of(row, each, 'unattainable')}" for row in proved] for each in LANGUAGES}
    state = read_state(wanted.out, wanted.records)
    verdicts = state.verdicts = Verdicts(
        _of_verdicts(asked, dataset.digest),
        dict(counts),
        len(differences),
        dataset.reconstruction,
        unattainable,
        another,
    )
    if wanted.pages:
        pages = write_pages(wanted.records, wanted.out, paper, rows, dataset, read_compendium(), wanted.language)
        state.made[_PAGES] = Made(_of_pages(wanted, dataset.digest), outputs_of(wanted.records, pages))
    state.write()
    lines = _reconstructed(wanted, reconstruction=dataset.reconstruction)
    lines += [_words("another_study", wanted)] if another else []
    lines += [f"  {line(note, wanted.language)}" for note in dataset.notes] + _told_differences(wanted, differences)
    ending = _ending(wanted, verdicts, f" ({perf_counter() - start:.0f} s)")
    return Told([*lines, *ending], len(differences) + len(proved))


def _held(wanted: Wanted, dataset: Dataset) -> Wanted:
    """Hold a study against the paper that is asked for, or none where it is seen to be another's."""
    from vpresearch.scorecard import held_against

    return replace(wanted, paper=held_against(wanted.paper, dataset, named=wanted.named))


def _reasons(wanted: Wanted, state: State, digest: str, *, reconstruction: bool) -> dict[str, list[str]]:
    """Name, for each notebook, the report and the reviewer's pages, what changed since it was made."""
    notebooks = choose(read_compendium(), wanted.only, reconstruction=reconstruction, judged=wanted.judged)
    made_from = inputs_of(notebooks, digest, wanted.paper, wanted.chosen)
    if wanted.report is not None:
        made_from[_report_name(wanted)] = _of_report(wanted, digest)
    if wanted.pages:
        made_from[_PAGES] = _of_pages(wanted, digest)
    return {name: ["force"] if wanted.force else state.stale(name, of) for name, of in made_from.items()}


def _known_reconstruction(wanted: Wanted) -> bool:
    """Return whether an earlier run found that these data are a reconstruction."""
    verdicts = read_state(wanted.out, wanted.records).verdicts
    return verdicts is not None and verdicts.reconstruction and verdicts.inputs["data"] == _digest(wanted)


def _digest(wanted: Wanted) -> str:
    """Return the checksum of the data and of what they declare, which a public run leaves out."""
    from vpresearch.core.dictionary import declaration_digest

    return file_digest(wanted.data) if wanted.min_cell else declaration_digest(wanted.data)


def _load(wanted: Wanted) -> Dataset:
    from vpresearch.data import load, without_declared

    dataset = load(wanted.data, drop_identifiers=wanted.drop_identifiers)
    if wanted.min_cell:
        dataset = without_declared(dataset)
        from vpresearch.privacy import check_public

        check_public(dataset, wanted.min_cell)
    return dataset


@contextmanager
def _auditing(wanted: Wanted) -> Iterator[None]:
    """Audit the paper in a copy of this process while it imports the rest, where anything is to show the audit."""
    from vpresearch.parallel import forks

    digest = _digest(wanted)
    # The audit is of the paper, whatever the data are.
    reasons = _reasons(wanted, read_state(wanted.out, wanted.records), digest, reconstruction=True)
    if wanted.plain or not forks.possible() or not reasons.get(_AUDIT):
        yield
        return
    from vpresearch.audit import audit
    from vpresearch.parallel.cache import once
    from vpresearch.published import read_paper

    with forks.Copies(1) as beside:
        begun = beside.submit(once, audit, read_paper(wanted.paper), wanted.seed)
        yield
        # It has ended, unless the notebook was made by a run that did not; whoever needs it in vain tells why.
        for _ in beside.finished([begun]):
            pass


def _reporting(
    wanted: Wanted, dataset: Dataset, paper: Paper, aside: Path, copies: Copies | None
) -> AbstractContextManager[Callable[[Path], None] | None]:
    """Write the report beside the notebooks, where there is to be a new one."""
    state, name = read_state(wanted.out, wanted.records), _report_name(wanted)
    if wanted.report is None or not (wanted.force or state.stale(name, _of_report(wanted, dataset.digest))):
        return nullcontext()
    from vpresearch import report

    submit = None if copies is None else copies.submit
    results = report.analyse(dataset, wanted.alpha, wanted.seed, paper)
    return report.writing(results, aside, [wanted.language], submit)


def _record_report(wanted: Wanted, dataset: Dataset) -> None:
    state = read_state(wanted.out, wanted.records)
    files = (path for path in (wanted.records / "report" / wanted.language).rglob("*") if path.is_file())
    state.made[_report_name(wanted)] = Made(_of_report(wanted, dataset.digest), outputs_of(wanted.records, files))
    state.write()


def _report_name(wanted: Wanted) -> str:
    return f"report/{wanted.language}"


def _of_report(wanted: Wanted, digest: str) -> dict[str, str]:
    return inputs(digest, wanted.paper, wanted.language, {"alpha": wanted.alpha, "seed": wanted.seed})


def _of_pages(wanted: Wanted, digest: str) -> dict[str, str]:
    hang_on = {"alpha": wanted.alpha, "seed": wanted.seed, "min_cell": wanted.min_cell}
    return inputs(digest, wanted.paper, wanted.language, hang_on)


def _of_verdicts(wanted: Wanted, digest: str) -> dict[str, str]:
    names = ("alpha", "min_cell", "drop_identifiers", "named")
    hang_on = {name: getattr(wanted, name) for name in names}
    return inputs(digest, wanted.paper, "", hang_on)


def _reconstructed(wanted: Wanted, *, reconstruction: bool) -> list[str]:
    return [_words("reconstructed", wanted) if reconstruction else labels.text("validation.no_proof", wanted.language)]


def _told_differences(wanted: Wanted, differences: list[Row]) -> list[str]:
    lines = [f"  {_of(row, wanted.language, 'difference')}" for row in differences[:_MOST_LISTED]]
    if len(differences) > _MOST_LISTED:
        lines.append(f"  {_words('more', wanted, n=len(differences) - _MOST_LISTED)}")
    return lines


def _of(row: Row, language: str, kind: str) -> str:
    return labels.text(
        f"console.{kind}",
        language,
        claim=labels.claimed(row.claim, language),
        printed=labels.printed(row.claim.printed.printed, language),
        computed=labels.rounded(row, language),
    )


def _ending(wanted: Wanted, verdicts: Verdicts, took: str) -> list[str]:
    counts = verdicts.counts
    counted = (f"{labels.text(f'verdict.{verdict}', wanted.language)}: {count}" for verdict, count in counts.items())
    out = shown(wanted.out)
    place = out if out.parts else _words("project", wanted)
    lines = [", ".join(counted)] if wanted.judged else []
    lines += verdicts.unattainable[wanted.language]
    lines.append(f"{_words('outputs', wanted, place=place)}{took}")
    if wanted.report is not None:
        lines.append(_words("report", wanted, place=shown(wanted.report)))
    if wanted.pages:
        lines.append(_words("review", wanted, place=shown(wanted.records / "review" / "index.html")))
    lines += [_words("bound", wanted, n=sum(counts.values()))] if wanted.judged else []
    return [*lines, _words("one_public", wanted)] if wanted.min_cell else lines


def _words(key: str, wanted: Wanted, **values: object) -> str:
    return labels.text(f"console.{key}", wanted.language, **values)
