"""Executed notebooks without the paths of the machine that ran them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def without_paths(path: Path, shown: Mapping[str, object], names: Mapping[str, str]) -> None:
    """Rewrite an executed notebook so that it names no file and no folder of its machine.

    Parameters
    ----------
    path : pathlib.Path
        The notebook.
    shown : dict of str to object
        Its parameters as a reader may see them.
    names : dict of str to str
        What to write instead of each path, wherever it stands.
    """
    book: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in book.get("cells", []):
        if "injected-parameters" in cell.get("metadata", {}).get("tags", []):
            cell["source"] = "\n".join(["# Parameters", *(f"{name} = {value!r}" for name, value in shown.items())])
            # papermill draws its id by lot: the same run would give another file.
            cell["id"] = "injected-parameters"
    papermill = book.get("metadata", {}).get("papermill", {})
    if papermill:
        papermill |= {"parameters": dict(shown), "input_path": path.name, "output_path": path.name}
    # The longest first: one path may lie in another.
    ordered = sorted(names.items(), key=lambda pair: -len(pair[0]))
    path.write_text(json.dumps(_renamed(book, ordered), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _renamed(node: Any, names: list[tuple[str, str]]) -> Any:
    if isinstance(node, str):
        for found, name in names:
            node = node.replace(found, name)
        return node
    if isinstance(node, list):
        return [_renamed(each, names) for each in node]
    if isinstance(node, dict):
        return {key: _renamed(value, names) for key, value in node.items()}
    return node
