"""Dates that moved forward under the same title and address: a contradiction, an honest edit, or a renewal of the site.

A date says when something was published. Where it moves while the entry's own text stays, the site contradicts itself;
where the text really changed with it, it is an update; where nobody saw the text, the date is not believed and nothing
is said of the text. Many dates of a list that move together are a new system, or a new reader: they are believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from auditor.model.observed import ClaimedDate, ObservedItem, ObservedSection, SeenItemText


@dataclass(frozen=True, slots=True)
class RedatingRules:
    """The operator's thresholds (`redating` of config/criteria.yaml).

    `renewal`: dates that move within it are one renewal, and a text may change that long before or after its date.
    `likely`: nights that must have seen the earlier date before a later one counts as moved forward. `renewals`: so
    many in a `period` are believed, whatever the texts say.
    """

    renewal: timedelta
    likely: int
    renewals: int
    period: timedelta


@dataclass(frozen=True, slots=True)
class Move:
    """One move forward, seen on `night`. `stayed`: whether the entry's text did; None where that was not seen.
    `missed`: it was known before, and not read since: another night may tell."""

    before: date
    after: date
    night: date
    stayed: bool | None = None
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Redated:
    """An entry whose date moved forward, once or more, without an update: `moves`, ascending by night."""

    item: ObservedItem
    moves: tuple[Move, ...]

    @property
    def before(self) -> date:
        """The date that it bore before the first move: the one that counts."""
        return self.moves[0].before

    @property
    def after(self) -> date:
        return self.moves[-1].after

    @property
    def night(self) -> date:
        return self.moves[0].night

    @property
    def last_night(self) -> date:
        return self.moves[-1].night

    @property
    def missed(self) -> bool:
        """True if a text that was known before could not be read at one of the moves."""
        return any(move.missed for move in self.moves)

    @property
    def stayed(self) -> bool:
        """True if the text was seen to stay at every move."""
        return all(move.stayed for move in self.moves)


@dataclass(frozen=True, slots=True)
class Renewal:
    """Nights from `first` to `last` in which `moved` of the `of` dated entries were dated forward together."""

    first: date
    last: date
    moved: int
    of: int

    def covers(self, night: date) -> bool:
        return self.first <= night <= self.last


def redated(section: ObservedSection, rules: RedatingRules, renewed: Iterable[Renewal] = ()) -> tuple[Redated, ...]:
    """The entries of a list whose date moved forward without an update, and was not put back.

    `renewed`: renewals of the whole site, beside those of this list.
    """
    excused = (*renewals([section], rules), *renewed)
    found = (_redated(item, section.nights, rules, excused) for item in section.items)
    return tuple(one for one in found if one is not None)


def _redated(
    item: ObservedItem, nights: tuple[date, ...], rules: RedatingRules, renewed: Iterable[Renewal]
) -> Redated | None:
    kept: list[Move] = []
    for move in moves(item, nights, rules):
        if move.stayed is False or any(one.covers(move.night) for one in renewed):
            kept = []  # from here on the later date is the entry's own
        else:
            kept.append(move)
    if not kept or item.claimed is None or item.claimed <= kept[0].before:
        return None
    return Redated(item, tuple(kept))


def moves(item: ObservedItem, nights: tuple[date, ...], rules: RedatingRules) -> Iterator[Move]:
    """Every move forward of the item's date, the first one from a date that several nights had seen."""
    standing: ClaimedDate | None = None
    known = False
    for claim in item.claims:
        if claim.date is None:
            continue
        if standing is not None and standing.date is not None and claim.date > standing.date:
            known = known or sum(standing.on <= night < claim.on for night in nights) >= rules.likely
            if known:
                stayed = _stayed(item.texts, standing.on, claim.on, rules.renewal)
                known_before = any(one.first < claim.on and one.last >= standing.on for one in item.texts)
                yield Move(standing.date, claim.date, claim.on, stayed, stayed is None and known_before)
        standing = claim


def _stayed(texts: Iterable[SeenItemText], since: date, night: date, near: timedelta) -> bool | None:
    """Whether the text stayed when the date moved on `night`; `since`: the first night of the earlier date.

    False if any of the entry's texts (its row's, its page's) is seen to have become another as `near` the move as that.
    """
    kinds: dict[str, list[SeenItemText]] = {}
    for one in texts:
        kinds.setdefault(one.text.of, []).append(one)
    verdicts = [_kind_stayed(sorted(kind, key=lambda one: one.first), since, night, near) for kind in kinds.values()]
    return False if False in verdicts else True if True in verdicts else None


def _kind_stayed(texts: list[SeenItemText], since: date, night: date, near: timedelta) -> bool | None:
    before = [one for one in texts if one.first < night and one.last >= since]
    if not before:
        return None
    fresh = [one for one in texts[1:] if abs(one.first - night) <= near]
    for one in fresh:
        if all(one.text.is_like(other.text) is False for other in texts if other.first < one.first):
            return False
    after = [one for one in texts if one.last >= night]
    alike = [one.text.is_like(other.text) for one in after for other in before]
    return True if True in alike else None


def renewals(lists: Iterable[ObservedSection], rules: RedatingRules) -> tuple[Renewal, ...]:
    """When half of the lists' dated entries or more were dated forward within days of each other.

    One more than `rules` believe in their period is none where the texts are known to have stayed: no site is rebuilt
    so often.
    """
    lists = list(lists)
    found = [(id(item), move) for one in lists for item in one.items for move in moves(item, one.nights, rules)]
    out: list[Renewal] = []
    for night in sorted({move.night for _, move in found}):
        if out and out[-1].covers(night):
            continue
        moved = {item for item, move in found if abs(move.night - night) <= rules.renewal}
        there = sum(
            item.claimed is not None and item.present_on < night <= item.last_seen
            for one in lists
            for item in one.items
        )
        if 2 * len(moved) < there:
            continue
        last = max(move.night for _, move in found if night <= move.night <= night + rules.renewal)
        often = sum(night - one.first <= rules.period for one in out) >= rules.renewals
        if often and all(move.stayed for _, move in found if night <= move.night <= last):
            continue
        out.append(Renewal(night, last, len(moved), max(len(moved), there)))
    return tuple(out)
