"""The tree of boxes: what a box holds is the run of boxes that it names, whatever the page's markup."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.read.boxes import PAIR, Box
from auditor.read.dom import build

_DEFINITIONS = (
    "<dl>Mở đầu<dt>Hội nghị triển khai nhiệm vụ năm<dd><a href=/1>Xem</a> <b>12/11/2026</b>"
    "<dt>Tập huấn nghiệp vụ cho cán bộ xã<dd><a href=/2>Xem</a> đuôi</dl>"
)
_PAGES = (
    "",
    "<p>Một <b>hai</b> ba</p>",
    "<ul><li><a href=/1>Tin <i class=x>mới</i></a> 12/11/2026<li>Hai<br>dòng</ul><footer>Chân trang</footer>",
    "<table><tr><td>1<td>2<table><tr><td>3</table><td></table>",
    f"<div>{_DEFINITIONS}</div><p>sau</p>",
    f"<ul><li>{_DEFINITIONS}<li>{_DEFINITIONS}</ul>",
    "<dl><dt>Hội nghị triển khai nhiệm vụ năm</dt>chen giữa<dd><a href=/1>Xem</a></dd>"
    "<dt>Tập huấn nghiệp vụ cho cán bộ xã</dt><dd><a href=/2>Xem</a></dd></dl>",
    f"<dl><dt>Danh sách cuộc họp của tháng<dd><a href=/0>Xem</a>{_DEFINITIONS}<dt>Danh sách khác của tháng sau<dd><a href=/9>Xem</a></dl>",
)  # fmt: skip
_FRAGMENTS = st.recursive(
    st.sampled_from(["", " ", "chữ", "<br>", "<img alt=ảnh>", _DEFINITIONS]),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(["div", "b", "b class=x", "ul", "li", "a href=/x", "table", "td", "script", "dl", "dt", "dd"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


def _by_parts(box: Box) -> Iterator[Box]:
    yield box
    for part in box.parts:
        if isinstance(part, Box):
            yield from _by_parts(part)


def _check(html: str) -> None:
    boxes, _ = build(f"<html><body>{html}</body></html>")
    assert boxes == list(_by_parts(boxes[0]))
    for box in boxes:
        assert box.walk() == list(_by_parts(box))
        assert box.speaks == any(isinstance(part, str) and bool(part.strip()) for part in box.parts)
        for inner in box.children:
            assert inner.parent is box
            assert box.low <= inner.low <= inner.high <= box.high


@pytest.mark.parametrize("html", _PAGES)
def test_a_box_holds_the_run_of_boxes_that_it_names(html: str) -> None:
    _check(html)


@settings(max_examples=150, deadline=None)
@given(_FRAGMENTS)
def test_so_it_is_on_any_page(html: str) -> None:
    _check(html)


def test_the_pairs_of_a_definition_list_are_boxes_like_others() -> None:
    boxes, _ = build(f"<body>{_DEFINITIONS}")
    pairs = [box for box in boxes if box.tag == PAIR]
    assert [pair.text for pair in pairs] == [
        "Hội nghị triển khai nhiệm vụ năm Xem 12/11/2026",
        "Tập huấn nghiệp vụ cho cán bộ xã Xem đuôi",
    ]
    assert [box.tag for box in pairs[0].walk()] == [PAIR, "dt", "dd", "a"]


def test_what_is_nested_too_deep_is_read_as_text() -> None:
    boxes, _ = build(f"<body>{'<div>' * 260}chữ <b>đậm</b>{'</div>' * 260}<p>sau</p>")
    assert boxes[0].text == "chữ đậm sau"
    assert len(boxes) < 260
