"""Percutaneous vertebroplasty: cement volume, leaks and outcome, analysed so that others can check every number.

``import vpresearch as vp`` offers the names in ``__all__``; each is imported when it is first used.

Examples
--------
>>> import vpresearch as vp
>>> study = vp.load(vp.RECONSTRUCTION)
>>> study
<Dataset: 27 patients, 41 vertebrae, a reconstruction>
>>> comparison = vp.compare_by_leak(study, "vertebral_volume_cc")
>>> comparison.chosen, round(comparison.result.p_value, 3)
('kruskal', 0.465)
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import Any


def _read_face() -> dict[str, tuple[str, str]]:
    """Read where each public name is defined, and as what, from the stub that type checkers read."""
    stub = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    return {name.asname or name.name: (str(node.module), name.name) for node in imports for name in node.names}


__version__ = "0.1.0"
_FACE = _read_face()
__all__ = sorted(_FACE)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, own = _FACE[name]
    # A room, such as tables, is a module itself.
    found = import_module(f"{module}.{own}") if module == __name__ else getattr(import_module(module), own)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
