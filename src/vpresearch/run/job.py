"""The whole job for a visitor's file, in a process of its own that leaves nothing behind, however its caller ends."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

from vpresearch.core.files import PRIVATE, staging
from vpresearch.core.paths import BUILD, PAPER, PUBLISHED

_DONE = re.compile(r"(\d+)%\|")
_PIECE = 4096
# The first day that a zip file can tell.
_DATE = (1980, 1, 1, 0, 0, 0)
Tell = Callable[[Mapping[str, Any], bytes], None]


class Job:
    """One run at a time, and what it tells: how far it is, what came of it, or why nothing did."""

    def __init__(self) -> None:
        self.told: Tell = lambda said, content: None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, suffix: str, content: bytes, declaration: bytes, language: str, *, drop_identifiers: bool) -> None:
        """Hand over a table and what is declared of it, which until then are in no file."""
        self.stop()
        # A session of its own: it ends with what it was given, not by what ends its caller.
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdin is not None
        asked = {"suffix": suffix, "language": language, "drop": drop_identifiers}
        asked |= {"size": len(content), "declared": len(declaration)}
        process.stdin.write(json.dumps(asked).encode() + b"\n" + content + declaration)
        process.stdin.flush()
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()

    def stop(self) -> None:
        """End it with all that it has started, and remove what it has written."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        ended = False
        for line in process.stdout:
            said = json.loads(line)
            content = process.stdout.read(said.get("size", 0))
            ended = "failed" in said or "size" in said
            if process is self._process:
                self.told(said, content)
        process.wait()
        if process is self._process and not ended:
            self.told({"failed": ""}, b"")


def main() -> None:
    """Do what is asked for on standard input, and end when that is closed."""
    given = sys.stdin.buffer
    asked = json.loads(given.readline())
    content, declaration = given.read(asked["size"]), given.read(asked["declared"])
    with staging(BUILD) as place:
        data, out = place / f"study{asked['suffix']}", place / "results"
        data.write_bytes(content)
        if declaration:
            data.with_suffix(".yaml").write_bytes(declaration)
        paper = os.environ.get(PAPER, str(PUBLISHED))
        command = [sys.executable, "-m", "vpresearch", "reproduce", "--data", str(data), "--out", str(out)]
        command += ["--language", asked["language"], *(["--drop-identifiers"] if asked["drop"] else [])]
        command += [] if Path(paper).resolve() == PUBLISHED.resolve() else ["--paper", paper]
        with (place / "said").open("w+b") as said:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.PIPE)
            threading.Thread(target=_end_with, args=(given, process), daemon=True).start()
            assert process.stderr is not None
            complaints = _watch(process.stderr)
            code = process.wait()
            said.seek(0)
            # The place is gone when this is read.
            words = "\n".join(line for line in said.read().decode().splitlines() if place.name not in line)
        with suppress(BrokenPipeError):
            if code == 0:
                packed = _packed(out)
                _tell({"size": len(packed), "said": words}, packed)
            else:
                _tell({"failed": complaints.replace(str(place), "").strip()})


def _end_with(given: IO[bytes], process: subprocess.Popen[bytes]) -> None:
    """End the run when whoever asked for it has gone."""
    given.read()
    with suppress(psutil.Error):
        started = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        for each in started:
            with suppress(psutil.Error):
                each.kill()


def _watch(stream: IO[bytes]) -> str:
    """Tell how far the run is; return what else it says."""
    said = ""
    while piece := os.read(stream.fileno(), _PIECE):
        said += piece.decode(errors="replace")
        if found := _DONE.findall(said):
            with suppress(BrokenPipeError):
                _tell({"percent": int(found[-1])})
            said = re.sub(r"[^\r\n]*%\|[^\r\n]*\r?", "", said)
    return said


def _tell(said: Mapping[str, Any], content: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + content)
    sys.stdout.buffer.flush()


def _packed(out: Path) -> bytes:
    """Pack all results but what shows single patients."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(out.rglob("*")):
            name = path.relative_to(out)
            if path.is_file() and PRIVATE not in name.parts:
                archive.writestr(zipfile.ZipInfo(name.as_posix(), _DATE), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
