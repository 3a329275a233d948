"""The command ``vpresearch``: everything that the Makefile does, on any system."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from vpresearch.errors import InputError, VPResearchError
from vpresearch.project import BUILD, PUBLISHED, RECONSTRUCTION, RELIEF, ROOT, SIMULATION, shown
from vpresearch.reported import RoundingRule
from vpresearch.telling import LANGUAGES, listed, refused, words

OK, DIFFERS, BAD_INPUT, FAILED, INTERRUPTED = 0, 1, 2, 3, 130
_LANGUAGE, _ALPHA, _SEED = "es", 0.05, 1
_BOTH = "both"
_MIN_CELL = 5
_SIMULATED = 2000
_EXITS = (
    "Exit: 0 done; 1 with --strict, a number differs or is impossible; 2 bad input; 3 the run failed; 130 interrupted."
)
_ROUNDING = "how the numbers were rounded; any takes both ends of the interval as possible (%(default)s)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the name of the program; those of the process where not given.

    Returns
    -------
    int
        0 done; 1 a number differs or is impossible (``--strict``), or a check failed; 2 bad input; 3 a notebook or a
        search failed; 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except InputError as error:
        for language in _languages(options):
            print(listed(error.source, error.problems, language), file=sys.stderr)
        return BAD_INPUT
    except VPResearchError as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # Whoever read along, such as head, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        # The words of a stranger's error, or its traceback, may quote a patient's row; its place cannot.
        *_, place = traceback.extract_tb(error.__traceback__)
        where = {"error": type(error).__name__, "file": Path(place.filename).name, "line": place.lineno}
        for language in _languages(options):
            print(words(language)["console"]["failed"].format(**where), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(file=sys.stderr)
        for language in _languages(options):
            print(words(language)["console"]["interrupted"], file=sys.stderr)
        return INTERRUPTED


def _languages(options: argparse.Namespace) -> tuple[str, ...]:
    """Give the language asked for; both where a command knows of none."""
    language: str = getattr(options, "language", _BOTH)
    return LANGUAGES if language == _BOTH else (language,)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vpresearch", description=__doc__, epilog=_EXITS)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    reproduce = commands.add_parser("reproduce", help="make every table, figure and p-value, with a verdict on each")
    reproduce.add_argument("--data", type=Path, default=RECONSTRUCTION, help="workbook or CSV (the reconstruction)")
    reproduce.add_argument("--out", type=Path, help="folder of the outputs (build/NAME; the project for its own data)")
    reproduce.add_argument("--language", choices=LANGUAGES, default=_LANGUAGE, help="of the outputs (%(default)s)")
    reproduce.add_argument("--alpha", type=_level, default=_ALPHA, help="level of the normality test (%(default)s)")
    reproduce.add_argument("--seed", type=_seed, default=_SEED, help="of what is sampled (%(default)s)")
    reproduce.add_argument("--strict", action="store_true", help="exit with 1 if any number differs")
    reproduce.add_argument("--only", metavar="NAME", help="make one exhibit or notebook, such as table3, and no report")
    reproduce.add_argument("--force", action="store_true", help="make also that of which nothing changed")
    reproduce.add_argument("--plain", action="store_true", help="start every kernel anew, one after the other")
    reproduce.add_argument("--why", action="store_true", help="tell what would be made and why, and make nothing")
    _add_drop(reproduce)
    reproduce.add_argument("--public", action="store_true", help="leave out single patients' values and small counts")
    reproduce.add_argument(
        "--min-cell", type=_least_cell, default=_MIN_CELL, help="least count that --public shows (%(default)s)"
    )
    reproduce.set_defaults(command=_reproduce)

    audit = commands.add_parser("audit", help="check a paper's printed numbers against one another; needs no data")
    audit.add_argument("paper", type=Path, nargs="?", default=PUBLISHED, help="YAML of printed numbers (this paper's)")
    audit.add_argument("--out", type=Path, help="folder of the outputs (build/audit-NAME)")
    audit.add_argument("--language", choices=LANGUAGES, default=_LANGUAGE, help="of the outputs (%(default)s)")
    audit.add_argument("--rounding", choices=get_args(RoundingRule), default="any", help=_ROUNDING)
    audit.add_argument("--seed", type=_seed, default=_SEED, help="of the searches for witnesses (%(default)s)")
    audit.add_argument("--strict", action="store_true", help="exit with 1 if any number is impossible")
    audit.set_defaults(command=_audit)

    validate = commands.add_parser("validate", help="tell all that is wrong in a workbook or CSV, and how to mend it")
    validate.add_argument("file", type=Path, help="workbook or CSV")
    validate.add_argument("--language", choices=LANGUAGES, default=_LANGUAGE, help="of the report (%(default)s)")
    validate.add_argument("--json", action="store_true", help="for a machine")
    validate.add_argument("--annotate", type=Path, metavar="OUT.xlsx", help="also write a copy with the faults marked")
    validate.add_argument("--reshape", type=Path, metavar="OUT.xlsx", help="also write it anew with one row a vertebra")
    _add_drop(validate)
    validate.set_defaults(command=_validate)

    template = commands.add_parser("template", help="write an empty workbook to fill in")
    template.add_argument("file", type=Path, help="new file, ending in .xlsx")
    template.add_argument("--language", choices=LANGUAGES, default=_LANGUAGE, help="of the headers (%(default)s)")
    template.set_defaults(command=_template)

    reconstruct = commands.add_parser("reconstruct", help="make a dataset that satisfies the published statistics")
    reconstruct.add_argument("--seed", type=_seed, default=_SEED, help="another seed, another dataset (%(default)s)")
    reconstruct.add_argument("--out", type=Path, help="file (the project's reconstruction, or with --n its ensemble)")
    reconstruct.add_argument("--n", type=_positive, help="make an ensemble of so many datasets")
    _add_workers(reconstruct)
    reconstruct.add_argument(
        "--extremes", action="store_true", help="with --n, also search for the datasets furthest out"
    )
    reconstruct.set_defaults(command=_reconstruct)

    simulate = commands.add_parser("simulate", help="count how often each leak model errs, on made-up data")
    simulate.add_argument("--n", type=_positive, default=_SIMULATED, help="datasets of each kind (%(default)s)")
    simulate.add_argument("--seed", type=_seed, default=0, help="another seed, other datasets (%(default)s)")
    simulate.add_argument("--out", type=Path, help="CSV (the project's, or in build/ if n or the seed is another)")
    _add_workers(simulate)
    simulate.set_defaults(command=_simulate)

    report = commands.add_parser("report", help="write the report as HTML, DOCX and PDF, each exhibit also alone")
    report.add_argument("--data", type=Path, default=RECONSTRUCTION, help="workbook or CSV (the reconstruction)")
    report.add_argument("--out", type=Path, help="folder of the report (build/NAME/report)")
    report.add_argument("--language", choices=(*LANGUAGES, _BOTH), default=_LANGUAGE, help="(%(default)s)")
    report.add_argument("--alpha", type=_level, default=_ALPHA, help="level of the normality test (%(default)s)")
    report.add_argument("--seed", type=_seed, default=_SEED, help="of what is sampled (%(default)s)")
    _add_drop(report)
    report.set_defaults(command=_report)

    explore = commands.add_parser("explore", help="explore the study in JupyterLab, on this machine only")
    _add_server(explore, _explore, 8888)
    app = commands.add_parser("app", help="explore the study on a page without code, on this machine only")
    _add_server(app, _app, 8866)

    bench = commands.add_parser("bench", help="time everything, each figure beside a peer or a floor")
    bench.add_argument("names", nargs="*", metavar="NAME", help="only these, such as lattice (all)")
    bench.set_defaults(command=_bench)

    test = commands.add_parser("test", help="run the tests")
    test.add_argument("--long", action="store_true", help="run those that take minutes or need a browser instead")
    test.set_defaults(command=_test)

    for name, command, does in (
        ("check", _check, "check style and types"),
        ("verify", _verify, "run everything twice under unlike conditions and compare every byte"),
        ("metadata", _metadata, "write what machines and checkers read about the compendium"),
        ("clean", _clean, "delete build/"),
    ):
        commands.add_parser(name, help=does).set_defaults(command=command)
    return parser


def _add_server(command: argparse.ArgumentParser, serve: Callable[[argparse.Namespace], int], port: int) -> None:
    command.add_argument("--port", type=_positive, default=port, help="or the next one that is free (%(default)s)")
    command.add_argument("--no-browser", action="store_true", help="only print the address")
    command.set_defaults(command=serve)


def _add_drop(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--drop-identifiers", action="store_true", help="drop names, record numbers, dates ... instead of refusing them"
    )


def _add_workers(command: argparse.ArgumentParser) -> None:
    where = command.add_mutually_exclusive_group()
    where.add_argument("--workers", type=_positive, help="processes (one a core)")
    where.add_argument("--scheduler", type=_address, metavar="tcp://HOST:PORT", help="let a Dask cluster do the work")


def _address(text: str) -> str:
    if not re.fullmatch(r"(tcp|tls)://[^/\s]+:\d+", text):
        raise argparse.ArgumentTypeError("must be like tcp://HOST:PORT or tls://HOST:PORT")
    return text


def _level(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return value


def _least_cell(text: str) -> int:
    value = int(text)
    if value < 2:
        raise argparse.ArgumentTypeError("must be at least 2")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


# -- commands ----------------------------------------------------------------------------------------------------


def _reproduce(options: argparse.Namespace) -> int:
    # Lazy, here and below: help and refusals need none of the scientific packages.
    from vpresearch.reproduce import Wanted, remake, unchanged, why

    min_cell: int = options.min_cell if options.public else 0
    out, records = _folders(options)
    wanted = Wanted(
        data=options.data,
        out=out,
        records=records,
        language=options.language,
        alpha=options.alpha,
        seed=options.seed,
        min_cell=min_cell,
        only=options.only,
        drop_identifiers=options.drop_identifiers,
        force=options.force,
        plain=options.plain,
    )
    at_once = why(wanted) if options.why else None if options.force else unchanged(wanted)
    told = at_once or remake(wanted)
    print("\n".join(told.lines))
    return DIFFERS if options.strict and told.differing else OK


def _audit(options: argparse.Namespace) -> int:
    from vpresearch import figures, labels, tables
    from vpresearch.audit import audit
    from vpresearch.published import read_paper

    paper = read_paper(options.paper)
    checks = audit(paper, options.seed, options.rounding)
    out: Path = options.out or BUILD / f"audit-{options.paper.stem}"
    tables.write(tables.audit_table(checks, options.language), out / "tables")
    if any("test" in check.values for check in checks):
        figures.write(figures.audit_p(checks, options.language), out / "figures")
    alarms = [check for check in checks if check.alarm]
    for check in alarms:
        said = {
            "claim": labels.claimed(paper[check.claims[0]], options.language),
            "detail": labels.audited(check, options.language),
        }
        print(f"  {labels.text('console.impossible', options.language, **said)}")
    counts = {"checks": len(checks), "claims": len(paper.claims), "alarms": len(alarms)}
    print(labels.text("console.audited", options.language, **counts, place=shown(out)))
    return DIFFERS if options.strict and alarms else OK


def _validate(options: argparse.Namespace) -> int:
    if not options.file.name:
        # What make passes on where no DATA is given.
        raise refused("DATA", "no_file_named")
    from vpresearch.load import examine
    from vpresearch.validation import as_json, report

    examined = examine(options.file, drop_identifiers=options.drop_identifiers)
    print(as_json(examined, options.language) if options.json else report(examined, options.language))
    # With --json the words would spoil what the machine reads.
    told = sys.stderr if options.json else sys.stdout
    if options.annotate is not None:
        from vpresearch.filing import write_copy

        print(write_copy(options.file, examined, options.annotate, options.language), file=told)
    if options.reshape is not None:
        from vpresearch.filing import write_long

        drop: bool = options.drop_identifiers
        print(write_long(options.file, examined, options.reshape, options.language, drop_identifiers=drop), file=told)
    return OK if examined.dataset is not None else BAD_INPUT


def _template(options: argparse.Namespace) -> int:
    if not options.file.name:
        raise refused("OUT", "no_new_file_named")
    from vpresearch.filing import write_template

    print(write_template(options.file, options.language))
    return OK


def _report(options: argparse.Namespace) -> int:
    from vpresearch import labels
    from vpresearch.load import load
    from vpresearch.report import analyse, write_reports

    dataset = load(options.data, drop_identifiers=options.drop_identifiers)
    standard = options.data.resolve() == RECONSTRUCTION.resolve()
    folder: Path = options.out or BUILD / ("reconstruction" if standard else _name(options)) / "report"
    _refuse_a_file(folder)
    languages = _languages(options)
    if dataset.reconstruction:
        print(labels.text("console.every_page", languages[0]))
    for path in write_reports(analyse(dataset, options.alpha, options.seed), folder, languages):
        print(shown(path))
    return OK


def _explore(options: argparse.Namespace) -> int:
    from vpresearch.explore.serve import serve_lab

    serve_lab(options.port, browser=not options.no_browser)
    return OK


def _app(options: argparse.Namespace) -> int:
    from vpresearch.explore.serve import serve_app

    serve_app(options.port, browser=not options.no_browser)
    return OK


def _refuse_a_file(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise refused(folder.name, "not_a_folder")


def _folders(options: argparse.Namespace) -> tuple[Path, Path]:
    """Give the folders of the outputs and of the records: the committed ones only for the committed run."""
    if options.out is not None:
        _refuse_a_file(options.out)
        # The notebooks run in a folder of their own, where a relative path would mean another place.
        folder = options.out.resolve()
        return folder, folder
    standard = (options.language, options.alpha, options.seed) == (_LANGUAGE, _ALPHA, _SEED) and not options.public
    # A public run beside another, so that nobody shares what the other left.
    public = "-public" if options.public else ""
    if options.data.resolve() == RECONSTRUCTION.resolve():
        records = BUILD / ("reconstruction" if standard else f"reconstruction-{options.language}{public}")
        return (ROOT, records) if standard else (records, records)
    folder = BUILD / f"{_name(options)}{public}"
    return folder, folder


def _name(options: argparse.Namespace) -> str:
    """Name the folder of the outputs after the file, unless that is named after somebody."""
    stem: str = options.data.stem
    if options.drop_identifiers:
        from vpresearch.identifiers import kinds_of_file_name

        return "study" if kinds_of_file_name(stem) else stem
    return stem


def _reconstruct(options: argparse.Namespace) -> int:
    from vpresearch.fingerprint import SUFFIX, fingerprint, fingerprints_bytes
    from vpresearch.load import load
    from vpresearch.published import read_paper
    from vpresearch.reconstruct import provenance, reconstruct
    from vpresearch.scorecard import differing, scorecard

    if options.n is not None:
        return _ensemble(options)
    paper = read_paper(PUBLISHED)
    made = reconstruct(paper, options.seed)
    content = made.table.to_csv(index=False, lineterminator="\n").encode()
    out: Path = options.out or RECONSTRUCTION
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.stem}.csv")
    aside.write_bytes(content)
    # The search is not believed: what it made is loaded and judged like anybody's data.
    failed = differing(scorecard(paper, load(aside)))
    if failed:
        aside.unlink()
        raise VPResearchError(f"the search made data that differ in {', '.join(row.claim.id for row in failed)}")
    record = out.with_name(f".{out.stem}.provenance.json")
    record.write_text(
        json.dumps(provenance(paper, made, content), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    table, marks = made.table, out.with_name(f".{out.stem}{SUFFIX}")
    own = fingerprint(table["vertebral_volume_cc"], table["cement_volume_cc"], table["leak"].eq("yes"))
    marks.write_bytes(fingerprints_bytes([own]))
    os.replace(aside, out)
    os.replace(record, out.with_name(f"{out.stem}.provenance.json"))
    os.replace(marks, out.with_name(f"{out.stem}{SUFFIX}"))
    print(f"{shown(out)}: {len(made.table)} reconstructed vertebrae, seed {made.seed}")
    return OK


def _ensemble(options: argparse.Namespace) -> int:
    from vpresearch.implied import shipped
    from vpresearch.implied_relief import write_relief
    from vpresearch.published import read_paper
    from vpresearch.reconstruct import ENSEMBLE, make_ensemble
    from vpresearch.workers import engage

    out: Path = options.out or ENSEMBLE
    with engage(options.workers, options.scheduler) as workers:
        written = make_ensemble(
            read_paper(PUBLISHED),
            options.n,
            options.seed,
            out,
            workers=workers,
            extremes=options.extremes,
            progress=True,
        )
        if options.extremes and out.resolve() == ENSEMBLE:
            # Else the table of relief would tell of other reconstructions than the compendium ships.
            write_relief(shipped(), RELIEF, workers, progress=True)
            written.append(RELIEF)
    print(f"{options.n} reconstructed datasets, seed {options.seed}: {', '.join(str(shown(path)) for path in written)}")
    return OK


def _simulate(options: argparse.Namespace) -> int:
    from vpresearch.simulation import write_simulation
    from vpresearch.workers import engage

    standard = (options.n, options.seed) == (_SIMULATED, 0)
    other = BUILD / "simulation" / f"leak_regression-{options.n}-{options.seed}.csv"
    out: Path = options.out or (SIMULATION if standard else other)
    with engage(options.workers, options.scheduler) as workers:
        table = write_simulation(options.n, options.seed, out, workers)
    print(table.round(4).to_string(index=False))
    print(f"{options.n} made-up datasets without a slope and with one, seed {options.seed}: {shown(out)}")
    return OK


def _bench(options: argparse.Namespace) -> int:
    return _tool("benchmarks", *options.names)


def _test(options: argparse.Namespace) -> int:
    # Long tests measure and kill what others would disturb.
    return _tool("pytest", "-m", "long") if options.long else _tool("pytest", "-n", "auto", "-m", "not long")


def _check(_: argparse.Namespace) -> int:
    results = [_tool("ruff", "check"), _tool("ruff", "format", "--check"), _tool("mypy")]
    return max(results)


def _verify(_: argparse.Namespace) -> int:
    from vpresearch.verify import verify

    return OK if verify() else DIFFERS


def _metadata(_: argparse.Namespace) -> int:
    from vpresearch.metadata import write_metadata

    for path in write_metadata():
        print(shown(path))
    return OK


def _tool(*command: str) -> int:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode


def _clean(_: argparse.Namespace) -> int:
    shutil.rmtree(BUILD, ignore_errors=True)
    return OK
