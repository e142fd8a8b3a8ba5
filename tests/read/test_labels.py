"""Which labels and addresses lead to which section."""

from __future__ import annotations

import pytest

from auditor.read.labels import STRONG, LabelMatcher
from tests.read.pages import VOCABULARY

MATCHER = LabelMatcher(VOCABULARY)


@pytest.mark.parametrize(
    ("label", "detector"),
    [
        ("Cơ cấu tổ chức", "organisation"),
        ("CƠ CẤU TỔ CHỨC", "organisation"),
        ("Co cau to chuc", "organisation"),
        ("Chức năng, nhiệm vụ", "organisation"),
        ("TTHC", "procedures"),
        ("VBQPPL", "legal_documents"),
        ("PBGDPL", "legal_dissemination"),
        ("DVC trực tuyến", "online_services"),
        ("Đấu thấu", "projects_procurement"),  # a typing error
        ("Danh bạ thư điện tử", "email_directory"),
        ("Thông tin liên hệ CBCC", "email_directory"),
        ("Danh sách CBCCVC", "email_directory"),
        ("Thông tin liên hệ của cán bộ, công chức có thẩm quyền", "email_directory"),  # the law's own words
        ("1. Tin tức - Sự kiện", "news"),
        ("Lịch công tác tuần (12)", "work_schedule"),
        ("Sơ đồ cổng", "sitemap"),
        ("Góp ý dự thảo văn bản", "feedback"),
    ],
)
def test_labels_that_mean_a_section(label: str, detector: str) -> None:
    assert MATCHER.score(label, "", detector) >= STRONG


@pytest.mark.parametrize(
    ("label", "detector"),
    [
        ("Góp ý dự thảo văn bản", "legal_documents"),
        ("Sơ đồ tổ chức", "sitemap"),
        ("Thống kê truy cập", "statistics"),
        ("Chính sách bảo mật", "legal_dissemination"),
        ("Sở Tài chính", "budget_disclosure"),
        ("Lịch sử hình thành", "work_schedule"),
        ("Tin học", "news"),
        (
            "Bộ trưởng chủ trì hội nghị triển khai kế hoạch phát triển kinh tế xã hội năm 2026 tại tỉnh",
            "strategy_planning",
        ),
    ],
)
def test_false_friends(label: str, detector: str) -> None:
    assert MATCHER.score(label, "", detector) < STRONG


@pytest.mark.parametrize(
    ("url", "detector"),
    [
        ("https://x.vn/thong-tin-au-thau-mua-sam-cong", None),
        ("https://x.vn/au-thau-mua-sam-cong", "projects_procurement"),  # the software drops đ
        ("https://x.vn/co-cau-to-chuc-12.html", "organisation"),
    ],
)
def test_addresses_alone_point_to_a_section(url: str, detector: str | None) -> None:
    scores = MATCHER.scores("Xem mục này", url)
    assert detector is None or detector in scores


def test_a_general_word_in_another_sections_name_says_nothing() -> None:
    """ "Thông tin" is a word for news, and says nothing in the name of the statistics."""
    assert "news" not in MATCHER.scores("Thông tin thống kê", "")


@pytest.mark.parametrize("label", ["Thông tin liên hệ Sở", "Liên hệ - TT"])
def test_a_sections_whole_name_that_may_lead_to_another_still_may_with_words_behind_it(label: str) -> None:
    """A directory may stand behind "Thông tin liên hệ", so it may behind "Thông tin liên hệ …", too."""
    assert {"contact", "email_directory"} <= set(MATCHER.scores(label, ""))
