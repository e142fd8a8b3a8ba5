"""The focused crawl against real servers on loopback: where it never goes, when it stops, how it finds the start."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pickle
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from auditor.audit import audit_agency, second_look
from auditor.audit_context import open_context
from auditor.demo.province import Province
from auditor.gather.dns import Resolver
from auditor.gather.network import Network, NetworkOptions, parse_connect_to
from auditor.gather.site import Crawl
from auditor.model import (
    Agency,
    AgencyAudit,
    Look,
    LookKind,
    Reason,
    SectionState,
    SiteEvidence,
    SiteFacts,
    SiteScope,
    SiteState,
)
from auditor.read.site import read_site
from auditor.registry import load_agencies
from auditor.settings import load_settings
from auditor.vocabulary import load_vocabulary
from tests.gather.servers import Authority, Handler, HttpServer, Request, redirect, reply

AS_OF = date(2026, 11, 23)
VOCABULARY = load_vocabulary(None)
HOST = "so.tinhmau.example"
FURNITURE = {"/robots.txt", "/sitemap.xml"}
LABELS = {
    "gioi-thieu": "Giới thiệu", "co-cau-to-chuc": "Cơ cấu tổ chức", "tin-tuc": "Tin tức - Sự kiện", "van-ban": "Văn bản pháp luật",
    "thu-tuc": "Thủ tục hành chính", "du-an": "Dự án đầu tư", "hoi-dap": "Hỏi đáp", "lich": "Lịch công tác", "lien-he": "Liên hệ",
}  # fmt: skip


def html(content: str, links: Mapping[str, str] | None = None, head: str = "") -> bytes:
    """A page with a menu of `links` (address -> label)."""
    menu = "".join(f'<li><a href="{url}">{label}</a></li>' for url, label in (links or {}).items())
    text = (
        f"<!DOCTYPE html><html lang=vi><head><meta charset=utf-8><title>Sở Mẫu</title>{head}</head><body><nav><ul>{menu}</ul></nav>"
        f'<div id="content">{content}</div><footer>Sở Mẫu, số 1 đường Mẫu</footer></body></html>'
    )
    return reply(text, Content_Type="text/html; charset=utf-8")


def article(name: str) -> str:
    return f"<h1>{name}</h1><p>Trang {name} của cơ quan, có nội dung riêng của mình, cập nhật ngày 20/11/2026, đọc được trọn vẹn.</p>"


def book(pages: Mapping[str, bytes], missing: bytes | None = None) -> Handler:
    """A server of `pages` by request target; everything else is not found."""
    return lambda request: pages.get(request.path, missing or reply("Không tìm thấy", status=404))


def agency(url: str = f"http://{HOST}/", prefix: str = "/", **changes: Any) -> Agency:
    host = urlsplit(url).hostname or ""
    values: dict[str, Any] = {"url": url, "scope": SiteScope(host, prefix), "mail_domain": "tinhmau.example"}
    return Agency("so", "Sở Mẫu", **(values | changes))


@dataclass
class Seen:
    """What a crawl brought, and what the server was asked for."""

    evidence: SiteEvidence
    requests: list[Request]
    who: Agency
    facts: SiteFacts = field(init=False)

    def __post_init__(self) -> None:
        self.facts = read_site(self.who, self.evidence, VOCABULARY, AS_OF)

    @property
    def paths(self) -> list[str]:
        """Request targets in order, without robots.txt, site maps and the probe."""
        return [
            r.path for r in self.requests if r.path not in FURNITURE and "trang-khong-ton-tai" not in r.path
        ]  # fmt: skip

    def look(self, path: str) -> Look:
        return next(look for look in self.evidence.looks if urlsplit(look.url).path == path)


def crawl(handler: Handler, who: Agency | None = None, budget: int = 60, **options: Any) -> Seen:
    """One crawl of `who` over plain HTTP; every host is at the one server."""
    who = who or agency()

    async def run() -> Seen:
        async with HttpServer(handler) as server, network(f":80:127.0.0.1:{server.port}", **options) as client:
            evidence = await Crawl(who, client, VOCABULARY, AS_OF, budget).run()
            return Seen(evidence, server.requests, who)

    return asyncio.run(run())


def network(*rules: str, **options: Any) -> Network:
    connect_to = tuple(parse_connect_to(rule) for rule in rules)
    values: dict[str, Any] = {"delay": 0.0, "allow_private": True, "connect_to": connect_to} | options
    return Network(NetworkOptions(**values), Resolver((("127.0.0.1", 9),)))


def complete(prefix: str = "/") -> dict[str, bytes]:
    """A small site that has all of LABELS."""
    links = {f"{prefix}{slug}/": label for slug, label in LABELS.items()}
    pages = {f"{prefix}{slug}/": html(article(label), links) for slug, label in LABELS.items()}
    return {prefix: html(article("Trang chủ"), links)} | pages


# -- never outside ---------------------------------------------------------------------------------------------------


PATH_SITE = {
    "url": f"http://{HOST}/vi/snv/",
    "scope": SiteScope(HOST, "/vi/snv", also=("/en/snv/", "index.php?nv=snv")),
    "portal_hosts": (HOST,),
}


def _portal(request: Request) -> bytes:
    """A portal on which every address answers, so that going astray would succeed."""
    inside = {f"/vi/snv/{slug}/": label for slug, label in LABELS.items()}
    outside = {
        "/": "Trang chủ", "/vi/": "Cổng thông tin", "/vi/snvx/tin-tuc/": "Tin tức", "/vi/snv-cu/tin-tuc/": "Tin tức sự kiện",
        "/vi/sct/van-ban/": "Văn bản pháp luật", "/vi/tin-tuc/": "Tin tức - Sự kiện", "http://khac.example/lien-he/": "Liên hệ",
        f"http://{HOST}:80/vi/snv/../sct/du-an/": "Dự án đầu tư", "/en/snvx/about/": "English", "/index.php?nv=sct": "Hỏi đáp",
        "/index.php?nv=snvx&amp;op=hoi-dap": "Hỏi đáp", "/other.php?nv=snv&amp;op=lich": "Lịch công tác", "//khac.example/vi/snv/lich/": "Lịch công tác",
        "https://con.so.tinhmau.example/vi/snv/hoi-dap/": "Hỏi đáp", "/VI/SNVX/gioi-thieu": "Giới thiệu",
    }  # fmt: skip
    also = {"/en/snv/about/": "English", "/index.php?nv=snv&amp;op=lich-tuan": "Lịch làm việc"}
    return html(article(f"Trang {request.path}"), inside | outside | also)


def _allowed(path: str) -> bool:
    parts = urlsplit(path)
    return (
        parts.path == "/vi/snv"
        or parts.path.startswith(("/vi/snv/", "/en/snv/"))
        or (parts.path == "/index.php" and "nv=snv" in parts.query.split("&"))
    )


def test_never_requests_outside_host_and_prefix() -> None:
    seen = crawl(_portal, agency(**PATH_SITE))
    assert len(seen.paths) > len(LABELS)
    assert [path for path in seen.paths if not _allowed(path)] == []
    assert {request.host for request in seen.requests} == {HOST}


def test_also_patterns_are_inside() -> None:
    paths = crawl(_portal, agency(**PATH_SITE)).paths
    assert "/en/snv/about/" in paths
    assert "/index.php?nv=snv&op=lich-tuan" in paths


def test_probe_of_a_page_that_does_not_exist_stays_inside_the_prefix() -> None:
    seen = crawl(_portal, agency(**PATH_SITE))
    probes = [request.path for request in seen.requests if "trang-khong-ton-tai" in request.path]
    assert len(probes) == 1 and probes[0].startswith("/vi/snv/")


def test_redirect_is_followed_out_of_the_prefix_but_nothing_is_read_there() -> None:
    def answer(request: Request) -> bytes:
        if request.path == "/vi/snv/van-ban/":
            return redirect("/vi/snvx/van-ban/")
        return _portal(request)

    seen = crawl(answer, agency(**PATH_SITE))
    assert [path for path in seen.paths if not _allowed(path)] == ["/vi/snvx/van-ban/"]


def test_site_map_on_another_host_is_not_fetched() -> None:
    robots = b"User-agent: *\nSitemap: http://khac.example/sitemap.xml\nSitemap: http://so.tinhmau.example/map.xml\n"
    pages = complete() | {
        "/robots.txt": reply(robots, Content_Type="text/plain"),
        "/map.xml": reply(
            "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap><loc>http://khac.example/a.xml</loc></sitemap></sitemapindex>",
            Content_Type="text/xml",
        ),
    }
    seen = crawl(book(pages))
    assert {request.host for request in seen.requests} == {HOST}
    assert "/map.xml" in seen.paths


# -- never without end -----------------------------------------------------------------------------------------------


def _menu_of_thousand(request: Request) -> bytes:
    return html(article(request.path), {f"/tin-tuc/{n}/": f"Tin tức {n}" for n in range(1000)})


def _calendar(request: Request) -> bytes:
    found = re.search(r"thang=(\d+)", request.path)
    month = int(found[1]) if found else 0
    links = {
        f"/lich/?thang={month + step}&amp;nam=2026": f"Lịch công tác tháng {month + step}" for step in range(1, 40)
    }
    return html(article(f"Tháng {month}"), {"/tin-tuc/": "Tin tức", "/lich/": "Lịch công tác"} | links)


def _deeper(request: Request) -> bytes:
    return html(article("Tin tức"), {"vi/": "Tin tức", "vi/van-ban/": "Văn bản pháp luật", "./vi/lien-he/": "Liên hệ"})


def _pages(request: Request) -> bytes:
    found = re.search(r"page=(\d+)", request.path)
    n = int(found[1]) if found else 1
    more = {f"/tin-tuc/?page={n + step}": f"Tin tức trang {n + step}" for step in range(1, 30)}
    return html(article(f"Trang {n}"), {"/tin-tuc/": "Tin tức"} | more)


def _sessions() -> Handler:
    numbers = count()

    def answer(request: Request) -> bytes:
        links = {
            f"/{slug}/?PHPSESSID={next(numbers):032x}&amp;v={next(numbers)}": label for slug, label in LABELS.items()
        }
        return html(article(request.path), links)

    return answer


def _random_links() -> Handler:
    numbers = count()

    def answer(request: Request) -> bytes:
        links = {f"/x{next(numbers)}/{slug}/": label for slug, label in LABELS.items() for _ in range(8)}
        return html(article(request.path), links)

    return answer


ENDLESS: dict[str, Callable[[], Handler]] = {
    "menu_of_thousand": lambda: _menu_of_thousand,
    "calendar": lambda: _calendar,
    "relative_links": lambda: _deeper,
    "paging": lambda: _pages,
    "session_ids": _sessions,
    "new_links_on_every_page": _random_links,
}


@pytest.mark.parametrize("budget", [3, 13, 60])
@pytest.mark.parametrize("name", ENDLESS)
def test_budget_bounds_an_endless_site(name: str, budget: int) -> None:
    seen = crawl(ENDLESS[name](), budget=budget)
    assert len(seen.evidence.looks) <= budget
    assert seen.evidence.budget == budget


def test_budget_counts_looks_that_run_side_by_side() -> None:
    seen = crawl(_random_links(), budget=20)
    assert len(seen.evidence.looks) == 20 and seen.evidence.budget_spent


def test_spent_budget_is_said_and_leaves_the_unread_unverified() -> None:
    seen = crawl(book(complete()), budget=5)
    assert seen.evidence.budget_spent and seen.facts.budget_spent
    unread = [f for f in seen.facts.detectors.values() if f.reason is Reason.BUDGET_SPENT]
    assert unread and all(f.state is SectionState.UNVERIFIABLE for f in unread)


def test_relative_link_trap_is_not_walked_and_reported() -> None:
    seen = crawl(_deeper)
    assert not [path for path in seen.paths if "/vi/vi/" in path]
    assert "repeated_segments" in {trap.kind for trap in seen.facts.traps}


def test_calendar_is_not_leafed_through() -> None:
    assert len([path for path in crawl(_calendar).paths if "thang=" in path]) <= 1


def test_list_is_not_leafed_through() -> None:
    assert not [path for path in crawl(_pages).paths if "page=" in path]


def test_same_text_under_many_addresses_is_a_trap() -> None:
    links = {f"/muc-{n}/{slug}/": label for n, (slug, label) in enumerate(LABELS.items())}
    same = html(article("Cùng một trang"), links)
    seen = crawl(lambda request: same)
    assert "near_duplicates" in {trap.kind for trap in seen.facts.traps}


def test_distinct_pages_are_no_near_duplicates() -> None:
    assert not {trap.kind for trap in crawl(book(complete())).facts.traps} & {"near_duplicates", "repeated_segments"}


# -- never requested ---------------------------------------------------------------------------------------------------


def test_files_pictures_twins_and_useless_pages_are_left_alone() -> None:
    rows = "".join(
        f'<tr><td>{n}/QĐ-SM</td><td>0{n}/11/2026</td><td><a href="/van-ban/so-{n}.html">Quyết định ban hành quy chế số {n}</a></td>'
        f'<td><a href="/uploads/so-{n}.pdf">Tải về</a> <a href="/print/van-ban/so-{n}.html">In</a> <a href="/savefile/van-ban/so-{n}.html">Lưu</a></td></tr>'
        for n in range(1, 6)
    )
    pages = complete()
    links = {f"/{slug}/": label for slug, label in LABELS.items()} | {
        "/users/login/": "Đăng nhập",
        "/print/tin-tuc/": "Tin tức", "mailto:so@tinhmau.example": "Liên hệ", "javascript:void(0)": "Hỏi đáp", "tel:0271": "Đường dây nóng",
        "/wp-admin/": "Quản trị",
    }  # fmt: skip
    pages["/"] = html(
        '<a href="/images/lon.jpg"><img src="/images/nho.jpg" alt="Tin tức"></a>' + article("Trang chủ"),
        links,
        '<link rel=stylesheet href="/a.css">',
    )
    pages["/van-ban/"] = html(f"<table>{rows}</table>", links)
    seen = crawl(book(pages, html(article("Bất kỳ"), links)))
    asked = " ".join(seen.paths)
    assert not re.search(r"\.(png|jpe?g|css|js)\b|/print/|/savefile/|/users/|wp-admin|void|mailto", asked)
    assert "/uploads/" not in asked


def test_robots_disallow_of_one_section_leaves_it_unverified_and_unrequested() -> None:
    robots = b"User-agent: *\nDisallow: /van-ban/\n"
    seen = crawl(book(complete() | {"/robots.txt": reply(robots, Content_Type="text/plain")}))
    assert not [path for path in seen.paths if path.startswith("/van-ban/")]
    documents = seen.facts.section("legal_documents")
    assert documents.state is SectionState.UNVERIFIABLE and documents.reason is Reason.ROBOTS_DISALLOWED
    assert seen.facts.section("news").state is not SectionState.UNVERIFIABLE
    refused = seen.look("/van-ban/")
    assert refused.not_run and refused.status is None


def test_requests_count_what_was_sent() -> None:
    seen = crawl(book(complete() | {"/tin-tuc/": redirect("/tin/"), "/tin/": html(article("Tin tức"))}))
    robots = sum(request.path == "/robots.txt" for request in seen.requests)
    assert seen.evidence.requests == len(seen.requests) - robots


# -- the way in ------------------------------------------------------------------------------------------------------


def test_splash_page_is_passed_by_its_link() -> None:
    inner = complete("/trang-chu/")
    splash = reply(
        '<html><body><a href="/trang-chu/"><img src="/banner.jpg" alt=""></a></body></html>', Content_Type="text/html"
    )
    seen = crawl(book(inner | {"/": splash}))
    assert seen.facts.state is SiteState.SPLASH
    assert {f"/trang-chu/{slug}/" for slug in ("tin-tuc", "van-ban", "lien-he")} <= set(seen.paths)


def test_splash_page_is_passed_by_its_meta_refresh() -> None:
    inner = complete("/vi/")
    refresh = reply(
        '<html><head><meta http-equiv="refresh" content="0; url=/vi/"></head><body></body></html>',
        Content_Type="text/html",
    )
    seen = crawl(book(inner | {"/": refresh}))
    assert seen.facts.state is SiteState.SPLASH
    assert "/vi/tin-tuc/" in seen.paths


def test_meta_refresh_to_another_host_is_not_followed() -> None:
    refresh = reply(
        '<html><head><meta http-equiv="refresh" content="0; url=http://khac.example/vi/"></head><body></body></html>',
        Content_Type="text/html",
    )
    seen = crawl(book({"/": refresh}))
    assert {request.host for request in seen.requests} == {HOST}
    assert seen.facts.state is SiteState.MOVED


def over_tls(
    plain: Handler | None, secure: Handler, folder: Path, who: Agency, *, until: datetime | None = None
) -> tuple[Seen, list[Request]]:
    """A crawl of a host that answers by `plain` on port 80 (None: refuses) and by `secure` on port 443."""
    authority = Authority(folder)

    async def run() -> tuple[Seen, list[Request]]:
        with closing(socket.socket()) as reserved:
            reserved.bind(("127.0.0.1", 0))
            closed = reserved.getsockname()[1]
            context = authority.context(HOST, f"www.{HOST}", until=until)
            async with HttpServer(plain or secure) as low, HttpServer(secure, context) as high:
                rules = (f":80:127.0.0.1:{low.port if plain else closed}", f":443:127.0.0.1:{high.port}")
                return await _over(network(*rules, ca_file=authority.ca_file), who, low), high.requests

    return asyncio.run(run())


async def _over(client: Network, who: Agency, server: HttpServer) -> Seen:
    async with client:
        evidence = await Crawl(who, client, VOCABULARY, AS_OF, 60).run()
    return Seen(evidence, server.requests, who)


def test_redirects_to_https_and_to_www_are_one_site(tmp_path: Path) -> None:
    def secure(request: Request) -> bytes:
        if request.host == HOST:
            return redirect(f"https://www.{HOST}{request.path}", 301)
        return book(complete())(request)

    seen, high = over_tls(lambda request: redirect(f"https://{HOST}{request.path}", 301), secure, tmp_path, agency())
    assert seen.facts.state is SiteState.OK
    assert seen.facts.final_url == f"https://www.{HOST}/"
    assert "/tin-tuc/" in {request.path for request in high}
    assert "/tin-tuc/" not in seen.paths  # links are asked where the start page ended


def test_start_page_refused_over_https_is_read_over_http() -> None:
    async def run() -> Seen:
        who = agency(f"https://{HOST}/")
        with closing(socket.socket()) as reserved:
            reserved.bind(("127.0.0.1", 0))
            rules = f":443:127.0.0.1:{reserved.getsockname()[1]}"
            async with HttpServer(book(complete())) as server, network(f":80:127.0.0.1:{server.port}", rules) as client:
                evidence = await Crawl(who, client, VOCABULARY, AS_OF, 60).run()
                return Seen(evidence, server.requests, who)

    seen = asyncio.run(run())
    assert seen.evidence.looks[0].reason is Reason.REFUSED
    assert seen.facts.state is SiteState.OK
    assert "/tin-tuc/" in seen.paths


def test_site_with_a_bad_certificate_is_read_all_the_same(tmp_path: Path) -> None:
    ended = datetime(2026, 1, 1, tzinfo=UTC)
    seen, high = over_tls(None, book(complete()), tmp_path, agency(f"https://{HOST}/"), until=ended)
    assert seen.evidence.looks[0].reason is Reason.TLS_INVALID
    assert seen.facts.state is SiteState.OK
    assert "/tin-tuc/" in {request.path for request in high}


def test_agency_without_an_address_is_not_looked_at() -> None:
    seen = crawl(book({}), agency(url=f"http://{HOST}/", scope=None))
    assert seen.evidence.looks == () and seen.requests == []


# -- the second look -----------------------------------------------------------------------------------------------------


def test_look_again_asks_only_what_it_is_told_and_appends() -> None:
    answers = complete() | {"/van-ban/": reply("", status=500)}

    async def run() -> tuple[SiteEvidence, SiteEvidence, list[str]]:
        async with HttpServer(book(answers)) as server, network(f":80:127.0.0.1:{server.port}") as client:
            first = await Crawl(agency(), client, VOCABULARY, AS_OF, 60).run()
            asked = len(server.requests)
            answers.update(complete())
            url = f"http://{HOST}/van-ban/"
            crawl = Crawl(agency(), client, VOCABULARY, AS_OF, 60, attempt=2)
            return first, await crawl.again(first, [url, url]), server.paths[asked:]

    first, second, asked = asyncio.run(run())
    assert asked == ["/van-ban/"]
    assert second.looks[: len(first.looks)] == first.looks
    added = second.looks[len(first.looks) :]
    assert [(look.attempt, look.kind, look.ok) for look in added] == [(2, LookKind.PAGE, True)]
    assert second.requests == first.requests + 1
    before, after = (read_site(agency(), e, VOCABULARY, AS_OF).section("legal_documents") for e in (first, second))
    assert before.state is SectionState.UNVERIFIABLE
    assert after.state in (SectionState.PRESENT, SectionState.PARTIAL, SectionState.EMPTY) and after.confirmed


@dataclass(frozen=True)
class Night:
    """A few agencies of the demo province after the first look."""

    province: Province
    audits: Mapping[str, AgencyAudit]


COMPLETE = ("sct", "stp", "stttt")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with Province(AS_OF, tmp_path_factory.mktemp("crawl")) as province:
        agencies = {one.code: one for one in load_agencies(province.agencies_file).agencies}

        async def run() -> dict[str, AgencyAudit]:
            async with _context(province) as context:
                return {code: await audit_agency(agencies[code], context) for code in (*COMPLETE, "sgddt")}

        yield Night(province, asyncio.run(run()))


def _context(province: Province) -> Any:
    return open_context(load_settings(province.folder), as_of=province.as_of)


@pytest.mark.parametrize("code", COMPLETE)
def test_complete_site_is_judged_within_forty_requests(night: Night, code: str) -> None:
    audit = night.audits[code]
    assert audit.evidence.requests <= 40 and not audit.evidence.budget_spent
    unread = [name for name, facts in audit.site.detectors.items() if facts.state is SectionState.UNVERIFIABLE]
    assert unread == []


def _second(night: Night, audit: AgencyAudit) -> tuple[AgencyAudit, list[str]]:
    """The audit after a second look, and the targets that the province was asked for."""
    asked: list[str] = []
    plain = night.province.web._answer  # what the province answers, seen in passing

    def noted(request: Any) -> Any:
        asked.append(request.target)
        return plain(request)

    async def run() -> AgencyAudit:
        async with _context(night.province) as context:
            return await second_look(audit, context)

    night.province.web._answer = noted
    try:
        return asyncio.run(run()), asked
    finally:
        night.province.web._answer = plain


def test_second_look_requests_only_what_could_change_a_verdict(night: Night) -> None:
    first = night.audits["sgddt"]
    pages = [urlsplit(url).path for url in first.relook if url.startswith("http")]
    assert pages, "the demo plants a label that leads to a page not found"
    second, asked = _second(night, first)
    assert sorted(path for path in asked if path != "/robots.txt") == sorted(pages)
    added = second.evidence.looks[len(first.evidence.looks) :]
    assert second.evidence.looks[: len(first.evidence.looks)] == first.evidence.looks
    assert [look.attempt for look in added] == [2] * len(pages)
    assert [look.url for look in added] == [url for url in first.relook if url.startswith("http")]


def test_second_look_that_agrees_makes_broken_count(night: Night) -> None:
    first = night.audits["sgddt"]
    broken = [
        name
        for name, facts in first.site.detectors.items()
        if facts.state is SectionState.BROKEN and not facts.confirmed
    ]
    assert broken
    second, _ = _second(night, first)
    assert all(second.site.section(name).confirmed for name in broken)


# -- the same evidence, the same facts -----------------------------------------------------------------------------------


_READ = """
import pickle, sys, hashlib
from auditor.read.site import read_site
from auditor.vocabulary import load_vocabulary
with open(sys.argv[1], "rb") as file:
    agency, evidence, as_of = pickle.load(file)
print(hashlib.sha256(repr(read_site(agency, evidence, load_vocabulary(None), as_of)).encode()).hexdigest())
"""


def test_reading_twice_gives_equal_facts(night: Night) -> None:
    audit = night.audits["stp"]
    evidence = replace(audit.evidence, host=None)
    first, second = (read_site(audit.agency, evidence, VOCABULARY, AS_OF) for _ in range(2))
    assert first == second
    assert repr(first) == repr(second)


@pytest.mark.parametrize("code", ["stp", "sct"])
def test_facts_do_not_depend_on_the_process(night: Night, code: str, tmp_path: Path) -> None:
    """Boxes carry signatures made by hash(), which differs from process to process: nothing of it may come out."""
    audit = night.audits[code]
    file = tmp_path / "evidence.pickle"
    file.write_bytes(pickle.dumps((audit.agency, audit.evidence, AS_OF)))
    digests = {
        subprocess.run(
            [sys.executable, "-c", _READ, str(file)], env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
            capture_output=True, text=True, timeout=60,
        ).stdout.strip()
        for seed in ("0", "1", "4242")
    }  # fmt: skip
    here = hashlib.sha256(repr(read_site(audit.agency, audit.evidence, VOCABULARY, AS_OF)).encode()).hexdigest()
    assert digests == {here}


def test_looks_stand_in_the_order_of_wanting_not_of_answering() -> None:
    """Which of four answers comes first is chance; the evidence, and so the facts, must not depend on it."""

    def slow(first: bool) -> Handler:
        async def answer(request: Request) -> bytes:
            number = sum(map(ord, request.path))
            await asyncio.sleep(0.03 if (number % 2 == 0) == first else 0)
            return book(complete())(request)

        return answer

    orders = [[look.url for look in crawl(slow(first)).evidence.looks] for first in (True, False)]
    assert orders[0] == orders[1]
