"""Site maps for machines (sitemaps.org protocol 0.9) and the Sitemap lines of robots.txt."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urljoin

from lxml import etree

from auditor.read.date_forms import iso_day
from auditor.read.encoding import decode
from auditor.read.feeds import local_name, parse_xml

MAX_URLS = 20_000
MAX_BYTES = 20_000_000
_ROBOTS_LINE = re.compile(r"^[\ufeff\s]*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ENOUGH_EQUAL = 3


@dataclass(frozen=True, slots=True)
class SitemapUrl:
    loc: str
    raw_lastmod: str = ""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """`urls` of a url set, `children` of an index.

    `problem`: "", not_xml, not_sitemap, malformed, bad_gzip, too_large, empty.
    """

    urls: tuple[SitemapUrl, ...]
    children: tuple[str, ...]
    problem: str = ""


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """The site map in `body` (plain or gzip), fetched from `url`; at most 20,000 entries. Never raises."""
    too_large = False
    if body[:2] == b"\x1f\x8b":
        unpacked = _gunzip(body)
        if unpacked is None:
            return Sitemap((), (), "bad_gzip")
        body, too_large = unpacked
    root, sound = parse_xml(decode(body[:MAX_BYTES], "").text)
    if root is None or local_name(root) not in ("urlset", "sitemapindex"):
        listed = _plain_list(body) if root is None else ()
        return Sitemap(listed, (), "" if listed else "not_xml" if root is None else "not_sitemap")
    entries = [_entry(node, url) for node in root if local_name(node) in ("url", "sitemap")][:MAX_URLS]
    entries = [entry for entry in entries if entry.loc]
    problem = "too_large" if too_large else "empty" if not entries else "" if sound else "malformed"
    if local_name(root) == "sitemapindex":
        return Sitemap((), tuple(dict.fromkeys(entry.loc for entry in entries)), problem)
    return Sitemap(tuple(entries), (), problem)


def _gunzip(body: bytes) -> tuple[bytes, bool] | None:
    """(bytes, True if cut at the bound); None if it is not gzip."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(body, MAX_BYTES)
    except zlib.error:
        return None
    return data, bool(unpacker.unconsumed_tail)


def _entry(node: etree._Element, base: str) -> SitemapUrl:
    parts = {local_name(child): "".join(map(str, child.itertext())).strip() for child in node}
    try:
        loc = urljoin(base, parts["loc"]) if parts.get("loc") else ""
    except ValueError:
        loc = ""
    return SitemapUrl(loc, parts.get("lastmod", ""))


def _plain_list(body: bytes) -> tuple[SitemapUrl, ...]:
    """A text file with one URL a line, which the protocol allows too."""
    lines = [line.strip() for line in decode(body[:MAX_BYTES], "").text.splitlines()[:MAX_URLS] if line.strip()]
    good = [line for line in lines if line.startswith(("http://", "https://")) and " " not in line]
    return tuple(SitemapUrl(line) for line in good) if good and len(good) == len(lines) else ()


def read_robots_sitemaps(text: str) -> tuple[str, ...]:
    """The addresses of the Sitemap lines of a robots.txt, in order, each once."""
    return tuple(dict.fromkeys(_ROBOTS_LINE.findall(text)))


def lastmod_is_generated(urls: Sequence[SitemapUrl], fetched: date) -> bool:
    """True if the site map's lastmod says when it was made, not when pages changed: every one is the day of the fetch,
    or three and more are the same to the letter."""
    written = [entry.raw_lastmod for entry in urls if entry.raw_lastmod]
    if not written:
        return False
    if len(written) >= _ENOUGH_EQUAL and len(set(written)) == 1:
        return True
    return all(iso_day(raw) == fetched for raw in written)
