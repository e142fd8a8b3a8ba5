"""The demo's sites behind servers that misbehave as a test says, and audits of them. All on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from auditor.audit import audit_agency, second_look
from auditor.audit_context import AuditContext, open_context
from auditor.demo import web
from auditor.demo.pages import Book
from auditor.demo.sites import load_sites, read_data
from auditor.model import Agency, AgencyAudit, Finding, MailDomainUse, SiteScope, Verdict
from auditor.settings import Settings, load_settings
from tests.gather.servers import Authority, HttpServer, Request

AS_OF = date(2026, 11, 23)
MAIL_DOMAIN = "tinhmau.example"
DEAD_RESOLVER = "127.0.0.1:9"  # the discard port, on which nobody listens
BLINKS = ("500", "503", "reset", "drop")

Fault = Callable[[Request, int], bytes | AsyncIterator[bytes] | None]


class Cut(Exception):
    """Raised by a fault: the connection is reset, after what was already written."""


class HarshServer(HttpServer):
    """An HttpServer on which a handler may raise Cut."""

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            return await super()._one(reader, writer)
        except Cut:
            await asyncio.sleep(0.01)  # what was written leaves before the reset does
            raw = writer.get_extra_info("socket")
            if raw is not None:  # the client may have gone away meanwhile
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False


@lru_cache(maxsize=1)
def book() -> Book:
    """What the demo's sites answer on AS_OF."""
    return Book(load_sites(AS_OF, AS_OF), AS_OF, AS_OF)


def agency(code: str = "sct", **changes: Any) -> Agency:
    """An agency of the demo, as its registry describes it."""
    entry = next(entry for entry in read_data("sites/province.yaml")["agencies"] if entry["code"] == code)
    scope = SiteScope(entry["scope"]["host"], entry["scope"]["prefix"])
    values: dict[str, Any] = {
        "url": entry["url"],
        "scope": scope,
        "portal_hosts": tuple(entry.get("portal_hosts", ())),
        "mail_domain": MAIL_DOMAIN,
        "accepted_mail_domains": (MailDomainUse(MAIL_DOMAIN),),
    }
    return Agency(code, entry["name"], **(values | changes))


def answer(request: Request) -> bytes:
    """What the demo answers to `request` when nothing is wrong."""
    wanted = web.Request(request.server_name is not None, "GET", request.host.partition(":")[0].lower(), request.path)
    response = book().answer(wanted)
    lines = [f"HTTP/1.1 {response.status} Whatever", f"Content-Length: {len(response.body)}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + response.body


@dataclass
class Sites:
    """Running sites. `fault` answers first; where it answers None the demo does."""

    folder: Path
    authority: Authority
    fault: Fault | None = None
    seen: Counter[str] = field(default_factory=Counter)
    servers: tuple[HarshServer, ...] = ()

    def handle(self, request: Request) -> bytes | AsyncIterator[bytes]:
        place = f"{request.host}{request.path}"
        self.seen[place] += 1
        planned = self.fault(request, self.seen[place]) if self.fault is not None else None
        return planned if planned is not None else answer(request)

    @property
    def requests(self) -> int:
        return sum(len(server.requests) for server in self.servers)

    @property
    def connect_to(self) -> tuple[str, ...]:
        return tuple(f":{port}:127.0.0.1:{server.port}" for port, server in zip((443, 80), self.servers, strict=True))

    def settings(self, limits: dict[str, float] | None = None, **audit: Any) -> Settings:
        """The shipped settings, pointed at these sites; `limits` replaces values of [limits]."""
        here: dict[str, Any] = {
            "delay_seconds": 0.0,
            "allow_private": True,
            "resolvers": (DEAD_RESOLVER,),
            "connect_to": self.connect_to,
            "ca_file": self.authority.ca_file,
        }
        settings = load_settings(None).with_audit(**(here | audit))
        return settings.model_copy(update={"limits": settings.limits.model_copy(update=limits or {})})


@asynccontextmanager
async def sites(folder: Path, fault: Fault | None = None, **certificate: Any) -> AsyncIterator[Sites]:
    """The demo's sites on two ports, HTTPS (an own CA; `certificate`: until, since) and HTTP."""
    here = Sites(folder, Authority(folder), fault)
    names = [name for host in book().hosts for name in (host, f"www.{host}")]
    context = here.authority.context(*names, **certificate)
    here.servers = (HarshServer(here.handle, context), HarshServer(here.handle))
    async with here.servers[0], here.servers[1]:
        yield here


@dataclass(frozen=True)
class Looks:
    """One agency's audit after the first look and after the second (the same where none was wanted)."""

    first: AgencyAudit
    final: AgencyAudit
    queries: int


async def look_twice(
    settings: Settings, who: Agency | None = None, *, between: Callable[[], None] = lambda: None
) -> Looks:
    """The audit as a night makes it: first look, `between`, second look if a verdict rests on it."""
    async with open_context(settings, as_of=AS_OF) as context:
        return await look_twice_in(context, who or agency(), between)


async def look_twice_in(context: AuditContext, who: Agency, between: Callable[[], None] = lambda: None) -> Looks:
    first = await audit_agency(who, context)
    between()
    final = await second_look(first, context) if first.relook else first
    return Looks(first, final, context.resolver.queries)


# -- what came of it --------------------------------------------------------------------------------------------------


def findings(audit: AgencyAudit) -> dict[str, Finding]:
    return {finding.id: finding for finding in audit.findings}


def verdicts(audit: AgencyAudit, *items: str) -> dict[str, str]:
    """Verdict by criterion; `items` f, g, mail (default f and g)."""
    return {f.id: str(f.verdict) for f in audit.findings if f.item in (items or ("f", "g"))}


def fails(audit: AgencyAudit) -> set[str]:
    return {finding.id for finding in audit.findings if finding.verdict is Verdict.FAIL}


def section_findings(audit: AgencyAudit) -> dict[str, Finding]:
    """The findings that pages decide: contents, freshness, functions, standards, addresses."""
    prefixes = ("f.content", "f.freshness", "f.functions", "f.standards", "g.")
    found = (f for f in audit.findings if f.id.startswith(prefixes) and f.id != "g.web_host")  # that one is the DNS's
    return {f.id: f for f in found if f.verdict is not Verdict.NEEDS_PERSON}


# -- faults -----------------------------------------------------------------------------------------------------------


def status(code: int, body: str = "", **headers: str) -> bytes:
    data = body.encode()
    lines = [f"HTTP/1.1 {code} Whatever", f"Content-Length: {len(data)}", "Content-Type: text/html; charset=utf-8"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def everywhere(code: int, body: str = "", **headers: str) -> Fault:
    """Every request is answered with this status."""
    return lambda request, time: status(code, body, **headers)


def on_path(path: str, what: Callable[[Request], bytes | AsyncIterator[bytes]], *, times: int = 10**6) -> Fault:
    """Only requests for `path` go wrong, the first `times` times."""
    return lambda request, time: what(request) if urlsplit(request.path).path == path and time <= times else None


async def dripping(request: Request) -> AsyncIterator[bytes]:
    """A head that comes byte by byte and never ends."""
    for letter in b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Slow: " + b"z" * 400:
        yield bytes([letter])
        await asyncio.sleep(0.05)


async def cut_in_the_body(request: Request) -> AsyncIterator[bytes]:
    """Half of the true answer, then a reset."""
    whole = answer(request)
    yield whole[: whole.index(b"\r\n\r\n") + 4 + len(whole.partition(b"\r\n\r\n")[2]) // 2]
    raise Cut


async def cut_at_once(request: Request) -> AsyncIterator[bytes]:
    raise Cut
    yield b""


def at_random(seed: int, share: float) -> Fault:
    """A `share` of all requests fails: 500, 503, a reset, or a connection closed without a word.

    Which ones follows from the seed, the address and how often it was asked, so that a run can be repeated.
    """

    def fault(request: Request, time: int) -> bytes | AsyncIterator[bytes] | None:
        text = f"{seed} {request.server_name is not None} {request.host}{request.path} {time}"
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
        if number >= share:
            return None
        blink = BLINKS[int(number / share * len(BLINKS))]
        if blink in ("500", "503"):
            return status(int(blink), "<h1>Internal Server Error</h1>")
        return cut_in_the_body(request) if blink == "reset" else b""

    return fault
