"""How long reading one page takes: `python bench/read_page.py [--kilobytes K] [--rounds N]`.

The page (80 KB unless told otherwise) is made here, in the manner of a provincial site on NukeViet: three-level menu,
side blocks, a list of news with pictures and dates, a table of documents, a footer. Printed are milliseconds per page
and the ratio to the first line, the median of several rounds, for

    parse          selectolax's bare parse of the text: the floor under every reader
    beautifulsoup4 parse (lxml), title, all links made absolute, addresses and dates by pattern: the usual way, which
                   knows no places, and not which date belongs to what
    read_page      bytes to charset, boxes with places, links, forms, feeds, clean text: what a look costs once
    +dates, mail     read_page, then the dates and the addresses of the page's text: what the line of beautifulsoup4 does
    +items           read_page, then the page's list, each entry with its own date and what its row carries
    read_site      five pages that share menu and footer to the facts of a site, 20 detectors; per page

The work is bounded: each line stops after its rounds or after two seconds, whichever comes first. Nothing is asserted;
the figures are for people. Nothing outside the project is read and nothing is written.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from urllib.parse import urljoin

from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser

from auditor.model import Agency, Look, LookKind, SiteEvidence, SiteScope
from auditor.read.addresses import RawAddress, find_addresses
from auditor.read.dates import DateScan, scan_dates
from auditor.read.entries import Reading
from auditor.read.items import extract_items
from auditor.read.page import Page, read_page
from auditor.read.site import read_site
from auditor.read.words import Vocabulary
from auditor.vocabulary import load_vocabulary

AS_OF = date(2026, 11, 20)
URL = "https://sxd.tinhmau.example/"
_ADDRESS, _DATE = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), re.compile(r"\b\d{1,2}[/-]\d{1,2}[/-]\d{4}\b")
_SECONDS = 2.0  # per line
_SECTIONS = (
    "Giới thiệu", "Cơ cấu tổ chức", "Tin tức - Sự kiện", "Văn bản quy phạm pháp luật", "Thủ tục hành chính",
    "Dự án, hạng mục đầu tư, đấu thầu", "Hỏi đáp", "Lịch công tác", "Công khai ngân sách", "Liên hệ",
)  # fmt: skip
_TITLES = (
    "Hội nghị sơ kết công tác quản lý nhà nước về xây dựng chín tháng đầu năm",
    "Đoàn công tác của Sở kiểm tra tiến độ các công trình trọng điểm trên địa bàn tỉnh",
    "Tập huấn nghiệp vụ thẩm định thiết kế cho cán bộ các huyện, thị xã, thành phố",
    "Công bố giá vật liệu xây dựng quý III trên địa bàn tỉnh",
)
_SUMMARY = (
    "Sáng nay, tại trụ sở của cơ quan, lãnh đạo đơn vị đã chủ trì buổi làm việc với đại diện các phòng, ban chuyên môn "
    "nhằm đánh giá kết quả thực hiện nhiệm vụ và đề ra phương hướng trong thời gian tới."
)


def make_page(kilobytes: int, first: int = 0) -> bytes:
    """A page of at least `kilobytes` KB of UTF-8: as many news and documents as that takes, from number `first` on."""
    head, foot = _head(), _foot()
    middle, n = [], first
    size = len((head + foot).encode())
    while size < kilobytes * 1000:
        middle.append(_news(n) if n % 3 else _document(n))
        size += len(middle[-1].encode())
        n += 1
    return (head + "".join(middle) + foot).encode()


def _head() -> str:
    entries = "".join(
        f'<li class="dropdown"><a class="dropdown-toggle" title="{name}" href="/vi/muc-{n}/"><em class="fa fa-folder">'
        f'&nbsp;</em> {name}</a><ul class="dropdown-menu">'
        + "".join(f'<li><a href="/vi/muc-{n}/nhom-{m}/" title="{name} {m}">{name} {m}</a></li>' for m in range(5))
        + "</ul></li>"
        for n, name in enumerate(_SECTIONS)
    )
    feeds = "".join(
        f'<link rel="alternate" type="application/rss+xml" title="Sở - {name}" href="/vi/rss/muc-{n}/">'
        for n, name in enumerate(_SECTIONS)
    )
    return (
        '<!DOCTYPE html><html lang="vi" xmlns="http://www.w3.org/1999/xhtml"><head><title>Tin tức - Sở Xây dựng</title>'
        '<meta name="generator" content="NukeViet v4.5"><meta charset="utf-8">'
        f"{feeds}<style>{'.c{margin:0 auto;padding:1px}' * 60}</style></head><body><div class='wraper'>"
        '<header><div class="container"><div id="header" class="row"><div class="logo"><a title="Sở Xây dựng" '
        'href="/vi/"><img src="/uploads/logo.png" alt="Sở Xây dựng"></a></div></div></div></header>'
        '<nav class="second-nav" id="menusite">'
        f'<div class="navbar navbar-default"><ul class="nav navbar-nav">{entries}</ul></div></nav>'
        '<form action="/vi/seek/" method="get"><input type="text" name="q"><button type="submit">Tìm</button></form>'
        '<div class="row"><div class="col-sm-16 col-md-18" id="content"><div class="news_column">'
    )


def _news(n: int) -> str:
    day = AS_OF - timedelta(days=n % 400)
    title = f"{_TITLES[n % len(_TITLES)]} ({n})"
    return (
        f'<div class="news_column panel panel-default"><div class="panel-body featured"><a href="/vi/tin/bai-{n}.html" '
        f'title="{title}"><img alt="{title}" src="/assets/{n}.jpg" width="100" class="img-thumbnail pull-left"></a>'
        f'<h2><a href="/vi/tin/bai-{n}.html" title="{title}">{title}</a></h2><div class="text-muted"><ul '
        f'class="list-unstyled list-inline"><li><em class="fa fa-clock-o">&nbsp;</em> {day:%d/%m/%Y} 08:15:00 AM</li>'
        f'<li><em class="fa fa-eye">&nbsp;</em> Đã xem: {n * 17}</li></ul></div>{_SUMMARY}</div></div>\n'
    )


def _document(n: int) -> str:
    day = AS_OF - timedelta(days=n % 400)
    return (
        f'<table class="table table-striped"><tbody><tr><td><a href="/vi/van-ban/{n}.html">{n + 100}/QĐ-SXD</a></td>'
        f'<td>{day:%d/%m/%Y}</td><td><a href="/vi/van-ban/{n}.html">Quyết định về việc '
        f'{_TITLES[n % len(_TITLES)].lower()}</a></td><td><a href="/uploads/{n}.pdf">Tải về</a></td></tr></tbody>'
        "</table>\n"
    )


def _foot() -> str:
    side = "".join(f'<li><a href="/vi/tin/bai-{n}.html">{_TITLES[n % 4]}</a></li>' for n in range(12))
    return (
        '</div></div><div class="col-sm-8 col-md-6 sidebar"><div class="panel"><h3>Tin mới nhất</h3>'
        f'<ul>{side}</ul></div></div></div><footer id="footer"><p>Trụ sở: số 1 đường Mẫu. Điện thoại: 0271 3888 999. '
        "Email: sxd@tinhmau.example</p></footer></div></body></html>"
    )


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    milliseconds: float  # per page, median
    rounds: int


def measure(name: str, work: Callable[[], object], rounds: int, pages: int = 1) -> Line:
    """The median time of `work`, which reads `pages` pages; at most `rounds` rounds and about two seconds."""
    work()
    times: list[float] = []
    end = time.perf_counter() + _SECONDS
    while len(times) < rounds and (not times or time.perf_counter() < end):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000 / pages)
    return Line(name, statistics.median(times), len(times))


def run(kilobytes: int, rounds: int) -> list[Line]:
    body = make_page(kilobytes)
    text = body.decode()
    vocabulary = load_vocabulary(None)
    paths = ("", "vi/muc-2/", "vi/muc-3/", "vi/muc-4/", "vi/muc-5/")
    looks = tuple(_look(path, make_page(kilobytes, 1000 * n)) for n, path in enumerate(paths))
    agency = Agency("sxd", "Sở Xây dựng", url=URL, scope=SiteScope("sxd.tinhmau.example"))
    evidence = SiteEvidence("sxd", URL, looks, requests=len(looks))
    return [
        measure("parse", lambda: LexborHTMLParser(text), rounds),
        measure("beautifulsoup4", lambda: _by_soup(body), rounds),
        measure("read_page", lambda: read_page(looks[0]), rounds),
        measure("+dates, mail", lambda: _by_reader(looks[0], vocabulary), rounds),
        measure("+items", lambda: extract_items(read_page(looks[0]), Reading(AS_OF, vocabulary)), rounds),
        measure("read_site", lambda: read_site(agency, evidence, vocabulary, AS_OF), rounds, pages=len(looks)),
    ]


def _look(path: str, body: bytes) -> Look:
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    headers = (("content-type", "text/html; charset=utf-8"),)
    digest = sha256(path.encode() + body).hexdigest()
    return Look(
        URL + path, LookKind.PAGE, now, URL + path, 200, headers=headers, body=body, digest=digest, elapsed_ms=1
    )


def _by_soup(body: bytes) -> tuple[str, list[tuple[str, str]], list[str], list[str]]:
    """Title, links, addresses and dates, as a plain script would take them."""
    soup = BeautifulSoup(body, "lxml")
    links = [(urljoin(URL, str(a["href"])), a.get_text(" ", strip=True)) for a in soup.find_all("a", href=True)]
    text = soup.get_text(" ", strip=True)
    return (soup.title.get_text() if soup.title else ""), links, _ADDRESS.findall(text), _DATE.findall(text)


def _by_reader(look: Look, vocabulary: Vocabulary) -> tuple[Page, DateScan, list[RawAddress]]:
    """The same by the project's own readers: dates with what each is for, addresses however they are hidden."""
    page = read_page(look)
    dates = scan_dates(page.text, as_of=AS_OF, words=vocabulary.dates)
    return page, dates, find_addresses(page.text, vocabulary.signs)


def main() -> None:
    parser = argparse.ArgumentParser(description="Milliseconds per page of reading.")
    parser.add_argument("--kilobytes", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=50, help="at most, per line")
    options = parser.parse_args()
    lines = run(options.kilobytes, options.rounds)
    out = [f"{'':16}{'ms/page':>10}{'ratio':>8}{'rounds':>8}   ({options.kilobytes} KB)"]
    out += [
        f"{line.name:16}{line.milliseconds:10.2f}{line.milliseconds / lines[0].milliseconds:8.1f}{line.rounds:8}"
        for line in lines
    ]
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
