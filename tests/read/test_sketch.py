"""Two nights' texts: the same but for numbers, the same but for a word, another."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from auditor.read.sketch import SAME, similarity, sketch

TEXT = (
    "Sở Nội vụ là cơ quan chuyên môn thuộc Ủy ban nhân dân tỉnh, có chức năng tham mưu, giúp Ủy ban nhân dân tỉnh quản lý "
    "nhà nước về tổ chức bộ máy, vị trí việc làm, biên chế công chức, tiền lương, cải cách hành chính, thi đua khen "
    "thưởng, văn thư lưu trữ và công tác thanh niên trên địa bàn. Lượt xem: 1.203 - cập nhật 08:15 ngày 01/6/2026."
)


def test_counters_and_clocks_are_no_change() -> None:
    later = TEXT.replace("1.203", "98.771").replace("08:15 ngày 01/6/2026", "23:59 ngày 30/7/2027")
    assert similarity(sketch(TEXT), sketch(later)) == 1.0


def test_one_word_is_no_change_and_half_a_text_is() -> None:
    assert similarity(sketch(TEXT), sketch(TEXT.replace("thanh niên", "thanh thiếu niên"))) >= SAME
    words = TEXT.split()
    other = " ".join(words[: len(words) // 2]) + " nay được hợp nhất với Sở Lao động theo nghị quyết mới của tỉnh về sắp xếp"
    assert similarity(sketch(TEXT), sketch(other)) < SAME


def test_texts_of_nothing_but_numbers_are_alike() -> None:
    assert sketch("1 2 3") == () and similarity((), ()) == 1.0
    assert similarity((), sketch(TEXT)) == 0.0


@given(st.text(max_size=400), st.text(max_size=400))
def test_similarity_is_a_share_and_knows_itself(one: str, other: str) -> None:
    assert 0.0 <= similarity(sketch(one), sketch(other)) == similarity(sketch(other), sketch(one)) <= 1.0
    assert similarity(sketch(one), sketch(re.sub(r"(?<=\s)\s+", "", one))) == 1.0
