"""Whose an address is: the agency's own contact, a unit's, the maker's, or somebody's in a text."""

from __future__ import annotations

import pytest

from auditor.model import SiteFacts
from tests.read.pages import BASE, HOST, agency, site
from tests.read.test_sections import FRESH, LONG

HOME = "<p>Trang chủ của Sở Xây dựng</p>" + FRESH
ORGANISATION = f"<p>{LONG} Chức năng và nhiệm vụ theo quy định. Các phòng chuyên môn: Văn phòng.</p>"


def contacts(facts: SiteFacts) -> list[str]:
    return [one.address for one in facts.addresses if one.agency_contact]


def places(facts: SiteFacts) -> dict[str, list[str]]:
    return {one.address: [place.where for place in one.places] for one in facts.addresses}


def listed(*titles: str) -> str:
    return "<ul>" + "".join(f"<li><a href='/u/{n}'>{title}</a></li>" for n, title in enumerate(titles)) + "</ul>"


def test_a_makers_mailbox_beside_the_link_to_its_site_is_no_contact() -> None:
    line = "<p>Giao diện: <a href='https://vuondep.example/'>Vườn Đẹp</a>, cskh@vuondep.example</p>"
    own = "<p>Thư điện tử: vanthu@tinhmau.example</p>"
    assert contacts(site({"/": HOME}, footer=own + line)) == ["vanthu@tinhmau.example"]


@pytest.mark.parametrize(
    "line",
    [
        f"Website: <a href='{BASE}'>Trang tin Sở Xây dựng</a> - Email: vanthu@{HOST}",
        f"<a href='https://www.{HOST}/'>Sở Xây dựng</a>, email: vanthu@{HOST}",
        "Website: <a href='https://benhvien.example'>benhvien.example</a> - Email: vanthu@benhvien.example",
    ],
)
def test_the_agencys_own_mailbox_beside_its_own_site_stays_its_contact(line: str) -> None:
    facts = site({"/": HOME}, footer=f"<p>{line}</p>", who=agency(mail_domain="khac.example"))
    assert [one.partition("@")[0] for one in contacts(facts)] == ["vanthu"]


def test_units_that_an_organisation_lists_show_their_own_mailboxes() -> None:
    pages = {"/": HOME, "/tc": ORGANISATION + listed("Văn phòng Sở", "Phòng Quản lý nhà", "Văn bản mới")}
    pages |= {"/u/0": "<p>Email: vp@tinhmau.example</p>", "/u/1": "<p>Email: qln@tinhmau.example</p>"}
    pages |= {"/u/2": "<p>Email: khac@tinhmau.example</p>", "/x": LONG}
    facts = site(pages, {"/tc": "Cơ cấu tổ chức"})
    assert contacts(facts) == ["qln@tinhmau.example", "vp@tinhmau.example"]


def test_news_beside_the_organisation_are_no_units() -> None:
    """The writer or the reader named in them is nobody's contact."""
    titles = ("Tổ chức thành công đại hội", "Văn phòng Sở nhận bằng khen", "Hội nghị tổng kết năm", "Lễ trồng cây")
    pages = {"/": HOME, "/tc": ORGANISATION + listed(*titles), "/x": LONG}
    pages |= {f"/u/{n}": f"<h1>{title}</h1><p>Tác giả: nhabao{n}@gmail.com</p>" for n, title in enumerate(titles)}
    assert contacts(site(pages, {"/tc": "Cơ cấu tổ chức"})) == []


@pytest.mark.parametrize(
    "label", ["Phòng chống tham nhũng", "Tổ chức cán bộ", "Ban hành văn bản", "Phòng cháy, chữa cháy"]
)
def test_what_begins_like_a_unit_is_none(label: str) -> None:
    pages = {"/": HOME, "/gt": ORGANISATION, "/gt/pc": "<h1>Tin</h1><p>Bạn đọc gửi về: docgia@gmail.com</p>"}
    assert contacts(site(pages, {"/gt": "Giới thiệu", "/gt/pc": label})) == []
    assert contacts(site(pages, {"/gt": "Giới thiệu", "/gt/pc": "Phòng Quản lý nhà"})) == ["docgia@gmail.com"]


def test_the_start_page_is_no_contact_page_but_its_footer_is() -> None:
    """Also where the footer is the only contact: it makes the start page the contact's section."""
    home = HOME + "<p>Phóng viên: nhabao@gmail.com</p>"
    footer = "<p>Địa chỉ: 1 Lê Lợi. Điện thoại: 0271 3880 160. Thư điện tử: vanthu@tinhmau.example</p>"
    facts = site({"/": home}, footer=footer)
    assert [one.url for one in facts.section("contact").sections] == [BASE + "/"]
    assert contacts(facts) == ["vanthu@tinhmau.example"]
    assert places(facts)["nhabao@gmail.com"] == ["home_page"]


def test_a_side_block_of_a_directory_is_no_directory() -> None:
    rows = "".join(f"<tr><td>Ông A{n}</td><td>Trưởng phòng</td><td>a{n}@tinhmau.example</td></tr>" for n in range(3))
    side = "<div class=sidebar><p>Bạn đọc: docgia@gmail.com</p></div>"
    facts = site({"/": HOME, "/db": f"<table>{rows}</table>{side}"}, {"/db": "Danh bạ"})
    assert "docgia@gmail.com" not in contacts(facts) and len(contacts(facts)) == 3


def test_a_desk_is_named_by_the_heading_above_its_address() -> None:
    desk = "<h2>Đầu mối tiếp nhận yêu cầu</h2><div><p>Phòng 101, bà Lan</p><p>Thư: motcua@tinhmau.example</p></div>"
    text = f"<h1>Tiếp cận thông tin</h1><p>{LONG}{LONG}{LONG}</p>"
    for html, where in (
        (text + desk, "desk"),
        (text + desk.replace("Đầu mối tiếp nhận yêu cầu", "Bài viết"), "article"),
    ):
        facts = site({"/": HOME, "/tctt": html}, {"/tctt": "Tiếp cận thông tin"})
        assert places(facts)["motcua@tinhmau.example"] == [where]
