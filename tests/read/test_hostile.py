"""Pages by somebody who means harm, or by software that does not know better: reading never raises and stays bounded.

Time is never asserted. What is asserted is the number of function calls for a page and for one twice as large: work that
grows with the square of the page grows fourfold.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.model import Agency, Look, LookKind, SiteEvidence, SiteFacts, SiteScope
from auditor.read.dom import build
from auditor.read.items import Reading, extract_items
from auditor.read.page import Page, read_page
from auditor.read.site import read_site
from tests.read.pages import AS_OF, BASE, HOST, VOCABULARY, agency, look

READING = Reading(AS_OF, VOCABULARY)
MENU = (
    '<ul><li><a href="/vi/sxd/tin-tuc">Tin tức</a></li><li><a href="/vi/sxd/van-ban">Văn bản pháp luật</a></li>'
    '<li><a href="/vi/sxd/lien-he">Liên hệ</a></li><li><a href="/vi/sxd/lich">Lịch công tác</a></li>'
    '<li><a href="https://dichvucong.gov.vn/">Dịch vụ công trực tuyến</a></li></ul>'
)
WHOLE = agency(url=f"{BASE}/vi/sxd")
PATH = agency(url=f"{BASE}/vi/sxd", scope=SiteScope(HOST, "/vi/sxd"), portal_hosts=(HOST,), name="Sở Khác")
PATHS = ("/vi/sxd", "/vi/sxd/tin-tuc", "/vi/sxd/van-ban", "/vi/sxd/lien-he", "/vi/sxd/lich")
HTML = "text/html; charset=utf-8"
SLOW = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)  # fmt: skip


def answer(path: str, body: bytes, content_type: str = HTML, kind: LookKind = LookKind.PAGE) -> Look:
    digest = hashlib.sha256(path.encode() + body).hexdigest()
    return replace(look(path, kind=kind), body=body, digest=digest, headers=(("content-type", content_type),))


def read_all(body: bytes | str, content_type: str = HTML, pages: int = 5) -> list[SiteFacts]:
    """Read the body alone, then as every page, site map and feed of a whole host and of a path of a portal."""
    data = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    page = read_page(answer("/vi/sxd", data, content_type))
    sound(page)
    extract_items(page, READING)
    return [_site(who, data, content_type, count) for who in (WHOLE, PATH) for count in {1, pages}]


def _site(who: Agency, data: bytes, content_type: str, count: int) -> SiteFacts:
    looks = [answer(path, data, content_type) for path in PATHS[:count]]
    looks.append(answer("/sitemap.xml", data, "text/xml", LookKind.SITEMAP))
    looks.append(answer("/rss", data, "application/rss+xml", LookKind.FEED))
    looks.append(answer("/vi/sxd/khong-co", data, content_type, LookKind.PROBE))
    facts = read_site(who, SiteEvidence(who.code, who.url, tuple(looks), requests=len(looks)), VOCABULARY, AS_OF)
    assert pickle.loads(pickle.dumps(facts)) == facts
    for detector in facts.detectors.values():
        for section in detector.sections:
            assert urlsplit(section.url).scheme in ("http", "https")
    return facts


def sound(page: Page) -> None:
    """What every page promises, whatever stands in it."""
    assert urlsplit(page.base).scheme in ("http", "https")
    for url in (*(link.url for link in page.links), *(url for _, url in page.feeds), page.refresh):
        assert url == "" or (urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname)
    for form in page.forms:
        assert urlsplit(form.action).scheme in ("http", "https")
    for text in (page.title, page.text, page.main_text, page.folded, *(link.label for link in page.links)):
        text.encode("utf-8")
    assert page.boxes[0] is page.root and page.headings is not None


# -- made at random ----------------------------------------------------------------------------------------------------

TAGS = ["a", "area", "b", "base", "body", "br", "button", "dd", "div", "dl", "dt", "em", "fieldset", "font", "footer", "form", "frame", "frameset", "h1", "h2", "header", "html", "i", "iframe", "img", "input", "label", "li", "link", "main", "map", "math", "meta", "nav", "noscript", "object", "ol", "option", "p", "plaintext", "q", "script", "section", "select", "span", "style", "svg", "table", "tbody", "td", "template", "textarea", "th", "time", "title", "tr", "tt", "ul", "xmp"]  # fmt: skip
URLS = (
    "http://[", "http://[::1", "http://x:99999/", "http://x:abc/", "http://x:0/", "//", "//[", "///", " ", "http://", "http:///a", "https:x",
    "http://a b/", "http://ex\u2100mple.com/", "http://bücher.example/ü?ä", "%zz%", "http://%zz/", "/%ff%fe?%ff", "\x00", "http://\x00/", "\\\\[x",
    "javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "vbscript:x", "ftp://[", "http://a@[", "http://[v1.x]/", "http://[fe80::1%eth0]/",
    "http://u:p@ss@sxd.tinhmau.example:80/", "mailto:[", "mailto:a@b<,", "mailto:%ff?to=%zz", "?", "#", "../" * 40, "http://.../", "tel:",
    f"http://{'a' * 70}.{'b' * 300}/", "http://１２７.0.0.1/", f"http://{HOST}\uff0fx/", "/vi/vi/vi/vi/", "/tin-tuc", "/vi/sxd/van-ban/so-1.html",
    "[", "x[y]://z", "http://xn--/", "/cdn-cgi/l/email-protection#zz", "/?" + "&" * 300,
)  # fmt: skip
WORDS = (
    "Tin tức", "Quyết định số 12/2026/QĐ-UBND ngày 12/11/2026", "16/72/2020", "Lịch tuần 27 - 31/12/9999", "tuần 99 năm 2099", "10 th", "09:52:",
    "a@b.vn", "a (at) b (dot) vn", "@", "@@@", "0271 3888 999", "999 năm trước", "3 ngày trước", "hôm nay", "<", ">", "&", "&#0;", "&#xD800;",
    "&#99999999;", "\u202eabc\u2066", "\u200b", "\x00", "\ufeff", "²", "đang cập nhật", "©2026", "C«ng ty Së X©y dùng", "Địa chỉ: số 1. Điện thoại: 1. Email:",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1" * 50, "Hỏi: Trả lời: 12/11/2026", "xổ số", "Đăng nhập", "-->", "<!--", "]]>", "<![CDATA[",
)  # fmt: skip
ATTRIBUTES = ["href", "src", "action", "value", "content", "datetime", "data-cfemail", "class", "id", "style", "title", "alt", "name", "type", "rel", "http-equiv", "property", "itemprop", "colspan", "hidden", "role", "lang", "charset", "onclick"]  # fmt: skip
VALUES = (
    *URLS, *WORDS, "refresh", "0;url=http://[", "0; URL='javascript:x'", "alternate", "application/rss+xml", "²", "9" * 5000, "-1", "password",
    "menu footer", "active " * 50, "display" + " " * 50 + "none", "left:-" + "9" * 50, "zz", "0", "article:published_time", "text/html; charset=x",
    'application/ld+json', "utf-7", "\"><script>",
)  # fmt: skip

attribute = st.tuples(st.sampled_from(ATTRIBUTES), st.sampled_from(VALUES)).map(lambda pair: f' {pair[0]}="{pair[1]}"')
opening = st.tuples(st.sampled_from(TAGS), st.lists(attribute, max_size=4)).map(lambda p: f"<{p[0]}{''.join(p[1])}>")
closing = st.sampled_from(TAGS).map(lambda tag: f"</{tag}>")
piece = st.one_of(opening, closing, st.sampled_from(WORDS), st.just(MENU), st.text(max_size=12))
soup = st.lists(piece, max_size=60).map("".join)


@SLOW
@given(soup)
def test_tag_soup_never_raises(html: str) -> None:
    read_all(f"{MENU}{html}")


@SLOW
@given(
    st.binary(max_size=600),
    st.sampled_from([HTML, "text/html", "text/html; charset=windows-1258", "text/html;charset=utf-16", ""]),
)
def test_any_bytes_never_raise(body: bytes, content_type: str) -> None:
    read_all(body, content_type, pages=2)
    read_all(b"<html><body>" + MENU.encode() + body, content_type or HTML, pages=2)


@SLOW
@given(
    st.lists(st.tuples(st.sampled_from(URLS), st.sampled_from(WORDS)), min_size=1, max_size=8),
    st.sampled_from(["li", "tr", "div", "p"]),
)
def test_lists_of_anything_never_raise(rows: list[tuple[str, str]], tag: str) -> None:
    cell = "td" if tag == "tr" else "span"
    items = "".join(
        f'<{tag}><{cell}><a href="{u}">{w} {w} {w}</a></{cell}><{cell}>{w}</{cell}></{tag}>' for u, w in rows
    )
    read_all(f"{MENU}<table>{items}</table><footer>{items}</footer>")


# -- made by hand --------------------------------------------------------------------------------------------------------

PLACES: dict[str, Callable[[str], str]] = {
    "link": lambda u: f'<a href="{u}">Tin tức sự kiện</a>',
    "base": lambda u: f'<base href="{u}">',
    "form": lambda u: f'<form action="{u}"><input name=q><textarea></textarea><input type=submit></form>',
    "feed": lambda u: f'<link rel=alternate type="application/rss+xml" title="Tin tức" href="{u}">',
    "refresh": lambda u: f'<meta http-equiv=refresh content="0;url={u}">',
    "image": lambda u: f'<a href="{u}"><img src="{u}" alt="{u}"></a>',
    "option": lambda u: f'<select><option value="{u}">Tin tức</option></select>',
    "area": lambda u: f'<map><area href="{u}" alt="Tin tức"></map>',
    "row": lambda u: f'<table><tr><td><a href="{u}">Quyết định số 12/QĐ-UBND về việc gì</a></td><td>12/11/2026</td></tr></table>' * 4,
    "footer": lambda u: f'<footer>Địa chỉ: số 1. Điện thoại: 0271 3888 999. Email: a@b.vn <a href="{u}">x</a></footer>',
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_malformed_addresses_never_raise(place: str) -> None:
    for url in URLS:
        head = PLACES[place](url) if place in ("base", "feed", "refresh") else ""
        body = "" if head else PLACES[place](url)
        read_all(f"<html><head>{head}</head><body>{MENU}{body}<p>Một trang có nội dung.</p></body></html>", pages=1)


ODD: dict[str, bytes] = {
    "empty": b"", "spaces": b" \r\n\t", "nul": b"\0" * 500, "nul_in_markup": b'<a href="\0x">\0Tin t\0</a>' * 50, "invalid_utf8": b"\xff\xfe\xfd<a href=/x>\xc3\x28</a>" * 20,
    "bom_only": b"\xff\xfe", "utf8_bom": b"\xef\xbb\xbf", "odd_utf16": b"\xfe\xff\x00", "half_utf16": b"<\0h\0t\0m\0l\0>\0\xd8",
    "xml": b'<?xml version="1.0" encoding="no-such-9"?><root><a href="/x">Tin</a><tr/></root>', "xhtml": b'<?xml version="1.0"?><html xmlns="x"><body/><a href="/y"/></html>',
    "frameset": b'<html><frameset><frame src="http://["><frame src="javascript:x"><frame src="/x"></frameset></html>',
    "noframes": b"<frameset rows=1><noframes><body><a href=/x>x</a></body></noframes></frameset>", "doctype": b"<!DOCTYPE html>",
    "open_comment": b"<!--" * 500, "open_cdata": b"<![CDATA[" * 500, "open_script": b"<script>" + b"<" * 20000, "open_title": b"<title>" + b"x" * 200_000,
    "many_attributes": b"<a " + b"x=" * 50_000 + b">", "same_ids": b"<div id=a>x</div>" * 2000, "plaintext": b"<plaintext>" + b"<a>" * 500,
    "svg": b"<svg><a href=/x><title>t</title></a></svg>" * 50, "math": b"<math><mi><p><table><mi>" * 200, "template": b"<template><a href=/x></template>" * 50,
    "nested_select": b"<select><option value=/x>a<select>" * 500, "entities": b"&#0;&#xD800;&#x110000;&#99999999999;&" * 2000,
    "bad_cfemail": b'<span data-cfemail="zz">x</span><a href="/cdn-cgi/l/email-protection#">y</a><span data-cfemail="0"></span><span data-cfemail="' + b"a" * 50_000 + b'">',
    "long_mailto": b'<a href="mailto:' + b"<" * 20_000 + b'">x</a>', "bidi": '<a href=/tin>\u202eTin tức\u2066 \u200f12/11/2026</a><p>\u202e@a.vn</p>'.encode(),
    "deep_json_ld": b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script>", "surrogate_json_ld": b'<script type="application/ld+json">{"datePublished":"\\ud800 12/11/2026"}</script><h1>Tin</h1>',
    "edge_dates": b'<script type="application/ld+json">{"datePublished":"9999-12-31T23:59:59-12:00"}</script><meta itemprop=datePublished content="0001-01-01T00:00:00+14:00"><h1>t</h1><time datetime="0001-01-01T00:00:00+14:00">x</time>',
    "odd_colspan": '<table><tr><th colspan="²">Số</th><th>Ngày ban hành</th><th>Ngày đăng</th></tr><tr><td>1</td><td>1/1/2026</td><td>2/1/2026</td></tr></table>'.encode(),
    "script_in_attributes": b'<a href="x" onclick="</a><script>alert(1)</script>" title=\'"><img src=x onerror=alert(1)>\'>Tin</a>',
    "nested_forms": b"<form action=/a><table><form action=/b><input name=q></table><input name=q></form>" * 200,
    "void_zoo": b"</br></p></div></body></html><html><body></body><a href=/x>Tin</a></html>" * 50,
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_documents_never_raise(name: str) -> None:
    read_all(ODD[name])
    read_all(b"<html><body>" + MENU.encode() + ODD[name])


@pytest.mark.parametrize(
    "charset",
    ["utf-16", "utf-7", "idna", "unicode_escape", "windows-1258", "gb2312", "x" * 3000, "\u0130", "'\"", "zlib"],
)
def test_declared_charset_never_raises(charset: str) -> None:
    body = "Sở Xây dựng tỉnh Bình Phước".encode("cp1258", "replace") * 20
    read_all(b"<html><body>" + MENU.encode() + body, f"text/html; charset={charset}", pages=1)


def test_base_leads_relative_links_but_not_the_reader() -> None:
    """<base> of a foreign host makes the links foreign; one that is no web address is void."""
    foreign = read_page(answer("/", b'<base href="http://khac.example/x/"><a href="tin">Tin</a>'))
    assert [link.url for link in foreign.links] == ["http://khac.example/x/tin"]
    assert foreign.url == f"{BASE}/"
    for bad in ("javascript:alert(1)", "http://[", "data:text/html,x", "mailto:a@b.vn", ""):
        page = read_page(answer("/vi/", f'<base href="{bad}"><a href="tin">Tin</a><a href="/a">A</a>'.encode()))
        assert [link.url for link in page.links] == [f"{BASE}/vi/tin", f"{BASE}/a"]


def test_meta_refresh_never_leads_to_a_script() -> None:
    for target in ("javascript:alert(1)", "data:text/html,x", "http://["):
        page = read_page(answer("/", f'<meta http-equiv=refresh content="0;url={target}">'.encode()))
        assert page.refresh == ""


def test_bidi_controls_do_not_hide_an_address_or_a_date() -> None:
    page = read_page(answer("/", "<ul><li><a href=/1>Tin số một của sở</a> \u200f12/11/2026\u202c</li></ul>".encode()))
    assert page.links[0].url == f"{BASE}/1"
    assert [item.dated.date.isoformat() for item in extract_items(page, READING) if item.dated] == ["2026-11-12"]


# -- bounded -----------------------------------------------------------------------------------------------------------


def calls(work: Callable[[], Any]) -> int:
    """How many functions, Python's and built-in ones, `work` calls."""
    number = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return number


def in_page(content: str) -> bytes:
    return f"<html><head><title>t</title></head><body>{MENU}{content}</body></html>".encode()


GROWING: dict[str, Callable[[int], str]] = {
    "paragraphs": lambda n: "<p>Sở Xây dựng thông báo về việc mở lớp ngày 12/11/2026.</p>" * n,
    "nested_div": lambda n: "<div>" * n + "chữ",
    "nested_bold": lambda n: "<b class=x>" * n + "chữ",
    "nested_links": lambda n: "<a href=/x>x" * n,
    "nested_tables": lambda n: "<table><tr><td>x" * n,
    "nested_lists": lambda n: "<ul><li><a href=/tin>Tin mới</a>" * n,
    "nested_forms": lambda n: "<form><input name=q>" * n,
    "links": lambda n: "".join(f'<li><a href="/vi/sxd/tin/{n}-{i}.html">Tin số {i} của sở về việc</a> 12/11/2026</li>' for i in range(n)),
    "rows": lambda n: "<table>" + "".join(f"<tr><td>{i}</td><td>Quyết định số {i}/QĐ-UBND</td><td>12/11/2026</td></tr>" for i in range(n)) + "</table>",
    "cells": lambda n: "<table><tr>" + "<td>x y</td>" * n + "</tr></table>",
    "addresses": lambda n: "".join(f"<p>ông A{i}: a{i}@tinhmau.example</p>" for i in range(n)),
    "one_line_of_addresses": lambda n: "a@b.vn," * n,
    "inline_links": lambda n: "<p>" + "".join(f'<a href="/vi/sxd/tin/{n}-{i}.html">Tin số {i} của sở</a> ' for i in range(n)) + "</p>",
    "dead_links": lambda n: "<div>" + '<a href="#">Tin tức</a>' * n + "</div>",
    "one_line_of_dates": lambda n: "12/11/2026 " * n,
}  # fmt: skip


@pytest.mark.parametrize("name", GROWING)
def test_reading_a_page_grows_with_its_size_only(name: str) -> None:
    """Boxes, links, forms, texts and template marks: twice the page, at most about twice the work."""

    def work(n: int) -> int:
        def read() -> None:
            page = read_page(answer("/", in_page(GROWING[name](n))))
            for box in page.boxes:
                assert box.mark
            assert page.main_text is not None and page.folded is not None and page.headings is not None

        return calls(read)

    assert work(2000) < 2.8 * work(1000)


@pytest.mark.parametrize(
    "name",
    [
        *("paragraphs", "rows", "addresses", "one_line_of_dates", "nested_lists", "links"),
        *("inline_links", "dead_links"),
    ],
)
def test_reading_a_site_grows_with_its_size_only(name: str) -> None:
    pages, size = (2, 1000) if name.endswith("_links") else (4, 300)  # fewer than three pages have no common template

    def work(n: int) -> int:
        body = in_page(GROWING[name](n))
        return calls(lambda: _site(WHOLE, body, HTML, pages))

    work(50)  # caches of words and patterns are filled once
    assert work(3 * size) < 4.2 * work(size)


def test_deep_nesting_keeps_no_copies_of_the_text() -> None:
    """Each of two hundred wrappers holds all the text: it is kept once."""
    content = "<div>" * 180 + "<p>Sở Xây dựng thông báo về việc mở lớp tập huấn.</p>" * 3000
    boxes, _ = build(in_page(content).decode())
    for box in boxes:
        assert box.mark and box.text is not None
    kept = sum(len(box._text or "") for box in boxes)
    assert kept < 3 * len(boxes[0].text)
    assert boxes[-1].parent is not None and boxes[-1].parent.text.count("tập huấn") == 3000


def test_nesting_is_bounded_but_its_words_are_read() -> None:
    page = read_page(answer("/", in_page("<div>" * 20_000 + "chữ ở đáy" + "</div>" * 20_000)))
    assert "chữ ở đáy" in page.text
    assert max(sum(1 for _ in box.ancestors()) for box in page.boxes) <= 210


@pytest.mark.parametrize("sign", ["@", "a@", "a@b.", "1", "1/", "12/11/2026 ", "10 th ", "tháng ", "09:52:", "9h ", "16 - 17 - ", "(0", "+84 ", "x@" + "a." * 50, "12/2026/QĐ-"])  # fmt: skip
def test_a_megabyte_in_one_line_is_read(sign: str) -> None:
    """No pattern falls into a hole: the test's own time-out is the only clock."""
    body = in_page(f"<p>{sign * (1_000_000 // len(sign))}</p>")
    page = read_page(answer("/vi/sxd", body))
    extract_items(page, READING)
    assert len(page.text) > 900_000
    _site(WHOLE, body, HTML, 1)


def test_ten_thousand_links_and_five_megabytes_are_read() -> None:
    links = in_page(GROWING["links"](10_000))
    page = read_page(answer("/vi/sxd", links))
    assert len(page.links) == 10_005
    assert len(extract_items(page, READING)) <= 300
    large = in_page("<div>" * 190 + GROWING["paragraphs"](70_000))
    assert len(large) > 4_900_000
    _site(WHOLE, large, HTML, 3)
