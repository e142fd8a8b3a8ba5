"""The words of the command line: config/cli.yaml, read once per process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from config import shipped_folder

CLI_FILE = "cli.yaml"


@cache
def _phrases() -> Mapping[str, str]:
    # The C loader where PyYAML has it: this file is read before the first word of `auditor --help` appears. The base
    # loader knows only text, so that a key like "on" stays one.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    with (shipped_folder() / CLI_FILE).open("rb") as file:
        return dict(_flatten(yaml.load(file, Loader=loader)))


def _flatten(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in data.items():
        name = f"{prefix}{key}"
        flat += _flatten(value, name + ".") if isinstance(value, Mapping) else [(name, str(value).strip())]
    return flat


def cli_text(key: str, **fields: object) -> str:
    """The Vietnamese text of `key` with its fields filled in. Raises KeyError for a key that the file does not have."""
    text = _phrases()[key]
    return text.format(**fields) if fields else text


def has_text(key: str) -> bool:
    """True if config/cli.yaml words `key`."""
    return key in _phrases()
