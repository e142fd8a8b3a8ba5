"""Observed dates over simulated nights: intervals only where the list proves them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from auditor.model import Item, Section, SectionState, SiteState
from auditor.model.observed import ObservedItem, SeenText
from auditor.read.observing import item_keys, place_key
from auditor.read.sketch import fingerprints, sketch
from auditor.store import Store, open_store
from auditor.store.schema import migrations
from auditor.vocabulary import load_vocabulary
from tests.store.builders import BASE, NIGHT, make_audit, make_item, make_section

CALENDAR = load_vocabulary().dates.calendar


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "a.db")


def night(number: int) -> date:
    return NIGHT + timedelta(days=number)


def see(store: Store, number: int, *names: str, state: SectionState = SectionState.PRESENT) -> None:
    see_section(store, number, make_section([make_item(name) for name in names], state))


def see_section(store: Store, number: int, section: Section) -> None:
    store.save_audit(None, make_audit(as_of=night(number), sections=[section]))


def seen(store: Store) -> dict[str, ObservedItem]:
    return {item.title: item for section in store.observed("snv", "news") for item in section.items}


def test_what_was_there_on_the_first_night_has_no_beginning(store: Store) -> None:
    see(store, 0, "b", "a")
    assert seen(store)["a"].absent_on is None
    assert seen(store)["a"].present_on == night(0)


def test_an_item_above_known_ones_came_between_two_nights(store: Store) -> None:
    see(store, 0, "b", "a")
    see(store, 1, "b", "a")
    see(store, 3, "c", "b", "a")
    assert (seen(store)["c"].absent_on, seen(store)["c"].present_on) == (night(1), night(3))
    assert seen(store)["a"].last_seen == night(3)


def test_an_item_below_all_known_ones_proves_nothing(store: Store) -> None:
    see(store, 0, "b", "a")
    see(store, 1, "b", "a", "from page two")
    assert seen(store)["from page two"].absent_on is None


def test_a_list_of_which_nothing_is_left_proves_nothing(store: Store) -> None:
    see(store, 0, "b", "a")
    see(store, 1, "d", "c")
    assert seen(store)["d"].absent_on is None
    assert seen(store)["a"].vanished_on is None


def test_an_old_item_that_was_pinned_on_top_is_not_new(store: Store) -> None:
    see_section(store, 0, make_section([make_item("b", date(2024, 2, 2)), make_item("a", date(2024, 2, 1))]))
    pinned, fresh = make_item("old", date(2020, 1, 1)), make_item("c", date(2024, 3, 1))
    rest = [make_item("b", date(2024, 2, 2)), make_item("a", date(2024, 2, 1))]
    see_section(store, 1, make_section([pinned, fresh, *rest]))
    assert seen(store)["old"].absent_on is None
    assert seen(store)["c"].absent_on == night(0)


def test_nights_that_were_not_verified_count_for_nothing(store: Store) -> None:
    see(store, 0, "b", "a")
    see(store, 1, state=SectionState.UNVERIFIABLE)
    see(store, 2, state=SectionState.BROKEN)
    see_section(store, 3, make_section([], SectionState.EMPTY, confirmed=False))
    store.save_audit(None, make_audit(as_of=night(4), state=SiteState.MAINTENANCE, sections=[make_section([])]))
    see(store, 5, "c", "b", "a")
    assert seen(store)["c"].absent_on == night(0)
    assert seen(store)["a"].vanished_on is None


def test_items_in_a_list_that_was_empty_came_after_that_night(store: Store) -> None:
    see(store, 0, state=SectionState.EMPTY)
    see(store, 1, "b", "a")
    assert seen(store)["a"].absent_on == night(0)


def test_a_page_without_a_list_was_not_an_empty_list(store: Store) -> None:
    see(store, 0, state=SectionState.PRESENT)
    see(store, 1, "b", "a")
    assert seen(store)["a"].absent_on is None


def test_vanished_only_if_the_list_was_read_past_its_place(store: Store) -> None:
    see(store, 0, "c", "b", "a")
    see(store, 1, "c", "a")
    assert seen(store)["b"].vanished_on == night(1)
    see(store, 2, "d", "c")
    assert seen(store)["a"].vanished_on is None, "it slipped off the end of the page"
    see(store, 3, state=SectionState.EMPTY)
    assert seen(store)["c"].vanished_on == night(3)
    see(store, 4, "c")
    assert (seen(store)["c"].vanished_on, seen(store)["c"].present_on) == (None, night(0))


def test_the_same_night_again_keeps_its_intervals(store: Store) -> None:
    see(store, 0, "a")
    see(store, 1, "b", "a")
    see(store, 1, "c", "b", "a")
    see(store, 1, "c", "b", "a")
    assert {name: item.absent_on for name, item in seen(store).items()} == {"a": None, "b": night(0), "c": night(0)}
    see(store, 2, "d", "c", "b", "a")
    assert seen(store)["d"].absent_on == night(1)


def test_an_old_night_audited_again_changes_nothing(store: Store) -> None:
    see(store, 0, "a")
    see(store, 5, "b", "a")
    before = seen(store)
    see(store, 3, "x", "a")
    assert seen(store) == before


def test_the_history_of_a_claimed_date_is_kept(store: Store) -> None:
    for number, day in ((0, date(2024, 3, 1)), (1, date(2024, 3, 1)), (2, date(2024, 2, 1))):
        see_section(store, number, make_section([make_item("a", day)]))
    claims = [(claim.on, claim.date) for claim in seen(store)["a"].claims]
    assert claims == [(night(0), date(2024, 3, 1)), (night(2), date(2024, 2, 1))]


def test_two_agencies_and_two_sections_do_not_mix(store: Store) -> None:
    see(store, 0, "a")
    store.save_audit(None, make_audit("stc", night(0), sections=[make_section([make_item("a")])]))
    store.save_audit(None, make_audit("stc", night(1), sections=[make_section([make_item("a")], url="https://x.vn/2")]))
    assert [len(section.items) for section in store.observed("snv")] == [1]
    assert [len(section.items) for section in store.observed("stc")] == [1, 1]


def test_keys_of_places_and_items() -> None:
    assert place_key("http://www.A.vn/x/#top") == place_key("https://a.vn/x") == "a.vn/x"
    assert place_key("https://a.vn:8443/x?p=1") == "a.vn:8443/x?p=1"
    assert place_key("https://a.vn:443/x") == "a.vn/x"
    items = [Item("Một", "https://a.vn/1"), Item("Hai", "https://a.vn/#"), Item("Ba", "https://a.vn/#"), Item("Bốn")]
    assert item_keys(items) == ["a.vn/1", "title:hai", "title:ba", "title:bon"]


def test_a_file_from_before_the_nights_were_kept_goes_on(tmp_path: Path) -> None:
    """Version 2 of the tables kept the first, the last and the last but one night of a list."""
    path = tmp_path / "old.db"
    db = Database(path)
    migrations.apply(db, stop_before="0003_section_nights")
    nights = [(night(number)).isoformat() for number in (0, 3, 5)]
    db.conn.execute("INSERT INTO agencies VALUES ('snv', 'Sở Nội vụ', 'so', '')")
    db.conn.execute(
        "INSERT INTO sections VALUES (1, 'snv', 'news', 'a.vn/tin', 'Tin', 'https://a.vn/tin', ?, ?, 0, ?, 1)",
        (nights[0], nights[2], nights[1]),
    )
    db.conn.commit()
    db.close()
    with open_store(path) as store:
        (section,) = store.observed("snv")
    assert section.nights == (night(0), night(3), night(5))
    assert section.empty == {night(3)}


def test_the_text_of_a_file_from_before_many_were_kept_is_still_compared_with(tmp_path: Path) -> None:
    """Version 4 of the tables kept one text of a list: that of the last night."""
    path = tmp_path / "old.db"
    db = Database(path)
    migrations.apply(db, stop_before="0005_section_texts")
    one, other = "một hai ba bốn năm sáu bảy tám chín mười", "xuân hạ thu đông gió mưa nắng sương mây trời"
    kept = " ".join(f"{value:x}" for value in sketch(one))
    db.conn.execute("INSERT INTO agencies VALUES ('snv', 'Sở Nội vụ', 'so', '')")
    db.conn.execute(
        "INSERT INTO sections (id, code, detector, key, label, url, sketch)"
        f" VALUES (1, 'snv', 'news', 'snv.example.gov.vn/tin', 'Tin', '{BASE}/tin/', ?)",
        (kept,),
    )
    db.conn.execute("INSERT INTO section_nights VALUES (1, ?, 0, 0)", (night(0).isoformat(),))
    db.conn.execute("INSERT INTO section_nights VALUES (1, ?, 0, 1)", (night(2).isoformat(),))
    db.conn.commit()
    db.close()
    with open_store(path) as store:
        (section,) = store.observed("snv")
        assert section.texts == (SeenText(sketch(one), night(2), night(2)),)
        see_section(store, 3, replace(make_section([make_item("a")]), sketch=sketch(other)))
        (section,) = store.observed("snv")
    assert section.changed_on == (night(2), night(3))


def test_texts_are_kept_for_thirty_days(store: Store) -> None:
    """Of a list that is not read for long the last text stays, whatever its age."""
    texts = [f"{word} một hai ba bốn năm sáu bảy tám chín mười" for word in ("xuân", "hạ", "thu", "đông")]
    for number, text in zip((0, 1, 20, 80), texts, strict=True):
        see_section(store, number, replace(make_section([make_item("a")]), sketch=sketch(text)))
    (section,) = store.observed("snv")
    assert [(one.first, one.last) for one in section.texts] == [(night(20), night(20)), (night(80), night(80))]


def test_a_text_that_comes_back_takes_the_change_back(store: Store) -> None:
    one, other = "một hai ba bốn năm sáu bảy tám chín mười", "xuân hạ thu đông gió mưa nắng sương mây trời"
    for number, text in enumerate((one, other, other, one)):
        see_section(store, number, replace(make_section([make_item("a")]), sketch=sketch(text)))
        (section,) = store.observed("snv")
        assert section.changed_on == {1: (night(1),), 2: (night(1),)}.get(number, ())


def test_the_texts_of_an_entry_are_kept_with_the_nights_on_which_they_were_seen(store: Store) -> None:
    one = "Giám đốc Sở yêu cầu các đơn vị chấn chỉnh giờ giấc làm việc, giải quyết hồ sơ đúng hạn, báo cáo cuối tuần"
    two = "Hội thao chào mừng ngày thành lập ngành diễn ra sôi nổi với hơn ba trăm vận động viên đến từ các xã"
    for number, text in enumerate((one, f"{one} 12.345", two, one)):
        entry = replace(make_item("a"), texts=fingerprints("row", text, CALENDAR))
        see_section(store, number, make_section([entry, make_item("b")]))
    kept = [(seen.text, seen.first, seen.last) for seen in seen_item(store, "a").texts]
    assert kept == [(*fingerprints("row", one, CALENDAR), night(0), night(3)), (*fingerprints("row", two, CALENDAR), night(2), night(2))]
    assert seen_item(store, "b").texts == ()


def seen_item(store: Store, title: str) -> ObservedItem:
    return seen(store)[title]


def test_no_more_than_eight_texts_of_an_entry_are_kept(store: Store) -> None:
    words = [
        "xuân",
        "hạ",
        "thu",
        "đông",
        "gió",
        "mưa",
        "nắng",
        "sương",
        "mây",
        "trời",
        "núi",
        "sông",
        "biển",
        "rừng",
        "đồng",
        "ruộng",
    ]
    for number in range(12):
        text = " ".join(
            words[(place * (number + 1) + number) % len(words)] + "abcdefghijkl"[number] for place in range(20)
        )
        see_section(store, number, make_section([replace(make_item("a"), texts=fingerprints("row", text, CALENDAR))]))
    kept = [one.first for one in seen_item(store, "a").texts]
    assert kept == [night(0), *(night(number) for number in range(5, 12))]


def test_a_file_from_before_texts_of_entries_were_kept_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with open_store(path) as store:
        see(store, 0, "a")
    db = Database(path)
    db.conn.execute("DROP TABLE item_texts")
    db.conn.execute("DELETE FROM _sqlite_migrations WHERE name = '0006_item_texts'")
    db.conn.commit()
    db.close()
    with open_store(path) as store:
        assert seen_item(store, "a").texts == ()
        see_section(store, 1, make_section([replace(make_item("a"), texts=fingerprints("row", "một hai ba " * 6, CALENDAR))]))
        assert len(seen_item(store, "a").texts) == 1
