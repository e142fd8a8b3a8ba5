"""Addresses in one spelling, and traps by address alone."""

from __future__ import annotations

import pytest

from auditor.model import SiteScope
from auditor.read.urls import canonical, is_feed, is_twin, repeats_segments, same_page_key


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Sxd.Example:80/a/../b//c?utm_source=x&id=1#top", "http://sxd.example/b/c?id=1"),
        ("https://x.example:443", "https://x.example/"),
        ("https://x.example/tin%20t%E1%BB%A9c", "https://x.example/tin%20t%E1%BB%A9c"),
        ("https://x.example/a;jsessionid=AB12?p=2", "https://x.example/a?p=2"),
        ("https://x.example/wps/portal/!ut/p/z1/", "https://x.example/wps/portal/!ut/p/z1/"),
    ],
)
def test_one_spelling(url: str, expected: str) -> None:
    assert canonical(url) == expected


def test_http_https_and_www_are_one_page() -> None:
    assert same_page_key("http://www.x.example/a/") == same_page_key("https://x.example/a")
    assert same_page_key("https://x.example/index.php") == same_page_key("https://x.example/")
    assert same_page_key("https://x.example/a?id=1") != same_page_key("https://x.example/a?id=2")


def test_traps_by_address() -> None:
    assert repeats_segments("https://x.example/vi/vi/tin")
    assert repeats_segments("https://x.example/tin/sk/tin/sk/1")
    assert not repeats_segments("https://x.example/vi/tin-tuc/2026/tin-tuc-1.html")
    assert is_twin("https://x.example/print/tin/1.html") and is_twin("https://x.example/savefile/tin/1.html")
    assert is_feed("https://x.example/rss/tin/") and not is_feed("https://x.example/press/")


def test_scope_ends_at_segments() -> None:
    scope = SiteScope("tinh.example", "/vi/snv/", also=("/en/snv/", "index.php?nv=snv"))
    inside = [
        "http://www.tinh.example/vi/snv/a",
        "https://tinh.example/vi/snv",
        "https://tinh.example/en/snv/x",
        "https://tinh.example/index.php?language=vi&nv=snv",
    ]
    outside = [
        "https://tinh.example/vi/snvx/",
        "https://tinh.example/",
        "https://khac.example/vi/snv/",
        "https://tinh.example/index.php?nv=snvx",
    ]
    assert all(scope.contains(url) for url in inside)
    assert not any(scope.contains(url) for url in outside)
