"""`auditor doctor`: is this machine fit for the audit, and is the configuration complete?

Each examination is a function that returns lines; nothing here changes anything. Traffic goes only to the configured
resolvers, to two of the mail domain's own name servers where the configuration lets them be asked directly, and to port
25 of its MX if that was asked for.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from auditor.gather.browser import BrowserMissing, try_browser
from auditor.gather.dns import Resolver
from auditor.gather.mail.direct import NameServerDoor, open_door
from auditor.gather.mail.nameservers import look_at_nameservers
from auditor.model import Calendar, Completed, Outcome, Reason, SiteStatus
from auditor.model.evidence import DnsAnswer
from auditor.phrases import cli_text
from auditor.read.records.nameservers import read_nameservers
from auditor.registry import Registry, check_registry
from auditor.settings import Settings

_SIGNED = "."  # the root is signed and always there
_LOW_DISK_BYTES = 500_000_000
_OLDEST_SANE = date(2025, 1, 1)
_CLOCK_SLACK_SECONDS = 120
_SERVERS_ASKED = 2  # of the mail domain's zone: enough to tell whether port 53 is open


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Line:
    """One result. `key` names its phrases in config/cli.yaml: `doctor.<key>` (what was found), and `doctor.<key>_todo`
    (what to do) unless the level is ok; `fields` fill both."""

    check: str
    level: Level
    key: str
    fields: Mapping[str, object]


def line(check: str, level: Level, key: str, **fields: object) -> Line:
    return Line(check, level, key, fields)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is examined, and when."""

    settings: Settings
    registry: Registry
    calendar: Calendar
    now: datetime
    environment: Mapping[str, str]


async def examine(subject: Subject, *, port25: bool = False) -> tuple[Line, ...]:
    """All examinations, in the order in which they are shown."""
    lines: list[Line] = []
    lines += await look_up(subject)
    lines += [ipv6(), await name_port(subject)]
    lines.append(await mail_port(subject) if port25 else line("port25", Level.NOT_RUN, "port25_not_asked"))
    lines.append(clock(subject))
    lines += [*delivery(subject), *agencies(subject), *holidays(subject), *places(subject), *await browser(subject)]
    return tuple(lines)


# -- the network ------------------------------------------------------------------------------------------------------


async def look_up(subject: Subject) -> list[Line]:
    """Does the resolver answer, and does it validate DNSSEC?"""
    audit = subject.settings.audit
    resolver = Resolver(audit.nameservers, subject.settings.limits.dns_timeout_seconds)
    names = ", ".join(audit.resolvers) or "-"
    root = await resolver.lookup(_SIGNED, "NS")
    lines = [_answers(root, names)]
    if isinstance(root, Completed):  # one that serves local names only says nothing about signatures
        lines.append(_validates(await resolver.lookup(cli_text("names.dnssec_bogus"), "A"), names))
    else:
        lines.append(line("dnssec", Level.NOT_RUN, "dnssec_unknown", resolvers=names))
    if not audit.second_resolvers:
        lines.append(line("second_resolver", Level.WARN, "second_resolver_missing"))
    else:
        second = Resolver(audit.second_nameservers, subject.settings.limits.dns_timeout_seconds)
        lines.append(_answers(await second.lookup(_SIGNED, "NS"), ", ".join(audit.second_resolvers), "second_resolver"))
    return lines


def _answers(outcome: Outcome[DnsAnswer], names: str, check: str = "resolver") -> Line:
    if isinstance(outcome, Completed):
        return line(check, Level.OK, "resolver_ok", resolvers=names)
    if outcome.reason not in (Reason.DNS_TIMEOUT, Reason.RESOLVER_DOWN):  # an answer, though not the one hoped for
        return line(check, Level.WARN, "resolver_odd", resolvers=names, detail=outcome.detail or outcome.reason)
    return line(check, Level.FAIL, "resolver_dead", resolvers=names, detail=outcome.detail or outcome.reason)


def _validates(outcome: Outcome[DnsAnswer], names: str) -> Line:
    """SERVFAIL for a name whose signature is wrong means that the resolver checks signatures."""
    if isinstance(outcome, Completed):
        return line("dnssec", Level.WARN, "dnssec_off", resolvers=names)
    if outcome.reason is Reason.DNS_SERVFAIL:
        return line("dnssec", Level.OK, "dnssec_ok", resolvers=names)
    return line("dnssec", Level.NOT_RUN, "dnssec_unknown", resolvers=names)


def ipv6() -> Line:
    """Has this machine a route for IPv6? Choosing a route for a UDP socket sends nothing."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect(("2001:db8::1", 9))  # RFC 3849: an address of nobody
    except OSError as error:
        return line("ipv6", Level.WARN, "ipv6_missing", detail=error.strerror or error)
    return line("ipv6", Level.OK, "ipv6_ok")


async def name_port(subject: Subject, door: NameServerDoor | None = None) -> Line:
    """Do name servers answer that are asked past the resolver? The question is that of the audit, put to a few servers
    of the province's own mail domain, and only where the audit would ask them. `door`: another way to them."""
    settings = subject.settings
    timeout = settings.limits.dns_timeout_seconds
    if settings.mail_domain.nameserver_look == "off":
        return line("port53", Level.NOT_RUN, "port53_off")
    if not settings.mail_domain.domains:
        return line("port53", Level.NOT_RUN, "port53_no_domain")
    door = door or open_door(settings.audit.nameservers, settings.audit.allow_private, timeout)
    if door.closed is not None:
        return line("port53", Level.NOT_RUN, "port53_overridden", resolvers=", ".join(settings.audit.resolvers))
    domain = settings.mail_domain.domains[0]
    look = await look_at_nameservers(domain, Resolver(settings.audit.nameservers, timeout))
    placed = [(host, found) for host, found in look.servers if isinstance(found, Completed)][:_SERVERS_ASKED]
    if not placed:
        why = "" if isinstance(look.answer, Completed) else look.answer.detail or look.answer.reason
        return line("port53", Level.NOT_RUN, "port53_no_servers", domain=domain, detail=why or "-")
    seen = read_nameservers(replace(look, direct=await door.look(look.zone, domain, placed)), domain)
    hosts = ", ".join(host for host, _ in placed)
    spoke = [reply for reply in seen.replies if reply.state in ("answered", "refused", "lame")]
    if any(reply.authoritative or not reply.recursion for reply in spoke):  # whatever it said, it was the server itself
        return line("port53", Level.OK, "port53_ok", hosts=hosts)
    if spoke:
        return line("port53", Level.WARN, "port53_intercepted", hosts=hosts)
    if all(reply.state == "not_asked" for reply in seen.replies):  # addresses of a private network
        return line("port53", Level.NOT_RUN, "port53_private", hosts=hosts)
    return line("port53", Level.WARN, "port53_blocked", hosts=hosts)


async def mail_port(subject: Subject) -> Line:
    """Can port 25 be reached from here? Tried only towards the first MX of the province's own mail domain."""
    settings = subject.settings
    if not settings.mail_domain.domains:
        return line("port25", Level.NOT_RUN, "port25_no_domain")
    domain = settings.mail_domain.domains[0]
    resolver = Resolver(settings.audit.nameservers, settings.limits.dns_timeout_seconds)
    answer = await resolver.lookup(domain, "MX")
    if not isinstance(answer, Completed):
        return line("port25", Level.NOT_RUN, "port25_no_mx", domain=domain, detail=answer.detail or answer.reason)
    host = min(answer.value.records, key=_preference).split()[-1].rstrip(".")
    if not host:
        return line("port25", Level.NOT_RUN, "port25_no_mx", domain=domain, detail="null MX")
    addresses = await resolver.addresses(host)
    if not isinstance(addresses, Completed):
        return line("port25", Level.NOT_RUN, "port25_no_mx", domain=domain, detail=addresses.detail or addresses.reason)
    return await reach_port(host, addresses.value[0], 25, settings.limits.connect_timeout_seconds)


def _preference(record: str) -> int:
    number = record.split()[0]
    return int(number) if number.isdigit() else 1 << 16


async def reach_port(host: str, address: str, port: int, timeout: float) -> Line:
    """One connection, closed at once after the server's greeting or the time-out."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(address, port)
            greeting = (await reader.readline()).decode("ascii", "replace").strip()
            writer.close()
    except (OSError, TimeoutError) as error:
        return line("port25", Level.WARN, "port25_blocked", host=host, detail=error or type(error).__name__)
    return line("port25", Level.OK, "port25_ok", host=host, greeting=greeting[:80])


# -- this machine and the configuration -------------------------------------------------------------------------------


def clock(subject: Subject) -> Line:
    """A clock before this program existed, or behind the newest file it has itself written, is wrong."""
    now = subject.now
    local = now.astimezone(subject.settings.schedule.zone)
    if now.date() < _OLDEST_SANE:
        return line("clock", Level.FAIL, "clock_wrong", now=f"{local:%d/%m/%Y %H:%M}")
    newest = max((p.stat().st_mtime for p in (subject.settings.database,) if p.is_file()), default=0.0)
    if newest > now.timestamp() + _CLOCK_SLACK_SECONDS:
        return line("clock", Level.FAIL, "clock_behind", now=f"{local:%d/%m/%Y %H:%M}", file=subject.settings.database)
    return line("clock", Level.OK, "clock_ok", now=f"{local:%d/%m/%Y %H:%M}", zone=subject.settings.schedule.timezone)


def delivery(subject: Subject) -> list[Line]:
    """Recipients, sender, server and password of the mails."""
    settings = subject.settings
    given, lines = settings.delivery, []
    file = settings.file or "auditor.toml"
    missing = [name for name in ("recipients", "sender", "smtp_host") if not getattr(given, name)]
    for name in missing:
        where = {"file": file, "line": settings.line_of(f"delivery.{name}"), "field": f"delivery.{name}"}
        lines.append(line("delivery", Level.WARN, "delivery_missing", **where))
    if given.smtp_username and not _has_password(settings, subject.environment):
        variable, path = given.smtp_password_env or "-", settings.smtp_password_file or "-"
        lines.append(line("delivery", Level.FAIL, "delivery_password", variable=variable, path=path))
    if given.smtp_security == "none" and given.smtp_username:
        lines.append(line("delivery", Level.WARN, "delivery_plain", line=settings.line_of("delivery.smtp_security")))
    if not settings.audit.user_agent_contact:
        where = {"file": file, "line": settings.line_of("audit.user_agent_contact")}
        lines.append(line("contact", Level.WARN, "contact_missing", **where))
    return lines or [line("delivery", Level.OK, "delivery_ok", recipients=len(given.recipients), host=given.smtp_host)]


def _has_password(settings: Settings, environment: Mapping[str, str]) -> bool:
    path = settings.smtp_password_file
    return bool(environment.get(settings.delivery.smtp_password_env)) or (path is not None and path.is_file())


def agencies(subject: Subject) -> list[Line]:
    """Agencies without an address, contradictions in the registry, and the mail operator."""
    registry = subject.registry
    unknown = [a.code for a in registry.enabled if a.site_status is SiteStatus.TO_VERIFY]
    contradictions = [problem for problem in check_registry(registry) if problem.blocking]
    lines = []
    if unknown:
        fields = {"count": len(unknown), "all": len(registry.enabled), "codes": _few(unknown), "file": registry.file}
        lines.append(line("agencies", Level.WARN, "agencies_unknown", **fields))
    if contradictions:
        codes = _few(sorted({problem.code for problem in contradictions}))
        lines.append(line("agencies", Level.FAIL, "agencies_wrong", count=len(contradictions), codes=codes))
    if not any(agency.operates_mail for agency in registry.enabled):
        lines.append(line("agencies", Level.WARN, "agencies_no_operator", file=registry.file))
    return lines or [line("agencies", Level.OK, "agencies_ok", count=len(registry.enabled))]


def _few(codes: Sequence[str]) -> str:
    return ", ".join(codes[:8]) + (" …" if len(codes) > 8 else "")


def holidays(subject: Subject) -> list[Line]:
    """Holiday files for this year and, from October on, for the next one."""
    day = subject.now.astimezone(subject.settings.schedule.zone).date()
    lines = []
    for year, soon in ((day.year, False), (day.year + 1, True)):
        if year in subject.calendar.years:
            lines.append(line("holidays", Level.OK, "holidays_ok", year=year))
        else:
            level = Level.WARN if not soon or day.month >= 10 else Level.OK
            lines.append(line("holidays", level, "holidays_missing" if not soon else "holidays_next", year=year))
    return lines


def places(subject: Subject) -> list[Line]:
    """Database and output can be written, the disk has room, DMARC reports and the CA file can be read."""
    settings = subject.settings
    lines = [_writable("database", settings.database.parent), _writable("output", settings.output)]
    if settings.reports_folder is not None:
        lines.append(_reports(settings.reports_folder, settings))
    free = shutil.disk_usage(_nearest(settings.database.parent)).free
    level = Level.WARN if free < _LOW_DISK_BYTES else Level.OK
    lines.append(line("disk", level, "disk_low" if level is Level.WARN else "disk_ok", mb=free // 1_000_000))
    if settings.ca_file is not None:
        lines.append(_ca_file(settings.ca_file, settings))
    return lines


def _writable(check: str, folder: Path) -> Line:
    place = _nearest(folder)
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return line(check, Level.OK, "place_ok", path=folder)
    return line(check, Level.FAIL, "place_closed", path=place)


def _reports(folder: Path, settings: Settings) -> Line:
    """The folder of DMARC reports: somebody else fills it, the nightly run only reads it."""
    where = {"path": folder, "line": settings.line_of("mail_domain.reports_folder")}
    if not folder.exists():
        return line("reports", Level.WARN, "reports_missing", **where)
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        return line("reports", Level.FAIL, "reports_closed", **where)
    return line("reports", Level.OK, "reports_ok", **where)


def _nearest(folder: Path) -> Path:
    """The folder itself or, where it is yet to be made, the one in which it will be made."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())


def _ca_file(path: Path, settings: Settings) -> Line:
    try:
        ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        where = {"path": path, "line": settings.line_of("audit.ca_file"), "detail": error}
        return line("ca_file", Level.FAIL, "ca_file_wrong", **where)
    return line("ca_file", Level.OK, "ca_file_ok", path=path)


async def browser(subject: Subject) -> list[Line]:
    """Where pages are to be built by a browser: does it start? Nothing is said where they are not."""
    table, settings = subject.settings.browser, subject.settings
    if not table.enabled:
        return []
    try:
        path, version = await try_browser(table.executable)
    except BrowserMissing as error:
        where = {"file": settings.file or "auditor.toml", "line": settings.line_of("browser.enabled")}
        return [line("browser", Level.FAIL, "browser_missing", detail=error, **where)]
    return [line("browser", Level.OK, "browser_ok", path=path, version=version)]
