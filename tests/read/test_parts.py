"""Sections that are parts of one page: which part is which, and where a part ends."""

from __future__ import annotations

import pytest

from auditor.model import SectionState
from tests.read.pages import document, look, news_list, site
from tests.read.test_sections import FRESH, LONG

HOME = "<p>Trang chủ của Sở Xây dựng</p>" + FRESH
MENU = {"/ck#thong-ke": "Thống kê", "/ck#quy-hoach": "Quy hoạch, kế hoạch", "/ck#ngan-sach": "Công khai ngân sách"}
LISTS = {
    "thong-ke": news_list(("Tình hình kinh tế - xã hội quý ba", "05/10/2026"), ("Tình hình sáu tháng", "02/7/2026")),
    "quy-hoach": news_list(("Kế hoạch công tác năm sau của ngành", "01/11/2026"), ("Kế hoạch nhà ở", "02/10/2026")),
    "ngan-sach": news_list(("Công khai dự toán ngân sách quý ba", "06/10/2026"), ("Quyết toán năm", "03/7/2026")),
}
SECTIONS = {"thong-ke": "statistics", "quy-hoach": "strategy_planning", "ngan-sach": "budget_disclosure"}


def parts(pattern: str) -> str:
    """The three lists, each in the pattern's {list} beside its {id} and {name}."""
    return "<h1>Công khai</h1>" + "".join(
        pattern.format(id=name, name=MENU[f"/ck#{name}"], list=rows.replace("/tin/", f"/{name}/"))
        for name, rows in LISTS.items()
    )


MARKS = {
    "headings": "<h2 id='{id}'>{name}</h2>{list}",
    "named anchors": "<a name='{id}'></a><h2>{name}</h2>{list}",
    "empty boxes": "<div class=anchor id='{id}'></div><h2>{name}</h2>{list}",
    "marks within headings": "<h2><span id='{id}'>{name}</span></h2>{list}",
}


@pytest.mark.parametrize("layout", MARKS)
def test_a_mark_before_a_part_that_nothing_encloses_does_not_make_it_empty(layout: str) -> None:
    facts = site({"/": HOME, "/ck": parts(MARKS[layout]) + LONG * 8}, MENU | {"/ck": "Công khai"})
    assert {facts.section(name).state for name in SECTIONS.values()} == {SectionState.PRESENT}


def test_tabs_whose_buttons_bear_the_ids_are_not_empty() -> None:
    buttons = "".join(f"<li id={name}>{MENU[f'/ck#{name}']}</li>" for name in SECTIONS)
    facts = site({"/": HOME, "/ck": f"<ul>{buttons}</ul>" + parts("<div>{list}</div>")}, MENU | {"/ck": "Công khai"})
    assert {facts.section(name).state for name in SECTIONS.values()} == {SectionState.PRESENT}


@pytest.mark.parametrize("empty", ["", "<h2>Thống kê</h2><p>Nội dung đang được cập nhật</p>"])
def test_an_empty_panel_among_filled_ones_is_an_empty_section(empty: str) -> None:
    filled = LISTS["thong-ke"].replace("/tin/", "/thong-ke/")
    html = parts("<div class=tab id='{id}'>{list}</div>").replace(filled, empty)
    facts = site({"/": HOME, "/ck": html.replace("</ul>", f"</ul><p>{LONG * 8}</p>")}, MENU)
    assert facts.section("statistics").state is SectionState.EMPTY
    assert facts.section("budget_disclosure").state is SectionState.PRESENT


def test_a_link_from_elsewhere_to_a_part_means_that_part_and_the_part_stands_for_the_page() -> None:
    """Where the whole page counted, each section would bear the newest day of the three lists, 01/11/2026."""
    for menu in (MENU, MENU | {"/ck": "Thống kê"}):
        facts = site({"/": HOME, "/ck": parts("<div id='{id}'><h2>{name}</h2>{list}</div>")}, menu)
        days = {name: facts.section(name).newest for name in SECTIONS.values()}
        assert {name: f"{day.date:%d/%m}" for name, day in days.items() if day} == {
            "statistics": "05/10", "strategy_planning": "01/11", "budget_disclosure": "06/10",
        }  # fmt: skip
        assert [one.url.partition("#")[2] for one in facts.section("statistics").sections] == ["thong-ke"]


def test_a_part_that_is_not_on_the_page_means_the_page() -> None:
    facts = site({"/": HOME, "/tk": LISTS["thong-ke"]}, {"/tk#noi-dung": "Thống kê"}).section("statistics")
    assert facts.state is SectionState.PRESENT


def test_a_part_of_a_page_is_no_site_map() -> None:
    start = document("<div id=so-do><p>Giám đốc Sở và các phòng, đơn vị</p></div>", {"#so-do": "Sơ đồ"})
    assert site({"/": look("/", start)}).section("sitemap").state is SectionState.ABSENT
