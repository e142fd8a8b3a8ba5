"""What was read of a site's quality, Luật CNTT 67/2006 Điều 28(1) and (3): placeholders, and contacts as published."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.abolished import NamedAsCurrent


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
    """What one place gives as the agency's: telephone numbers as digits from 0 (fewer than nine digits: without the
    area code), official mailboxes, addresses. `url` is "" for the registry."""

    url: str
    phones: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    streets: tuple[Street, ...] = ()


@dataclass(frozen=True, slots=True)
class QualityFacts:
    """`footer` and `contact_page` are None where the site has no such place, or it was not read."""

    placeholders: tuple[Placeholder, ...] = ()
    footer: PublishedContact | None = None
    contact_page: PublishedContact | None = None
    registry: PublishedContact | None = None  # None also in audits from before it was compared
    abolished: tuple[NamedAsCurrent, ...] = ()  # whatever the date: what is still in time is judged by the check
