"""Addresses in Joomla's <joomla-hidden-mail> element: what its script writes there is read."""

from __future__ import annotations

from base64 import b64encode

import pytest

from auditor.model import SectionState
from auditor.read.box_addresses import addresses_in
from tests.read.pages import VOCABULARY, page, site
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
