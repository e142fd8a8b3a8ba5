"""Bodies abolished, merged or renamed (config/abolished.yaml), and where a site still names one as current."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Level(StrEnum):
    NATIONAL = "national"
    PROVINCE = "province"  # "tỉnh X": a place too, so that only a body's name before it counts
    DISTRICT = "district"


@dataclass(frozen=True, slots=True)
class AbolishedBody:
    """One name that is no longer in use. `last_day`: the last one under it; `now`: what became of it, in words."""

    names: tuple[str, ...]
    last_day: date
    now: str
    source: str
    level: Level = Level.NATIONAL


@dataclass(frozen=True, slots=True)
class Abolished:
    """All of the file. `district` is the rule by which an agency of that level is one itself; `words` are folded."""

    bodies: tuple[AbolishedBody, ...] = ()
    district: AbolishedBody | None = None
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamedAsCurrent:
    """A place of the site that gives an abolished body's name as the agency's own or its superior's.

    `place`: header, footer, contact_page, organisation. `excerpt`: the line in which the name stands.
    """

    name: str
    place: str
    url: str
    excerpt: str
    last_day: date
    now: str
    source: str
