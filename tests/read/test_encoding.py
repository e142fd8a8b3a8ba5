"""Which charset a body really has, and text from before Unicode."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.read.encoding import decode, repair_legacy
from auditor.read.legacy_tables import TCVN3, VNI, from_tcvn3, from_vni

TEXT = "Ủy ban nhân dân tỉnh Bình Phước. Cộng hòa xã hội chủ nghĩa Việt Nam. Độc lập - Tự do - Hạnh phúc"
TONES = "\u0300\u0301\u0303\u0309\u0323"


def windows_1258(text: str) -> bytes:
    """Vietnamese as windows-1258 writes it: base letter, then the tone."""
    out = b""
    for sign in text:
        apart = unicodedata.normalize("NFD", sign)
        tone = next((mark for mark in apart if mark in TONES), "")
        out += (unicodedata.normalize("NFC", apart.replace(tone, "")) if tone else sign).encode("cp1258")
        out += tone.encode("cp1258")
    return out


def page(meta: str, text: str = TEXT) -> str:
    return f"<html><head>{meta}<title>x</title></head><body><p>{text}</p></body></html>"


def test_utf8_declared_in_header_and_page() -> None:
    found = decode(page('<meta charset="utf-8">').encode(), "text/html; charset=UTF-8")
    assert (found.charset, found.declared, found.agrees, found.legacy, found.nfd, found.replacements) == (
        "utf-8", "utf-8", True, None, False, 0,
    )  # fmt: skip
    assert TEXT in found.text


@pytest.mark.parametrize(
    ("header", "meta"),
    [
        ("text/html; charset=ISO-8859-1", ""),
        ("text/html", '<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">'),
        ("text/html; charset=utf-8", "<meta charset=iso-8859-1>"),
        ("text/html", '<meta charset="no-such-charset">'),
    ],
)
def test_utf8_whatever_is_declared(header: str, meta: str) -> None:
    found = decode(page(meta).encode(), header)
    assert (found.charset, found.agrees) == ("utf-8", False)
    assert TEXT in found.text


def test_nothing_declared() -> None:
    found = decode(TEXT.encode(), "text/html")
    assert (found.charset, found.declared, found.agrees) == ("utf-8", None, True)


def test_ascii_agrees_with_every_declaration() -> None:
    assert decode(b"<p>hello</p>", "text/html; charset=iso-8859-1").agrees


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_byte_order_mark_and_wide_signs(codec: str) -> None:
    found = decode(page("").encode(codec), "")
    assert TEXT in found.text
    assert found.text.startswith("<html")


def test_truncated_utf8_stays_utf8() -> None:
    found = decode(TEXT.encode() + "ộ".encode()[:2], "")
    assert (found.charset, found.replacements) == ("utf-8", 1)


def test_a_few_bad_bytes_stay_utf8() -> None:
    body = (TEXT * 50).encode() + b"\xe9 \xff \xfe " + (TEXT * 50).encode()
    found = decode(body, "")
    assert (found.charset, found.replacements) == ("utf-8", 3)


@pytest.mark.parametrize("header", ["", "text/html; charset=windows-1258", "text/html; charset=utf-8"])
def test_windows_1258_is_put_together(header: str) -> None:
    found = decode(windows_1258(page("")), header)
    assert TEXT in found.text
    assert (found.charset, found.legacy, found.nfd) == ("windows-1258", "windows-1258", False)
    assert found.agrees == (header != "text/html; charset=utf-8")


def test_windows_1258_behind_a_long_head() -> None:
    found = decode(b"<script>" + b"var a = 1;" * 5000 + b"</script>" + windows_1258(TEXT), "")
    assert TEXT in found.text


def test_separate_accents_are_told_and_put_together() -> None:
    found = decode(unicodedata.normalize("NFD", TEXT).encode(), "")
    assert (found.nfd, found.text) == (True, TEXT)


def test_western_text_is_left_alone() -> None:
    text = "Le résumé est «très» déjà là, où ça © 2017"
    for body in (text.encode(), text.encode("cp1252")):
        found = decode(body, "")
        assert (found.text, found.legacy) == (text, None)


def test_tcvn3() -> None:
    assert from_tcvn3("Céng hoµ x· héi chñ nghÜa ViÖt Nam") == "Cộng hoà xã hội chủ nghĩa Việt Nam"
    assert from_tcvn3("C«ng ty") == "Công ty"
    for body in (
        "Céng hoµ x· héi chñ nghÜa ViÖt Nam".encode("cp1252"),
        "<p>Céng hoµ x· héi chñ nghÜa ViÖt Nam</p>".encode(),
    ):
        found = decode(body, "")
        assert found.legacy == "tcvn3"
        assert "Cộng hoà xã hội chủ nghĩa Việt Nam" in found.text


def test_vni() -> None:
    text = "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam, Ñoäc laäp - Töï do - Haïnh phuùc"
    expected = "Cộng hòa xã hội chủ nghĩa Việt Nam, Độc lập - Tự do - Hạnh phúc"
    assert from_vni(text) == expected
    for body in (text.encode("cp1252"), f"<p>{text}</p>".encode()):
        found = decode(body, "")
        assert (found.legacy, expected in found.text) == ("vni", True)


def test_only_the_legacy_passage_of_a_page_is_changed() -> None:
    text = "<p>Sở Thông tin «mới» © 2017, Trang chủ»Tin tức</p><p>Sè th«ng tin vµ truyÒn th«ng</p>"
    repaired, name = repair_legacy(text)
    assert name == "tcvn3"
    assert repaired == "<p>Sở Thông tin «mới» © 2017, Trang chủ»Tin tức</p><p>Số thông tin và truyền thông</p>"


SHORT = "<a>Trang chñ</a><a>Tin tøc</a><a>Dù ¸n 135</a><a>Gãp ý</a>"
LONG = "<p>C¬ quan chuyªn m«n thuéc UBND tØnh, cã chøc n¨ng qu¶n lý nhµ n­íc vÒ c«ng t¸c d©n téc, gi¶i quyÕt kiÕn nghÞ cña ®ång bµo, h­íng dÉn, kiÓm tra</p>"


def test_on_a_page_all_in_tcvn3_short_labels_are_changed_too() -> None:
    repaired, name = repair_legacy(f"{SHORT}{LONG}<p>© 2011</p><i>«»</i>")
    assert name == "tcvn3"
    assert repaired.startswith("<a>Trang chủ</a><a>Tin tức</a><a>Dự án 135</a><a>Góp ý</a><p>Cơ quan chuyên môn thuộc")
    assert repaired.endswith("<p>© 2011</p><i>«»</i>")


def test_short_labels_beside_unicode_text_stay() -> None:
    repaired, _ = repair_legacy(f"{SHORT}{LONG}<p>Sở Nội vụ</p>")
    assert "<a>Gãp ý</a>" in repaired


@pytest.mark.parametrize(
    "text", [TEXT, "Home»News · © 2017 Company® ½", "El niño español año", "Ähnlich größer über schön", ""]
)
def test_no_legacy_text(text: str) -> None:
    assert repair_legacy(text) == (text, None)


def test_tables_hold_every_vietnamese_letter_once() -> None:
    letters = set("àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵăâêôơưđ")
    assert sorted(TCVN3.values()) == sorted(letters | set("ĂÂÊÔƠƯĐ"))
    assert letters <= set(VNI.values())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3000), st.text(max_size=60))
def test_never_fails(body: bytes, content_type: str) -> None:
    found = decode(body, content_type)
    assert found.text == unicodedata.normalize("NFC", found.text)
    decode(b'<meta charset="' + body[:20] + b'">' + body, content_type)
