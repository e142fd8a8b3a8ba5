"""A small province on loopback: DNS, HTTPS and HTTP sites by name with an own CA, and an SMTP server that keeps mails.

    with Province(date(2026, 11, 23), folder) as province:
        ...  # province.settings_file and province.agencies_file point the auditor at it

No root, ephemeral ports, nothing left running afterwards. Used by `auditor demo` and by the tests.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import trustme
import yaml

from auditor.demo.dns import DnsServer
from auditor.demo.operator import REPORTS_FOLDER, write_register, write_reports
from auditor.demo.pages import Book
from auditor.demo.sites import Age, day, load_sites, read_data
from auditor.demo.smtp import MailServer
from auditor.demo.web import Behaviour, Request, Response, WebServer

_EXPIRED_FOR = timedelta(days=20)  # real time, as certificates are judged by it


class Province:
    """The demo province as it is on `as_of`, its files in `folder`.

    `built_on` (default `as_of`) is the day from which all ages count; with an earlier day the living sections have
    gained items since. `turn_to` moves a running province on to a later night.
    """

    def __init__(self, as_of: date, folder: Path, *, built_on: date | None = None) -> None:
        self.as_of = as_of
        self.built_on = built_on or as_of
        self.folder = folder
        self.mailbox = folder / "mailbox"
        self.ca_file = folder / "ca.pem"
        self.agencies_file = folder / "agencies.yaml"
        self.settings_file = folder / "auditor.toml"
        self.smtp: tuple[str, int] = ("", 0)
        self.plan: Mapping[str, Any] = read_data("sites/province.yaml")
        self._book = Book(load_sites(as_of, self.built_on), as_of, self.built_on)
        self._running = ExitStack()
        self._dns: DnsServer | None = None
        self._web: WebServer | None = None
        self._closed_port = 0

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self) -> Province:
        """Start all servers and write the files. Raises OSError if a port or file cannot be had; then nothing runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            certificates = _Certificates(self._names(), self.plan["expired_certificates"])
            certificates.authority.cert_pem.write_to_path(self.ca_file)
            self._dns = stack.enter_context(DnsServer(self._records(), zones=self.plan["zones"]))
            self._web = WebServer(self._answer, certificates.context_for)
            stack.callback(self._web.stop)
            self._web.start()
            mail = MailServer(self.mailbox, certificates.context_for(None), f"mail.{self.mail_domain}")
            stack.callback(mail.stop)
            self.smtp = mail.start()
            self._closed_port = _closed_port(stack)
            self._write_registry()
            self._write_settings()
            write_register(self.folder, self.as_of)
            write_reports(self.folder, self.mail_domain, self.as_of)
            self._running = stack.pop_all()
        return self

    def stop(self) -> None:
        """Stop all servers; the files stay."""
        self._running.close()

    def __enter__(self) -> Province:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- what it offers ----------------------------------------------------------------------------------------------

    @property
    def mail_domain(self) -> str:
        return str(self.plan["mail_domain"])

    @property
    def dns(self) -> DnsServer:
        """The name server, to plant faults in. Only while running."""
        if self._dns is None:
            raise RuntimeError("the province is not running")
        return self._dns

    @property
    def web(self) -> WebServer:
        """The web server. Only while running."""
        if self._web is None:
            raise RuntimeError("the province is not running")
        return self._web

    @property
    def resolver(self) -> str:
        """The name server as "address:port"."""
        return "{}:{}".format(*self.dns.address)

    @property
    def connect_to(self) -> tuple[str, ...]:
        """Overrides in curl's form, first match wins: hosts without a listener first, then all others."""
        ports = ((443, self.web.https_port), (80, self.web.http_port))
        mail = f":25:{self.smtp[0]}:{self.smtp[1]}"
        dead = [f"{host}:{port}:127.0.0.1:{self._closed_port}" for host in self._refused() for port, _ in ports]
        return (*dead, mail, *(f":{port}:127.0.0.1:{listener}" for port, listener in ports))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that answer."""
        return tuple(self._book.hosts)

    @property
    def expected(self) -> Mapping[str, Any]:
        """What a fair auditor must find, by agency code (expected.yaml); ages are resolved with `day`."""
        found: Mapping[str, Any] = read_data("expected.yaml")
        return found

    def day(self, age: Age) -> date:
        """The date of an age as the data files write it: 3, "2w"; "monday-1" is the Monday of last week."""
        if isinstance(age, str) and age.startswith("monday"):
            return self._book.monday(int(age.partition("-")[2] or 0))
        return day(self.built_on, age)

    def turn_to(self, as_of: date) -> None:
        """Move on to a later night: living sections gain items, clocks move. Raises ValueError for an earlier day."""
        if as_of < self.as_of:
            raise ValueError(f"the province cannot go back from {self.as_of} to {as_of}")
        self._book = Book(load_sites(as_of, self.built_on), as_of, self.built_on)
        self.as_of = as_of

    def misbehave(self, host: str, behaviour: Behaviour | None) -> None:
        """Let `host` answer with a status, late or not at all; None ends it."""
        self.web.misbehave(host, behaviour)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Response:
        if request.host == self.plan["registry"]["host"]:
            return self._registration(request.target.removeprefix("/domain/"))
        if policy := self.plan["policies"].get(request.host):
            return Response(200, (("Content-Type", "text/plain"),), policy.encode())
        return self._book.answer(request)  # looked up per request, as turn_to replaces the book

    def _registration(self, domain: str) -> Response:
        """What the registry's RDAP service says of a name (RFC 9083). Real time: registrations are judged by it."""
        days = self.plan["registry"]["days_left"].get(domain)
        if days is None:
            return Response(404)
        ends = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        answer = {
            "objectClassName": "domain",
            "ldhName": domain,
            "status": ["active"],
            "events": [{"eventAction": "expiration", "eventDate": ends}],
        }
        return Response(200, (("Content-Type", "application/rdap+json"),), json.dumps(answer).encode())

    def _names(self) -> list[str]:
        hosts = self._book.hosts
        others = (f"mail.{self.mail_domain}", self.plan["registry"]["host"], *self.plan["policies"])
        return [*hosts, *(f"www.{host}" for host in hosts), *others]

    def _refused(self) -> list[str]:
        return [site.host for site in self._book.sites.values() if site.data["mode"] == "refused"]

    def _records(self) -> dict[str, dict[str, list[str]]]:
        records: dict[str, dict[str, list[str]]] = {
            name: {"A": ["127.0.0.1"]}
            for host in (*self._book.hosts, *self._refused())
            for name in (host, f"www.{host}")
        }
        for name, by_type in self.plan["records"].items():
            records.setdefault(name, {}).update(by_type)
        return records

    def _write_registry(self) -> None:
        registry = {"defaults": self.plan["defaults"], "agencies": self.plan["agencies"]}
        self.agencies_file.write_text(yaml.safe_dump(registry, allow_unicode=True, sort_keys=False), encoding="utf-8")

    def _write_settings(self) -> None:
        audit = {
            "delay_seconds": 0,
            "second_look_seconds": 1,
            "nightly_second_look_minutes": 0,
            "allow_private": True,
            "resolvers": [self.resolver],
            "connect_to": list(self.connect_to),
            "ca_file": str(self.ca_file.resolve()),
        }
        delivery = {**self.plan["delivery"], "smtp_host": self.smtp[0], "smtp_port": self.smtp[1]}
        tables = {
            "audit": audit,
            "mail_domain": {
                "domains": self.plan["mail_domains"],
                "dkim_selectors": self.plan["dkim_selectors"],
                "reports_folder": REPORTS_FOLDER,
                "rdap_url": "https://{}/".format(self.plan["registry"]["host"]),
            },
            "delivery": delivery,
        }
        self.settings_file.write_text(_toml(tables), encoding="utf-8")


class _Certificates:
    """An own CA and one TLS context per kind of host: valid, or expired."""

    def __init__(self, names: list[str], expired: list[str]) -> None:
        self.authority = trustme.CA(organization_name="Demo province")
        ended = datetime.now(UTC) - _EXPIRED_FOR
        late = [*expired, *(f"www.{name}" for name in expired)]
        self._expired = {name: self._context(late, ended) for name in late}
        good = [*(name for name in names if name not in late), "localhost", "127.0.0.1"]
        self._good = self._context(good, None)

    def context_for(self, name: str | None) -> ssl.SSLContext:
        """The server context for the name that a client asks for (SNI); the valid one for unknown names and none."""
        return self._expired.get(name or "", self._good)

    def _context(self, names: list[str], not_after: datetime | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        not_before = not_after - timedelta(days=365) if not_after else None
        self.authority.issue_cert(*names, not_after=not_after, not_before=not_before).configure_cert(context)
        return context


def _closed_port(stack: ExitStack) -> int:
    """A port of loopback that refuses: bound, so that nobody else gets it, and never listened on."""
    reserved = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    reserved.bind(("127.0.0.1", 0))
    port: int = reserved.getsockname()[1]
    return port


def _toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    lines: list[str] = []
    for name, table in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(entry) for entry in value) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
