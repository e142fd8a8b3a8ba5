"""Site maps for machines and robots.txt."""

from __future__ import annotations

import gzip
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.read.sitemaps import (
    MAX_BYTES,
    MAX_URLS,
    SitemapUrl,
    lastmod_is_generated,
    read_robots_sitemaps,
    read_sitemap,
)

URL = "https://a.example/sitemap.xml"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
ENTRY = "<url><loc> /tin-1.html </loc><lastmod>2017-11-16T18:14:00+07:00</lastmod></url>"
SET = f"<?xml version='1.0'?><urlset {NS}>{ENTRY}</urlset>"
CHILDREN = "<sitemap><loc>https://a.example/s1.xml</loc></sitemap><sitemap><loc>/s1.xml</loc></sitemap>"
INDEX = f"<sitemapindex {NS}>{CHILDREN}</sitemapindex>"
TODAY = date(2026, 11, 23)


def test_url_set() -> None:
    found = read_sitemap(SET.encode(), URL)
    assert found.urls == (SitemapUrl("https://a.example/tin-1.html", "2017-11-16T18:14:00+07:00"),)
    assert (found.children, found.problem) == ((), "")


def test_gzip() -> None:
    assert read_sitemap(gzip.compress(SET.encode()), URL).urls == read_sitemap(SET.encode(), URL).urls
    assert read_sitemap(b"\x1f\x8bnonsense", URL).problem == "bad_gzip"


def test_gzip_bomb_is_cut() -> None:
    bomb = gzip.compress(SET.encode() + b" " * (MAX_BYTES + 1_000_000))
    found = read_sitemap(bomb, URL)
    assert found.problem == "too_large"
    assert len(found.urls) == 1


def test_index() -> None:
    found = read_sitemap(INDEX.encode(), URL)
    assert (found.urls, found.children, found.problem) == ((), ("https://a.example/s1.xml",), "")


def test_bound() -> None:
    body = f"<urlset {NS}>" + "<url><loc>/x</loc></url>" * (MAX_URLS + 5) + "</urlset>"
    assert len(read_sitemap(body.encode(), URL).urls) == MAX_URLS


def test_plain_list() -> None:
    found = read_sitemap(b"https://a.example/1\nhttps://a.example/2\n", URL)
    assert [entry.loc for entry in found.urls] == ["https://a.example/1", "https://a.example/2"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "not_xml"), (b"hello", "not_xml"), (b"<html><body>x</body></html>", "not_sitemap"),
        (f"<urlset {NS}></urlset>".encode(), "empty"),
        (b"<urlset><url><loc>/a</loc></url><url><loc>/b", "malformed"),
    ],
)  # fmt: skip
def test_problem(body: bytes, problem: str) -> None:
    assert read_sitemap(body, URL).problem == problem


def test_robots() -> None:
    text = (
        "\ufeffSitemap: https://a.example/s.xml\r\nUser-agent: *\n# Sitemap: no\nDisallow: /sitemap: x\n"
        " sitemap:https://a.example/t.xml # note\nSitemap:\n"
    )
    assert read_robots_sitemaps(text) == ("https://a.example/s.xml", "https://a.example/t.xml")


@pytest.mark.parametrize(
    ("lastmods", "generated"),
    [
        (["2026-11-23T01:00:00+07:00", "2026-11-22T18:30:00Z"], True),
        (["2026-11-23"], True),
        (["2017-01-01"] * 3, True),
        (["2017-01-01"] * 2, False),
        (["2017-01-01", "2026-11-23"], False),
        (["", ""], False),
        (["2017-11-16T18:14:00+07:00"], False),
        ([], False),
    ],
)
def test_lastmod_that_only_tells_when_the_map_was_made(lastmods: list[str], generated: bool) -> None:
    assert lastmod_is_generated([SitemapUrl("https://a.example/", raw) for raw in lastmods], TODAY) is generated


@settings(max_examples=200, deadline=None)
@given(st.binary(), st.text())
def test_never_fails(body: bytes, text: str) -> None:
    read_sitemap(body, URL)
    read_sitemap(gzip.compress(body), URL)
    read_sitemap(
        f"<urlset><url><loc>{text}</loc><lastmod>{text}</lastmod></url></urlset>".encode("utf-8", "replace"), URL
    )
    read_robots_sitemaps(text)
    lastmod_is_generated([SitemapUrl("x", text)], TODAY)
