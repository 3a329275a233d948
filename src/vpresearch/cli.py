"""The command ``vpresearch``: everything that the Makefile does, on any system."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from vpresearch.core.errors import (
    LANGUAGES,
    SPOKEN,
    InputError,
    VPResearchError,
    failure,
    listed,
    of_the_system,
    place_of,
    refused,
    say,
    say_anything,
    speaking,
    spoken,
    visible,
    words,
)
from vpresearch.core.files import PRIVATE, alone, holds_records, put, put_all, remove_left, staging
from vpresearch.core.paths import (
    BUILD,
    CLONED,
    NO_PAPER,
    PAPER,
    PAPER_SCHEMA,
    PUBLISHED,
    RECONSTRUCTION,
    RELIEF,
    ROOT,
    SIMULATION,
    shown,
)
from vpresearch.core.reported import RoundingRule

if TYPE_CHECKING:
    from vpresearch.audit import Check
    from vpresearch.published import Paper

OK, DIFFERS, BAD_INPUT, FAILED, INTERRUPTED = 0, 1, 2, 3, 130
# What a run writes in a folder, and the folders of the project in which it must not.
_PARTS = ("tables", "figures", "notebooks", "report", "review", PRIVATE)
_OF_THE_PROJECT = {".git", ".venv", "benchmarks", "data", "docs", "figures", "notebooks", "src", "tables", "tests"}
# What needs no notebook, and works wherever the package is installed.
_ANYWHERE = ("audit", "report", "template", "validate")
# As a shell tells of a signal.
_SIGNAL = 128
_LANGUAGE, _ALPHA, _SEED = "es", 0.05, 1
_BOTH = "both"
_MIN_CELL = 5
_SIMULATED = 2000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    say_anything()
    language = _asked(arguments)
    with speaking(language), _ending_well():
        return _called(arguments, language)


class _Terminated(KeyboardInterrupt):
    """Another program, or the system, asks this one to end: what is half done is undone, as after Ctrl-C."""

    def __init__(self, sign: int) -> None:
        super().__init__()
        self.sign = sign


@contextmanager
def _ending_well() -> Iterator[None]:
    """Let SIGTERM, and the end of the terminal, end this process as Ctrl-C does, with all that it has started."""
    signs = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {}

    def end(sign: int, _: object) -> None:
        for each in signs:
            signal.signal(each, signal.SIG_IGN)
        import psutil

        # None of them is to be waited for.
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                process.kill()
        raise _Terminated(sign)

    # Only the main thread may; and who has been told to outlive its terminal does.
    with suppress(ValueError):
        for sign in signs:
            if signal.getsignal(sign) != signal.SIG_IGN:
                before[sign] = signal.signal(sign, end)
    try:
        yield
    finally:
        for sign, handler in before.items():
            # None is one that was not set from Python.
            signal.signal(sign, signal.SIG_DFL if handler is None else handler)


def _called(arguments: Sequence[str], language: str) -> int:
    """Call a command, and tell in words how it ended otherwise than well."""
    options = argparse.Namespace(language=language)
    # It complains of folders of its own; what it cannot keep there it makes anew.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        options = _options(arguments, language)
        _check_place()
        remove_left()
        code: int = options.command(options)
        # Here a full disk can still be told.
        sys.stdout.flush()
        return code
    except InputError as error:
        return _refuse(error, options)
    except VPResearchError as error:
        say(str(error), sys.stderr)
        return BAD_INPUT if error.of_input else FAILED
    except BrokenPipeError:
        # Whoever read along, such as head, has seen enough.
        _say_no_more()
        return FAILED
    except Exception as error:
        if (trouble := of_the_system(error)) is not None:
            try:
                sys.stdout.flush()
            except OSError:
                _say_no_more()
            return _refuse(trouble, options)
        # The words of a stranger's error, or its traceback, may quote a patient's row; its place cannot.
        where = asdict(place_of(error))
        for language in _languages(options):
            say(words(language)["console"]["failed"].format(**where), sys.stderr)
        return FAILED
    except KeyboardInterrupt as error:
        # It may have come while the run was being cleaned up.
        remove_left(also=os.getpid())
        say("", sys.stderr)
        for language in _languages(options):
            say(words(language)["console"]["interrupted"], sys.stderr)
        return _SIGNAL + error.sign if isinstance(error, _Terminated) else INTERRUPTED


def _needs_clone(_: argparse.Namespace) -> int:
    raise refused("vpresearch", "needs_clone", commands=", ".join(_ANYWHERE))


def _check_place() -> None:
    """Refuse a working folder that was removed: whatever asks for it would fail, each thing in words of its own."""
    try:
        os.getcwd()
    except OSError:
        raise refused("vpresearch", "no_working_folder") from None


def _say_no_more() -> None:
    """Let nothing be written to a standard output that takes nothing, nor when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(error: InputError, options: argparse.Namespace) -> int:
    for language in _languages(options):
        say(listed(error.source, error.problems, language), sys.stderr)
    return BAD_INPUT


def _languages(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the language asked for, or both."""
    language: str = options.language
    return LANGUAGES if language == _BOTH else (language,)


# -- the command line --------------------------------------------------------------------------------------------


def _asked(arguments: Sequence[str]) -> str:
    """Find the language before the rest is understood: what is wrong with the rest, and its help, are told in it."""
    found = re.findall(rf"(?<!\S)--l[a-z]*[=\n]({'|'.join(LANGUAGES)})(?!\S)", "\n".join(arguments))
    return found[-1] if found else _LANGUAGE


def _options(arguments: Sequence[str], language: str) -> argparse.Namespace:
    """Read the command line, with argparse's own words in the language."""
    said = dict(zip(words("en")["argparse"].values(), words(language)["argparse"].values(), strict=True))
    own = {name: vars(argparse)[name] for name in ("_", "ngettext")}
    # Else they would follow the language of the system, and only where compiled files of them are installed.
    vars(argparse).update(
        _=lambda text: said.get(text, text),
        ngettext=lambda one, many, n: said.get(one, one) if n == 1 else said.get(many, many),
    )
    try:
        return _parser(language).parse_args(arguments)
    finally:
        vars(argparse).update(own)


class _Parser(argparse.ArgumentParser):
    def print_help(self, file: Any = None) -> None:
        # argparse's own passes over a disk that is full.
        say(self.format_help().rstrip(), file)

    def error(self, message: str) -> NoReturn:
        super().error(visible(message))


def _parser(language: str) -> argparse.ArgumentParser:
    says: dict[str, str] = words(language)["help"]
    parser = _Parser(prog="vpresearch", description=says["description"], epilog=says["exits"])
    commands = parser.add_subparsers(required=True, metavar=says["command"])

    def add(name: str, command: Callable[[argparse.Namespace], int], *more: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=says[name], description=says[name])
        added.set_defaults(command=command if CLONED or name in _ANYWHERE else _needs_clone)
        _add_language(added, language, *more)
        return added

    _add_language(parser, language)

    reproduce = add("reproduce", _reproduce)
    reproduce.add_argument("--data", type=Path, default=RECONSTRUCTION, help=says["data"])
    reproduce.add_argument("--paper", type=_paper, help=says["paper_or_none"])
    reproduce.add_argument("--out", type=Path, help=says["out"])
    reproduce.add_argument("--alpha", type=_level, default=_ALPHA, help=says["alpha"])
    reproduce.add_argument("--seed", type=_whole(0), default=_SEED, help=says["seed"])
    reproduce.add_argument("--strict", action="store_true", help=says["strict"])
    reproduce.add_argument("--only", metavar="NAME", type=_names, action="extend", help=says["only"])
    reproduce.add_argument("--force", action="store_true", help=says["force"])
    reproduce.add_argument("--plain", action="store_true", help=says["plain"])
    reproduce.add_argument("--why", action="store_true", help=says["why"])
    reproduce.add_argument("--drop-identifiers", action="store_true", help=says["drop"])
    reproduce.add_argument("--public", action="store_true", help=says["public"])
    reproduce.add_argument("--min-cell", type=_whole(2), default=_MIN_CELL, help=says["min_cell"])

    audit = add("audit", _audit)
    audit.add_argument("paper", type=Path, nargs="?", default=PUBLISHED, help=says["paper"])
    audit.add_argument("--out", type=Path, help=says["out_audit"])
    audit.add_argument("--rounding", choices=get_args(RoundingRule), default="any", help=says["rounding"])
    audit.add_argument("--seed", type=_whole(0), default=_SEED, help=says["seed"])
    audit.add_argument("--strict", action="store_true", help=says["strict"])
    audit.add_argument("--template", type=Path, metavar="OUT.xlsx", help=says["audit_template"])
    audit.add_argument("--complete", action="store_true", help=says["complete"])
    audit.add_argument("--page", action="store_true", help=says["page"])

    validate = add("validate", _validate)
    validate.add_argument("file", type=Path, metavar="FILE", help=says["file"])
    validate.add_argument("--json", action="store_true", help=says["json"])
    validate.add_argument("--annotate", type=Path, metavar="OUT.xlsx", help=says["annotate"])
    validate.add_argument("--reshape", type=Path, metavar="OUT.xlsx", help=says["reshape"])
    validate.add_argument("--drop-identifiers", action="store_true", help=says["drop"])

    template = add("template", _template)
    template.add_argument("file", type=Path, metavar="FILE", help=says["new_file"])

    claims = add("claims", _claims)
    claims.add_argument("file", type=Path, metavar="OUT.yaml", help=says["new_claims"])
    claims.add_argument("--data", type=Path, required=True, help=says["data_claims"])
    claims.add_argument("--paper", type=Path, default=PUBLISHED, help=says["paper"])
    claims.add_argument("--alpha", type=_level, default=_ALPHA, help=says["alpha"])
    claims.add_argument("--drop-identifiers", action="store_true", help=says["drop"])

    reconstruct = add("reconstruct", _reconstruct)
    reconstruct.add_argument("--seed", type=_whole(0), help=says["seed_data"])
    reconstruct.add_argument("--out", type=Path, help=says["out_data"])
    reconstruct.add_argument("--n", type=_whole(1), help=says["n"])
    _add_workers(reconstruct, says)
    reconstruct.add_argument("--extremes", action="store_true", help=says["extremes"])

    simulate = add("simulate", _simulate)
    simulate.add_argument("--n", type=_whole(1), default=_SIMULATED, help=says["n_each"])
    simulate.add_argument("--seed", type=_whole(0), default=0, help=says["seed_data"])
    simulate.add_argument("--data", type=Path, help=says["data_simulation"])
    simulate.add_argument("--out", type=Path, help=says["out_simulation"])
    _add_workers(simulate, says)

    report = add("report", _report, _BOTH)
    report.add_argument("--data", type=Path, default=RECONSTRUCTION, help=says["data"])
    report.add_argument("--paper", type=_paper, help=says["paper_or_none"])
    report.add_argument("--out", type=Path, help=says["out_report"])
    report.add_argument("--alpha", type=_level, default=_ALPHA, help=says["alpha"])
    report.add_argument("--seed", type=_whole(0), default=_SEED, help=says["seed"])
    report.add_argument("--drop-identifiers", action="store_true", help=says["drop"])

    for name, serve, port in (("explore", _explore, 8888), ("app", _app, 8866)):
        server = add(name, serve)
        server.add_argument("--paper", type=Path, default=PUBLISHED, help=says["paper"])
        server.add_argument("--port", type=_port, default=port, help=says["port"])
        server.add_argument("--no-browser", action="store_true", help=says["no_browser"])
        if name == "app":
            server.add_argument("--authors", action="store_true", help=says["authors"])

    add("bench", _bench).add_argument("names", nargs="*", metavar="NAME", help=says["names"])
    add("test", _test).add_argument("--long", action="store_true", help=says["long"])
    for name, command in (
        ("check", _check),
        ("verify", _verify),
        ("metadata", _metadata),
        ("site", _site),
        ("docs", _docs),
        ("clean", _clean),
    ):
        add(name, command)
    return parser


def _add_language(command: argparse.ArgumentParser, language: str, *more: str) -> None:
    said = words(language)["help"]["language"]
    command.add_argument("--language", choices=(*LANGUAGES, *more), default=language, help=said)


def _add_workers(command: argparse.ArgumentParser, says: dict[str, str]) -> None:
    where = command.add_mutually_exclusive_group()
    where.add_argument("--workers", type=_whole(1), help=says["workers"])
    where.add_argument("--scheduler", type=_address, metavar="tcp://HOST:PORT", help=says["scheduler"])


def _unfit(code: str, **values: object) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(words(spoken())["help"][code].format(**values))


def _paper(text: str) -> Path:
    return NO_PAPER if text == "none" else Path(text)


def _address(text: str) -> str:
    if not re.fullmatch(r"(tcp|tls)://[^/\s]+:\d+", text):
        raise _unfit("is_address")
    return text


def _level(text: str) -> float:
    with suppress(ValueError):
        if 0 < (value := float(text)) < 1:
            return value
    raise _unfit("is_level")


def _whole(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        with suppress(ValueError):
            if (value := int(text)) >= least:
                return value
        raise _unfit("is_whole", least=least)

    return read


def _port(text: str) -> int:
    with suppress(ValueError):
        if 1 <= (value := int(text)) <= 65535:
            return value
    raise _unfit("is_port")


# -- commands ----------------------------------------------------------------------------------------------------


def _reproduce(options: argparse.Namespace) -> int:
    # Lazy, here and below: help and refusals need none of the scientific packages.
    from vpresearch.run.reproduce import Wanted, remake, unchanged, why

    min_cell: int = options.min_cell if options.public else 0
    named = options.paper is not None
    options.paper = options.paper or PUBLISHED
    out, records = _folders(options)
    remove_left(records)
    wanted = Wanted(
        data=options.data,
        paper=options.paper,
        named=named,
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
    say("\n".join(told.lines))
    return DIFFERS if options.strict and told.failing else OK


def _audit(options: argparse.Namespace) -> int:
    if options.template is not None:
        from vpresearch.workbook.template import write_audit_template

        say(write_audit_template(options.template, options.language))
        return OK
    from vpresearch.published import read_paper

    out: Path = options.out or BUILD / f"audit-{options.paper.stem}"
    if options.out is not None:
        _check_out(out, ())
    paper = read_paper(options.paper)
    # Later than the refusals, which need no statistics.
    from vpresearch.audit import audit
    from vpresearch.render import labels

    checks = audit(paper, options.seed, options.rounding)
    with labels.names_of(paper, read_paper(PUBLISHED)):
        return _tell_audit(paper, checks, out, options)


def _tell_audit(paper: Paper, checks: list[Check], out: Path, options: argparse.Namespace) -> int:
    from vpresearch import figures, tables
    from vpresearch.audit import coverage
    from vpresearch.render import labels

    covered = coverage(paper, checks)
    tables.write(tables.audited.audit_table(checks, options.language), out / "tables")
    if any("test" in check.values for check in checks):
        figures.write(figures.audit_p(checks, options.language), out / "figures")
    alarms = [check for check in checks if check.alarm]
    for check in [*alarms, *(check for check in checks if check.remark)]:
        said = {
            "claim": labels.claimed(paper[check.claims[0]], options.language),
            "detail": labels.audited(check, options.language),
        }
        kind = "impossible" if check.alarm else "remark"
        say(f"  {labels.text(f'console.{kind}', options.language, **said)}")
    tried = dict.fromkeys(str(check.values["test"]) for check in checks if "test" in check.values)
    if tried:
        say(f"  {labels.text('console.tried', options.language, tests=labels.names_of_tests(tried, options.language))}")
    tables.write(tables.audited.numbers_table(covered, options.language), out / "tables")
    for line in labels.not_checked(covered, options.language):
        say(f"  {line}")
    if options.page:
        from vpresearch.report.audited import write_audit

        write_audit(paper, checks, covered, out, options.language)
    unchecked = sum(not each.checks for each in covered)
    counts = {"checks": len(checks), "claims": len(covered), "alarms": len(alarms), "unchecked": unchecked}
    counts["checked"] = len(covered) - unchecked
    say(labels.text("console.audited", options.language, **counts, place=shown(out)))
    failing = (options.strict and alarms) or (options.complete and (alarms or unchecked))
    return DIFFERS if failing else OK


def _validate(options: argparse.Namespace) -> int:
    if not options.file.name:
        # What make passes on where no DATA is given.
        raise refused("DATA", "no_file_named")
    from vpresearch.data import examine
    from vpresearch.workbook.validation import as_json, report

    examined = examine(options.file, drop_identifiers=options.drop_identifiers)
    say(as_json(examined, options.language) if options.json else report(examined, options.language))
    # With --json the words would spoil what the machine reads.
    told, drop = sys.stderr if options.json else sys.stdout, bool(options.drop_identifiers)
    if options.annotate is not None:
        from vpresearch.workbook.template import write_copy

        say(write_copy(options.file, examined, options.annotate, options.language, drop_identifiers=drop), told)
    if options.reshape is not None:
        from vpresearch.workbook.template import write_long

        say(write_long(options.file, options.reshape, options.language, drop_identifiers=drop), told)
    return OK if examined.dataset is not None else BAD_INPUT


def _template(options: argparse.Namespace) -> int:
    if not options.file.name:
        raise refused("OUT", "no_new_file_named")
    from vpresearch.workbook.template import write_template

    say(write_template(options.file, options.language))
    return OK


def _claims(options: argparse.Namespace) -> int:
    # What make passes on where no DATA or no OUT is given.
    if not options.data.name:
        raise refused("DATA", "no_file_named")
    if not options.file.name:
        raise refused("OUT", "no_new_file_named")
    if options.file.exists():
        raise refused(options.file.name, "file_exists")
    from vpresearch.data import load
    from vpresearch.published import read_paper
    from vpresearch.published.schema import with_schema
    from vpresearch.render import labels
    from vpresearch.scorecard import corrected, scorecard

    paper = read_paper(options.paper)
    dataset = load(options.data, drop_identifiers=options.drop_identifiers)
    if dataset.reconstruction:
        raise refused(options.data.name, "claims_of_reconstruction")
    rows = scorecard(paper, dataset, options.alpha)
    put_all(with_schema(options.file, corrected(options.paper, rows)))
    changed = [row for row in rows if row.verdict == "differs" and row.claim.kind != "verbal"]
    say(labels.text("console.claims", options.language, n=len(changed), of=len(rows), path=shown(options.file)))
    # Words are the authors' to change.
    left = [
        row
        for row in rows
        if row.verdict == "not computable" or (row.verdict == "differs" and row.claim.kind == "verbal")
    ]
    if left:
        say(labels.text("console.claims_left", options.language))
    for row in left:
        verdict = labels.text(f"verdict.{row.verdict}", options.language)
        say(f"  {labels.claimed(row.claim, options.language)}: {verdict}")
    return OK


def _report(options: argparse.Namespace) -> int:
    from vpresearch.parallel.forks import one_thread

    one_thread()
    from vpresearch.data import load
    from vpresearch.parallel.cache import shared_by_all
    from vpresearch.published import read_paper
    from vpresearch.render import labels
    from vpresearch.report import analyse, write_reports
    from vpresearch.run.state import Computed
    from vpresearch.scorecard import held_against

    asked = options.paper or PUBLISHED
    # What is wrong in it is told before any work.
    read_paper(asked)
    dataset = load(options.data, drop_identifiers=options.drop_identifiers)
    options.paper = held_against(asked, dataset, named=options.paper is not None)
    paper = read_paper(options.paper)
    if options.paper != asked:
        say(labels.text("console.another_study", options.language if options.language != _BOTH else _LANGUAGE))
    standard = options.data.resolve() == RECONSTRUCTION.resolve()
    name = ("reconstruction" if standard else _name(options)) + _paper_name(options)
    folder: Path = options.out or BUILD / name / "report"
    languages = _languages(options)
    if options.out is not None:
        _check_out(folder, [name for name in (*languages, PRIVATE) if not (folder / name / "manuscript.html").exists()])
    if dataset.reconstruction:
        for language in languages:
            say(labels.text("console.every_page", language))
    computed = Computed(BUILD / name)
    # What a run has computed and drawn of a reconstruction; a folder that was asked for leaves nothing beside it.
    shares = dataset.reconstruction and (options.out is None or computed.folder.is_dir())
    with alone(options.out or folder.parent), shared_by_all(computed.begin()) if shares else nullcontext():
        written = write_reports(analyse(dataset, options.alpha, options.seed, paper), folder, languages)
    for path in written:
        say(str(shown(path)))
    return OK


def _explore(options: argparse.Namespace) -> int:
    _pass_on_paper(options)
    from vpresearch.explore.serve import serve_lab

    serve_lab(options.port, options.language, browser=not options.no_browser)
    return OK


def _app(options: argparse.Namespace) -> int:
    from vpresearch.parallel.forks import one_thread

    # Before anything scientific is imported: kernels are copies, and a process of more than one thread has none.
    one_thread()
    _pass_on_paper(options)
    from vpresearch.explore.serve import serve_app

    panel = "author" if options.authors else ""
    serve_app(options.port, options.language, browser=not options.no_browser, panel=panel)
    return OK


def _pass_on_paper(options: argparse.Namespace) -> None:
    """Let the kernels know which paper to show, once it is one that can be read."""
    from vpresearch.published import read_paper

    read_paper(options.paper)
    os.environ[PAPER] = str(options.paper.resolve())


def _check_out(folder: Path, parts: Sequence[str]) -> None:
    """Refuse a place in which a command would write over what it has not made."""
    if folder.exists() and not folder.is_dir():
        raise refused(folder.name, "not_a_folder")
    if not _is_text(str(folder)):
        raise refused(folder.name, "name_not_text")
    place = folder.resolve()
    if place == ROOT or place in ROOT.parents or (place.is_relative_to(ROOT) and _is_of_the_project(place)):
        raise refused(folder.name or str(folder), "project_folder")
    if (place / "run.json").is_file() or holds_records(place):
        return
    if strange := [name for name in parts if (place / name).is_file() or any((place / name).glob("*"))]:
        raise refused(folder.name, "not_our_folder", names=", ".join(strange))


def _is_of_the_project(place: Path) -> bool:
    first, *rest = place.relative_to(ROOT).parts
    # What is git-ignored is the user's own.
    return first in _OF_THE_PROJECT and (first, *rest[:1]) != ("data", "raw")


def _folders(options: argparse.Namespace) -> tuple[Path, Path]:
    """Return the folders of the outputs and of the records: the committed ones only for the committed run."""
    if options.out is not None:
        _check_out(options.out, _PARTS)
        # The notebooks run in a folder of their own, where a relative path would mean another place.
        folder = options.out.resolve()
        return folder, folder
    chosen, beside = (options.language, options.alpha, options.seed), _paper_name(options)
    standard = chosen == (_LANGUAGE, _ALPHA, _SEED) and not options.public and not beside
    # A public run beside another, so that nobody shares what the other left.
    public = "-public" if options.public else ""
    if options.data.resolve() == RECONSTRUCTION.resolve():
        records = BUILD / ("reconstruction" if standard else f"reconstruction{beside}-{options.language}{public}")
        return (ROOT, records) if standard else (records, records)
    folder = BUILD / f"{_name(options)}{beside}{public}"
    return folder, folder


def _name(options: argparse.Namespace) -> str:
    """Name the folder of the outputs after the file, unless that may be named after somebody."""
    from vpresearch.identifiers import may_name_somebody

    stem: str = options.data.stem
    return "study" if may_name_somebody(stem) or not _is_text(stem) else stem


def _paper_name(options: argparse.Namespace) -> str:
    """Tell apart, in the name of a folder, what is held against another paper than the compendium's own."""
    paper: Path = options.paper or PUBLISHED
    if paper.resolve() == PUBLISHED.resolve():
        return ""
    return f"-{paper.stem}" if _is_text(paper.stem) else "-paper"


def _is_text(name: str) -> bool:
    """Whether a notebook, whose text is UTF-8, can hold a name, which may be any bytes."""
    return name == name.encode(errors="replace").decode()


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",")]


def _reconstruct(options: argparse.Namespace) -> int:
    from vpresearch.data import SUFFIX, fingerprint, fingerprints_bytes, load
    from vpresearch.published import read_paper
    from vpresearch.reconstruct import central, provenance, reconstruct
    from vpresearch.render import labels
    from vpresearch.scorecard import differing, scorecard

    if options.n is not None:
        return _ensemble(options)
    paper = read_paper(PUBLISHED)
    made = central() if options.seed is None else reconstruct(paper, options.seed)
    content = made.table.to_csv(index=False, lineterminator="\n").encode()
    out: Path = options.out or RECONSTRUCTION
    with staging(BUILD) as place:
        # The search is not believed: what it made is loaded and judged like anybody's data.
        (place / "made.csv").write_bytes(content)
        failed = differing(scorecard(paper, load(place / "made.csv")))
    if failed:
        raise failure("search_differs", claims=", ".join(row.claim.id for row in failed))
    table = made.table
    own = fingerprint(table["vertebral_volume_cc"], table["cement_volume_cc"], table["leak"].eq("yes"))
    record = json.dumps(provenance(paper, made, content), indent=2, ensure_ascii=False) + "\n"
    put_all(
        {
            out: content,
            out.with_name(f"{out.stem}.provenance.json"): record,
            out.with_name(f"{out.stem}{SUFFIX}"): fingerprints_bytes([own]),
        }
    )
    code = "console.made" if "seed" in made.origin else "console.chosen"
    say(labels.text(code, options.language, place=shown(out), n=len(made.table), **made.origin))
    return OK


def _ensemble(options: argparse.Namespace) -> int:
    from vpresearch.implied import shipped, write_relief
    from vpresearch.parallel import engage
    from vpresearch.published import read_paper
    from vpresearch.reconstruct import ENSEMBLE, make_ensemble
    from vpresearch.render import labels

    out: Path = options.out or ENSEMBLE
    seed: int = _SEED if options.seed is None else options.seed
    with engage(options.workers, options.scheduler) as workers:
        written = make_ensemble(
            read_paper(PUBLISHED),
            options.n,
            seed,
            out,
            workers=workers,
            extremes=options.extremes,
            progress=options.language,
        )
        if options.extremes and out.resolve() == ENSEMBLE:
            # Else the table of relief would tell of other reconstructions than the compendium ships.
            write_relief(shipped(), RELIEF, workers, options.language)
            written.append(RELIEF)
    places = ", ".join(str(shown(path)) for path in written)
    say(labels.text("console.ensemble", options.language, n=options.n, seed=seed, places=places))
    return OK


def _simulate(options: argparse.Namespace) -> int:
    from vpresearch.data import load
    from vpresearch.parallel import engage
    from vpresearch.regression.models import leak_design
    from vpresearch.regression.simulation import plan_of, write_simulation
    from vpresearch.render import labels

    plan = plan_of(leak_design(load(options.data).rows)) if options.data else None
    standard = (options.n, options.seed, plan) == (_SIMULATED, 0, None)
    own = "-own" if plan else ""
    other = BUILD / "simulation" / f"leak_regression{own}-{options.n}-{options.seed}.csv"
    out: Path = options.out or (SIMULATION if standard else other)
    with engage(options.workers, options.scheduler) as workers:
        write_simulation(options.n, options.seed, out, workers, options.language, plan)
    say(labels.text("console.simulated", options.language, n=options.n, seed=options.seed, place=shown(out)))
    return OK


def _bench(options: argparse.Namespace) -> int:
    return _tool("benchmarks", *options.names)


def _test(options: argparse.Namespace) -> int:
    # The plug-in that runs notebooks takes seconds to load, in every process.
    common = ("-p", "no:nbmake", "--durations", "20", "--durations-min", "5")
    if not options.long:
        return _tool("pytest", "-n", "auto", "--dist", "loadfile", *common, "-m", "not long")
    # A browser that has no core of its own may lose patience.
    return max(
        _tool("pytest", "-n", "auto", "--dist", "loadfile", *common, "-m", "long", "--ignore=tests/explore"),
        _tool("pytest", *common, "-m", "long", "tests/explore"),
    )


def _check(_: argparse.Namespace) -> int:
    results = [_tool("ruff", "check"), _tool("ruff", "format", "--check"), _tool("mypy")]
    return max(results)


def _verify(options: argparse.Namespace) -> int:
    from vpresearch.run.verify import verify

    return OK if verify(options.language) else DIFFERS


def _metadata(_: argparse.Namespace) -> int:
    from vpresearch.metadata import write_metadata
    from vpresearch.published.schema import schema_text

    put(PAPER_SCHEMA, schema_text())
    for path in (*write_metadata(), PAPER_SCHEMA):
        say(str(shown(path)))
    return OK


def _tool(*command: str) -> int:
    # Tests and benchmarks are of the library, which speaks the language of no command.
    surroundings = {name: value for name, value in os.environ.items() if name != SPOKEN}
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=surroundings, check=False).returncode


def _site(options: argparse.Namespace) -> int:
    from vpresearch.explore.site import SITE, write_site
    from vpresearch.parallel import engage

    with engage() as workers:
        write_site(SITE, workers, options.language)
    say(str(shown(SITE)))
    return OK


def _docs(options: argparse.Namespace) -> int:
    # A page of the site is the explorer.
    _site(options)
    # Warnings are errors: a page that is not there, a link to nowhere.
    strict = ("-W", "--keep-going", "-q", "-c", "docs", "-d", str(BUILD / "docs-read"))
    return _tool("sphinx", *strict, ".", str(BUILD / "docs"))


def _clean(_: argparse.Namespace) -> int:
    shutil.rmtree(BUILD, ignore_errors=True)
    return OK
