"""The shipped data: what is demanded and of whom. Data only; `shipped_folder` says where it lies."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def shipped_folder() -> Path:
    """The folder of the shipped configuration (criteria.yaml, agencies.yaml, auditor.toml, …) as installed."""
    return Path(str(files(__name__)))
