"""What pages share is no page's own, wherever it stands; what only looks like it is the page's own."""

from __future__ import annotations

from auditor.model import Place, SectionState
from auditor.read.template import mark_template
from tests.read.pages import AS_OF, page, site
from tests.read.test_sections import FRESH, LONG

BLOCK = f"<div class=moi><b>Tin mới</b>{FRESH}</div>"


def test_a_block_that_moves_between_two_layouts_is_no_pages_own() -> None:
    wide, narrow = "<div class=ba-cot><div>{}</div></div>", "<div class=hai-cot><p>.</p><div>{}</div></div>"
    labels = {f"/{n}": f"Mục {n}" for n in range(9)} | {"/tk": "Thống kê"}
    pages = {"/": "<p>Trang chủ</p>", "/tk": "<h2>Thống kê</h2>" + wide.format(BLOCK)}
    pages |= {f"/{n}": f"<p>{LONG} {n}</p>" + (wide if n < 3 else narrow).format(BLOCK) for n in range(6)}
    pages |= {f"/{n}": f"<p>{LONG} {n}</p>" for n in range(6, 9)}
    assert site(pages, labels).section("statistics").state is SectionState.EMPTY


def test_a_list_like_a_moved_block_that_stands_alone_is_its_pages_own() -> None:
    pages = {"/": "<p>Trang chủ</p>", "/tin": f"<h1>Tin tức</h1><div class=ds>{BLOCK}</div>"}
    pages |= {f"/{n}": f"<p>{LONG} {n}</p><div class=cot>{BLOCK}</div>" for n in range(4)}
    facts = site(pages, {"/tin": "Tin tức"} | {f"/{n}": f"Mục {n}" for n in range(4)}).section("news")
    assert facts.state is SectionState.PRESENT and facts.newest is not None


def test_lists_of_three_pages_beside_the_block_of_the_same_items_are_their_own() -> None:
    side = f'<div class="cot"><div class="khoi"><b>Tin mới</b>{FRESH}</div></div>'
    names = {"/tin": "Tin tức", "/sk": "Tin tức - Sự kiện", "/nb": "Tin tức nổi bật"}
    pages = {"/": "<p>Trang chủ</p>" + side}
    pages |= {path: f"<h1>{name}</h1><div class=ds>{FRESH}</div>{side}" for path, name in names.items()}
    pages |= {f"/{n}": f"<p>{LONG} {n}</p>{side}" for n in range(4)}
    facts = site(pages, names | {f"/{n}": f"Mục {n}" for n in range(4)}).section("news")
    assert facts.state is SectionState.PRESENT and facts.newest is not None


def test_a_picture_that_links_on_all_pages_is_shared_and_one_of_a_page_is_its_own() -> None:
    pages = [
        page(
            f"<div><p>{LONG} {n}</p><a href='/banner'><img src=b.png></a><a href='/so-do-{n}'><img src=s.png></a></div>"
        )
        for n in range(3)
    ]
    mark_template(pages, (AS_OF,))
    links = [box for box in pages[0].boxes if box.tag == "a"]
    assert [pages[0].is_main(box) for box in links] == [False, True]


def test_a_header_within_the_content_is_no_page_header() -> None:
    rest = f"<div>{LONG}</div>"
    read = page(
        f"{rest}<div class=content><div class='Detail_Header'><h1>Khởi công</h1></div><p>Hôm nay</p></div>"
        f"<div class='Site_Header'><p>Sở Xây dựng</p></div>{rest}{rest}"
    )
    places = {box.text: box.place for box in read.boxes if box.tag in ("h1", "p")}
    assert places == {"Khởi công": Place.BODY, "Hôm nay": Place.BODY, "Sở Xây dựng": Place.HEADER}
