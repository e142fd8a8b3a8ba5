"""Abolished bodies named as current, and the many places in which their names rightly stand. Sites on loopback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.configuration import ConfigError
from auditor.model import SiteState
from auditor.model.abolished import Level, NamedAsCurrent
from auditor.vocabulary import load_abolished
from tests.read.test_quality import HOME, NEWS, served

ABOUT = "<p>Sở có chức năng tham mưu quản lý nhà nước về tổ chức bộ máy; nhiệm vụ và các phòng chuyên môn theo quy định.</p>"


def named(
    *,
    header: str = "",
    footer: str = "",
    contact: str = "",
    about: str = "",
    home: str = "",
    news: str = "",
    agency: dict[str, object] | None = None,
) -> list[tuple[str, str]]:
    return [(one.name, one.place) for one in facts(header, footer, contact, about, home, news, agency)]


def facts(
    header: str,
    footer: str,
    contact: str,
    about: str,
    home: str = "",
    news: str = "",
    agency: dict[str, object] | None = None,
) -> tuple[NamedAsCurrent, ...]:
    pages = {
        "/": ("Sở Nội vụ", HOME + home),
        "/tin-tuc": ("Tin tức", NEWS + news),
        "/gioi-thieu": ("Cơ cấu tổ chức", ABOUT + about),
        "/lien-he": ("Liên hệ", f"<p>Điện thoại: 0271 3888 111. Email: snv@mau.example</p>{contact}"),
    }
    return served(pages, header=header, footer=footer, agency=agency).quality.abolished


@pytest.mark.parametrize(
    ("where", "html", "name"),
    [
        ("header", "<p>ỦY BAN NHÂN DÂN TỈNH BÌNH PHƯỚC</p><h2>SỞ NỘI VỤ</h2>", "TỈNH BÌNH PHƯỚC"),
        ("header", "<a href='/'>Cổng thông tin điện tử<br>Sở Nội vụ tỉnh Bình Phước</a>", "tỉnh Bình Phước"),
        ("footer", "<p>Cơ quan chủ quản: <span>UBND tỉnh Bình Phước</span></p>", "tỉnh Bình Phước"),
        ("footer", "<p>Bản quyền © 2024 thuộc Sở Nội vụ tỉnh Bình Phước. Ghi rõ nguồn khi phát hành lại.</p>", "tỉnh Bình Phước"),
        ("footer", "<p>Sở Nội vụ tỉnh Bình Phước - Địa chỉ: 12 Lê Lợi - Điện thoại: 0271 3888 111</p>", "tỉnh Bình Phước"),
        ("footer", "<p>Đơn vị chủ quản: Bộ TT&amp;TT</p>", "Bộ TT&TT"),
        ("footer", "<p>Số 12 đường Lê Lợi<br>Đơn vị chủ quản: Bộ GTVT<br>Thiết kế: Công ty A</p>", "Bộ GTVT"),
        ("footer", "<p>Trực thuộc Bộ Bưu chính, Viễn thông<br>Giấy phép số 12/GP</p>", "Bộ Bưu chính, Viễn thông"),
        ("contact", "<p>Cơ quan chủ quản: Bộ Lao động - Thương binh và Xã hội</p>", "Bộ Lao động - Thương binh và Xã hội"),
        ("about", "<p>Sở Nội vụ là cơ quan chuyên môn thuộc Ủy ban nhân dân tỉnh Bình Phước, có tư cách pháp nhân.</p>", "tỉnh Bình Phước"),
        ("about", "<p>Sở chịu sự hướng dẫn về chuyên môn của Bộ Kế hoạch và Đầu tư.</p>", "Bộ Kế hoạch và Đầu tư"),
    ],
)  # fmt: skip
def test_an_own_or_governing_bodys_old_name_is_found_with_its_place(where: str, html: str, name: str) -> None:
    place = {"contact": "contact_page", "about": "organisation"}.get(where, where)
    assert named(**{where: html}) == [(name, place)]


@pytest.mark.parametrize(
    ("where", "html"),
    [
        ("footer", "<p>Giấy phép số 115/GP-BC do Bộ Văn hóa - Thông tin cấp ngày 12/3/2003</p>"),
        ("footer", "<p>Giấy phép số 12/GP-TTĐT của Bộ Thông tin và Truyền thông</p>"),
        ("footer", "<p>Cơ quan chủ quản: Bộ Thông tin và Truyền thông, nay là Bộ Khoa học và Công nghệ</p>"),
        ("footer", "<p>Cơ quan chủ quản: Bộ Thông tin và Truyền thông - nay là Bộ Khoa học và Công nghệ</p>"),
        ("footer", "<p>Bộ Thông tin và Truyền thông (cũ)</p>"),
        ("footer", "<p>Trước đây là <span>Bộ Thủy sản</span></p>"),
        ("footer", "<p>Địa chỉ: 12 Lê Lợi, phường Tân Bình, thành phố Đồng Xoài, tỉnh Bình Phước</p>"),
        ("footer", "<p>Địa chỉ: 12 Lê Lợi<br>phường Tân Bình<br>tỉnh Bình Phước</p>"),
        ("footer", "<p>UBND phường Bình Phước</p>"),
        ("footer", "<p>Liên kết: <a href='http://x.example/'>UBND tỉnh Bình Phước</a> <a href='http://y.example/'>Bộ TTTT</a></p>"),
        ("footer", "<select><option value='http://y.example/'>Bộ Thông tin và Truyền thông</option></select>"),
        ("header", "<p>UBND tỉnh Bình Phước ban hành kế hoạch chuyển đổi số năm nay</p>"),
        ("header", "<p>Sở Nội vụ thành phố Đồng Nai</p>"),
        ("contact", "<p>Sở Tài chính tỉnh Bình Phước: 0271 3888 222</p>"),
        ("about", "<p>Năm 1997, Sở là cơ quan chuyên môn thuộc Ủy ban nhân dân tỉnh Bình Phước.</p>"),
        ("about", "<p>Tiền thân của Sở là cơ quan trực thuộc Bộ Thương mại.</p>"),
        ("about", "<p>Quyết định số 12 quy định: Sở là cơ quan chuyên môn thuộc Ủy ban nhân dân tỉnh Bình Phước.</p>"),
        ("about", "<p>Sở phối hợp với Bộ Thông tin và Truyền thông triển khai đề án.</p>"),
        ("home", "<p>Cơ quan chủ quản: UBND tỉnh Bình Phước</p>"),
        ("news", "<p>Cơ quan chủ quản: Bộ Thông tin và Truyền thông</p>"),
    ],
)  # fmt: skip
def test_where_an_old_name_rightly_stands(where: str, html: str) -> None:
    assert named(**{where: html}) == []


def test_an_archive_that_says_so_keeps_the_names_of_its_time() -> None:
    footer = "<p>Cơ quan chủ quản: UBND tỉnh Bình Phước</p>"
    assert named(footer=footer) != []
    assert named(footer=footer, home="<p>Trang đã ngừng cập nhật từ ngày 01/7/2025.</p>") == []
    title = "<ul><li><a href='/tin/2'>Cấp huyện kết thúc hoạt động từ ngày 01/7</a> 18/11/2026</li></ul>"
    assert named(footer=footer, home=title) != [], "the title of an item is no notice"


def test_a_path_of_a_portal_does_not_answer_for_the_portals_footer() -> None:
    footer = "<p>Cơ quan chủ quản: UBND tỉnh Bình Phước</p>"
    pages = {
        "/snv/": ("Sở Nội vụ", HOME),
        "/snv/tin": ("Tin tức", NEWS),
        "/snv/lien-he": ("Liên hệ", "<p>ĐT: 0271 3888 111</p>"),
    }
    own = {"url": "http://snv.mau.example/snv/", "prefix": "/snv/"}
    site = served(pages, footer=footer, agency=own)
    assert (site.state, site.pages, site.quality.abolished) == (SiteState.OK, 3, ())
    assert served(pages, footer=footer, agency={**own, "prefix": "/"}).quality.abolished != ()


def test_a_districts_own_name_is_one_of_an_abolished_level() -> None:
    own = {"name": "Ủy ban nhân dân thị xã Tân Mẫu", "kind": "huyen", "short_names": ["thị xã Tân Mẫu"]}
    header = "<p>UBND THỊ XÃ TÂN MẪU</p>"
    assert named(header=header, agency=own) == [("THỊ XÃ TÂN MẪU", "header")]
    assert named(header=header) == [], "another agency that names the district"
    assert named(header=header, agency={**own, "kind": "khac"}) == []
    assert named(footer="<p>Địa chỉ: Số 1, thị xã Tân Mẫu</p>", agency=own) == []


def test_the_words_the_day_and_the_source_come_with_it() -> None:
    (one,) = facts("", "<p>Cơ quan chủ quản: UBND tỉnh Bình Phước</p>", "", "")
    assert one.excerpt == "Cơ quan chủ quản: UBND tỉnh Bình Phước"
    assert (str(one.last_day), one.url) == ("2025-06-30", "http://snv.mau.example/")
    assert "202/2025/QH15" in one.source and "Đồng Nai" in one.now


# -- the data ---------------------------------------------------------------------------------------------------------


def test_the_shipped_list_is_whole_and_every_entry_has_its_source() -> None:
    known = load_abolished()
    assert all(body.names and body.now and body.source for body in known.bodies)
    merged = [body for body in known.bodies if "202/2025/QH15" in body.source]
    assert len(merged) == 63 - 34, "provinces that lost their name in 2025"
    assert all(body.level is Level.PROVINCE for body in merged)
    assert known.district is not None and known.district.level is Level.DISTRICT
    names = [name for body in known.bodies for name in body.names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("bodies: [{names: [], last_day: 2025-01-01, now: x, source: y}]", "bodies[0].names"),
        ("bodies: [{names: [Sở A], last_day: 2025-01-01, now: x}]", "bodies[0].source"),
        ("bodies: [{names: [Sở A], last_day: '31/12/2025', now: x, source: y}]", "bodies[0].last_day"),
    ],
)
def test_a_wrong_entry_is_named_with_its_field(tmp_path: Path, line: str, field: str) -> None:
    words = "words: {owner: [], after: [], governed: [], former: [], decree: [], archive: []}"
    (tmp_path / "abolished.yaml").write_text(f"{line}\n{words}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_abolished(tmp_path)
    assert (raised.value.field, raised.value.line) == (field, 1)


def test_an_operator_adds_bodies_of_the_province(tmp_path: Path) -> None:
    text = (
        "bodies: [{names: [Sở Mẫu cũ], last_day: 2025-02-28, now: nay là Sở Mới, source: Nghị quyết của HĐND tỉnh}]\n"
    )
    words = "words: {owner: [thuộc], after: [], governed: [], former: [], decree: [], archive: []}\n"
    (tmp_path / "abolished.yaml").write_text(text + words, encoding="utf-8")
    assert [body.names for body in load_abolished(tmp_path).bodies] == [("Sở Mẫu cũ",)]
    assert load_abolished(tmp_path).district is None


def test_an_operators_older_copy_has_no_weaker_words_than_the_shipped_file(tmp_path: Path) -> None:
    words = "words: {owner: [thuộc, UBND, của], after: [], governed: [], former: [], decree: [], archive: []}\n"
    (tmp_path / "abolished.yaml").write_text(words, encoding="utf-8")
    own, shipped = load_abolished(tmp_path).words, load_abolished().words
    assert own["owner"] == ("thuoc",), "the words that prove nothing alone"
    later = ("of_others", "named", "bodies", "lists", "history", "documents")
    assert [own[name] for name in later] == [shipped[name] for name in later]
    assert all(shipped[name] for name in later)


@pytest.mark.parametrize(
    "html",
    [
        "<p>Cơ quan cấp phép: <strong class=x>Bộ Thông tin và Truyền thông</strong></p>",
        "<p>Giấy phép số 42/GP-TTĐT do Cục Phát thanh, truyền hình và thông tin điện tử - Bộ Thông tin và Truyền thông</p>",
        "<p>Cơ quan cấp phép:<br>Bộ Thông tin và Truyền thông</p>",
        "<table><tr><td>Cơ quan cấp phép</td><td>Bộ Thông tin và Truyền thông</td></tr></table>",
        "<div>Cơ quan cấp giấy phép:</div><div>Bộ Thông tin và Truyền thông</div>",
        "<div>Liên kết website</div><ul><li onclick=\"go('a')\">Bộ Kế hoạch và Đầu tư</li><li>Bộ Thương mại</li></ul>",
        "<p>Liên kết: Bộ KH&amp;ĐT | Bộ TN&amp;MT</p>",
    ],
)
def test_who_gave_a_licence_and_who_is_linked_to_is_no_owner(html: str) -> None:
    assert named(footer=html) == []
    assert named(contact=html) == []


def test_a_ministry_below_the_word_for_its_ownership_is_the_owner() -> None:
    assert named(footer="<p>Cơ quan chủ quản:<br>Bộ Giao thông vận tải</p>") == [("Bộ Giao thông vận tải", "footer")]


# -- lists of others, old documents, histories ------------------------------------------------------------------------


def rows(*names: str, tag: str = "li") -> str:
    return "".join(f"<{tag}>{name}</{tag}>" for name in names)


OTHERS = (
    "UBND tỉnh Bình Phước",
    "Bộ Thông tin và Truyền thông",
    "Văn phòng UBND tỉnh Bình Phước",
    "Sở Nội vụ tỉnh Bình Phước",
)
PORTALS = (
    "Cổng thông tin điện tử tỉnh Bình Phước",
    "Website Bộ Kế hoạch và Đầu tư",
    "Trang thông tin điện tử UBND tỉnh Hà Nam",
)


@pytest.mark.parametrize("names", [OTHERS, PORTALS, (OTHERS[3], "Sở Nội vụ tỉnh Hà Nam", "Sở Nội vụ tỉnh Phú Yên")])
@pytest.mark.parametrize(
    "label", ["Liên kết website", "Liên kết", "Liên kết hữu ích", "Trang liên kết", "Website các đơn vị"]
)
@pytest.mark.parametrize(
    "shape",
    [
        lambda label, names: f"<h3>{label}</h3><ul>{rows(*names)}</ul>",
        lambda label, names: f"<h3>{label}</h3><select><option>{label}</option>{rows(*names, tag='option')}</select>",
        lambda label, names: f"<table><tr><th>{label}</th></tr>{''.join(f'<tr><td>{n}</td></tr>' for n in names)}</table>",
        lambda label, names: f"<dl><dt>{label}</dt>{rows(*names, tag='dd')}</dl>",
        lambda label, names: f"<p>{label}</p>{rows(*names, tag='p')}",
        lambda label, names: f"<p>{label}:<br>{'<br>'.join(names)}</p>",
        lambda label, names: f"<div><div><b>{label}</b></div><div>{rows(*names, tag='div')}</div></div>",
        lambda label, names: f"<div class=col><p>Sở Nội vụ</p></div><div class=col><h4>{label}</h4>{rows(*names, tag='span')}</div>",
        lambda label, names: f"<h4>{label}</h4>" + "".join(f"<a href='http://x.example/'><img alt='{n}' src=a.png></a>" for n in names),
        lambda label, names: f"<h4>{label}</h4>" + "".join(f"<img alt='{n}' title='{n}' src=a.png>" for n in names),
        lambda label, names: f"<h4>{label}</h4><ul>" + "".join(f"<li><a href='#'>{n}</a></li>" for n in names) + "</ul>",
        lambda label, names: f"<h4>{label}</h4><ul>" + "".join(f"<li><a href='/'>{n}</a></li>" for n in names) + "</ul>",
    ],
)  # fmt: skip
def test_a_list_of_links_names_others(
    shape: Callable[[str, tuple[str, ...]], str], label: str, names: tuple[str, ...]
) -> None:
    html = shape(label, names)
    assert named(header=html, footer=html, contact=html, about=html) == []


@pytest.mark.parametrize(
    "html",
    [
        f"<ul>{rows('UBND tỉnh Bình Phước', 'Sở Nội vụ', 'Sở Tư pháp', 'Sở Tài chính')}</ul>",
        f"<div>{rows('Tỉnh ủy', 'UBND tỉnh Bình Phước', 'Sở Nội vụ tỉnh Bình Phước', 'Sở Y tế', tag='div')}</div>",
        "<p>Cổng thông tin điện tử tỉnh Bình Phước</p>",
        "<p>Website: Bộ Thông tin và Truyền thông</p>",
        "<p>Đơn vị trực thuộc UBND tỉnh Bình Phước</p><p>Sở Tư pháp</p><p>Sở Y tế</p>",
        "<p>Các cơ quan thuộc UBND tỉnh Bình Phước</p>",
        "<h4>Liên kết hữu ích</h4><p>Sở Nội vụ tỉnh Bình Phước</p>",
        "<table><tr><td>UBND tỉnh Bình Phước</td><td>0271 3888 222</td></tr><tr><td>Sở Nội vụ</td><td>0271 3888 111</td></tr></table>",
        "<p>Trước đây là</p><p>Sở Nội vụ tỉnh Bình Phước</p>",
        "<p>Được sáp nhập từ:</p><p>Sở Nội vụ tỉnh Bình Phước</p><p>Sở Nội vụ tỉnh Đồng Nai</p>",
        "<p>Cơ quan chủ quản: Bộ Thông tin và Truyền thông</p><p>(nay là Bộ Khoa học và Công nghệ)</p>",
        "<dl><dt>Tên cũ</dt><dd>Sở Nội vụ tỉnh Bình Phước</dd></dl>",
    ],
)  # fmt: skip
def test_others_are_named_without_a_heading_and_old_names_as_old(html: str) -> None:
    assert (named(footer=html), named(contact=html)) == ([], [])


@pytest.mark.parametrize(
    "html",
    [
        "<ul><li>Thông tư hướng dẫn về chuyên môn của Bộ Kế hoạch và Đầu tư</li><li>Quyết định quy định Sở Nội vụ là cơ quan chuyên môn thuộc UBND tỉnh Bình Phước</li></ul>",
        "<p>- Quy chế làm việc: Sở là cơ quan chuyên môn thuộc UBND tỉnh Bình Phước</p>",
        "<p>12/2016/QĐ-UBND: Sở là cơ quan chuyên môn thuộc UBND tỉnh Bình Phước</p>",
        "<p>Sở được tái lập năm 1997. Khi đó, Sở là cơ quan chuyên môn thuộc UBND tỉnh Bình Phước.</p>",
        "<h3>Quá trình hình thành và phát triển</h3><p>Sở là cơ quan chuyên môn thuộc UBND tỉnh Bình Phước, có 5 phòng.</p>",
        "<p>Lịch sử ngành: những ngày đầu còn nhiều khó khăn.</p><p>Sở là cơ quan chuyên môn thuộc UBND tỉnh Bình Phước.</p>",
        "<p>Trước đây là cơ quan trực thuộc Bộ Thương mại.</p><p>Sở là cơ quan trực thuộc UBND tỉnh Bình Phước.</p>",
        "<p>Năm 1997, Sở có năm phòng. Sở là cơ quan chuyên môn thuộc UBND tỉnh Bình Phước.</p>",
        "<p>Sở được sáp nhập từ hai sở.</p><p>Trước 01/7, Sở là cơ quan chuyên môn thuộc UBND tỉnh Bình Phước.</p>",
    ],
)  # fmt: skip
def test_old_documents_and_histories_tell_of_their_time(html: str) -> None:
    assert named(about=html) == []


@pytest.mark.parametrize(
    ("html", "name"),
    [
        ("<p>Cơ quan chủ quản: UBND tỉnh Bình Phước</p><h4>Liên kết website</h4><ul><li>Bộ Tài chính</li></ul>", "tỉnh Bình Phước"),
        ("<h4>Liên kết website</h4><ul><li>Bộ Tài chính</li></ul><p>Bản quyền thuộc về Sở Nội vụ tỉnh Bình Phước</p>", "tỉnh Bình Phước"),
        ("<ul><li>Sở Nội vụ tỉnh Bình Phước</li><li>Địa chỉ: 12 Lê Lợi</li><li>Điện thoại: 0271 3888 111</li></ul>", "tỉnh Bình Phước"),
        ("<p>UBND TỈNH BÌNH PHƯỚC</p><p>SỞ NỘI VỤ</p><p>Địa chỉ: 12 Lê Lợi</p>", "TỈNH BÌNH PHƯỚC"),
        ("<dl><dt>Cơ quan chủ quản</dt><dd>UBND tỉnh Bình Phước</dd></dl>", "tỉnh Bình Phước"),
        ("<table><tr><td>Đơn vị chủ quản:</td><td>Bộ Giao thông vận tải</td></tr></table>", "Bộ Giao thông vận tải"),
    ],
)  # fmt: skip
def test_beside_a_list_of_links_the_owner_is_still_the_owner(html: str, name: str) -> None:
    assert named(footer=html) == [(name, "footer")]
