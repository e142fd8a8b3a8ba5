"""What a page of the menu calls itself, where the menu's words say nothing."""

from __future__ import annotations

import pytest

from auditor.model import SectionState
from tests.read.pages import news_list, site
from tests.read.test_sections import FRESH, LONG

HOME = "<p>Trang chủ của Sở Xây dựng</p>" + FRESH
FIGURES = news_list(("Tình hình kinh tế - xã hội quý ba", "05/10/2026"), ("Tình hình sáu tháng", "02/7/2026"))


def state(html: str, detector: str = "statistics") -> SectionState:
    return site({"/": HOME, "/x": html}, {"/x": "Những con số"}).section(detector).state


def test_the_line_beneath_a_motto_names_the_page() -> None:
    assert state(f"<h1>Những con số biết nói</h1><p>Số liệu thống kê</p>{FIGURES}") is SectionState.PRESENT


@pytest.mark.parametrize(
    "beneath",
    [
        "<p>Số liệu thống kê.</p>",
        "<p><a href='/y'>Số liệu thống kê</a></p>",
        "<div><span>Số liệu thống kê</span><h3><a href='/y'>Khởi công công trình trọng điểm</a></h3></div>",
        "<p>Hôm nay</p><p>Số liệu thống kê</p>",
    ],
    ids=["a sentence", "a link", "a card's mark", "a later line"],
)
def test_what_is_no_subtitle_names_no_page(beneath: str) -> None:
    assert state(f"<h1>Những con số biết nói</h1>{beneath}{FIGURES}") is not SectionState.PRESENT


def test_marks_of_cards_do_not_take_the_news_away() -> None:
    cards = "".join(
        f"<div><span>Dự án đầu tư</span><h3><a href='/t/{n}'>Khởi công công trình trọng điểm số {n}</a></h3><i>{n}/11/2026</i></div>"
        for n in (12, 11, 10)
    )
    pages = {"/": HOME, "/x": f"<h1>Nhịp sống ngành</h1>{cards}", "/gt": LONG, "/y": LONG}
    labels = {"/x": "Nhịp sống", "/gt": "Giới thiệu", "/y": "Mục khác"}
    assert site(pages, labels).section("news").state is SectionState.PRESENT


@pytest.mark.parametrize(
    "name",
    ["Số liệu thống kê của Sở Xây dựng", "Số liệu thống kê Sở Xây dựng tỉnh Tình Mẫu năm 2026 và các năm trước đó"],
)
def test_the_agencys_own_name_is_cut_off(name: str) -> None:
    assert state(f"<h1>{name}</h1>{FIGURES}") is SectionState.PRESENT
