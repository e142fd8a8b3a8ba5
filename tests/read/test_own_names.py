"""Sections whose label says little: told by the page's first words, its rows, a picture's words, a list of names."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.model import LookKind, SectionState, SiteEvidence, SiteScope
from auditor.read.labels import STRONG, LabelMatcher
from auditor.read.site import make_context, read_pages
from auditor.read.wants import unnamed_wants
from tests.read.pages import AS_OF, VOCABULARY, agency, document, look, site

MATCHER = LabelMatcher(VOCABULARY)
FILLER = {f"/{n}": f"<p>Trang thứ {n} của Sở, nói về công việc riêng số {n}.</p>" for n in ("a", "b", "c", "d")}


def test_a_list_of_one_sections_names_means_it() -> None:
    assert MATCHER.score("Mua sắm, đấu thầu, dự án", "", "projects_procurement") >= STRONG
    assert MATCHER.score("Dự án và đấu thầu", "", "projects_procurement") >= STRONG
    assert MATCHER.score("Mua sắm, du lịch, dự án", "", "projects_procurement") < STRONG
    assert MATCHER.score("Mua sắm, đầu tư", "", "projects_procurement") < STRONG  # general words only


@pytest.mark.parametrize("label", ["Nhịp cầu", "Chuyên trang"])
def test_first_words_name_a_page_without_headings(label: str) -> None:
    text = '<div class="text-3xl">{}</div><div>Năm 2026, Sở tiếp nhận ý kiến của doanh nghiệp về giá vật liệu.</div>'
    form = '<form action="/x" method="post"><textarea name="n"></textarea><button>Gửi</button></form>'
    for words, state in (("Đối thoại trực tuyến với doanh nghiệp", SectionState.PRESENT), ("Nhịp sống", None)):
        pages = {"/": "<p>Trang chủ</p>", "/x": text.format(words) + form, **FILLER}
        facts = site(pages, {"/x": label, "/a": "Trang a"}).section("feedback")
        assert (facts.state is SectionState.PRESENT) is (state is SectionState.PRESENT)


def test_a_menu_page_of_officials_mailboxes_is_the_directory_whatever_its_label() -> None:
    rows = (
        "<div><div>Nghiêm Bá Trường</div><div>Giám đốc</div><div>{}</div></div>"
        "<div><div>Thái Thị Diệp</div><div>Phó Giám đốc</div><div>{}</div></div>"
    )
    pages = {
        "/": "<p>Trang chủ</p>",
        "/ns": rows.format("truongnb@tinhmau.example", "dieptt@tinhmau.example"),
        **FILLER,
    }
    labels = {"/ns": "Nhân sự", "/a": "Trang a"}
    assert site(pages, labels).section("email_directory").state is SectionState.PRESENT
    pages["/ns"] = rows.format("0274 3899 101", "0274 3899 102")
    assert site(pages, labels).section("email_directory").state is SectionState.ABSENT


def test_a_directory_of_units_with_telephones_only_is_partial() -> None:
    rows = "<table>{}</table>".format(
        "".join(
            f"<tr><td>Phòng {name}</td><td>0650.3822.5{n}0</td></tr>" for n, name in enumerate(("Quản lý", "Tổng hợp"))
        )
    )
    found = site({"/": "<p>Trang chủ</p>", "/db": rows, **FILLER}, {"/db": "Danh bạ điện thoại"})
    assert found.section("email_directory").state is SectionState.PARTIAL
    assert found.section("email_directory").missing == ("email",)


def test_fields_of_procedures_in_a_box_to_choose_from_lead_on() -> None:
    box = '<h2>Bộ thủ tục</h2><select><option value="">Chọn</option><option value="/tthc/ho-tich">Hộ tịch</option></select>'
    table = "<table><tr><td>Đăng ký khai sinh</td><td>Hồ sơ gồm: tờ khai</td><td>Thời hạn: trong ngày</td></tr></table>"
    labels = {"/tthc": "Thủ tục hành chính"}
    opened = site({"/": "<p>Trang chủ</p>", "/tthc": box, "/tthc/ho-tich": table, **FILLER}, labels)
    assert opened.section("procedures").state is SectionState.PRESENT
    closed = site({"/": "<p>Trang chủ</p>", "/tthc": box, **FILLER}, labels).section("procedures")
    assert closed.state is SectionState.PARTIAL and [item.title for item in closed.items] == ["Hộ tịch"]


def test_a_picture_in_a_block_that_all_pages_share_is_part_of_a_menu() -> None:
    side = '<div><h2>Lịch công tác</h2><a href="/tuan"><img src="l.png" alt="Lịch công tác tuần của lãnh đạo Sở"></a></div>'
    week = "<p>Tuần 47 (16/11/2026 - 22/11/2026)</p><p>Thứ hai: họp giao ban. Thứ ba: tiếp dân. Thứ tư: đi cơ sở.</p>"
    pages = {path: content + side for path, content in {"/": "<p>Trang chủ</p>", "/tuan": week, **FILLER}.items()}
    facts = site(pages, {"/a": "Trang a"}).section("work_schedule")
    assert facts.state is SectionState.PRESENT
    assert facts.newest is not None and facts.newest.date == date(2026, 11, 16)


def test_unnamed_menu_entries_are_opened_where_a_weak_lead_led_to_nothing() -> None:
    labels = {f"/{n}": f"Trang {n}" for n in "abcdefghij"} | {
        "/lh": "Liên hệ", "/tc": "Cơ cấu tổ chức", "/vb": "Văn bản", "/tthc": "TTHC", "/tt": "Tuyên truyền", "/kh": "Kế hoạch",
        "/da": "Dự án", "/dvc": "Dịch vụ công", "/gy": "Góp ý", "/tin": "Tin tức", "/cd": "Chỉ đạo điều hành",
        "/lich": "Lịch công tác", "/ns": "Công khai ngân sách", "/tk": "Số liệu thống kê", "/tctt": "Tiếp cận thông tin",
    }  # fmt: skip
    named = [path for path in labels if len(path) > 2]
    looks = [look("/", document("<p>Trang chủ</p>", labels))]
    looks += [look(path, document(f"<p>Trang {path}</p>", labels)) for path in named]
    who = agency()
    pages = read_pages(looks, {})
    evidence = SiteEvidence(who.code, who.url, tuple(looks), requests=len(looks))
    context = make_context(
        who, who.scope or SiteScope("x"), evidence, MATCHER, AS_OF, pages, next(iter(pages.values()))
    )
    assert all(one.kind is LookKind.PAGE for one in looks)
    assert len(unnamed_wants(context)) == 10  # all of them: the contact page holds no directory
