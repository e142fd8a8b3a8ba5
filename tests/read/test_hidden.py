"""What a style hides from readers, and what they see all the same: on wider screens, or in a panel that they open."""

from __future__ import annotations

import pytest

from auditor.read.boxes import Box
from auditor.read.page import Page
from tests.read.pages import page


def box_of(read: Page, name: str) -> Box:
    return next(box for box in read.boxes if box.attrs.get("id") == name)


@pytest.mark.parametrize(
    ("classes", "hidden"),
    [
        ("hidden", True),
        ("d-none", True),
        ("hidden lg:flex items-center", False),
        ("hidden group-hover:block", False),
        ("d-none d-md-block", False),
        ("d-none d-lg-inline-flex", False),
        ("hidden print:block", True),
        ("hidden lg:px-4", True),
        ("d-none d-md-none", True),
        ("hidden md:hidden", True),
    ],
)
def test_what_a_wider_screen_or_the_pointer_shows_is_not_hidden(classes: str, hidden: bool) -> None:
    assert box_of(page(f'<div id="x" class="{classes}"><p>Văn bản</p></div>'), "x").hidden is hidden


@pytest.mark.parametrize(
    ("panel", "opener"),
    [
        ('<div id="x" class="hidden" role="tabpanel">', ""),
        ('<div id="x" hidden>', '<button aria-controls="x">Hồ sơ</button>'),
        ('<div id="x" style="display:none">', '<a data-bs-target="#x">Hồ sơ</a>'),
        ('<div id="x" class="hide">', '<a data-target="#x">Hồ sơ</a>'),
    ],
)
def test_a_closed_panel_that_the_page_opens_is_content(panel: str, opener: str) -> None:
    read = page(f"{opener}{panel}<p>Thời hạn giải quyết: 10 ngày</p></div>")
    assert not box_of(read, "x").hidden
    assert "10 ngày" in read.main_text


def test_a_panel_that_nothing_opens_and_one_inside_a_hidden_block_stay_hidden() -> None:
    read = page('<button aria-controls="y">Mở</button><div id="x" class="hidden"><div id="y" hidden>b</div></div>')
    assert box_of(read, "x").hidden and box_of(read, "y").hidden


@pytest.mark.parametrize(
    "opener",
    [
        '<div role="button" aria-expanded="false">Cấp giấy phép</div>',
        '<h3><button aria-expanded="false">Cấp giấy phép</button></h3>',
        '<div><div>Cấp giấy phép</div><div><i role="button" aria-expanded="false"></i></div></div>',
    ],
)
@pytest.mark.parametrize("closed", ['style="height: 0px; visibility: hidden;"', "hidden", 'class="d-none"'])
def test_a_closed_panel_right_behind_what_says_that_it_opens_one_is_content(opener: str, closed: str) -> None:
    """WAI-ARIA "aria-expanded" where "aria-controls" names no other element."""
    read = page(f'{opener}<div id="x" {closed}><p>Thời hạn giải quyết: 10 ngày</p></div>')
    assert not box_of(read, "x").hidden
    assert "10 ngày" in read.main_text


@pytest.mark.parametrize(
    "before",
    [
        "<div>Cấp giấy phép</div>",
        '<div aria-expanded="false">Cấp giấy phép</div><p>Lệ phí</p>',
        '<div aria-expanded="false" aria-controls="y">Cấp giấy phép</div>',
        '<div><p aria-expanded="false">Cấp giấy phép</p><p>Lệ phí</p></div>',
        '<div><div><div><p aria-expanded="false">Cấp giấy phép</p></div></div></div>',
    ],
)
def test_what_stands_elsewhere_or_behind_something_else_stays_hidden(before: str) -> None:
    read = page(f'{before}<div id="x" hidden><p>Thời hạn giải quyết: 10 ngày</p></div>')
    assert box_of(read, "x").hidden


def test_what_is_opened_inside_a_hidden_block_stays_hidden() -> None:
    read = page('<div class="hidden"><p aria-expanded="false">a</p><div id="y" hidden>b</div></div>')
    assert box_of(read, "y").hidden
