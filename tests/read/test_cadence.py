"""How often entries come: counted once, by day and by week, and only as far as the lists were watched."""

from __future__ import annotations

from datetime import date, timedelta

from auditor.model import ClaimedDate, ObservedItem, ObservedSection
from auditor.model.observed import Cadence, claimed_cadence, observed_cadence

AS_OF = date(2026, 6, 30)


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def came(
    name: str, days: int, *, proven: bool = True, claimed: int | None = None, moved: int | None = None
) -> ObservedItem:
    """An entry seen first so many days ago, that bears the date of `claimed` days ago, and now of `moved` days ago."""
    claims = [ClaimedDate(ago(days), ago(claimed) if claimed is not None else None)]
    claims += [ClaimedDate(ago(1), ago(moved))] if moved is not None else []
    absent = ago(days + 1) if proven else None
    return ObservedItem(name, name, f"https://h.example/{name}", ago(days), AS_OF, absent, claims=tuple(claims))


def watched(*items: ObservedItem, since: int = 100, key: str = "page") -> ObservedSection:
    nights = tuple(ago(days) for days in range(since, -1, -1))
    return ObservedSection("news", key, "Tin tức", f"https://h.example/{key}", nights, items=items)


def test_items_days_and_weeks() -> None:
    lists = [watched(came("a", 2), came("b", 2), came("c", 20), came("d", 60), came("e", 99, proven=False))]
    month, quarter = (observed_cadence(lists, AS_OF, days) for days in (30, 90))
    assert month == Cadence(30, (ago(20), ago(2), ago(2)))
    assert month is not None and quarter is not None
    assert (month.items, month.days_with, month.per_week) == (3, 2, 0.7)
    assert (quarter.items, quarter.days_with) == (4, 3)


def test_nothing_is_said_of_days_on_which_a_list_was_not_watched() -> None:
    young = watched(came("a", 2), since=29)
    assert observed_cadence([young], AS_OF, 30) is None
    assert observed_cadence([watched(came("b", 3)), young], AS_OF, 30) is None
    assert observed_cadence([], AS_OF, 30) is None


def test_what_stands_on_the_page_and_in_its_feed_came_once() -> None:
    page, feed = watched(came("a", 5), came("b", 40)), watched(came("a", 6), came("b", 4), key="feed")
    assert observed_cadence([page, feed], AS_OF, 30) == Cadence(30, (ago(6),)), "b had stood on the page before"
    assert claimed_cadence(
        [watched(came("a", 5, claimed=7)), watched(came("a", 5, claimed=7), key="feed")], AS_OF, 30
    ) == Cadence(30, (ago(7),))


def test_dates_count_as_they_were_first_written() -> None:
    lists = [
        watched(came("a", 80, claimed=85, moved=2), came("b", 9, claimed=9), came("c", 9), came("d", 9, claimed=30))
    ]
    assert claimed_cadence(lists, AS_OF, 30).came == (ago(9),)
    assert claimed_cadence(lists, AS_OF, 90).came == (ago(85), ago(30), ago(9))
