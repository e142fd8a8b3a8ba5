"""Facts of a host: addresses, both roots, certificate; and what is said when there is nothing to say."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from auditor.demo.dns import DnsServer, Records
from auditor.gather.dns import Resolver
from auditor.gather.host import look_at_host
from auditor.gather.network import Network, NetworkOptions, parse_connect_to
from auditor.model import Certificate, Completed, Failed, HostLook, NotRun, Outcome, Reason
from tests.gather.servers import Authority, Handler, HttpServer, Request, redirect, reply

HOST = "so.example.vn"


def value(outcome: Outcome[Any]) -> Any:
    assert isinstance(outcome, Completed), outcome
    return outcome.value


def look(
    handler: Handler,
    context: ssl.SSLContext | None,
    *,
    host: str = HOST,
    ca_file: str | None = None,
    attempt: int = 1,
    requests: list[Request] | None = None,
) -> HostLook:
    """A look at `host`, whose http and, with `context`, https are served by `handler`."""

    async def run() -> HostLook:
        async with HttpServer(handler) as plain, HttpServer(handler, context) as secure:
            rules = [parse_connect_to(f":80:127.0.0.1:{plain.port}"), parse_connect_to(f":8081:127.0.0.1:{plain.port}")]
            rules.append(parse_connect_to(f":443:127.0.0.1:{secure.port if context else 1}"))
            options = NetworkOptions(delay=0, allow_private=True, connect_to=tuple(rules), ca_file=ca_file)
            resolver = Resolver([("127.0.0.1", 9)])
            async with Network(options, resolver) as network:
                found = await look_at_host(host, network, resolver, attempt=attempt)
            if requests is not None:
                requests.extend(plain.requests + secure.requests)
            return found

    return asyncio.run(run())


def test_good_host_is_described_with_few_requests(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    requests: list[Request] = []
    context = authority.context(HOST, f"*.{HOST}", until=datetime(2035, 1, 2, tzinfo=UTC))
    found = look(lambda request: reply("trang"), context, ca_file=authority.ca_file, requests=requests)
    assert found.addresses == NotRun(Reason.OVERRIDDEN), "with connect_to the name says nothing"
    assert value(found.http).digest == value(found.https).digest == sha256(b"trang").hexdigest()
    assert found.tls_version is not None and found.tls_version.startswith("TLSv1.")
    certificate = value(found.certificate)
    assert certificate.trusted and certificate.problem == ""
    assert certificate.names == (HOST, f"*.{HOST}") and certificate.subject == HOST
    assert certificate.not_after == datetime(2035, 1, 2, tzinfo=UTC)
    assert "trustme" in certificate.issuer
    assert sorted(request.path for request in requests) == ["/", "/", "/robots.txt", "/robots.txt"]


def test_redirect_from_http_to_https_saves_a_request(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    requests: list[Request] = []

    def handler(request: Request) -> bytes:
        return reply("trang") if request.server_name else redirect(f"https://{HOST}{request.path}")

    found = look(handler, authority.context(HOST), ca_file=authority.ca_file, requests=requests)
    assert value(found.http).redirects == (f"https://{HOST}/",)
    assert value(found.https).url == value(found.https).final_url == f"https://{HOST}/"
    assert value(found.https).ok and value(found.certificate).trusted
    assert [r.path for r in requests if r.server_name].count("/") == 1


@pytest.mark.parametrize("problem", ["expired", "not_yet_valid", "name_mismatch", "untrusted"])
def test_bad_certificate_is_described(problem: str, tmp_path: Path) -> None:
    authority, now = Authority(tmp_path), datetime.now(UTC)
    context = authority.context(
        "khac.example.vn" if problem == "name_mismatch" else HOST,
        since=now + timedelta(days=9) if problem == "not_yet_valid" else None,
        until=now - timedelta(days=9) if problem == "expired" else None,
    )
    ca_file = None if problem == "untrusted" else authority.ca_file
    found = look(lambda request: reply("trang"), context, ca_file=ca_file)
    assert isinstance(found.https, Failed) and found.https.reason is Reason.TLS_INVALID
    certificate: Certificate = value(found.certificate)
    assert not certificate.trusted and certificate.problem == problem and certificate.detail
    assert found.tls_version is not None
    assert value(found.http).ok


def test_host_without_https_says_why_and_error_answers_are_answers() -> None:
    found = look(lambda request: reply("Bảo trì", 503), None)
    assert isinstance(found.https, Failed) and found.https.reason is Reason.REFUSED
    assert isinstance(found.certificate, Failed) and found.tls_version is None
    assert value(found.http).reason is Reason.HTTP_5XX, "a server that answers 503 was reached"


def test_host_with_a_port_is_looked_at_there_only() -> None:
    requests: list[Request] = []
    found = look(lambda request: reply(request.host), None, host=f"{HOST}:8081", requests=requests)
    assert value(found.http).digest == sha256(f"{HOST}:8081".encode()).hexdigest()
    assert isinstance(found.https, NotRun) and isinstance(found.certificate, NotRun)


def test_second_look_is_fresh(tmp_path: Path) -> None:
    found = look(lambda request: reply(), None, attempt=2)
    assert found.attempt == 2 and value(found.http).attempt == 2


def by_name(records: Records, second: Records | None) -> tuple[HostLook, int]:
    """A look by two DNS servers at a host that nobody serves; with how often the second was asked."""

    async def run(first: Resolver, other: Resolver | None) -> HostLook:
        async with Network(NetworkOptions(delay=0), first) as network:
            return await look_at_host(HOST, network, first, other)

    with DnsServer(records, ["example.vn"]) as server, DnsServer(second or {}, ["example.vn"]) as other:
        resolver = Resolver([other.address]) if second is not None else None
        return asyncio.run(run(Resolver([server.address]), resolver)), len(other.queries)


def test_second_resolver_is_asked_only_after_nxdomain() -> None:
    confirmed, _ = by_name({}, {})
    assert isinstance(confirmed.addresses, Failed) and confirmed.addresses.reason is Reason.DNS_NXDOMAIN
    assert isinstance(confirmed.second_opinion, Failed)
    assert isinstance(confirmed.http, Failed) and confirmed.http.reason is Reason.DNS_NXDOMAIN
    disputed, _ = by_name({}, {HOST: {"A": ["192.0.2.1"]}})
    assert disputed.second_opinion == Completed(("192.0.2.1",))
    alone, _ = by_name({}, None)
    assert alone.second_opinion is None
    known, asked = by_name({HOST: {"A": ["10.0.0.1"]}}, {})
    assert known.addresses == Completed(("10.0.0.1",)) and known.second_opinion is None and asked == 0
    assert known.http == NotRun(Reason.BLOCKED_ADDRESS, f"{HOST} is at 10.0.0.1"), "a private address is not touched"


def test_dead_resolver_makes_everything_not_run() -> None:
    async def run() -> HostLook:
        resolver = Resolver([("127.0.0.1", 9)], timeout=60.0)
        async with Network(NetworkOptions(delay=0), resolver) as network:
            return await look_at_host(HOST, network, resolver)

    found = asyncio.run(run())
    for outcome in (found.addresses, found.http, found.https, found.certificate):
        assert isinstance(outcome, NotRun) and outcome.reason is Reason.RESOLVER_DOWN
