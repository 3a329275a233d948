"""What a colophon tells of the machine: the commit of the code, and the version of Python."""

from __future__ import annotations

import platform
import subprocess
from contextlib import suppress

from vpresearch.project import CLONED, ROOT


def about() -> dict[str, str]:
    """Tell the commit and the version of Python.

    Returns
    -------
    dict of str to str
        ``commit``, a dash where there is no repository, with a plus sign where files differ from it; ``python``.

    Examples
    --------
    >>> sorted(about())
    ['commit', 'python']
    """
    commit = "–"
    # An installed package may lie in the repository of something else.
    if CLONED:
        command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
        with suppress(OSError, subprocess.CalledProcessError):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
            commit = done.stdout.strip()
    return {"commit": commit, "python": platform.python_version()}
