"""What was read of a site's quality, Luật CNTT 67/2006 Điều 28(1) and (3): placeholders, and contacts as published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from auditor.model.abolished import NamedAsCurrent
from auditor.model.outcome import Reason


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A page of the site whose text is a template's own: `phrase` is what gave it away."""

    url: str
    label: str
    phrase: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Street:
    """An address of an office as written, and the house numbers in it ("12" of "Số 12A/3 Lê Lợi")."""

    text: str
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedContact:
    """What one place gives as the head office's: telephone numbers as digits from 0 (fewer than nine digits: without
    the area code), official mailboxes, addresses. `url` is "" for the registry.

    `also_…`: what else it mentions (branches, units, persons, the site's maker, faxes, numbers in today's spelling;
    house numbers without their addresses). It contradicts nothing, and whatever is in it is no contradiction.
    """

    url: str
    phones: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    streets: tuple[Street, ...] = ()
    also_phones: tuple[str, ...] = ()
    also_mailboxes: tuple[str, ...] = ()
    also_houses: tuple[str, ...] = ()


class FormState(StrEnum):
    """What came of the look at a form's first bytes."""

    RIGHT = "right"
    GONE = "gone"  # 404, 410
    EMPTY = "empty"
    PAGE = "page"  # a web page under a file's name
    LOGIN = "login"
    OTHER_KIND = "other_kind"  # a file, but of another kind than its name says
    UNKNOWN = "unknown"  # could not look, or the bytes say nothing

    @property
    def wrong(self) -> bool:
        return self not in (FormState.RIGHT, FormState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class FormFile:
    """A form that a page offers for download. `ending` is what its name says ("docx", "" if nothing does), `kind` what
    its first bytes say. `confirmed` False: it is wrong, and no second look has agreed yet."""

    url: str
    label: str
    page: str  # URL of the page that offers it
    state: FormState
    ending: str = ""
    kind: str = ""
    detail: str = ""  # title of the page that came instead
    fetched_at: datetime | None = None
    reason: Reason | None = None
    confirmed: bool = True

    @property
    def wrong(self) -> bool:
        return self.state.wrong


@dataclass(frozen=True, slots=True)
class QualityFacts:
    """`footer` and `contact_page` are None where the site has no such place, or it was not read."""

    placeholders: tuple[Placeholder, ...] = ()
    footer: PublishedContact | None = None
    contact_page: PublishedContact | None = None
    registry: PublishedContact | None = None  # None also in audits from before it was compared
    forms: tuple[FormFile, ...] = ()  # of those that pages offer, the few that were looked at
    pages_unread: int = 0  # pages that did not answer: they may lead to what is not seen elsewhere
    abolished: tuple[NamedAsCurrent, ...] = ()  # whatever the date: what is still in time is judged by the check
