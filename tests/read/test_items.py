"""Items of lists in different layouts, each with its own date."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.read.entries import Reading
from auditor.read.items import extract_items
from tests.read.pages import AS_OF, VOCABULARY, document, page

READING = Reading(AS_OF, VOCABULARY)
TITLES = (
    "Triển khai quy hoạch chung đô thị mới",
    "Kiểm tra an toàn công trình xây dựng",
    "Hội nghị sơ kết công tác quý ba",
)
DAYS = (date(2026, 11, 18), date(2026, 11, 12), date(2026, 10, 30))


def _rows(pattern: str, stamp: str = "%d/%m/%Y") -> str:
    return "".join(
        pattern.format(n=n, title=title, date=day.strftime(stamp), day=day.day, month=day.month, year=day.year)
        for n, (title, day) in enumerate(zip(TITLES, DAYS, strict=True))
    )


LAYOUTS = {
    "ul": "<ul>" + _rows('<li><a href="/t/{n}">{title}</a> <i>({date})</i></li>') + "</ul>",
    "cards": _rows(
        '<div class="card"><a href="/t/{n}"><img src="x.jpg" alt="{title}"></a><h3><a href="/t/{n}">{title}</a></h3>'
        '<p class="meta">Thứ tư - {date} 08:09</p><p>Tóm tắt nội dung bài viết về công tác xây dựng trên địa bàn.</p></div>'
    ),
    "table": "<table><tr><th>Tiêu đề</th><th>Ngày đăng</th></tr>"
    + _rows('<tr><td><a href="/t/{n}">{title}</a></td><td>{date}</td></tr>') + "</table>",
    "date first": "<div>" + _rows('<div class=row><span class="time">{date}</span><a href="/t/{n}">{title}</a></div>') + "</div>",
    "siblings": "<div>" + _rows('<h4><a href="/t/{n}">{title}</a></h4><span class="d">{date}</span><p>Trích đoạn.</p>') + "</div>",
    "day and month apart": _rows(
        '<div class="item"><div class="cal"><span>{day}</span><span>{month}/{year}</span></div><a href="/t/{n}">{title}</a></div>'
    ),
    "counter glued": "<ul>" + _rows('<li><a href="/t/{n}">{title}</a><br>{date} 09:523340</li>') + "</ul>",
    "time element": _rows('<article><h2><a href="/t/{n}">{title}</a></h2><time datetime="2000-01-01">{date}</time></article>'),
    "definition list": "<dl>" + _rows('<dt><a href="/t/{n}">{title}</a></dt><dd>Ngày đăng: {date}</dd>') + "</dl>",
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_each_item_its_own_date(layout: str) -> None:
    items = extract_items(page(document(LAYOUTS[layout]), "/tin-tuc"), READING)
    assert [(item.title, item.dated.date if item.dated else None) for item in items] == list(
        zip(TITLES, DAYS, strict=True)
    )


STAMPS = {
    "a category, then yymmddHHMMSS and milliseconds": ("115241201164520419.htm", date(2024, 12, 1)),
    "no category": ("241128182240327.htm", date(2024, 11, 28)),
    "the year in full": ("20241126162614233", date(2024, 11, 26)),
    "a counter": ("19782.htm", None),
    "a number that is no time": ("115249901164520419.htm", None),
    "a time that does not exist": ("115241201264520419.htm", None),
    "longer than such a number": ("99115241201164520419.htm", None),
    "a day to come": ("115271201164520419.htm", None),
}


@pytest.mark.parametrize("case", STAMPS)
def test_an_articles_number_that_is_made_of_its_time_dates_it(case: str) -> None:
    number, day = STAMPS[case]
    html = f'<ul><li><a href="/trao-so-huu-tri-cho-can-bo-{number}">Trao sổ hưu trí cho bốn cán bộ nghỉ theo chế độ</a></li></ul>'
    (item,) = extract_items(page(document(html), "/tin-tuc"), READING)
    assert (item.dated and item.dated.date) == day


def test_a_single_item_is_a_list() -> None:
    html = '<div class=box><h2><a href="/t/1">Khai trương trụ sở mới của Sở</a></h2><div>15/05/2026 04:23:00 PM</div></div>'
    items = extract_items(page(document(html), "/tin-tuc"), READING)
    assert [(item.title, item.dated and item.dated.date) for item in items] == [
        ("Khai trương trụ sở mới của Sở", date(2026, 5, 15))
    ]


def test_dates_of_cited_documents_and_deadlines_are_not_the_items() -> None:
    html = (
        '<ul><li><a href="/t/1">Triển khai Quyết định số 5133/QĐ-UBND ngày 01/8/2026 của UBND tỉnh</a></li>'
        '<li><a href="/t/2">Mời góp ý dự thảo nghị quyết</a> <p>Hạn góp ý đến ngày 30/10/2026</p></li></ul>'
    )
    assert [item.dated for item in extract_items(page(document(html), "/x"), READING)] == [None, None]


def test_future_dates_are_not_updates() -> None:
    html = '<ul><li><a href="/t/1">Lễ khởi công khu nhà ở xã hội</a> <span>25/12/2026</span></li></ul>'
    assert [item.dated for item in extract_items(page(document(html), "/x"), READING)] == [None]


def test_document_rows_carry_their_attributes() -> None:
    html = (
        "<table><tr><th>Số ký hiệu</th><th>Ngày ban hành</th><th>Trích yếu</th><th>Tệp</th></tr>"
        '<tr><td><a href="/vb/1">15/2026/QĐ-UBND</a></td><td>05/11/2026</td>'
        '<td>Quy định quản lý kiến trúc đô thị</td><td><a href="/f/15.pdf">Tải về</a></td></tr></table>'
    )
    (item,) = extract_items(page(document(html), "/vb"), READING)
    assert item.has_all("number", "date", "abstract", "file") and item.dated is not None
    assert item.dated.date == date(2026, 11, 5)


def test_links_in_running_text_and_paging_are_not_items() -> None:
    html = (
        '<p>Xem thêm hướng dẫn chi tiết đăng tại trang <a href="/t/9">Cổng thông tin điện tử của tỉnh</a>.</p>'
        '<a href="/tin-tuc?page=2">Trang 2 của danh sách tin</a><a href="/print/t/1">Bản in của bài viết này</a>'
    )
    assert extract_items(page(document(html), "/tin-tuc"), READING) == ()


def test_a_part_of_a_page_is_never_left_on_the_way_to_an_entrys_box() -> None:
    """Of a tab, the entry's box would grow to what stands around the tab: the part ends at its own root."""
    read = page('<div class="tabs"><div id="van-ban"><a href="/t/1">Triển khai quy hoạch chung đô thị</a></div></div>')
    tab = next(box for box in read.boxes if box.attrs.get("id") == "van-ban")
    assert [item.url for item in extract_items(read.part(tab), READING)] == ["https://sxd.tinhmau.example/t/1"]


def test_rows_of_one_cell_with_a_day_are_entries_and_questions_are_not() -> None:
    rows = "".join(f"<tr><td><b>{title}</b><br>Nguồn vốn: ngân sách tỉnh.<br>Ngày đăng: {day:%d/%m/%Y}</td></tr>"
                   for title, day in zip(TITLES, DAYS, strict=True))  # fmt: skip
    found = extract_items(page(f"<table>{rows}</table>"), READING)
    assert [(item.title, item.dated and item.dated.date) for item in found] == list(zip(TITLES, DAYS, strict=True))
    asked = "".join(f"<tr><td>Hỏi: {title}? (người hỏi, {day:%d/%m/%Y})</td></tr>"
                    for title, day in zip(TITLES, DAYS, strict=True))  # fmt: skip
    assert extract_items(page(f"<table>{asked}</table>"), READING) == ()


CARD = "<div class=card><h4>{title}</h4><p>Nguồn vốn: ngân sách tỉnh.</p><i>{day:%d/%m/%Y}</i></div>"


def test_cards_that_lead_nowhere_are_entries_each_with_its_day() -> None:
    cards = "".join(CARD.format(title=title, day=day) for title, day in zip(TITLES, DAYS, strict=True))
    found = extract_items(page(document(f"<div class=cards>{cards}</div>")), READING)
    assert [(item.title, item.dated and item.dated.date) for item in found] == list(zip(TITLES, DAYS, strict=True))


@pytest.mark.parametrize(
    "begins", ["Hỏi: ", "Câu hỏi: ", "Ý kiến của ông A: ", "Người gửi: ông A. ", "Thứ tư, 18/11/2026: "]
)
def test_cards_of_questions_comments_and_days_of_a_week_are_no_entries(begins: str) -> None:
    cards = "".join(CARD.format(title=begins + title, day=day) for title, day in zip(TITLES, DAYS, strict=True))
    assert extract_items(page(document(f"<div class=cards>{cards}</div>")), READING) == ()


def test_a_card_alone_is_a_text_and_not_an_entry() -> None:
    assert extract_items(page(document(CARD.format(title=TITLES[0], day=DAYS[0]))), READING) == ()


@pytest.mark.parametrize(("stamp", "day"), [("2026-11-14T22:00", 14), ("2026-11-15", 15), ("2026-10-01", 15), ("", 15)])
def test_days_ago_are_told_exactly_by_the_time_element_that_was_rounded(stamp: str, day: int) -> None:
    reading = Reading(AS_OF, VOCABULARY, fetch_day=AS_OF)
    html = f"<ul><li><a href='/t/1'>{TITLES[0]}</a> <time datetime='{stamp}'>5 ngày trước</time></li></ul>"
    (item,) = extract_items(page(document(html)), reading)
    assert item.dated is not None and item.dated.date == date(2026, 11, day)


@pytest.mark.parametrize(
    ("words", "is_one"),
    [("QD-45.pdf", True), ("Toàn văn: 45 QĐ-UBND.DOCX", True), ("Xem tiếp trên baomoi.example", False), ("45.2026", False)],
)
def test_a_link_whose_words_are_a_files_name_leads_to_a_file(words: str, is_one: bool) -> None:
    """Files that are kept elsewhere bear addresses that do not say so."""
    kept = f'<p>Kèm theo: <a href="https://drive.example/file/d/1aXk45/view">{words}</a></p>'
    post = f'<div><h3><a href="/vb/{{0}}">Quyết định số {{0}}/QĐ-UBND về quy chế làm việc</a></h3>{kept}</div>'
    html = post.format(45) + post.format(44).replace("1aXk45", "1aXk44")
    first, second = (item for item in extract_items(page(document(html), "/vb"), READING) if "/vb/" in (item.url or ""))
    assert ("file" in first.attributes, "file" in second.attributes) == (is_one, is_one)


def _posts(*days: str) -> str:
    """A blog's posts, each document beneath the day of its posting ("" for none)."""
    post = '{1}<div><h3><a href="/vb/{0}">Quyết định số {0}/QĐ-UBND ngày 02/11/2026 về quy chế</a></h3></div>'
    return "".join(post.format(45 - n, f"<h2>{day}</h2>" if day else "") for n, day in enumerate(days))


@pytest.mark.parametrize(
    ("html", "days"),
    [
        (_posts("Thứ Năm, 5 tháng 11, 2026", "Thứ Tư, 4 tháng 11, 2026"), [5, 4]),
        (_posts("Thứ Năm, 5 tháng 11, 2026"), [5]),
        (_posts("Thứ Năm, 5 tháng 11, 2026", "", "Thứ Tư, 4 tháng 11, 2026"), [5, 2, 4]),
        (_posts("Thứ Năm, 5 tháng 11, 2026") + f"<p>{'Xã có nhiều thôn. ' * 120}</p>", [5]),
        (_posts("", ""), [2, 2]),
        (_posts("Ngày 20/11/2026", "", ""), [2, 2, 2]),
        (_posts("Ngày 20/11/2026", ""), [2, 2]),
    ],
)
def test_the_day_above_a_document_is_that_of_its_posting_and_the_one_in_its_title_the_last_resort(
    html: str, days: list[int]
) -> None:
    """One day alone over several documents is the page's, not theirs."""
    items = extract_items(page(document(html), "/vb"), Reading(AS_OF, VOCABULARY, own_numbers=True))
    assert [item.dated.date for item in items if item.dated] == [date(2026, 11, day) for day in days]
