"""Which moved dates are told of, and which have an innocent reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from auditor.model import (
    Dated,
    DateSource,
    DetectorFacts,
    History,
    Item,
    ObservedSection,
    Place,
    Section,
    SectionState,
    Verdict,
)
from auditor.read.observing import observe_section
from auditor.read.sketch import sketch
from tests.factories import judge, make_facts, make_site

PAGE, FEED = "https://h.example/tin", "https://h.example/rss"
OLD_DAY = date(2026, 3, 25)


def night(number: int) -> date:
    return date(2026, 6, 1) + timedelta(days=number)


def item(title: str, name: str, day: date | None) -> Item:
    url = f"https://h.example/{name}"
    return Item(title, url, Dated(day, DateSource.LIST_ITEM, title, url) if day else None)


OTHERS = [item(f"Bài số {n} của cơ quan", str(n), date(2026, 3, 20 - n)) for n in range(1, 6)]


def listed(items: Iterable[Item], url: str = PAGE, place: Place = Place.BODY, text: str = "") -> Section:
    items = tuple(items)
    newest = max((one.dated for one in items if one.dated), key=lambda dated: dated.date, default=None)
    return Section("Tin tức", url, place, True, SectionState.PRESENT, items, newest, sketch=sketch(text))


def watched(nights: Iterable[Section]) -> ObservedSection:
    known = ObservedSection("news", "k", "Tin tức", PAGE)
    for number, section in enumerate(nights):
        known = observe_section(replace(known, url=section.url), section, night(number))
    return known


def verdict(sections: list[Section], lists: list[ObservedSection], as_of: date) -> Verdict:
    newest = max((one.newest for one in sections if one.newest), key=lambda dated: dated.date)
    facts = make_facts(
        make_site(news=DetectorFacts("news", SectionState.PRESENT, tuple(sections), newest)), as_of=as_of
    )
    return judge("f.freshness.news", replace(facts, history=History(sections=tuple(lists)))).verdict


def moved(title: str, day: date) -> list[Section]:
    """Twenty nights with the earlier entry, three with one of `title` and `day` under the same address."""
    before = [item("Lịch công tác tuần 10", "lich", OLD_DAY), *OTHERS]
    return [listed(before)] * 20 + [listed([item(title, "lich", day), *OTHERS])] * 3


def test_the_same_title_with_a_later_date_is_told() -> None:
    nights = moved("Lịch công tác tuần 10", night(20))
    (move,) = watched(nights).redated()
    assert (move.before, move.after, move.night) == (OLD_DAY, night(20), night(20))
    assert verdict([nights[-1]], [watched(nights)], night(22)) is Verdict.FAIL


def test_another_title_under_the_same_address_is_another_entry() -> None:
    nights = moved("Lịch công tác tuần 23", night(20))
    known = watched(nights)
    assert known.redated() == ()
    assert verdict([nights[-1]], [known], night(22)) is Verdict.PASS
    entry = next(one for one in known.items if one.title == "Lịch công tác tuần 23")
    assert entry.absent_on is None, "an edited entry proves no arrival, so no deadline"


def test_a_date_that_was_put_back_is_no_matter() -> None:
    nights = moved("Lịch công tác tuần 10", night(20))
    assert watched([*nights, *nights[:2]]).redated() == ()


def test_dates_that_move_one_after_the_other_are_a_renewal() -> None:
    rows, nights = [*OTHERS], [listed(OTHERS)] * 3
    for place, one in enumerate(OTHERS):
        rows[place] = replace(one, dated=replace(one.dated, date=night(3 + place)))  # type: ignore[type-var]
        nights.append(listed(rows))
    assert watched(nights).redated() == ()


def test_beside_a_moved_date_the_feed_s_newer_entry_still_counts() -> None:
    before = listed([item("Thông báo cũ", "cu", OLD_DAY), *OTHERS])
    after = listed([item("Thông báo cũ", "cu", night(18)), item("Bài mới", "moi", None), *OTHERS])
    feed = [listed(OTHERS, FEED, Place.FEED)] * 22 + [listed([item("Bài mới", "moi", night(21))], FEED, Place.FEED)]
    lists = [watched([before] * 18 + [after] * 5), watched(feed)]
    assert lists[0].redated()
    assert verdict([after, feed[-1]], lists, night(22)) is Verdict.PASS


def test_an_old_night_is_not_compared_with_a_later_text() -> None:
    one, other = ("một hai ba bốn năm sáu bảy tám chín mười", "xuân hạ thu đông gió mưa nắng sương mây trời")
    known = watched([listed(OTHERS, text=one)] * 5 + [listed(OTHERS, text=other)] * 3)
    assert known.changed_on == (night(5),)
    assert observe_section(known.until(night(3)), listed(OTHERS, text=one), night(3)).changed_on == ()
