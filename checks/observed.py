"""What watching a list from night to night says of its freshness: arrivals, cadence, dates that were moved.

Not a subject of the law of its own: the freshness checks lean on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from auditor.model import (
    AgencyFacts,
    Calendar,
    Criterion,
    Dated,
    DetectorFacts,
    Item,
    ObservedItem,
    ObservedSection,
    Place,
    Redated,
    SectionState,
)
from auditor.model.observed import Cadence, claimed_cadence, observed_cadence
from auditor.model.redating import Move, RedatingRules, Renewal, moves, redated, renewals

_PERIODS = (30, 90)  # days over which a card tells how often entries come
_LATELY = 90  # days for which a card tells that dates moved together
_SHOWN = 3  # redated items and late documents that a card names


@dataclass(frozen=True, slots=True)
class Watch:
    """The lists of one detector that were read tonight, over all nights on which they were read."""

    sections: tuple[ObservedSection, ...]
    as_of: date
    rules: RedatingRules
    renewed: tuple[Renewal, ...] = ()  # of the whole site

    @property
    def nights(self) -> int:
        """Nights on which every one of the lists was read."""
        return min((len(section.nights) for section in self.sections), default=0)

    @property
    def since(self) -> date:
        """The first night from which all of them were watched."""
        return max((section.nights[0] for section in self.sections), default=self.as_of)

    @property
    def newest_arrival(self) -> ObservedItem | None:
        arrivals = (item for section in self.sections if (item := section.newest_arrival) is not None)
        return max(arrivals, key=lambda item: item.present_on, default=None)

    @property
    def redated(self) -> tuple[Redated, ...]:
        return tuple(one for section in self.sections for one in redated(section, self.rules, self.renewed))

    @property
    def lists_renewed(self) -> tuple[Renewal, ...]:
        return tuple(one for section in self.sections for one in renewals([section], self.rules))

    @property
    def moved_with_site(self) -> tuple[Renewal, ...]:
        """Renewals of the whole site in which dates of these lists moved."""
        nights = [
            move.night
            for section in self.sections
            for item in section.items
            for move in moves(item, section.nights, self.rules)
        ]
        return tuple(one for one in self.renewed if any(one.covers(night) for night in nights))

    def edit(self, item: ObservedItem) -> Move | None:
        """The move by which the item came to its date, if its text really changed with it."""
        nights = next((section.nights for section in self.sections if item in section.items), ())
        last = max(moves(item, nights, self.rules), key=lambda move: move.night, default=None)
        return last if last is not None and last.stayed is False and last.after == item.claimed else None

    def find(self, item: Item) -> ObservedItem | None:
        items = (one for section in self.sections for one in section.items)
        return next((one for one in items if (one.url, one.title) == (item.url, item.title)), None)


def watch(facts: AgencyFacts, section: DetectorFacts, rule: Criterion) -> Watch:
    """What was observed of the section's lists, as far as they were read tonight."""
    urls = {one.url for one in section.sections}
    lists = (one for one in facts.history.observed(section.detector) if one.url in urls and one.nights)
    read = tuple(one for one in lists if one.nights[-1] == facts.as_of)
    return Watch(read, facts.as_of, rule.redating, renewals(facts.history.sections, rule.redating))


def honest_newest(section: DetectorFacts, watched: Watch, *, in_doubt: bool = True) -> Dated | None:
    """The newest date, where an item whose date was moved forward counts by the date that it bore before.

    `in_doubt`: also where the item's text was known before and could not be read when the date moved.
    """
    moved = {(one.item.url, one.item.title): one.before for one in watched.redated if in_doubt or not one.missed}
    if not moved:
        return section.newest
    usable = [one for one in section.sections if one.state in (SectionState.PRESENT, SectionState.PARTIAL)]
    if section.detector == "legal_documents":  # a feed's stamp does not count where documents bear their own date
        usable = [one for one in usable if one.place is not Place.FEED and one.newest is not None] or usable
    dated = [
        replace(item.dated, date=min(item.dated.date, moved.get((item.url, item.title), item.dated.date)))
        for one in usable
        for item in one.items
        if item.dated is not None
    ]
    return max(dated, key=lambda one: one.date, default=section.newest)


def notes(section: DetectorFacts, newest: Dated | None, watched: Watch, rule: Criterion) -> tuple[str, ...]:
    """Sentences for the card: which dates were moved, when the newest item was first seen, how often items come."""
    if watched.nights < 2:
        return ()
    return (
        *_redated(watched.redated, rule),
        *_renewed(watched, rule),
        *_first_seen(section, newest, watched, rule),
        *_cadence(watched, rule),
        *_text(watched, rule),
    )


def _redated(found: Iterable[Redated], rule: Criterion) -> Iterator[str]:
    for one in sorted(found, key=lambda one: one.last_night, reverse=True)[:_SHOWN]:
        key = "redated" if len(one.moves) == 1 else "redated_again"
        yield rule.say(
            f"freshness.note.{key}.{'stayed' if one.stayed else 'unknown'}",
            title=one.item.title, before=one.before, after=one.after, night=one.night, last=one.last_night,
            times=len(one.moves),
        )  # fmt: skip


def _renewed(watched: Watch, rule: Criterion) -> Iterator[str]:
    """The last time that many dates moved together and were believed."""
    since = watched.as_of - timedelta(days=_LATELY)
    for key, found in (("list", watched.lists_renewed), ("site", watched.moved_with_site)):
        last = max((one for one in found if one.last > since), key=lambda one: one.last, default=None)
        if last is not None:
            nights = rule.say(f"freshness.nights.{'one' if last.first == last.last else 'several'}",
                              first=last.first, last=last.last)  # fmt: skip
            yield rule.say(f"freshness.note.renewed.{key}", nights=nights, moved=last.moved, of=last.of)
            return


def _first_seen(section: DetectorFacts, newest: Dated | None, watched: Watch, rule: Criterion) -> Iterator[str]:
    item = next((one for one in section.items if newest is not None and one.dated == newest), None)
    seen = watched.find(item) if item is not None else None
    if seen is None:
        return
    edit = watched.edit(seen)
    if edit is not None:
        yield rule.say(
            "freshness.note.edited", title=seen.title, before=edit.before, after=edit.after, night=edit.night
        )
    elif seen.absent_on is not None:
        yield rule.say("freshness.note.interval", interval=interval(seen, rule))
    elif seen.present_on <= watched.since:
        yield rule.say("freshness.note.before", since=watched.since)


def _cadence(watched: Watch, rule: Criterion) -> Iterator[str]:
    month, quarter = (observed_cadence(watched.sections, watched.as_of, days) for days in _PERIODS)
    month_claimed, quarter_claimed = (claimed_cadence(watched.sections, watched.as_of, days) for days in _PERIODS)
    if month is not None and quarter is not None:
        yield _paces("observed", month, quarter, rule)
    elif month is not None:
        yield _paces("both", month, quarter_claimed, rule)
    elif quarter_claimed.items:
        yield _paces("claimed", month_claimed, quarter_claimed, rule)


def _paces(key: str, month: Cadence, quarter: Cadence, rule: Criterion) -> str:
    return rule.say(f"freshness.note.cadence.{key}", month=_pace(month, rule), quarter=_pace(quarter, rule))


def _pace(pace: Cadence, rule: Criterion) -> str:
    key = "none" if not pace.items else "one_day" if pace.days_with == 1 else "days"
    rate = f"{pace.per_week:.1f}".replace(".", ",")
    return rule.say(f"freshness.pace.{key}", days=pace.days, items=pace.items, days_with=pace.days_with, rate=rate)


def _text(watched: Watch, rule: Criterion) -> Iterator[str]:
    nights = [night for section in watched.sections for night in section.changed_on]
    if nights:
        yield rule.say("freshness.note.text_changed", night=max(nights))


def interval(item: ObservedItem, rule: Criterion) -> str:
    key = "known" if item.absent_on is not None else "unknown"
    return rule.say(f"freshness.interval.{key}", absent=item.absent_on, present=item.present_on)


def late(items: Iterable[ObservedItem], days: int, calendar: Calendar) -> tuple[ObservedItem, ...]:
    """Items that were proven missing after `days` working days from the date they bear had passed.

    Broken only if `absent_on` itself lies after the last day; without a holiday file for those years it is not judged.
    """
    out = []
    for item in items:
        day, absent = item.claimed, item.absent_on
        if day is None or absent is None or absent <= day or not calendar.covers(day, absent):
            continue
        if calendar.working_days_between(day, date.fromordinal(absent.toordinal() - 1)) >= days:
            out.append(item)
    return tuple(out)
