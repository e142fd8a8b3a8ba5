"""config/vocabulary.yaml, dates.yaml, mail.yaml and abolished.yaml -> Vocabulary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, StrictInt, StrictStr

from auditor.configuration import load_yaml
from auditor.model.abolished import Abolished, AbolishedBody, Level
from auditor.read.dates import DateWords
from auditor.read.words import NumberingPlan, Vocabulary, folded, from_data
from config import shipped_folder

_Text = Annotated[StrictStr, Field(min_length=1)]


class _WordList(RootModel[tuple[_Text, ...]]):
    """A list of words of vocabulary.yaml."""


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
    province: Annotated[tuple[_Text, ...], Field(min_length=1)] | None = None
    district: Annotated[tuple[_Text, ...], Field(min_length=1)] | None = None
    committee: tuple[_Text, ...] | None = None


class _AbolishedFile(BaseModel):
    """config/abolished.yaml. Its keys are explained at its head."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    bodies: tuple[_Body, ...] = ()
    provinces: tuple[_Province, ...] = ()
    districts: _Gone | None = None
    words: _Words


_Digits = Annotated[StrictStr, Field(pattern=r"^0[0-9]{1,4}$")]


class _Range(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    begins: Annotated[tuple[_Digits, ...], Field(min_length=1)]
    digits: Annotated[StrictInt, Field(ge=9, le=11)]


class _Telephone(BaseModel):
    """The numbering plan: digits with the trunk prefix 0."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    landline: _Range
    mobile: _Range
    renumbered: dict[_Digits, _Digits] = {}


def load_vocabulary(folder: Path | None = None) -> Vocabulary:
    """The vocabulary of a working folder's config/, file by file over the shipped one.

    A list that the folder's vocabulary.yaml or dates.yaml lacks is the shipped one: a copy from before an upgrade goes
    on working.
    Raises ConfigError for a file that is no YAML, a wrong abolished.yaml, a wrong list of words or numbering plan.
    """
    shipped, own = _read(None, "vocabulary.yaml"), load_yaml(_file(folder, "vocabulary.yaml"))
    for name, words in shipped.items():
        if isinstance(words, list) and own.value(name) is not None:
            own.parse(_WordList, name)
    dates = DateWords.from_data({**_read(None, "dates.yaml"), **_read(folder, "dates.yaml")})
    vocabulary = from_data({**shipped, **(own.data or {})}, dates, _read(folder, "mail.yaml"))
    return replace(vocabulary, abolished=load_abolished(folder), telephone=load_numbering(folder))


def load_numbering(folder: Path | None = None) -> NumberingPlan:
    """`telephone` of vocabulary.yaml. Raises ConfigError (file, line, field)."""
    document = load_yaml(_file(folder, "vocabulary.yaml"))
    if document.value("telephone") is None:
        document = load_yaml(_file(None, "vocabulary.yaml"))
    data = document.parse(_Telephone, "telephone")
    longest_first = sorted(data.renumbered.items(), key=lambda row: (-len(row[0]), row))
    return NumberingPlan(
        data.landline.begins, data.landline.digits, data.mobile.begins, data.mobile.digits, tuple(longest_first)
    )


def load_abolished(folder: Path | None = None) -> Abolished:
    """The bodies of abolished.yaml. Raises ConfigError (file, line, field)."""
    data = load_yaml(_file(folder, "abolished.yaml")).parse(_AbolishedFile)
    given = _with_shipped(data.words)
    bodies = [AbolishedBody(row.names, row.last_day, row.now, row.source) for row in data.bodies]
    for row in data.provinces:
        names = tuple(f"{word} {row.name}" for word in given["province"])
        bodies.append(AbolishedBody(names, row.last_day, row.now, row.source, Level.PROVINCE))
    rule = data.districts
    district = AbolishedBody((), rule.last_day, rule.now, rule.source, Level.DISTRICT) if rule is not None else None
    words = {name: folded(phrases) for name, phrases in given.items()}
    # A copy from before "named" was told from "owner" has its words there, too: alone they say nothing.
    words["owner"] = tuple(word for word in words["owner"] if word not in words["named"])
    return Abolished(tuple(bodies), district, words)


def _with_shipped(given: _Words) -> dict[str, tuple[str, ...]]:
    shipped = load_yaml(_file(None, "abolished.yaml")).parse(_AbolishedFile).words
    return {name: mine if mine is not None else getattr(shipped, name) or () for name, mine in given}


def _file(folder: Path | None, name: str) -> Path:
    own = folder / name if folder is not None else None
    return own if own is not None and own.is_file() else shipped_folder() / name


def _read(folder: Path | None, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = load_yaml(_file(folder, name)).data
    return loaded
