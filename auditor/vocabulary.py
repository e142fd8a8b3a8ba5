"""config/vocabulary.yaml, dates.yaml and mail.yaml -> Vocabulary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from auditor.read.dates import DateWords
from auditor.read.words import Vocabulary, from_data
from config import shipped_folder


def load_vocabulary(folder: Path | None = None) -> Vocabulary:
    """The vocabulary of a working folder's config/, file by file over the shipped one.

    Raises ConfigError for a file that is not readable as YAML or lacks a detector.
    """
    return from_data(
        _read(folder, "vocabulary.yaml"), DateWords.from_data(_read(folder, "dates.yaml")), _read(folder, "mail.yaml")
    )


def _read(folder: Path | None, name: str) -> dict[str, Any]:
    own = folder / name if folder is not None else None
    text = own.read_text("utf-8") if own is not None and own.is_file() else (shipped_folder() / name).read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
