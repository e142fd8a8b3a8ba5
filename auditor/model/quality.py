"""What was read of a site's quality, Luật CNTT 67/2006 Điều 28(1) and (3): placeholders, and contacts as published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A page of the site whose text is a template's own: `phrase` is what gave it away."""

    url: str
    label: str
    phrase: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class PublishedContact:
    """Telephone numbers and official addresses that one place gives as the agency's. Numbers as digits from 0."""

    url: str
    phones: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QualityFacts:
    """`footer` and `contact_page` are None where the site has no such place, or it was not read."""

    placeholders: tuple[Placeholder, ...] = ()
    footer: PublishedContact | None = None
    contact_page: PublishedContact | None = None
