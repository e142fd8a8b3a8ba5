"""Sections whose label says nothing, told by what stands on the pages of the menu."""

from __future__ import annotations

import pytest

from auditor.model import SectionState
from tests.read.pages import news_list, site
from tests.read.test_sections import FRESH, LONG

HOME = "<p>Trang chủ của Sở Xây dựng</p>" + FRESH
NEWS = news_list(
    ("Hội nghị tổng kết năm", "18/11/2026"), ("Lễ ra quân", "12/11/2026"), ("Khởi công cầu mới", "11/11/2026")
)
ORDERS = news_list(("Giám đốc Sở chỉ đạo khắc phục sự cố", "17/11/2026"), ("Đôn đốc tiến độ giải ngân", "10/11/2026"))
LAW = news_list(("Những điểm mới của Luật Nhà ở", "16/11/2026"), ("Nghị định mới về quản lý xây dựng", "09/11/2026"))
PEOPLE = "".join(f"<tr><td>Nguyễn Văn {c}</td><td>Trưởng phòng</td><td>{c}@tinhmau.example</td></tr>" for c in "ABC")
WEEK = "".join(f"<p>Thứ {day}: Giám đốc họp giao ban tại phòng họp số 1</p>" for day in ("hai", "ba", "tư", "năm"))
TOLD = {
    "direction": ORDERS,
    "legal_dissemination": LAW,
    "organisation": f"<p>{LONG} Chức năng, nhiệm vụ theo quy định. Các phòng chuyên môn: Văn phòng Sở.</p>",
    "contact": "<p>Trụ sở: 1 Lê Lợi. Điện thoại: 0271 3880 160. Thư: vanthu@tinhmau.example</p>",
    "work_schedule": f"<p>Từ ngày 16/11/2026 đến ngày 20/11/2026</p>{WEEK}",
    "email_directory": f"<table>{PEOPLE}</table>",
}
UNLIKE = {
    "direction": NEWS,
    "legal_dissemination": NEWS,
    "organisation": f"<p>{LONG} Các phòng chuyên môn đã họp.</p>",
    "contact": f"<p>{8 * LONG} Điện thoại: 0271 3880 160. Thư: vanthu@tinhmau.example</p>",
    "work_schedule": f"<p>Từ ngày 16/11/2026 đến ngày 20/11/2026 diễn ra tuần lễ áo dài.</p><p>{LONG}</p>",
    "email_directory": "<p>Bạn đọc viết thư về a@tinhmau.example và b@tinhmau.example</p>",
}


def state(detector: str, html: str) -> SectionState:
    pages = {"/": HOME, "/tin": NEWS, "/x": html.replace("/tin/", "/x/"), "/y": LONG}
    return site(pages, {"/tin": "Tin tức", "/x": "Góc nhỏ", "/y": "Vườn hoa"}).section(detector).state


@pytest.mark.parametrize("detector", TOLD)
def test_a_page_that_holds_all_that_proves_a_section_is_it(detector: str) -> None:
    assert state(detector, TOLD[detector]) is SectionState.PRESENT


@pytest.mark.parametrize("detector", UNLIKE)
def test_a_page_that_only_sounds_like_a_section_is_none(detector: str) -> None:
    assert state(detector, UNLIKE[detector]) is not SectionState.PRESENT


def test_a_named_section_is_not_sought_under_other_names() -> None:
    pages = {"/": HOME, "/tin": NEWS, "/cd": "<h2>Chỉ đạo</h2>", "/x": ORDERS.replace("/tin/", "/x/")}
    facts = site(pages, {"/tin": "Tin tức", "/cd": "Chỉ đạo điều hành", "/x": "Góc nhỏ"}).section("direction")
    assert facts.state is SectionState.EMPTY


def test_a_directory_behind_a_second_name_of_the_contact_page_is_found() -> None:
    pages = {"/": HOME, "/lien-he": TOLD["contact"], "/so": f"<table>{PEOPLE}</table>", "/y": LONG}
    facts = site(pages, {"/lien-he": "Liên hệ", "/so": "Thông tin liên hệ Sở"})
    assert facts.section("email_directory").state is SectionState.PRESENT
    assert facts.section("contact").state is SectionState.PRESENT
