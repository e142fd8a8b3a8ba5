"""config/vocabulary.yaml, dates.yaml, mail.yaml and abolished.yaml -> Vocabulary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from auditor.configuration import LOADER, load_yaml
from auditor.model.abolished import Abolished, AbolishedBody, Level
from auditor.read.dates import DateWords
from auditor.read.words import Vocabulary, folded, from_data
from config import shipped_folder

_Text = Annotated[StrictStr, Field(min_length=1)]


class _Gone(BaseModel):
    """What abolished.yaml says of every entry: until when, what came of it, by which text."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    last_day: Annotated[date, Field(strict=True)]
    now: _Text
    source: _Text


class _Body(_Gone):
    names: Annotated[tuple[_Text, ...], Field(min_length=1)]


class _Province(_Gone):
    name: _Text


class _Words(BaseModel):
    """Lists that came later may be missing in a working folder's copy: those shipped hold then."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    owner: tuple[_Text, ...]
    after: tuple[_Text, ...]
    governed: tuple[_Text, ...]
    former: tuple[_Text, ...]
    decree: tuple[_Text, ...]
    archive: tuple[_Text, ...]
    of_others: tuple[_Text, ...] | None = None
    named: tuple[_Text, ...] | None = None
    bodies: tuple[_Text, ...] | None = None
    lists: tuple[_Text, ...] | None = None
    history: tuple[_Text, ...] | None = None
    documents: tuple[_Text, ...] | None = None


class _AbolishedFile(BaseModel):
    """config/abolished.yaml. Its keys are explained at its head."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    bodies: tuple[_Body, ...] = ()
    provinces: tuple[_Province, ...] = ()
    districts: _Gone | None = None
    words: _Words


def load_vocabulary(folder: Path | None = None) -> Vocabulary:
    """The vocabulary of a working folder's config/, file by file over the shipped one.

    A list that the folder's vocabulary.yaml lacks is the shipped one: a copy from before an upgrade goes on working.
    Raises ConfigError for a wrong abolished.yaml, yaml.YAMLError for another file that is no YAML.
    """
    words = {**_read(None, "vocabulary.yaml"), **_read(folder, "vocabulary.yaml")}
    dates = DateWords.from_data(_read(folder, "dates.yaml"))
    return replace(from_data(words, dates, _read(folder, "mail.yaml")), abolished=load_abolished(folder))


def load_abolished(folder: Path | None = None) -> Abolished:
    """The bodies of abolished.yaml. Raises ConfigError (file, line, field)."""
    data = load_yaml(_file(folder, "abolished.yaml")).parse(_AbolishedFile)
    bodies = [AbolishedBody(row.names, row.last_day, row.now, row.source) for row in data.bodies]
    bodies += [
        AbolishedBody((f"tỉnh {row.name}",), row.last_day, row.now, row.source, Level.PROVINCE)
        for row in data.provinces
    ]
    rule = data.districts
    district = AbolishedBody((), rule.last_day, rule.now, rule.source, Level.DISTRICT) if rule is not None else None
    return Abolished(tuple(bodies), district, _words(data.words))


def _words(given: _Words) -> dict[str, tuple[str, ...]]:
    shipped = load_yaml(_file(None, "abolished.yaml")).parse(_AbolishedFile).words
    words = {name: folded(mine if mine is not None else getattr(shipped, name) or ()) for name, mine in given}
    # A copy from before "named" was told from "owner" has its words there, too: alone they say nothing.
    return {**words, "owner": tuple(word for word in words["owner"] if word not in words["named"])}


def _file(folder: Path | None, name: str) -> Path:
    own = folder / name if folder is not None else None
    return own if own is not None and own.is_file() else shipped_folder() / name


def _read(folder: Path | None, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(_file(folder, name).read_text("utf-8"), Loader=LOADER)
    return loaded
