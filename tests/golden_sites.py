"""Golden mini-sites: tests/golden/*.yaml loaded, served on loopback by name, and read by the real crawl and readers.

A golden file holds a small site and what a careful official would say of it; nothing in it comes from a run.
"""

from __future__ import annotations

import codecs
import unicodedata
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field

from auditor.gather.connect_to import parse_connect_to
from auditor.gather.dns import Resolver
from auditor.gather.network import Network, NetworkOptions
from auditor.gather.site import Crawl
from auditor.model import (
    AddressClass,
    Agency,
    AgencyKind,
    MailDomainUse,
    SectionState,
    SiteFacts,
    SiteScope,
    SiteState,
)
from auditor.read.site import read_site
from auditor.read.words import Vocabulary
from tests.gather.servers import HttpServer, Request, reply

FOLDER = Path(__file__).parent / "golden"
FLOORS = FOLDER / "floors.yaml"
DATED = (
    "legal_documents", "legal_dissemination", "strategy_planning", "projects_procurement", "feedback", "news",
    "direction", "work_schedule", "budget_disclosure", "statistics", "access_to_information",
)  # fmt: skip
UNDATED = (
    "organisation", "procedures", "email_directory", "online_services", "contact", "search", "sitemap", "rss",
    "english",
)  # fmt: skip
DETECTORS = frozenset(DATED + UNDATED)
BUDGET, USUAL = 60, 40  # pages, as shipped
_HTML = "text/html; charset=utf-8"
_ELSEWHERE = (
    "<!DOCTYPE html><html lang=vi><title>Trang khác</title><p>Đây là trang thông tin của một đơn vị khác.</p></html>"
)
_REFUSED_PORT = 9  # discard: nothing listens there, nothing leaves this machine


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GoldenPage(_Entry):
    """One answer. `encoding` is what the bytes are in; `type` is what the header says of them."""

    status: int = 200
    type: str = _HTML
    encoding: str = "utf-8"
    location: str | None = None
    layout: str | None = None
    title: str = ""
    content: str = ""
    body: str | None = None
    headers: dict[str, str] = {}


class GoldenMailDomain(_Entry):
    domain: str
    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None
    successor: bool = False

    def use(self) -> MailDomainUse:
        return MailDomainUse(self.domain, self.from_, self.to, self.successor)


class GoldenAgency(_Entry):
    name: str
    url: str
    prefix: str = "/"
    also: tuple[str, ...] = ()
    mail_domain: str | None = None
    kind: AgencyKind = AgencyKind.DEPARTMENT
    short_names: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    address: str = ""
    portal_hosts: tuple[str, ...] = ()
    accepted_mail_domains: tuple[str | GoldenMailDomain, ...] = ()

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    def agency(self, code: str) -> Agency:
        """The registry's noun, reached over plain HTTP."""
        return Agency(
            code=code,
            name=unicodedata.normalize("NFC", self.name),
            kind=self.kind,
            url=urlunsplit(urlsplit(self.url)._replace(scheme="http")),
            scope=SiteScope(self.host, self.prefix, self.also),
            mail_domain=self.mail_domain,
            accepted_mail_domains=tuple(
                MailDomainUse(use) if isinstance(use, str) else use.use() for use in self.accepted_mail_domains
            ),
            short_names=self.short_names,
            mailboxes=self.mailboxes,
            phones=self.phones,
            address=self.address,
            portal_hosts=self.portal_hosts,
        )


class ExpectedSite(_Entry):
    state: SiteState
    newest_update: date | None = None


class ExpectedDetector(_Entry):
    """`also`: states that a second careful person could choose."""

    state: SectionState
    newest: date | None = None
    also: tuple[SectionState, ...] = ()


class ExpectedAddress(_Entry):
    address: str
    class_: Annotated[AddressClass, Field(alias="class")]
    agency_contact: bool


class Expected(_Entry):
    site: ExpectedSite
    detectors: dict[str, ExpectedDetector]
    addresses: tuple[ExpectedAddress, ...] = ()
    traps: tuple[str, ...] = ()


class GoldenSite(BaseModel):
    """One file of tests/golden. `name` is the file's name without its ending."""

    model_config = ConfigDict(extra="forbid")

    name: str
    about: str
    agency: GoldenAgency
    as_of: date
    layouts: dict[str, str] = {}
    pages: dict[str, GoldenPage]
    other: GoldenPage = GoldenPage(status=404, body="Not found")
    expect: Expected

    def problems(self) -> list[str]:
        """What is wrong with the file itself."""
        named = set(self.expect.detectors)
        found = [f"detector {name} has no label" for name in sorted(DETECTORS - named)]
        found += [f"unknown detector {name}" for name in sorted(named - DETECTORS)]
        found += [
            f"page {path}: no layout {page.layout}"
            for path, page in self.pages.items()
            if page.layout and page.layout not in self.layouts
        ]
        start = urlsplit(self.agency.url).path or "/"
        if self._find(start) is None:
            found.append(f"no page for the start address {start}")
        late = [name for name, label in self.expect.detectors.items() if label.newest and label.newest > self.as_of]
        return found + [f"{name}: newest lies after as_of" for name in late]

    def answer(self, request: Request) -> bytes:
        """The page for a request. Other hosts answer too, as they do on the web, with a page of their own."""
        host = request.host.partition(":")[0].removeprefix("www.")
        if host != self.agency.host.removeprefix("www."):
            return reply(_ELSEWHERE, 200, Content_Type=_HTML)
        return self._send(self._find(request.path) or self.other)

    def _find(self, target: str) -> GoldenPage | None:
        return self.pages.get(target) or self._by_key.get(_key(target))

    @cached_property
    def _by_key(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], GoldenPage]:
        return {_key(path): page for path, page in self.pages.items()}

    def _send(self, page: GoldenPage) -> bytes:
        headers = {"Content_Type": page.type, **page.headers}
        if page.location is not None:
            headers["Location"] = self._plain(page.location)
        return reply(_encode(self._plain(self._text(page)), page.encoding), page.status, **headers)

    def _text(self, page: GoldenPage) -> str:
        if page.body is not None:
            return page.body
        if page.layout is None:
            return page.content
        return self.layouts[page.layout].replace("{{title}}", page.title).replace("{{content}}", page.content)

    def _plain(self, text: str) -> str:
        """The site's own addresses over plain HTTP: the served copy has no certificate."""
        return text.replace(f"https://{self.agency.host}", f"http://{self.agency.host}")


def _key(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    path, _, query = target.partition("?")
    return unquote(path), tuple(sorted(parse_qsl(query, keep_blank_values=True)))


def load_golden(path: Path) -> GoldenSite:
    """Read one golden file. Raises ValueError, with the file's name, if it is not sound."""
    try:
        site = GoldenSite.model_validate({"name": path.stem, **yaml.safe_load(path.read_text("utf-8"))})
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    if problems := site.problems():
        raise ValueError(f"{path.name}: " + "; ".join(problems))
    return site


def golden_files(names: tuple[str, ...] = ()) -> list[Path]:
    """The golden files, all or those named."""
    files = sorted(path for path in FOLDER.glob("*.yaml") if path != FLOORS)
    if unknown := set(names) - {path.stem for path in files}:
        raise FileNotFoundError(f"no golden site {', '.join(sorted(unknown))}")
    return [path for path in files if not names or path.stem in names]


async def read_golden(site: GoldenSite, vocabulary: Vocabulary) -> SiteFacts:
    """Serve the site, crawl it and read what came back."""
    agency = site.agency.agency(site.name)
    resolver = Resolver([("127.0.0.1", _REFUSED_PORT)])
    async with HttpServer(site.answer) as server:
        options = NetworkOptions(
            delay=0,
            allow_private=True,
            connect_to=(
                parse_connect_to(f":80:127.0.0.1:{server.port}"),
                parse_connect_to(f"::127.0.0.1:{_REFUSED_PORT}"),
            ),
        )
        async with Network(options, resolver) as network:
            evidence = await Crawl(agency, network, vocabulary, site.as_of, BUDGET, usual=USUAL).run()
    return read_site(agency, evidence, vocabulary, site.as_of)


# -- encodings -------------------------------------------------------------------------------------

_TCVN3 = dict(
    zip(
        "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂÊÔƠƯĐ",
        "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\xadõøö÷ùúýûüþ¡¢£¤¥¦§",
        strict=True,
    )
)  # TCVN 5712:1993, third set; capitals with a tone mark are small letters shown in a capital font
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def _encode(text: str, encoding: str) -> bytes:
    if encoding == "tcvn3":
        composed = unicodedata.normalize("NFC", text)
        return "".join(_TCVN3.get(c) or _TCVN3.get(c.lower(), c) for c in composed).encode("cp1252", "replace")
    if codecs.lookup(encoding).name == "cp1258":
        return "".join(_tone_apart(c) for c in unicodedata.normalize("NFC", text)).encode("cp1258", "replace")
    return text.encode(encoding)


def _tone_apart(char: str) -> str:
    """windows-1258 has letters and tone marks apart, but for a few."""
    try:
        char.encode("cp1258")
    except UnicodeEncodeError:
        parts = unicodedata.normalize("NFD", char)
        letter = unicodedata.normalize("NFC", "".join(c for c in parts if c not in _TONES))
        return letter + "".join(c for c in parts if c in _TONES)
    return char
