"""Where a block stands on its page, told by its name; and what only sounds like another place."""

from __future__ import annotations

import pytest

from auditor.model import Place
from tests.read.pages import page, site
from tests.read.test_sections import FRESH, LONG

WEEK = "<span>Tuần 47: 16/11/2026 – 22/11/2026</span>"


@pytest.mark.parametrize(
    ("block", "place"),
    [
        (f'<div id="x" class="week-nav"><button>‹</button>{WEEK}<button>›</button></div>', Place.BODY),
        (f'<div id="x" class="calendar-navigation">{WEEK}</div>', Place.BODY),
        (f'<div id="x" class="week-nav"><a href="/lich?tuan=46">‹</a>{WEEK}</div>', Place.HEADER),
        ('<div id="x" class="nav"><map><area href="/a" alt="a"></map></div>', Place.HEADER),
        ('<div id="x" class="nav"><select><option value="/a">a</option></select></div>', Place.HEADER),
        (f'<div id="x" class="week-nav topbar">{WEEK}</div>', Place.HEADER),
        (f'<nav id="x">{WEEK}</nav>', Place.HEADER),
        (f'<div id="x" class="topbar">{WEEK}</div>', Place.HEADER),
    ],
)
def test_a_block_that_is_named_a_navigation_and_leads_nowhere_is_content(block: str, place: Place) -> None:
    read = page(f"<div>{block}<p>{LONG}</p></div>")
    assert next(box for box in read.boxes if box.attrs.get("id") == "x").place is place


def test_the_week_above_a_schedule_dates_it() -> None:
    days = "".join(f"<div><h3>Thứ {day}</h3><p>08:00 - Giao ban Ban Giám đốc</p></div>" for day in ("Hai", "Tư", "Năm"))
    schedule = f'<h1>Lịch công tác</h1><div class="week-nav"><button></button>{WEEK}<button></button></div>{days}'
    pages = {"/": "<p>Trang chủ của Sở Xây dựng</p>" + FRESH, "/lich": schedule, "/y": LONG}
    newest = site(pages, {"/lich": "Lịch công tác"}).section("work_schedule").newest
    assert newest is not None and newest.date.isoformat() == "2026-11-16"
