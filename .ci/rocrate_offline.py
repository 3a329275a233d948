"""The validator of RO-Crates, with the context of JSON-LD from a file in the place of the network's.

python rocrate_offline.py CONTEXT ARGUMENTS...
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import rdflib.plugins.shared.jsonld.context as context
import rdflib.plugins.shared.jsonld.util as util

CONTEXT = json.loads(Path(sys.argv.pop(1)).read_text(encoding="utf-8"))
_elsewhere = util.source_to_json


def _source_to_json(source, *args, **more):
    if isinstance(source, str) and "w3id.org/ro/crate" in source:
        return CONTEXT, None
    return _elsewhere(source, *args, **more)


def _get(self, url, **more):
    there = "w3id.org/ro/crate" in url
    headers = {"Content-Type": "application/ld+json"}
    return SimpleNamespace(status_code=200 if there else 504, headers=headers, json=lambda: CONTEXT)


# Before anything of the validator is imported, which takes these by name.
util.source_to_json = context.source_to_json = _source_to_json
from rocrate_validator.cli import cli  # noqa: E402
from rocrate_validator.utils.http import HttpRequester  # noqa: E402

HttpRequester.get = _get
cli()
