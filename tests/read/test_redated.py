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
    redating,
)
from auditor.model.redating import Redated, Renewal
from auditor.read.observing import observe_section
from auditor.read.sketch import fingerprints, sketch
from auditor.vocabulary import load_vocabulary
from tests.factories import judge, make_facts, make_site, rulebook

CALENDAR = load_vocabulary().dates.calendar
PAGE, FEED = "https://h.example/tin", "https://h.example/rss"
OLD_DAY = date(2026, 3, 25)


RULES = rulebook().redating


def redated(known: ObservedSection, renewed: Iterable[Renewal] = ()) -> tuple[Redated, ...]:
    return redating.redated(known, RULES, renewed)


def renewals(lists: Iterable[ObservedSection]) -> tuple[Renewal, ...]:
    return redating.renewals(lists, RULES)


def night(number: int) -> date:
    return date(2026, 6, 1) + timedelta(days=number)


def item(title: str, name: str, day: date | None, text: str = "", of: str = "row") -> Item:
    url = f"https://h.example/{name}"
    dated = Dated(day, DateSource.LIST_ITEM, title, url) if day else None
    return Item(title, url, dated, texts=fingerprints(of, text, CALENDAR))


ONE = (
    "Giám đốc Sở yêu cầu các đơn vị chấn chỉnh giờ giấc làm việc, giải quyết hồ sơ đúng hạn và báo cáo trước cuối tuần"
)
TWO = "Hội thao chào mừng ngày thành lập ngành diễn ra sôi nổi với hơn ba trăm vận động viên đến từ các xã, phường"
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
    (move,) = redated(watched(nights))
    assert (move.before, move.after, move.night) == (OLD_DAY, night(20), night(20))
    assert verdict([nights[-1]], [watched(nights)], night(22)) is Verdict.FAIL


def test_a_text_that_was_known_and_cannot_be_read_at_the_move_is_no_proof() -> None:
    """The entry's page is read for twenty nights, then its date moves while the page does not answer."""

    def nights(*later: str) -> list[Section]:
        def seen(day: date, text: str) -> Section:
            return listed([item("Giới thiệu mô hình mới", "gt", day, text, of="page"), *OTHERS])

        return [seen(OLD_DAY, ONE)] * 20 + [seen(night(20), text) for text in later]

    for later, expected in (
        (("", "", ""), Verdict.UNVERIFIED),
        (("", "", ONE), Verdict.FAIL),
        (("", "", TWO), Verdict.PASS),
    ):
        made = nights(*later)
        assert verdict([made[-1]], [watched(made)], night(22)) is expected, later


def test_another_title_under_the_same_address_is_another_entry() -> None:
    nights = moved("Lịch công tác tuần 23", night(20))
    known = watched(nights)
    assert redated(known) == ()
    assert verdict([nights[-1]], [known], night(22)) is Verdict.PASS
    entry = next(one for one in known.items if one.title == "Lịch công tác tuần 23")
    assert entry.absent_on is None, "an edited entry proves no arrival, so no deadline"


def test_a_date_that_was_put_back_is_no_matter() -> None:
    nights = moved("Lịch công tác tuần 10", night(20))
    assert redated(watched([*nights, *nights[:2]])) == ()


def test_dates_that_move_one_after_the_other_are_a_renewal() -> None:
    rows, nights = [*OTHERS], [listed(OTHERS)] * 3
    for place, one in enumerate(OTHERS):
        rows[place] = replace(one, dated=replace(one.dated, date=night(3 + place)))  # type: ignore[type-var]
        nights.append(listed(rows))
    assert redated(watched(nights)) == ()


def test_beside_a_moved_date_the_feed_s_newer_entry_still_counts() -> None:
    before = listed([item("Thông báo cũ", "cu", OLD_DAY), *OTHERS])
    after = listed([item("Thông báo cũ", "cu", night(18)), item("Bài mới", "moi", None), *OTHERS])
    feed = [listed(OTHERS, FEED, Place.FEED)] * 22 + [listed([item("Bài mới", "moi", night(21))], FEED, Place.FEED)]
    lists = [watched([before] * 18 + [after] * 5), watched(feed)]
    assert redated(lists[0])
    assert verdict([after, feed[-1]], lists, night(22)) is Verdict.PASS


def test_an_old_night_is_not_compared_with_a_later_text() -> None:
    one, other = ("một hai ba bốn năm sáu bảy tám chín mười", "xuân hạ thu đông gió mưa nắng sương mây trời")
    known = watched([listed(OTHERS, text=one)] * 5 + [listed(OTHERS, text=other)] * 3)
    assert known.changed_on == (night(5),)
    assert observe_section(known.until(night(3)), listed(OTHERS, text=one), night(3)).changed_on == ()


# -- by the entry's own text ---------------------------------------------------------------------------------------------


def told(*spans: tuple[int, date, str]) -> ObservedSection:
    """A list that shows for each span so many nights an entry of that date and text, between others that stay."""
    return watched(
        listed([item("Chấn chỉnh kỷ luật", "kl", day, text), *OTHERS])
        for count, day, text in spans
        for _ in range(count)
    )


def test_the_same_text_under_a_later_date_is_a_contradiction() -> None:
    (found,) = redated(told((10, OLD_DAY, ONE), (3, night(10), ONE)))
    assert found.stayed
    assert (found.before, found.after, len(found.moves)) == (OLD_DAY, night(10), 1)


def test_another_text_with_the_later_date_is_an_update() -> None:
    known = told((10, OLD_DAY, ONE), (3, night(10), TWO))
    assert redated(known) == ()
    last = [item("Chấn chỉnh kỷ luật", "kl", night(10), TWO), *OTHERS]
    assert verdict([listed(last)], [known], night(12)) is Verdict.PASS


def test_a_text_that_nobody_saw_is_judged_as_before() -> None:
    for spans in (
        ((10, OLD_DAY, ""), (3, night(10), "")),
        ((10, OLD_DAY, ONE), (3, night(10), "")),
        ((10, OLD_DAY, ""), (3, night(10), TWO)),
    ):
        (found,) = redated(told(*spans))
        assert not found.stayed


def test_text_and_date_that_change_some_days_apart_are_one_update() -> None:
    assert redated(told((10, OLD_DAY, ONE), (2, OLD_DAY, TWO), (3, night(12), TWO))) == ()
    assert redated(told((10, OLD_DAY, ONE), (2, night(10), ONE), (3, night(10), TWO))) == ()


def test_a_text_that_changed_long_before_the_date_moved_excuses_nothing() -> None:
    (found,) = redated(told((5, OLD_DAY, ONE), (15, OLD_DAY, TWO), (3, night(20), TWO)))
    assert found.stayed


def test_summaries_that_take_turns_are_no_update() -> None:
    turns = [(1, OLD_DAY, (ONE, TWO)[n % 2]) for n in range(12)]
    (found,) = redated(told(*turns, *((1, night(12), (ONE, TWO)[n % 2]) for n in range(3))))
    assert found.stayed


def test_a_text_near_to_an_earlier_one_is_not_told_to_be_another() -> None:
    spans = (1, OLD_DAY, ONE), (9, OLD_DAY, TWO), (3, night(10), f"{ONE} của tháng này")
    (found,) = redated(told(*spans))
    assert not found.stayed


def test_a_date_that_one_night_alone_saw_is_no_earlier_date() -> None:
    assert redated(told((1, OLD_DAY, ONE), (9, night(1), ONE))) == ()
    (found,) = redated(told((2, OLD_DAY, ONE), (1, night(2), ONE), (1, night(3), ONE)))
    assert len(found.moves) == 2, "once it moved for sure, every further move counts"


def test_every_move_is_counted_and_the_first_date_holds() -> None:
    (found,) = redated(told((10, OLD_DAY, ONE), (9, night(10), ONE), (9, night(19), ONE), (3, night(28), ONE)))
    assert (found.before, found.after, len(found.moves)) == (OLD_DAY, night(28), 3)
    assert (found.night, found.last_night) == (night(10), night(28))


def test_after_an_update_its_date_is_the_one_that_holds() -> None:
    (found,) = redated(told((10, OLD_DAY, ONE), (12, night(10), TWO), (3, night(22), TWO)))
    assert (found.before, len(found.moves)) == (night(10), 1)


def test_a_page_that_was_rewritten_counts_although_the_summary_stayed() -> None:
    def entry(day: date, page: str) -> Section:
        summary = item("Chấn chỉnh kỷ luật", "kl", day, ONE)
        return listed([replace(summary, texts=(*summary.texts, *fingerprints("page", page, CALENDAR))), *OTHERS])

    long_one, long_two = " ".join([ONE, TWO, ONE]), " ".join([TWO, "Tin vắn trong tuần của các phòng, ban.", TWO, TWO])
    assert redated(watched([entry(OLD_DAY, long_one)] * 10 + [entry(night(10), long_two)] * 3)) == ()


def all_moved(*starts: int, text: str) -> ObservedSection:
    """A list all of whose dates are those of the night on `starts`, and stay until the next."""
    nights = []
    for number in range(starts[-1] + 3):
        last = max((start for start in starts if start <= number), default=None)
        day = night(last) if last is not None else OLD_DAY
        nights.append(listed(item(f"Bài thứ {n}", str(n), day - timedelta(days=n), text) for n in range(5)))
    return watched(nights)


def test_a_renewal_is_told_with_its_night_and_its_share() -> None:
    known = all_moved(10, text=ONE)
    assert redated(known) == ()
    assert renewals([known]) == (Renewal(night(10), night(10), 5, 5),)


def test_dates_that_all_move_again_and_again_are_no_renewal() -> None:
    found = redated(all_moved(10, 20, 30, 40, text=ONE))
    assert [len(one.moves) for one in found] == [2] * 5
    assert {one.before for one in found} == {night(20) - timedelta(days=n) for n in range(5)}
    assert redated(all_moved(10, 20, 30, 40, text="")) == (), "of texts that nobody saw nothing is said"


def test_a_list_in_which_little_moves_is_excused_by_the_whole_site() -> None:
    small = told((10, OLD_DAY, ""), (3, night(10), ""))
    whole = renewals(
        [small, replace(all_moved(10, text=""), key="other"), replace(all_moved(10, text=""), key="third")]
    )
    assert redated(small) and not redated(small, whole)


# -- the thresholds are the operator's ----------------------------------------------------------------------------------


def test_the_shipped_thresholds_are_those_of_the_decisions() -> None:
    assert redating.RedatingRules(timedelta(7), 2, 2, timedelta(90)) == RULES


def test_other_thresholds_judge_otherwise() -> None:
    known = told((2, OLD_DAY, ONE), (1, night(2), ONE), (1, night(3), ONE))
    assert redated(known)
    assert redating.redated(known, replace(RULES, likely=4)) == ()
    rebuilt = all_moved(10, 20, 30, 40, text=ONE)
    assert redated(rebuilt)
    assert redating.redated(rebuilt, replace(RULES, renewals=9)) == ()
    assert redating.redated(rebuilt, replace(RULES, period=timedelta(5))) == ()
    changed = told((10, OLD_DAY, ONE), (12, night(10), TWO), (3, night(22), TWO))
    assert redated(changed)
    late = told((10, OLD_DAY, ONE), (5, night(10), ONE), (3, night(10), TWO))
    assert redating.redated(late, replace(RULES, renewal=timedelta(2))) and not redated(late)
