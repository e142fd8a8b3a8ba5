"""Addresses in Joomla's <joomla-hidden-mail> element: what its script writes there is read."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import pytest

from auditor.model import SectionState
from auditor.read.box_addresses import addresses_in
from auditor.read.template import mark_template
from tests.read.pages import AS_OF, VOCABULARY, page, site
from tests.read.test_sections import FRESH, LONG

COVER = "Địa chỉ email này đang được bảo vệ khỏi spambots."


def coded(text: str) -> str:
    return b64encode(text.encode()).decode()


def hidden(first: str, last: str = "tinhmau.example", more: str = 'is-link="1"') -> str:
    """As Joomla writes it; the two names are coded."""
    attributes = f'is-email="1" first="{coded(first)}" last="{coded(last)}" text="{coded(f"{first}@{last}")}" base=""'
    return f"<joomla-hidden-mail {more} {attributes}>{COVER}</joomla-hidden-mail>"


def found(html: str) -> list[tuple[str, str, str]]:
    shown = page(html)
    return [
        (one.address, one.hidden_as, one.excerpt) for box in shown.boxes for one in addresses_in(box, VOCABULARY.signs)
    ]


@pytest.mark.parametrize("more", ['is-link="1"', ""])
def test_the_address_is_put_together_from_its_coded_parts(more: str) -> None:
    """It is told with the words around it, not with the note that stands in its place."""
    html = f"<p>Văn thư: {hidden('vanthu', more=more)}</p>"
    assert found(html) == [("vanthu@tinhmau.example", "joomla", "Văn thư: vanthu@tinhmau.example")]
    assert page(html).covers_addresses


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        'first="" last=""',
        f'first="{coded("vanthu")}"',
        'first="***" last="==="',
        'first="ă" last="ă"',
        f'first="{coded("van thư")}" last="{coded("không tên miền")}"',
        'first="/w==" last="/w=="',
        f'text="{coded("vanthu@tinhmau.example")}"',
    ],
)
def test_what_holds_no_whole_address_is_none(attributes: str) -> None:
    assert found(f"<p>x <joomla-hidden-mail {attributes}>{COVER}</joomla-hidden-mail></p>") == []


def test_a_directory_and_a_contact_page_under_it_are_whole() -> None:
    people = "".join(
        f"<tr><td>Nguyễn Văn {c}</td><td>Trưởng phòng</td><td>{hidden(c)}</td></tr>" for c in ("an", "binh", "canh")
    )
    pages = {
        "/": "<p>Trang chủ của Sở Xây dựng</p>" + FRESH,
        "/danh-ba": f"<table>{people}</table>",
        "/lien-he": f"<p>Địa chỉ: 1 Lê Lợi. Điện thoại: 0271 3880 160</p><p>Thư: {hidden('vanthu')}</p>",
        "/x": LONG,
    }
    facts = site(pages, {"/danh-ba": "Danh bạ", "/lien-he": "Liên hệ"})
    assert facts.section("email_directory").state is SectionState.PRESENT
    assert facts.section("contact").state is SectionState.PRESENT
    official = {one.address for one in facts.addresses if one.agency_contact and one.class_.is_official}
    assert official == {f"{name}@tinhmau.example" for name in ("an", "binh", "canh", "vanthu")}


def by_cloudflare(address: str, key: int = 0x5A) -> str:
    """As Cloudflare writes it; the key is another each time."""
    code = bytes([key, *(key ^ sign for sign in address.encode())]).hex()
    return f'<a class="__cf_email__" href="/cdn-cgi/l/email-protection" data-cfemail="{code}">[email&#160;protected]</a>'


@pytest.mark.parametrize("cover", [lambda name, _: hidden(name), lambda name, key: by_cloudflare(f"{name}@x.vn", key)])
def test_what_differs_only_under_its_cover_is_each_pages_own(cover: Callable[[str, int], str]) -> None:
    """The same note stands everywhere; a reader sees another address on each page, and in the footer the same."""
    pages = [
        page(
            f"<div class=phong><p>{LONG} {n}</p><p class=thu>Email: {cover(f'phong{n}', n)}</p></div>"
            f"<div class=cuoi><p>Thư: {cover('vanthu', n + 9)}</p></div>"
        )
        for n in range(4)
    ]
    mark_template(pages, (AS_OF,))
    for shown in pages:
        own, shared = [box for box in shown.boxes if box.tag == "p"][1:]
        assert shown.is_main(own) and not shown.is_main(shared)
