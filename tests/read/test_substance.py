"""What stands on a section's page, and which of its days count."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.model import DetectorFacts, SectionState
from tests.read.pages import news_list, site
from tests.read.test_sections import FRESH, LONG

QUESTION = "<p>Hỏi: Thủ tục cấp phép xây dựng nhà ở thế nào?</p>"
ANSWER = "<p>Trả lời: Sở trả lời như sau, đề nghị ông bà liên hệ bộ phận một cửa.</p>"


def section(detector: str, html: str, label: str, **further: str) -> DetectorFacts:
    pages = {"/": "<p>Trang chủ của Sở Xây dựng</p>" + FRESH, "/x": html} | {f"/{k}": v for k, v in further.items()}
    return site(pages, {"/x": label}).section(detector)


def newest(facts: DetectorFacts) -> date | None:
    return facts.newest.date if facts.newest is not None else None


# -- feedback ----------------------------------------------------------------------------------------------------------


def test_an_answer_counts_by_the_day_stamped_beneath_it_not_by_its_questions() -> None:
    asked = "<table><tr><td>Xin cấp phép xây dựng nhà ở thế nào?</td><td>19/11/2026</td></tr></table>"
    html = f"<h1>Hỏi đáp</h1>{asked}<div>{QUESTION}{ANSWER}<p>12/11/2026</p></div>"
    assert newest(section("feedback", html, "Hỏi đáp")) == date(2026, 11, 12)


def test_days_above_questions_are_no_stamps_of_the_answers_before_them() -> None:
    one = "<p class=d>{}</p>" + QUESTION + ANSWER
    html = "<h1>Hỏi đáp</h1><div>" + one.format("15/11/2026") + one.format("10/02/2026") + "</div>"
    assert newest(section("feedback", html, "Hỏi đáp")) in (None, date(2026, 11, 15))


def test_consultations_beside_answers_keep_their_days() -> None:
    drafts = news_list(("Lấy ý kiến dự thảo quy chế quản lý", "16/11/2026"), ("Lấy ý kiến dự thảo đề án", "02/11/2026"))
    html = f"<h1>Góp ý</h1>{drafts}<div>{QUESTION}{ANSWER}<p>12/03/2026</p></div>"
    assert newest(section("feedback", html, "Góp ý")) == date(2026, 11, 16)


# -- documents ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", ["(0)", "<span>(0)</span>", "<div>0</div>"])
def test_categories_that_count_nothing_are_empty(count: str) -> None:
    rows = "".join(
        f"<div><a href='/vb/{n}'>{name}</a> {count}</div>" for n, name in enumerate(("Luật, Pháp lệnh", "Nghị định"))
    )
    assert section("legal_documents", rows, "Văn bản").state is SectionState.EMPTY


@pytest.mark.parametrize("count", ["0 bình luận", "<span>0 lượt xem</span>", "(0 tải về)", "(12)", "05 trang"])
def test_documents_nobody_commented_on_are_there(count: str) -> None:
    names = ("Luật Nhà ở sửa đổi", "Quy chuẩn kỹ thuật quốc gia")
    rows = "".join(f"<div><a href='/vb/{n}'>{name}</a> {count}</div>" for n, name in enumerate(names))
    assert section("legal_documents", rows, "Văn bản").state is SectionState.PARTIAL


# -- organisation ------------------------------------------------------------------------------------------------------


def test_a_plan_of_inspections_is_no_unit_and_a_room_for_them_is() -> None:
    text = f"<p>{LONG}</p><p>Chức năng, nhiệm vụ.</p><p>Trình Chủ tịch UBND tỉnh kế hoạch thanh tra; thanh tra việc xây dựng.</p>"
    facts = section("organisation", text, "Cơ cấu tổ chức")
    assert (facts.state, facts.missing) == (SectionState.PARTIAL, ("units",))
    rooms = "<ul><li>Phòng Thanh tra, kiểm tra</li><li>Phòng Kế hoạch</li></ul>"
    assert section("organisation", text + rooms, "Cơ cấu tổ chức").state is SectionState.PRESENT


# -- schedules ---------------------------------------------------------------------------------------------------------


def test_a_schedules_frame_is_empty_and_one_with_a_weeks_work_is_not() -> None:
    frame = "<h1>Lịch công tác tuần của lãnh đạo Sở từ ngày 16/11/2026 đến ngày 20/11/2026</h1><table><tr><th>Thời gian</th>"
    frame += "<th>Nội dung</th><th>Địa điểm</th><th>Thành phần</th><th>Chủ trì</th></tr>"
    days = (
        "".join(f"<tr><td>Thứ {day}</td><td>Sáng{{0}}</td></tr>" for day in ("hai", "ba", "tư", "năm", "sáu"))
        + "</table>"
    )
    assert section("work_schedule", frame + days.format(""), "Lịch công tác").state is SectionState.EMPTY
    filled = section("work_schedule", frame + days.format(": họp giao ban"), "Lịch công tác")
    assert filled.state is SectionState.PRESENT and newest(filled) == date(2026, 11, 16)


# -- texts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["div", "li"])
def test_days_in_the_running_text_of_a_plan_are_not_its_own(tag: str) -> None:
    told = (
        "Trong ngày 12/3/2024, Sở đã tổ chức hội nghị triển khai kế hoạch.",
        "Đến ngày 15/6/2024 đã có năm dự án được duyệt.",
    )
    html = "<h1>Kế hoạch phát triển nhà ở</h1><span>Ngày đăng: 10/11/2026</span>" + "".join(
        f"<{tag}>{one}</{tag}>" for one in told
    )
    assert newest(section("strategy_planning", html, "Kế hoạch")) == date(2026, 11, 10)


LIST = (
    "<ul><li><a href='/bai'>Lễ ra quân công trình xanh</a></li><li><a href='/t/2'>Hội nghị tổng kết năm</a></li></ul>"
)


@pytest.mark.parametrize(
    "line", ["<h5>20/10/2026 08:30</h5>", "<h4>Thứ ba, ngày 20/10/2026 | 08:30</h4>", "<h6>(20/10/2026)</h6>"]
)
def test_a_heading_that_is_nothing_but_a_day_dates_the_article(line: str) -> None:
    article = f"<h1>Lễ ra quân công trình xanh</h1>{line}<p>Nhân kỷ niệm 12/3/2024, Sở tổ chức lễ ra quân.</p>"
    assert newest(section("news", LIST, "Tin tức", bai=article)) == date(2026, 10, 20)


def test_a_day_in_an_articles_title_is_not_its_posting_day() -> None:
    article = "<h1>Lịch cắt điện ngày 15/8/2026 tại trụ sở</h1><p>18/10/2026</p><p>Sở thông báo.</p>"
    assert newest(section("news", LIST, "Tin tức", bai=article)) == date(2026, 10, 18)
