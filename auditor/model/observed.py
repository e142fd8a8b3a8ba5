"""What was seen of a section's list from night to night: when items came, were redated, went; when the text changed.

An observed date is an interval: the item was not there on `absent_on`, and there on `present_on`. Without `absent_on`
it was there before we watched, or came in a way that the lists do not prove.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from auditor.model.item_text import ItemText


@dataclass(frozen=True, slots=True)
class ClaimedDate:
    """The date that the site gave an item, from the night `on` (None: it showed none)."""

    on: date
    date: date | None


@dataclass(frozen=True, slots=True)
class SeenItemText:
    """An entry's own text as it was seen first on the night `first` and last on `last`, not on every night between."""

    text: ItemText
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class ObservedItem:
    """One entry of a list over all nights. `position` is its place on `last_seen`, counted from 0."""

    key: str
    title: str
    url: str | None
    present_on: date
    last_seen: date
    absent_on: date | None = None
    previous_seen: date | None = None
    position: int = 0
    previous_position: int | None = None
    vanished_on: date | None = None
    claims: tuple[ClaimedDate, ...] = ()
    texts: tuple[SeenItemText, ...] = ()

    @property
    def claimed(self) -> date | None:
        return next((claim.date for claim in reversed(self.claims) if claim.date is not None), None)

    @property
    def first_claimed(self) -> date | None:
        """The earliest date that the site ever gave it: a date moved forward is no new item."""
        return min((claim.date for claim in self.claims if claim.date is not None), default=None)

    def place_on(self, night: date | None) -> int | None:
        """Where it stood in the list on `night`, None if it was not there."""
        if night is None:
            return None
        if self.last_seen == night:
            return self.position
        return self.previous_position if self.previous_seen == night else None


@dataclass(frozen=True, slots=True)
class SeenText:
    """A page's text, as its sketch: seen first on the night `first`, last on `last`, not on every night between."""

    sketch: tuple[int, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class ObservedSection:
    """One list over all nights on which it was completely read (`nights`, ascending; `empty`: nothing was in it)."""

    detector: str
    key: str
    label: str
    url: str
    nights: tuple[date, ...] = ()
    empty: frozenset[date] = frozenset()
    items: tuple[ObservedItem, ...] = ()
    changed_on: tuple[date, ...] = ()  # nights whose main text was new, and no earlier one came back after it
    texts: tuple[SeenText, ...] = ()  # of the last nights, ascending by `first`

    def item(self, key: str) -> ObservedItem | None:
        return next((item for item in self.items if item.key == key), None)

    def until(self, night: date) -> ObservedSection:
        """What was known on the morning after `night`."""
        items = tuple(_until(item, night) for item in self.items if item.present_on <= night)
        return ObservedSection(
            self.detector,
            self.key,
            self.label,
            self.url,
            tuple(one for one in self.nights if one <= night),
            frozenset(one for one in self.empty if one <= night),
            items,
            tuple(one for one in self.changed_on if one <= night),
            tuple(replace(one, last=min(one.last, night)) for one in self.texts if one.first <= night),
        )

    def arrivals(self, since: date) -> tuple[ObservedItem, ...]:
        """Items that came after `since`, by proof of the lists."""
        return tuple(item for item in self.items if item.absent_on is not None and item.present_on > since)

    @property
    def newest_arrival(self) -> ObservedItem | None:
        """The item that came last while the list was watched; also where the lists do not prove when it came.

        Of two readings the later one, in the agency's favour.
        """
        came = (item for item in self.items if self.nights and item.present_on > self.nights[0])
        return max(came, key=lambda item: item.present_on, default=None)


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often entries came in the last `days` days: the day of each, ascending."""

    days: int
    came: tuple[date, ...] = ()

    @property
    def items(self) -> int:
        return len(self.came)

    @property
    def days_with(self) -> int:
        """On how many different days one came or more."""
        return len(set(self.came))

    @property
    def per_week(self) -> float:
        return 7 * len(self.came) / self.days


def observed_cadence(lists: Iterable[ObservedSection], as_of: date, days: int) -> Cadence | None:
    """By the nights on which entries were seen to come; None unless every list was watched for so long.

    An entry that stands in several lists (a page and its feed) counts once, from when it was seen first.
    """
    lists, since = tuple(lists), as_of - timedelta(days=days)
    if not lists or any(not one.nights or one.nights[0] > since for one in lists):
        return None
    known = {_name(item) for one in lists for item in one.items if item.present_on <= since}
    came: dict[str, date] = {}
    for item in (item for one in lists for item in one.arrivals(since) if item.present_on <= as_of):
        name = _name(item)
        if name not in known:
            came[name] = min(item.present_on, came.get(name, item.present_on))
    return Cadence(days, tuple(sorted(came.values())))


def claimed_cadence(lists: Iterable[ObservedSection], as_of: date, days: int) -> Cadence:
    """By the dates that entries bear, as the site first wrote them: a date moved forward is no new entry."""
    since = as_of - timedelta(days=days)
    first: dict[str, date] = {}
    for item in (item for one in lists for item in one.items):
        if item.first_claimed is not None:
            name = _name(item)
            first[name] = min(item.first_claimed, first.get(name, item.first_claimed))
    return Cadence(days, tuple(sorted(day for day in first.values() if since < day <= as_of)))


def _name(item: ObservedItem) -> str:
    return item.url or item.title


def _until(item: ObservedItem, night: date) -> ObservedItem:
    if item.last_seen <= night:
        return item
    return ObservedItem(
        item.key,
        item.title,
        item.url,
        item.present_on,
        item.previous_seen if item.previous_seen is not None and item.previous_seen <= night else item.present_on,
        item.absent_on,
        position=item.position,
        vanished_on=item.vanished_on if item.vanished_on is not None and item.vanished_on <= night else None,
        claims=tuple(claim for claim in item.claims if claim.on <= night),
        texts=tuple(replace(one, last=min(one.last, night)) for one in item.texts if one.first <= night),
    )
