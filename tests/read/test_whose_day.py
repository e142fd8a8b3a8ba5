"""Which day is an entry's own: not a comment's, an asker's, an edit's, another section's or a weekday's."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.model import LookKind, SectionState
from auditor.read.entries import Reading
from auditor.read.items import extract_items
from tests.read.pages import AS_OF, BASE, VOCABULARY, look, page, site

READING = Reading(AS_OF, VOCABULARY)
FILLER = {f"/{n}": f"<p>Trang thứ {n} của Sở, nói về công việc riêng số {n}.</p>" for n in ("a", "b", "c", "d")}


def newest(detector: str, content: str, label: str, **more: str) -> date | None:
    """The newest day of a section with `content` under `label`; `more`: further pages, by path without the slash."""
    pages = {"/": "<p>Trang chủ</p>", "/x": content, **FILLER, **{f"/{path}": text for path, text in more.items()}}
    found = site(pages, {"/x": label, "/a": "Trang a"}).section(detector).newest
    return found.date if found is not None else None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1 tuần 1 ngày trước", date(2026, 11, 12)),
        ("1 tháng, 3 ngày trước", date(2026, 10, 17)),
        ("2 ngày 3 giờ trước", date(2026, 11, 18)),
        ("3 ngày trước", date(2026, 11, 17)),
        ("2 tháng 1 tuần trước", None),  # one of seven days
        ("2 ngày 20 giờ trước", None),  # yesterday's night or the day before
    ],
)
def test_two_units_of_the_past_add_up(text: str, day: date | None) -> None:
    found = READING.find(text)
    assert [one.date for one in found] == ([day] if day else [])


@pytest.mark.parametrize("words", ["sửa lần cuối", "Chỉnh sửa lần cuối:", "Ngày sửa đổi:", "Last modified on"])
def test_an_edit_is_no_publication(words: str) -> None:
    (found,) = READING.find(f"{words} 14/09/2017 09:05")
    assert found.role == "edited"
    rows = "".join(f'<li><a href="/t/{n}">Hội nghị triển khai nhiệm vụ {n}</a> {words} 14/09/2017</li>' for n in "ab")
    assert newest("news", f"<ul>{rows}</ul>", "Tin tức") is None


def test_feeds_of_comments_are_no_news() -> None:
    item = "<item><title>{}</title><link>{}</link><pubDate>Thu, 19 Nov 2026 02:00:00 +0000</pubDate></item>"
    rows = '<ul><li><a href="/tin-1">Khai mạc giải bóng chuyền các thôn</a></li></ul>'
    for url, link, counts in (
        ("/comments/feed/", "/tin-1", False),
        ("/?feed=comments-rss2", "/tin-1", False),
        ("/rss-2", "/tin-1#comment-2", False),
        ("/feed/", "/tin-1", True),
    ):
        body = f'<rss version="2.0"><channel><title>X</title>{item.format("Một", BASE + link)}</channel></rss>'
        feed = look(url, body, kind=LookKind.FEED, content_type="application/rss+xml")
        pages = {"/": "<p>Trang chủ</p>", "/x": rows, **FILLER}
        facts = site(pages, {"/x": "Tin tức"}, extra=(feed,))
        assert (facts.section("news").newest is not None) is counts, url
        assert (facts.section("rss").state is SectionState.PRESENT) is counts, url


def test_a_leaf_of_day_and_month_in_two_elements_is_the_entrys_day() -> None:
    row = '<div><h5><a href="/vb/{0}">Quyết định {0}/QĐ-UBND ngày 01/10/2026 về quy chế làm việc</a></h5><div><span>{1}</span> <span>Th11</span></div></div>'
    items = extract_items(
        page(row.format("03", "09") + row.format("04", "12")), Reading(AS_OF, VOCABULARY, own_numbers=True)
    )
    assert [item.dated.date for item in items if item.dated] == [date(2026, 11, 9), date(2026, 11, 12)]
    assert not any(item.dated.year_shown for item in items if item.dated)


def test_a_number_in_an_element_of_its_own_is_found_behind_a_word() -> None:
    row = '<div><div><span>Công văn</span><span>{0}/BQL-QLĐT</span></div><a href="/vb/{0}">Báo cáo giám sát đầu tư 9 tháng</a></div>'
    items = extract_items(page(row.format("1127") + row.format("1128")), READING)
    assert len(items) == 2 and all("number" in item.attributes for item in items)


def test_a_cards_page_that_is_another_section_dates_no_entry_of_the_hub() -> None:
    cards = '<div><div><a href="/x/ns">Ngân sách, quyết toán năm</a></div><div><a href="/x/tk">Số liệu thống kê</a></div></div>'
    figures = (
        "<h2>Số liệu thống kê</h2><p>Đăng: 18/11/2026</p><p>Việc làm mới 1.204 người, thất nghiệp 2,31 phần trăm.</p>"
    )
    budget = '<h2>Ngân sách</h2><ul><li><a href="/f.pdf">Công khai dự toán thu chi năm 2026</a> 15/01/2026</li></ul>'
    assert newest("budget_disclosure", cards, "Công khai", **{"x/ns": budget, "x/tk": figures}) != date(2026, 11, 18)


def test_a_day_in_a_link_with_another_title_is_not_the_pages() -> None:
    links = '<a href="/t/1"><span>Chấn chỉnh việc mua sắm thuốc tập trung</span><time>02/10/2026</time></a>'
    week = "<h3>Tuần 47: từ 16/11/2026 đến 22/11/2026</h3><p>Thứ hai: họp giao ban. Thứ ba: tiếp dân. Thứ tư: đi cơ sở.</p>"
    assert newest("work_schedule", f"<h1>Điều hành</h1>{links}{week}", "Lịch công tác") == date(2026, 11, 16)


def test_days_of_a_schedule_are_no_entries_of_what_stands_beside_it() -> None:
    links = '<ul><li><a href="/t/1">Chấn chỉnh việc mua sắm thuốc tập trung</a> 09/11/2026</li></ul>'
    week = "<table><tr><td>Thứ hai, 16/11</td><td>Họp giao ban Sở</td></tr><tr><td>Thứ sáu, 20/11</td><td>Tiếp công dân</td></tr></table>"
    assert newest("direction", links + week, "Chỉ đạo điều hành") == date(2026, 11, 9)
    rows = "<table><tr><td>Thủ tục 5/11</td><td>Cấp giấy phép xây dựng nhà ở</td></tr></table>"
    assert len(extract_items(page(rows), READING)) == 1


QUESTION = "<td>Chế độ nghỉ thai sản của công chức xã?</td><td>16/11/2026</td><td>Đang xử lý</td>"
REPLY = "<td>Hồ sơ xét tặng Huân chương?</td><td>20/10/2026</td><td>Đã trả lời ngày 28/10/2026: nộp bản khai.</td>"


def test_a_day_in_the_column_of_askings_is_no_publication() -> None:
    head = "<tr><th>Câu hỏi</th><th>{}</th><th>Trạng thái</th></tr>"
    table = f"<table>{head}<tr>{QUESTION}</tr><tr>{REPLY}</tr></table>"
    assert newest("feedback", table.format("Ngày gửi"), "Hỏi đáp") == date(2026, 10, 28)


def test_a_day_after_who_asked_is_no_publication() -> None:
    asked = '<div><a href="/h/3">Khi nào có kết quả cấp đổi giấy chứng nhận?</a> <small>Người hỏi: Vi Văn Lộc - ngày 18/11/2026</small></div>'
    reply = "<div><b>Trả lời</b> (ngày 05/11/2026): Bà nộp tờ khai theo mẫu tại UBND xã, thời hạn 28 ngày.</div>"
    assert newest("feedback", asked + reply, "Hỏi đáp") == date(2026, 11, 5)


def test_a_readers_comment_is_no_entry() -> None:
    draft = '<tr><td>Dự thảo quy định giá đất bổ sung năm 2026<br>Ngày đăng: 08/10/2026. <a href="/f.doc">Toàn văn</a></td></tr>'
    comment = "<tr><td>{} bà Lê Thị Mận (12/11/2026): giá đất ven quốc lộ còn thấp.</td></tr>"
    of = f"<table>{draft}{comment}</table>"
    assert newest("feedback", of.format("Ý kiến của"), "Lấy ý kiến") == date(2026, 10, 8)


def test_what_wordpress_and_plone_say_of_an_empty_list_is_empty() -> None:
    for words in ("Không tìm thấy gì. Có vẻ như không có gì ở đây cả.", "Hiện tại không có mục nào trong thư mục này."):
        text = f"<h1>Tuyên truyền</h1><p>bởi quản trị viên của trang này</p><p>{words}</p>"
        facts = site({"/": "<p>Trang chủ</p>", "/x": text, **FILLER}, {"/x": "Tuyên truyền"})
        assert facts.section("legal_dissemination").state is SectionState.EMPTY
