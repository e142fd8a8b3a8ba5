"""The focused crawl of one agency: start page, site maps, sections, feeds and a few items, within a budget.

Steered by what was read (best leads first), never by verdicts. Returns evidence only.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urljoin, urlsplit

from auditor.gather.browser import Renderer
from auditor.gather.network import Network
from auditor.model import Agency, Look, LookKind, Reason, SiteEvidence
from auditor.read.context import SiteContext
from auditor.read.families import Families, find_families
from auditor.read.forms import asked_as, form_links
from auditor.read.labels import LabelMatcher
from auditor.read.page import is_html
from auditor.read.sections import detect
from auditor.read.site import PageCache, find_start, inner_start, make_context, read_pages
from auditor.read.site_state import is_entry, is_script_shell
from auditor.read.sitemaps import read_sitemap
from auditor.read.urls import is_document, is_useless, repeats_segments, same_page_key
from auditor.read.wants import Want, detail_wants, section_wants, unit_wants, unnamed_wants
from auditor.read.words import Vocabulary

OnLook = Callable[[int, int, str], None]  # looks made, budget, URL

_BATCH = 4
_SITEMAPS = 3
_ROUNDS = 6
_UNNAMED_ROUNDS = 3
_RETRYABLE = frozenset({Reason.REFUSED, Reason.CONNECT_TIMEOUT, Reason.CONNECT_FAILED, Reason.TLS_FAILED})


@dataclass(slots=True)
class Crawl:
    """One agency's crawl on its way. `cache` keeps pages already read."""

    agency: Agency
    network: Network
    vocabulary: Vocabulary
    as_of: date
    budget: int
    attempt: int = 1
    forms: int = 3  # forms to download of which the first bytes are looked at, at most
    usual: int | None = None  # looks of a complete site: of one that took more only one form. None: the budget alone
    on_look: OnLook | None = None
    renderer: Renderer | None = None  # builds pages that a script fills; None: they stay shells
    cache: PageCache = field(default_factory=dict)
    matcher: LabelMatcher = field(init=False)  # remembers labels already compared, from one round to the next
    looks: list[Look] = field(default_factory=list)
    traps: dict[str, str] = field(default_factory=dict)
    families: Families = field(default_factory=Families)
    insecure: bool = False
    spent: bool = False
    start_url: str | None = None

    def __post_init__(self) -> None:
        self.matcher = LabelMatcher(self.vocabulary)

    async def run(self) -> SiteEvidence:
        """Crawl until nothing is wanted or the budget is spent."""
        if self.agency.url is None or self.agency.scope is None:
            return self.evidence()
        start = await self._start(self.agency.url)
        if start is not None and start.ok and is_html(start) and self._inside(start.final_url):
            await self._around()
            await self._sections()
            await self._unnamed()
            await self._details()
            await self._units()
            await self._forms()
        return self.evidence()

    async def again(self, first: SiteEvidence, urls: Iterable[str]) -> SiteEvidence:
        """A second look at `urls` on fresh connections, appended to what the first one saw; and at the forms of pages
        that answer only now."""
        self.looks, self.start_url = list(first.looks), first.start_url
        self.traps, self.spent = dict(first.traps), first.budget_spent
        self.insecure = any(look.reason is Reason.TLS_INVALID for look in first.looks)
        kinds = {look.url: look.kind for look in first.looks}
        failed = {look.url for look in first.latest().values() if not look.ok}
        back = False
        for url in dict.fromkeys(urls):
            kind = kinds.get(url, LookKind.PAGE)
            look = await self.network.fetch(url, kind, attempt=2, fresh=True, insecure_tls=self.insecure)
            self.looks.append(look)
            back = back or (look.ok and kind is LookKind.PAGE and url in failed)
        if back:
            await self._forms()
        added = self.looks[len(first.looks) :]
        return replace(
            first,
            looks=tuple(self.looks),
            requests=first.requests + sum(1 + len(look.redirects) for look in added if not look.not_run),
        )

    def evidence(self) -> SiteEvidence:
        return SiteEvidence(
            agency_code=self.agency.code,
            start_url=self.start_url or self.agency.url,
            looks=tuple(self.looks),
            requests=sum(1 + len(look.redirects) for look in self.looks if not look.not_run),
            budget=self.budget,
            budget_spent=self.spent,
            traps=tuple(self.traps.items()),
        )

    # -- the start page ---------------------------------------------------------------------------------------------

    async def _start(self, url: str) -> Look | None:
        """The start page; over an unverified connection if its certificate is bad, over the other scheme if refused."""
        look = await self._look(url)
        if look is not None and look.reason is Reason.TLS_INVALID:
            self.insecure = True
            look = await self._look(url)
        if look is not None and look.reason in _RETRYABLE:
            other = _other_scheme(url)
            if other:
                second = await self._look(other)
                look = second if second is not None and second.ok else look
        if look is not None and look.ok and is_html(look):
            await self._behind_splash(look)
        return look

    async def _behind_splash(self, look: Look) -> None:
        """A thin start page may be an entry page: look at what it opens."""
        page = read_pages([look], self.cache).get(same_page_key(look.final_url))
        if page is None or not is_entry(page, self.vocabulary):
            return
        targets = [*([page.refresh] if page.refresh else []), *page.frames]
        targets += [link.url for link in page.links if link.url and not is_useless(link.url)]
        inside = [
            t
            for t in dict.fromkeys(targets)
            if t and self._inside(t) and same_page_key(t) != same_page_key(look.final_url)
        ]
        for target in inside[: max(2, len(page.frames))][:6]:
            await self._look(target)

    # -- around it: site maps and a page that does not exist ----------------------------------------------------------

    async def _around(self) -> None:
        base = self._base()
        await self._look(urljoin(base, self._random_path()), LookKind.PROBE)
        listed = await self.network.robots_sitemaps(base, insecure_tls=self.insecure)
        queue = list(dict.fromkeys(listed)) or [urljoin(base, "/sitemap.xml")]
        seen = 0
        while queue and seen < _SITEMAPS + 1:
            url = queue.pop(0)
            if not self._same_host(url):
                continue
            seen += 1
            look = await self._look(url, LookKind.SITEMAP)
            if look is not None and look.ok:
                children = [
                    child for child in read_sitemap(look.body, look.final_url).children if self._same_host(child)
                ]
                queue += sorted(children, key=_sitemap_rank)[:_SITEMAPS]

    def _random_path(self) -> str:
        """An address that no site has, the same for one agency on one day."""
        mark = hashlib.sha256(f"{self.agency.code} {self.as_of}".encode()).hexdigest()[:12]
        scope = self.agency.scope
        prefix = scope.prefix.rstrip("/") if scope is not None else ""
        return f"{prefix}/trang-khong-ton-tai-{mark}.html"

    # -- sections and items -----------------------------------------------------------------------

    async def _sections(self) -> None:
        for _ in range(_ROUNDS):
            context = self._context()
            if context is None:
                return
            wants = section_wants(context)
            if not wants or not await self._fetch(wants):
                return

    async def _unnamed(self) -> None:
        """While sections are missing: menu entries under names of the site's own, and what they lead to."""
        opened = False
        for _ in range(_UNNAMED_ROUNDS):
            context = self._context()
            wants = unnamed_wants(context) if context is not None else []
            if wants and not await self._fetch(wants):
                return
            opened = opened or bool(wants)
            if not any(self.families.closes(want.url) for want in wants):
                break  # else what was left alone made room for others
        if opened:
            await self._sections()

    async def _details(self) -> None:
        for _ in range(2):
            context = self._context()
            if context is None:
                return
            wants = detail_wants(context)
            if not wants or not await self._fetch(wants):
                return

    async def _units(self) -> None:
        """Pages of units, as far as a usual crawl has room for them, or the agency needs them."""
        context = self._context()
        if context is not None:
            await self._fetch(unit_wants(context, self._usual() - self.forms - len(self.looks)))

    async def _forms(self) -> None:
        """The first bytes of a few forms, last of all; of a site that took more than is usual only one."""
        context = self._context()
        if context is None or not self.forms:
            return
        links = form_links(context, {"procedures": detect("procedures", context)})
        seen = {look.url for look in self.looks}  # an address without a file's name may have been taken for a page
        left = self.forms - len({look.url for look in self.looks if look.kind is LookKind.FORM})
        first = (asked_as(link, page) for link, page in links[: self.forms])
        wanted = [urls[0] for urls in first if seen.isdisjoint(urls)][: max(0, left)]
        for url in wanted[: max(1, self._usual() - len(self.looks))]:
            if await self._look(url, LookKind.FORM) is None:
                return

    def _usual(self) -> int:
        return self.budget if self.usual is None else self.usual

    def _context(self) -> SiteContext | None:
        evidence = self.evidence()
        pages = read_pages(evidence.latest().values(), self.cache)
        look, scope = find_start(evidence), self.agency.scope
        start = pages.get(same_page_key(look.final_url)) if look is not None else None
        if start is None or scope is None:
            return None
        own = {key: page for key, page in pages.items() if scope.contains(page.url)}
        start = inner_start(start, own, self.vocabulary)
        context = make_context(self.agency, scope, evidence, self.matcher, self.as_of, own, start)
        self.families = context.families
        return context

    async def _fetch(self, wants: list[Want]) -> bool:
        """Look at the wanted pages, a few at a time; False once the budget is spent. In the order of wanting."""
        for n in range(0, len(wants), _BATCH):
            batch = [want for want in wants[n : n + _BATCH] if self._allowed(want.url)]
            within = batch[: max(0, self.budget - len(self.looks))]
            looks = [self._request(want.url, _kind(want)) for want in within]
            self.looks += await asyncio.gather(*looks)
            if len(within) < len(batch):
                self.spent = True
            if self.spent:
                return False
            if wants[n + _BATCH :]:
                self._recognise()
        return True

    def _allowed(self, url: str) -> bool:
        if repeats_segments(url):
            self.traps.setdefault("repeated_segments", url)
            return False
        return self._inside(url) and not self.families.closes(url)

    def _recognise(self) -> None:
        """Families of near-identical pages among what was read so far: no more of them are fetched."""
        looks = self.evidence().latest()
        look = find_start(self.evidence())
        pages = read_pages((one for one in looks.values() if self._inside(one.final_url)), self.cache)
        start = pages.get(same_page_key(look.final_url)) if look is not None else None
        if start is not None:
            probe = next((one for one in self.looks if one.kind is LookKind.PROBE), None)
            self.families = find_families(looks.values(), pages, start, probe, self.vocabulary)

    # -- one look ---------------------------------------------------------------------------------

    async def _look(self, url: str, kind: LookKind = LookKind.PAGE) -> Look | None:
        """Fetch and keep; None when the budget is spent."""
        if len(self.looks) >= self.budget:
            self.spent = True
            return None
        look = await self._request(url, kind)
        self.looks.append(look)
        return look

    async def _request(self, url: str, kind: LookKind) -> Look:
        if self.on_look is not None:
            self.on_look(len(self.looks), self.budget, url)
        fresh = self.attempt > 1 and not self.looks
        look = await self.network.fetch(url, kind, attempt=self.attempt, insecure_tls=self.insecure, fresh=fresh)
        return await self._rendered(look) if self.renderer is not None and kind is LookKind.PAGE else look

    async def _rendered(self, look: Look) -> Look:
        """The page as its scripts make it, where it is nothing without them."""
        scope = self.agency.scope
        if self.renderer is None or scope is None or not (look.ok and is_html(look) and self._inside(look.final_url)):
            return look
        page = read_pages([look], self.cache).get(same_page_key(look.final_url))
        if page is None or not is_script_shell(page, scope, self.vocabulary):
            return look
        built = await self.renderer.render(look, self.agency.code, insecure_tls=self.insecure)
        if built.rendered:
            self.traps.setdefault("rendered", look.final_url)
        return built

    def _inside(self, url: str) -> bool:
        return self.agency.scope is not None and self.agency.scope.contains(url)

    def _same_host(self, url: str) -> bool:
        return self.agency.scope is not None and self.agency.scope.has_host(urlsplit(url).hostname)

    def _base(self) -> str:
        good = next((look for look in reversed(self.looks) if look.ok), None)
        return good.final_url if good is not None and self._same_host(good.final_url) else self.agency.url or ""


def _kind(want: Want) -> LookKind:
    if want.feed:
        return LookKind.FEED
    return LookKind.FILE if is_document(want.url) else LookKind.PAGE


def _other_scheme(url: str) -> str:
    parts = urlsplit(url)
    if parts.port is not None:
        return ""
    return parts._replace(scheme="http" if parts.scheme == "https" else "https").geturl()


def _sitemap_rank(url: str) -> int:
    """Site maps of news and documents first: they carry the dates."""
    name = url.lower()
    return next(
        (i for i, word in enumerate(("news", "tin", "post", "article", "laws", "van-ban", "page")) if word in name), 99
    )
