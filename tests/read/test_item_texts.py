"""An entry's own text as a fingerprint: what is the same, what another text, and what tells nothing."""

from __future__ import annotations

import pytest

from auditor.model import Item, SiteFacts
from auditor.model.item_text import ItemText
from auditor.read.sketch import fingerprints
from tests.read.pages import VOCABULARY, document, look, site

CALENDAR = VOCABULARY.dates.calendar

SUMMARY = (
    "Giám đốc Sở yêu cầu các đơn vị chấn chỉnh giờ giấc làm việc, không uống rượu bia trong ngày làm việc, giải quyết hồ sơ "
    "đúng hạn và báo cáo kết quả về Văn phòng Sở trước cuối tuần; người đứng đầu chịu trách nhiệm nếu để xảy ra vi phạm"
)
OTHER = (
    "Hội thao chào mừng ngày thành lập ngành diễn ra sôi nổi với sự tham gia của hơn ba trăm vận động viên đến từ các xã, "
    "phường; đội bóng chuyền nữ đoạt giải nhất toàn đoàn sau trận chung kết hấp dẫn trên sân vận động tỉnh"
)


def made(text: str) -> ItemText:
    (one,) = fingerprints("row", text, CALENDAR)
    return one


@pytest.mark.parametrize(
    ("later", "like"),
    [
        (SUMMARY, True),
        (f"Thứ tư, ngày 12/08/2026 09:15 {SUMMARY} 1.204", True),
        (SUMMARY.replace("rượu bia", "bia rượu"), True),
        (OTHER, False),
        (f"{SUMMARY}; các trưởng phòng ký cam kết và niêm yết tại trụ sở", False),
        (" ".join([*SUMMARY.split()[:22], *OTHER.split()[:24]]), False),
    ],
)
def test_what_counts_as_the_same_text(later: str, like: bool) -> None:
    assert made(SUMMARY).is_like(made(later)) is like
    assert made(later).is_like(made(SUMMARY)) is like


def test_a_row_is_not_compared_with_a_page() -> None:
    assert made(SUMMARY).is_like(ItemText("page", made(SUMMARY).words, made(SUMMARY).bits)) is None


def test_a_few_words_tell_nothing() -> None:
    assert fingerprints("row", "Thứ hai, 01/06/2026 - Xem tiếp - Chi tiết - Tải về", CALENDAR) == ()


def read(rows: str, **pages: str) -> SiteFacts:
    labels = {"/tin/": "Tin tức", "/lien-he/": "Liên hệ", "/gioi-thieu/": "Giới thiệu"}
    other = {path: f"<h1>{label}</h1><p>Trang {label} của Sở, có lời riêng.</p>" for path, label in labels.items()}
    extra = tuple(look(f"/tin/{name}.html", document(text, labels)) for name, text in pages.items())
    return site({"/": "<p>Trang chủ của Sở.</p>", **other, "/tin/": f"<h1>Tin tức</h1>{rows}"}, labels, extra=extra)


def row(day: str, summary: str = "", name: str = "a") -> str:
    return (
        f'<li><a href="/tin/{name}.html">Chấn chỉnh kỷ luật hành chính tại các đơn vị</a> <i>{day}</i><p>{summary}</p></li>'
        f'<li><a href="/tin/b.html">Sơ kết sáu tháng đầu năm của toàn ngành</a> <i>02/03/2026</i></li>'
    )


def first(facts: SiteFacts) -> Item:
    return facts.section("news").items[0]


def test_the_row_s_summary_is_read_without_its_date() -> None:
    one = first(read(f"<ul>{row('Thứ hai, 05/10/2026', SUMMARY)}</ul>"))
    other = first(read(f"<ul>{row('Thứ sáu, ngày 13 tháng 11 năm 2026', SUMMARY)}</ul>"))
    assert one.dated is not None and other.dated is not None and one.dated.date != other.dated.date
    assert [text.of for text in one.texts] == ["row"]
    assert one.texts == other.texts


def test_a_row_of_title_and_date_alone_has_no_text() -> None:
    assert first(read(f"<ul>{row('05/10/2026')}</ul>")).texts == ()
    long = f'<li><a href="/tin/a.html">{SUMMARY}</a> <i>05/10/2026</i> <span>Lượt xem: 1.204. Chuyên mục: Tin hoạt động</span></li>'
    assert first(read(f"<ul>{long}{row('01/02/2026', name='c')}</ul>")).texts == ()


def test_the_entry_s_own_page_is_read_up_to_the_other_entries_below_it() -> None:
    def article(related: str) -> str:
        return f"<h1>Chấn chỉnh kỷ luật hành chính tại các đơn vị</h1><p>{SUMMARY}</p><h4>Tin liên quan</h4><p>{related}</p>"

    one, other = (
        first(read(f"<ul>{row('05/10/2026')}</ul>", a=article(text))) for text in (OTHER, "Chưa có tin nào khác ở đây.")
    )
    assert [text.of for text in one.texts] == ["page"]
    assert one.texts == other.texts
