"""Addresses, however hidden; what only looks like one; whose domain it is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import AddressClass, MailDomainUse
from auditor.read import addresses
from auditor.read.addresses import RawAddress, classify, decode_cfemail, decode_hidden_mail
from auditor.vocabulary import load_vocabulary

WORDS = load_vocabulary()
ADDRESS = "stttt@binhphuoc.gov.vn"


def find_addresses(text: str) -> list[RawAddress]:
    return addresses.find_addresses(text, WORDS.signs)


def mailto_address(href: str) -> list[str]:
    return addresses.mailto_address(href, WORDS.signs)


def looks_like_address_image(src: str, alt: str) -> bool:
    return addresses.looks_like_address_image(src, alt, WORDS.signs, WORDS.lists)


@pytest.mark.parametrize(
    ("text", "hidden_as"),
    [
        ("Email: stttt@binhphuoc.gov.vn.", ""),
        ("(stttt@BinhPhuoc.gov.vn)", ""),
        ("[stttt@binhphuoc.gov.vn]", ""),
        ("E-mail:stttt@binhphuoc.gov.vnWebsite: http://x.vn", ""),
        ("stttt@binhphuoc.gov.vnĐiện thoại: 0271", ""),
        ("<stttt@binhphuoc.gov.vn>", ""),
        ("stttt＠binhphuoc.gov.vn", "at_text"),
        ("stttt (at) binhphuoc.gov.vn", "at_text"),
        ("stttt[at]binhphuoc.gov.vn", "at_text"),
        ("stttt(@)binhphuoc.gov.vn", "at_text"),
        ("stttt (a còng) binhphuoc.gov.vn", "at_text"),
        ("stttt[a-còng]binhphuoc.gov.vn", "at_text"),
        ("stttt [acong] binhphuoc.gov.vn", "at_text"),
        ("stttt a còng binhphuoc.gov.vn", "at_text"),
        ("stttt(at)binhphuoc(dot)gov(dot)vn", "at_text"),
        ("stttt (at) binhphuoc [chấm] gov [chấm] vn", "at_text"),
        ("stttt at binhphuoc dot gov dot vn", "at_text"),
        ("stttt @ binhphuoc.gov.vn", "spaced"),
        ("stttt@ binhphuoc.gov.vn", "spaced"),
        ("stttt@binhphuoc. gov.vn", "spaced"),
    ],
)
def test_address(text: str, hidden_as: str) -> None:
    found = find_addresses(text)
    assert [(one.address, one.hidden_as) for one in found] == [(ADDRESS, hidden_as)]
    assert text[found[0].start :].startswith("stttt")
    assert "stttt" in found[0].excerpt


def test_several_addresses() -> None:
    assert [a.address for a in find_addresses("sct.bp@binhphuoc.gov.vn/vp@x.vn; a_b-1@gmail.com")] == [
        "sct.bp@binhphuoc.gov.vn", "vp@x.vn", "a_b-1@gmail.com",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "logo@2x.png", "icon@2x.js", "https://x.com/@sotttt", "@sotttt", "https://user@host.com/", "www.a.vn/x@y.com",
        "sở@abc.vn", "a@b", "giá @ 5.000", "họp at binhphuoc dot com", "npm core@1.2.3", "a@@b.vn",
        "x@y.abcdef", "Tiếp @ chợ.vn",
        "meeting at work.vn", "",
    ],
)  # fmt: skip
def test_no_address(text: str) -> None:
    assert find_addresses(text) == []


def test_cloudflare() -> None:
    code = bytes([0x42, *(byte ^ 0x42 for byte in ADDRESS.encode())]).hex()
    assert decode_cfemail(code) == ADDRESS
    assert decode_cfemail("543931142d35") is None  # "me@ya": no domain
    assert [decode_cfemail(bad) for bad in ("", "4", "zz", "42")] == [None] * 4


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("mailto:stttt@binhphuoc.gov.vn", [ADDRESS]),
        ("MAILTO: stttt@BINHPHUOC.gov.vn ?subject=a@b.vn", [ADDRESS]),
        ("mailto:%73tttt%40binhphuoc.gov.vn", [ADDRESS]),
        ("mailto:a@x.vn;b@y.vn,a@x.vn", ["a@x.vn", "b@y.vn"]),
        ("mailto:So%20TTTT%20%3Cstttt@binhphuoc.gov.vn%3E", [ADDRESS]),
        ("mailto:?to=a@x.vn", ["a@x.vn"]),
        ("mailto://a@x.vn", ["a@x.vn"]),
        ("mailto:", []),
        ("mailto:#", []),
        ("http://a@x.vn", []),
        ("/lien-he", []),
    ],
)
def test_mailto(href: str, expected: list[str]) -> None:
    assert mailto_address(href) == expected


@pytest.mark.parametrize(
    ("src", "alt", "expected"),
    [
        ("/img/email_stttt.png", "", True),
        ("/img/email-address.gif", "", True),
        ("x.png", "stttt@binhphuoc.gov.vn", True),
        ("x.png", "Địa chỉ email của Sở", True),
        ("/text2image.php?t=1", "", True),
        ("/img/icon-email.png", "Email", False),
        ("mail.png", "", False),
        ("/uploads/hop-thu-dien-tu-cong-vu.png", "Thư điện tử công vụ", False),
        ("/uploads/hoi-nghi-trien-khai-email-cong-vu-nam-2017-tai-tinh.jpg", "Hội nghị", False),
        ("http://[bad", "", False),
        ("", "", False),
    ],
)
def test_image_of_an_address(src: str, alt: str, expected: bool) -> None:
    assert looks_like_address_image(src, alt) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("stttt@binhphuoc.gov.vn", "official"),
        ("STTTT@BINHPHUOC.GOV.VN", "official"),
        ("webmaster@cds.binhphuoc.gov.vn", "subdomain"),
        ("vp@dongxoai.gov.vn", "official"),
        ("x@mail.dongxoai.gov.vn", "subdomain"),
        ("stttt@dongnai.gov.vn", "successor"),
        ("a@x.dongnai.gov.vn", "successor"),
        ("a@old.gov.vn", "other_gov"),
        ("a@mic.gov.vn", "other_gov"),
        ("a@notbinhphuoc.gov.vn", "other_gov"),
        ("a@gmail.com", "free"),
        ("a@yahoo.com.vn", "free"),
        ("a@mail.yahoo.com", "free"),
        ("a@notgmail.com", "other"),
        ("a@hcm.vnn.vn", "isp"),
        ("a@vnn.vn", "isp"),
        ("bbt@mysite.com", "other"),
        ("admin@nukeviet.vn", "other"),
    ],
)
def test_class(address: str, expected: str) -> None:
    accepted = (
        MailDomainUse("dongxoai.gov.vn"),
        MailDomainUse("dongnai.gov.vn", from_=date(2025, 7, 1), successor=True),
        MailDomainUse("old.gov.vn", to=date(2020, 1, 1)),
    )
    found = classify(
        address,
        official=("binhphuoc.gov.vn",),
        accepted=accepted,
        as_of=date(2026, 11, 23),
        free=("gmail.com", "yahoo.*"),
        isp=("vnn.vn", "fpt.vn"),
    )
    assert found is AddressClass(expected)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(["a", "@", ".", "vn", " ", "(at)", "/", "com", "-", "é", "＠"])).map("".join),
    )
)
def test_never_fails(text: str) -> None:
    for one in find_addresses(text):
        assert one.address.count("@") == 1
        assert 0 <= one.start < len(text)
    mailto_address("mailto:" + text)
    decode_cfemail(text)
    decode_hidden_mail(text, text)
    looks_like_address_image(text, text)


def test_the_words_for_the_signs_are_the_vocabularys() -> None:
    other = addresses.address_signs(["vòng"], ["a vòng"], [], ["điểm"])
    for text in ("stttt (vòng) binhphuoc.gov.vn", "stttt a vòng binhphuoc [điểm] gov [điểm] vn"):
        assert [one.address for one in addresses.find_addresses(text, other)] == [ADDRESS]
        assert find_addresses(text) == []
    assert addresses.find_addresses("stttt (a còng) binhphuoc.gov.vn", other) == []
