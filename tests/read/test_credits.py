"""Whose it is: a maker's or the portal's mailbox in an agency's footer, the portal's site map, fields beside a database."""

from __future__ import annotations

import pytest

from auditor.model import LookKind, SectionState, SiteFacts, SiteScope
from tests.read.pages import BASE, agency, document, look, site

FILLER = {f"/{n}": f"<p>Trang thứ {n} của Sở, nói về công việc riêng số {n}.</p>" for n in ("a", "b", "c", "d")}


def contacts(facts: SiteFacts) -> set[str]:
    return {fact.address for fact in facts.addresses if fact.agency_contact}


@pytest.mark.parametrize(
    ("before", "is_contact"),
    [
        ("Nền tảng bởi DTSoft · ", False),
        ("Theme by Sonla Web Team, ", False),
        (
            "Bởi vì sự phục vụ người dân và doanh nghiệp là trên hết, xin gửi thư về hòm thư của Sở: ",
            True,
        ),  # too far before
        ("Hòm thư: ", True),
    ],
)
def test_a_firms_mailbox_in_a_credit_is_not_the_agencys(before: str, is_contact: bool) -> None:
    line = f"<p>Địa chỉ: 12 Lê Lợi. Điện thoại: 0271 3888 111</p><p>{before}dev@dtsoft.example</p>"
    in_footer = site({"/": "<p>Trang chủ</p>", **FILLER}, {"/a": "Trang a"}, footer=line)
    on_page = site({"/": "<p>Trang chủ</p>", "/lh": line, **FILLER}, {"/lh": "Liên hệ"})
    assert ("dev@dtsoft.example" in contacts(in_footer)) is is_contact
    assert ("dev@dtsoft.example" in contacts(on_page)) is is_contact


def test_an_official_mailbox_behind_by_stays_the_agencys() -> None:
    line = "<p>Quản lý bởi Văn phòng Sở - vanphong@tinhmau.example</p>"
    assert "vanphong@tinhmau.example" in contacts(
        site({"/": "<p>Trang chủ</p>", **FILLER}, {"/a": "Trang a"}, footer=line)
    )


def of_a_path(footer: str, *, extra: str = "") -> SiteFacts:
    who = agency(url=f"{BASE}/web/sxd/", scope=SiteScope("sxd.tinhmau.example", "/web/sxd/"))
    paths = ("/web/sxd/", "/web/sxd/a", "/web/sxd/b", "/web/sxd/c")
    labels = {path: f"Trang {path[-1]}" for path in paths[1:]}
    pages = {
        path: look(path, document(f"<p>Trang {path} của Sở Xây dựng nói việc riêng</p>", labels, footer))
        for path in paths
    }
    maps = tuple(
        look(
            url,
            f"<urlset><url><loc>{BASE}/web/sxd/a</loc></url></urlset>",
            kind=LookKind.SITEMAP,
            content_type="text/xml",
        )
        for url in (extra,)
        if url
    )
    return site(pages, who=who, extra=maps)


def test_the_portals_line_in_the_agencys_own_footer_is_the_portals() -> None:
    own = "<p>Sở Xây dựng. Email: sxd@tinhmau.example</p>"
    about = (
        '<p>Trang thành phần của <a href="/web/guest">Cổng thông tin tỉnh</a> - Ban biên tập: bbt@tinhmau.example</p>'
    )
    assert contacts(of_a_path(own + about)) == {"sxd@tinhmau.example"}
    named = about.replace("Ban biên tập", "Sở Xây dựng")
    assert contacts(of_a_path(own + named)) == {"sxd@tinhmau.example", "bbt@tinhmau.example"}


def test_a_site_map_in_xml_outside_the_agencys_path_is_the_portals() -> None:
    assert of_a_path("", extra="/sitemap.xml").section("sitemap").state is SectionState.PARENT_ONLY
    assert of_a_path("", extra="/web/sxd/sitemap.xml").section("sitemap").state is SectionState.PARTIAL


def test_fields_beside_a_link_to_a_database_of_procedures_are_read() -> None:
    fields = '<div><a href="/tthc?f=1">Việc làm</a> (4)</div><div><a href="/tthc?f=2">Người có công</a> (3)</div>'
    more = '<p><a href="/csdl">Tra cứu trên cơ sở dữ liệu thủ tục hành chính của tỉnh</a></p>'
    pages = {"/": "<p>Trang chủ</p>", "/tthc": fields + more, **FILLER}
    found = site(pages, {"/tthc": "Thủ tục hành chính", "/a": "Trang a"}).section("procedures")
    assert {"Việc làm", "Người có công"} <= {item.title for item in found.items}
