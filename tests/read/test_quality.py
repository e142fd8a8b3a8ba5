"""What a page gives away of its quality, and what looks like it and is not."""

from __future__ import annotations

import asyncio

import pytest

from auditor.model.quality import QualityFacts
from auditor.read.quality import phone_digits
from auditor.vocabulary import load_vocabulary
from tests.golden_sites import GoldenSite, read_golden

FOOTER = "<footer>Sở Nội vụ. Điện thoại: {footer}. Email: {mail}</footer>"
MENU = '<nav><a href="/tin-tuc">Tin tức</a><a href="/gioi-thieu">Giới thiệu</a><a href="/lien-he">Liên hệ</a></nav>'
SOUND = "<p>Sở có chức năng tham mưu quản lý nhà nước về tổ chức bộ máy; nhiệm vụ và các phòng theo quy định của tỉnh.</p>"


def quality(*, about: str = SOUND, news: str = "", contact: str = "0271 3888 111", footer: str = "(0271) 3888 111", mail: str = "snv@mau.example") -> QualityFacts:
    def page(title: str, body: str) -> dict[str, object]:
        foot = FOOTER.format(footer=footer, mail=mail)
        html = f'<html><head><meta charset="utf-8"><title>{title}</title></head><body><header>{MENU}</header><main><h1>{title}</h1>{body}</main>{foot}</body></html>'
        return {"body": html}

    news = news or '<ul><li><a href="/tin/1">Công tác cải cách hành chính đang cập nhật từng ngày</a> 18/11/2026</li></ul>'
    site = GoldenSite.model_validate(
        {
            "name": "quality",
            "about": "quality",
            "agency": {"name": "Sở Nội vụ", "url": "http://snv.mau.example/", "prefix": "/", "mail_domain": "mau.example", "kind": "so"},
            "as_of": "2026-11-20",
            "pages": {
                "/": page("Sở Nội vụ", "<p>Trang thông tin điện tử của Sở Nội vụ, cơ quan chuyên môn thuộc Ủy ban nhân dân tỉnh.</p>"),
                "/tin-tuc": page("Tin tức", news),
                "/gioi-thieu": page("Giới thiệu", about),
                "/lien-he": page("Liên hệ", f"<p>Địa chỉ: 12 Lê Lợi. Điện thoại: {contact}. Email: snv@mau.example</p>"),
            },
            "expect": {"site": {"state": "ok"}, "detectors": {}},
        }
    )
    return asyncio.run(read_golden(site, load_vocabulary())).quality


def test_a_sound_site_has_none() -> None:
    facts = quality()
    assert facts.placeholders == (), 'an item\'s title that says "đang cập nhật" is no placeholder'
    assert facts.footer is not None and facts.contact_page is not None
    assert facts.footer.phones == facts.contact_page.phones == ("02713888111",)
    assert facts.footer.mailboxes == facts.contact_page.mailboxes == ("snv@mau.example",)


@pytest.mark.parametrize(
    "about",
    [
        "<p>Nội dung đang được cập nhật...</p>",
        "<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.</p>" + SOUND,
    ],
)
def test_a_page_of_a_templates_text_is_named(about: str) -> None:
    assert [one.url for one in quality(about=about).placeholders] == ["http://snv.mau.example/gioi-thieu"]


def test_a_page_that_also_says_something_is_none() -> None:
    assert quality(about=SOUND + "<p>Sơ đồ đang cập nhật.</p>").placeholders == ()


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("(0271) 3880 161", "02713880161"),
        ("02713. 879110", "02713879110"),
        ("+84 271 3880161", "02713880161"),
        ("0271.3880.161", "02713880161"),
        ("3880 161", ""),
    ],
)
def test_one_number_is_written_in_many_ways(written: str, digits: str) -> None:
    assert phone_digits(written) == digits
