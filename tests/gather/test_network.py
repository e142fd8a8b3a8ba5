"""The polite client against real servers on loopback: what it refuses, follows, waits for and calls things."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from auditor.demo.dns import DnsServer
from auditor.gather.backend import ResolvingBackend
from auditor.gather.dns import Resolver
from auditor.gather.network import Network, NetworkOptions, parse_connect_to
from auditor.gather.politeness import Politeness
from auditor.gather.pool import ClientPool
from auditor.gather.safety import is_public
from auditor.model import Look, LookKind, Reason
from tests.gather.servers import Authority, Handler, HttpServer, Request, redirect, reply

NO_RESOLVER = (("127.0.0.1", 9),)


def network(server: HttpServer | None = None, **options: Any) -> Network:
    """A client without pauses that finds every host at `server`; no name can be looked up."""
    rules = (parse_connect_to(f"::127.0.0.1:{server.port}"),) if server else ()
    values: dict[str, Any] = {"delay": 0.0, "allow_private": True, "connect_to": rules} | options
    return Network(NetworkOptions(**values), Resolver(NO_RESOLVER))


def look(
    handler: Handler, url: str = "http://so.example.vn/", *, fetch: dict[str, Any] | None = None, **options: Any
) -> Look:
    """One fetch of `url` from a server that answers by `handler`."""
    return looks(handler, url, fetch=fetch, **options)[0]


def looks(handler: Handler, *urls: str, fetch: dict[str, Any] | None = None, **options: Any) -> list[Look]:
    async def run() -> list[Look]:
        async with HttpServer(handler) as server, network(server, **options) as client:
            return [await client.fetch(url, **{"respect_robots": False} | (fetch or {})) for url in urls]

    return asyncio.run(run())


# -- an ordinary answer ----------------------------------------------------------------------------------------------


def test_a_page_is_looked_at() -> None:
    seen = look(
        lambda request: reply("<p>Sở</p>", Content_Type="text/html; charset=utf-8", X_Useless="1", Server="s" * 900)
    )
    assert seen.ok and seen.status == 200 and seen.body == "<p>Sở</p>".encode()
    assert seen.content_type == "text/html; charset=utf-8"
    assert seen.header("x-useless") == ""
    assert len(seen.header("server")) == 500
    assert seen.digest and seen.peer is not None and seen.peer.startswith("127.0.0.1")
    assert seen.elapsed_ms is not None and seen.fetched_at.tzinfo is not None
    assert seen.final_url == seen.url and seen.redirects == ()


def test_connect_to_keeps_the_name_in_host_and_sni(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def run() -> None:
        context = authority.context("so.example.vn", "www.so.example.vn")
        async with (
            HttpServer(lambda request: reply(request.host)) as plain,
            HttpServer(lambda request: reply(f"{request.host} {request.server_name}"), context) as secure,
        ):
            rules = (
                parse_connect_to(f"so.example.vn:80:127.0.0.1:{plain.port}"),
                parse_connect_to(f":443:127.0.0.1:{secure.port}"),
            )
            async with network(connect_to=rules, ca_file=authority.ca_file) as client:
                assert (await client.fetch("http://so.example.vn/")).body == b"so.example.vn"
                assert (await client.fetch("https://so.example.vn/")).body == b"so.example.vn so.example.vn"
                other = await client.fetch("http://khac.example.vn/")
                assert other.not_run and other.reason is Reason.RESOLVER_DOWN, "the rule names another host"
                wrong = await client.fetch("https://khac.example.vn/")
                assert wrong.reason is Reason.TLS_INVALID, "a connection of one host never serves another"

    asyncio.run(run())


def test_connect_to_is_read_as_curl_reads_it() -> None:
    rule = parse_connect_to("[2001:db8::1]::[::1]:8080")
    assert rule.matches("2001:db8::1", 443) and rule.target("2001:db8::1", 443) == ("::1", 8080)
    assert parse_connect_to("a.vn:80::").target("a.vn", 80) == ("a.vn", 80)
    assert not parse_connect_to("a.vn:80:127.0.0.1:1").matches("a.vn", 443)
    for wrong in ("a.vn:80:127.0.0.1", "a.vn", "a.vn:0:127.0.0.1:1", "a:1:b:99999", "[x]:1:b:2", "a:b:c:d"):
        with pytest.raises(ValueError):
            parse_connect_to(wrong)


def test_user_agent_carries_the_contact_and_only_known_encodings_are_asked_for() -> None:
    seen: list[Request] = []

    def handler(request: Request) -> bytes:
        seen.append(request)
        return reply()

    look(handler, user_agent="auditor/1.2", contact="mailto:a@example.vn")
    assert seen[0].headers["user-agent"] == "auditor/1.2 (+mailto:a@example.vn)"
    assert seen[0].headers["accept-encoding"] == "gzip, deflate"


def test_only_http_and_https_with_a_host_are_requested() -> None:
    for url in (
        "ftp://so.example.vn/",
        "file:///etc/passwd",
        "http:///x",
        "http://[bad/",
        "mailto:a@b.vn",
        "http://a:99999/",
    ):
        seen = look(lambda request: reply(), url)
        assert seen.not_run and seen.reason is Reason.OUT_OF_SCOPE, url


def test_credentials_in_a_link_are_not_sent() -> None:
    requests: list[Request] = []

    def handler(request: Request) -> bytes:
        requests.append(request)
        return reply()

    assert look(handler, "http://user:secret@so.example.vn/").ok
    assert "authorization" not in requests[0].headers


# -- status ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, Reason.HTTP_403),
        (401, Reason.HTTP_4XX),
        (404, Reason.HTTP_404),
        (410, Reason.HTTP_404),
        (429, Reason.HTTP_429),
        (500, Reason.HTTP_5XX),
        (503, Reason.HTTP_5XX),
        (304, Reason.PROTOCOL_ERROR),
    ],
)
def test_status_becomes_a_reason_and_the_body_is_kept(status: int, reason: Reason) -> None:
    body = "" if status == 304 else "Access denied"
    seen = look(lambda request: reply(body, status))
    assert (seen.status, seen.reason, seen.body) == (status, reason, body.encode())
    assert not seen.not_run


def test_error_pages_are_bounded() -> None:
    seen = look(lambda request: reply("x" * 400_000, 500))
    assert len(seen.body) == 300_000 and seen.truncated


@pytest.mark.parametrize(("status", "body"), [(200, ""), (200, " \r\n"), (204, "")])
def test_answer_without_content_is_empty(status: int, body: str) -> None:
    assert look(lambda request: reply(body, status)).reason is Reason.EMPTY_BODY


# -- sizes, encodings and odd servers --------------------------------------------------------------------------------


def test_long_page_is_cut_and_still_ok() -> None:
    seen = look(lambda request: reply("x" * 5000), fetch={"max_bytes": 1000})
    assert seen.ok and seen.truncated and len(seen.body) == 1000
    head = look(lambda request: reply("x" * 100_000), fetch={"kind": LookKind.FILE})
    assert head.ok and head.truncated and len(head.body) == 64_000


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"trang chu", mtime=0)),
        ("x-gzip", gzip.compress(b"trang chu", mtime=0)),
        ("gzip", gzip.compress(b"trang ", mtime=0) + gzip.compress(b"chu", mtime=0)),
        ("gzip", gzip.compress(b"trang chu", mtime=0) + b"\0\0rubbish"),
        ("deflate", zlib.compress(b"trang chu")),
        ("deflate", raw_deflate(b"trang chu")),
        ("identity", b"trang chu"),
    ],
)
def test_encodings_are_unpacked(encoding: str, packed: bytes) -> None:
    async def pieces(request: Request) -> bytes | AsyncIterator[bytes]:
        return one_by_one(reply(packed, Content_Encoding=encoding))

    assert look(lambda request: reply(packed, Content_Encoding=encoding)).body == b"trang chu"
    assert look(pieces).body == b"trang chu", "also when the bytes come one by one"


async def one_by_one(data: bytes) -> AsyncIterator[bytes]:
    for at in range(len(data)):
        yield data[at : at + 1]
        await asyncio.sleep(0)


def test_bomb_is_too_large_and_bounded() -> None:
    bomb = gzip.compress(bytes(60_000_000), 9)
    seen = look(lambda request: reply(bomb, Content_Encoding="gzip"))
    assert seen.reason is Reason.TOO_LARGE
    assert len(seen.body) <= 5_000_000


@pytest.mark.parametrize(
    "answer",
    [
        b"Sorry, no HTTP here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        reply(b"<p>plain</p>", Content_Encoding="gzip"),
        reply(b"<p>plain</p>", Content_Encoding="br"),
    ],
)
def test_malformed_answers_are_protocol_errors_with_the_raw_text(answer: bytes) -> None:
    seen = look(lambda request: answer)
    assert seen.reason is Reason.PROTOCOL_ERROR and seen.detail


def test_body_that_ends_early_is_a_protocol_error_and_kept() -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<p>half"

    seen = look(lambda request: half())
    assert seen.reason is Reason.PROTOCOL_ERROR and seen.body == b"<p>half" and seen.truncated


def test_closed_idle_connection_is_opened_again() -> None:
    calls: list[str] = []

    def handler(request: Request) -> bytes:
        calls.append(request.path)
        return b"" if len(calls) == 2 else reply()

    first, second = looks(handler, "http://so.example.vn/1", "http://so.example.vn/2")
    assert first.ok and second.ok and calls == ["/1", "/2", "/2"]


def test_slow_drip_ends_with_the_total_time() -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        while True:
            yield b"x"
            await asyncio.sleep(0.02)

    seen = look(lambda request: drip(), total_timeout=0.3, read_timeout=5.0)
    assert seen.reason is Reason.READ_TIMEOUT and seen.truncated
    assert seen.body.startswith(b"xx"), "what came is kept"


def test_silence_is_a_read_time_out() -> None:
    async def silent(request: Request) -> bytes:
        await asyncio.sleep(1)
        return reply()

    assert look(silent, read_timeout=0.1).reason is Reason.READ_TIMEOUT


def test_cancelled_fetch_leaves_nothing_open() -> None:
    async def silent(request: Request) -> bytes:
        await asyncio.sleep(1)
        return reply()

    async def run() -> Look:
        handler: Handler = lambda request: silent(request) if request.path == "/slow" else reply()  # noqa: E731
        async with HttpServer(handler) as server, network(server, host_connections=1) as client:
            task = asyncio.create_task(client.fetch("http://so.example.vn/slow", respect_robots=False))
            while not server.requests:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await client.fetch("http://so.example.vn/", respect_robots=False)

    assert asyncio.run(run()).ok, "the only connection of the host is free again"


# -- redirects -------------------------------------------------------------------------------------------------------


def test_redirects_are_followed_and_recorded_also_to_another_host() -> None:
    def handler(request: Request) -> bytes:
        if request.host == "cu.example.vn":
            return redirect("//moi.example.vn/trang chủ?a=1#x")
        return reply(request.host + request.path)

    seen = look(handler, "http://cu.example.vn/")
    assert seen.ok and seen.final_url == "http://moi.example.vn/trang%20ch%E1%BB%A7?a=1"
    assert seen.redirects == (seen.final_url,)
    assert seen.body == b"moi.example.vn/trang%20ch%E1%BB%A7?a=1"


def test_of_a_form_the_first_bytes_are_asked_for_and_only_on_its_own_host() -> None:
    seen: list[Request] = []

    def handler(request: Request) -> bytes:
        seen.append(request)
        moved = {
            "/a.doc": "/b.doc",
            "/x.doc": "http://www.so.example.vn/b.doc",
            "/c.doc": "http://drive.example.vn/d.doc",
        }
        return redirect(moved[request.path]) if request.path in moved else reply(b"x" * 9000)

    urls = [f"http://so.example.vn/{name}.doc" for name in "axc"]
    own, also_own, elsewhere = looks(handler, *urls, fetch={"kind": LookKind.FORM})
    assert own.ok and own.final_url == "http://so.example.vn/b.doc" and len(own.body) == 4096 and own.truncated
    assert also_own.ok and also_own.final_url == "http://www.so.example.vn/b.doc"
    assert (elsewhere.reason, elsewhere.final_url, elsewhere.redirects) == (Reason.OUT_OF_SCOPE, urls[2], ())
    assert not any(request.host == "drive.example.vn" for request in seen)
    assert {request.headers["range"] for request in seen} == {"bytes=0-4095"}
    assert "range" not in asked_for(LookKind.FILE) and "range" not in asked_for(LookKind.PAGE)


def asked_for(kind: LookKind) -> dict[str, str]:
    seen: list[Request] = []
    look(lambda request: (seen.append(request), reply())[1], fetch={"kind": kind})
    return seen[0].headers


def test_redirect_loops_and_chains_end() -> None:
    loop = look(lambda request: redirect("/b" if request.path == "/a" else "/a"), "http://so.example.vn/a")
    assert loop.reason is Reason.TOO_MANY_REDIRECTS and len(loop.redirects) < 6
    chain = look(lambda request: redirect(f"/{int(request.path[1:]) + 1}"), "http://so.example.vn/0")
    assert chain.reason is Reason.TOO_MANY_REDIRECTS and len(chain.redirects) == 10


def test_redirect_to_itself_that_sets_a_cookie_is_no_loop() -> None:
    def handler(request: Request) -> bytes:
        if "seen=1" in request.headers.get("cookie", ""):
            return reply("welcome")
        return reply(b"", 302, Location=request.path, Set_Cookie="seen=1; Path=/")

    assert look(handler).body == b"welcome"
    assert look(handler, fetch={"fresh": True}).body == b"welcome"


@pytest.mark.parametrize("location", ["", "javascript:void(0)", "mailto:a@b.vn", "http://[x/"])
def test_redirect_to_nowhere_is_a_protocol_error(location: str) -> None:
    assert look(lambda request: redirect(location)).reason is Reason.PROTOCOL_ERROR


# -- where connections may go ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
        "2002:7f00:1::", "2001:0:1::1", "::127.0.0.1", "2001:db8::1", "example.vn", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["203.162.0.1", "2405:4800::1", "::ffff:203.162.0.1", "64:ff9b::cba2:1"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


def test_private_addresses_are_refused_as_literal_by_name_and_by_override() -> None:
    async def run() -> None:
        async with HttpServer(lambda request: reply()) as server:
            records = {"inside.example.vn": {"A": ["127.0.0.1"]}, "six.example.vn": {"AAAA": ["::ffff:127.0.0.1"]}}
            with DnsServer(records) as dns:
                options = NetworkOptions(
                    delay=0, connect_to=(parse_connect_to(f"override.example.vn::127.0.0.1:{server.port}"),)
                )
                async with Network(options, Resolver([dns.address])) as client:
                    for host in (
                        "127.0.0.1",
                        "[::1]",
                        "inside.example.vn",
                        "six.example.vn",
                        "localhost",
                        "override.example.vn",
                    ):
                        seen = await client.fetch(f"http://{host}:{server.port}/")
                        assert seen.reason is Reason.BLOCKED_ADDRESS and seen.not_run, host
            assert server.connections == 0

    asyncio.run(run())


def test_private_address_is_refused_behind_a_redirect() -> None:
    async def run() -> list[Look]:
        def handler(request: Request) -> bytes:
            return redirect(f"http://{request.path.strip('/')}:{server.port}/secret")

        async with HttpServer(handler) as server:
            with DnsServer({"inside.example.vn": {"A": ["127.0.0.2"]}, "so.example.vn": {"A": ["127.0.0.1"]}}) as dns:
                options = NetworkOptions(delay=0, allow_networks=("127.0.0.1/32",))
                async with Network(options, Resolver([dns.address])) as client:
                    return [
                        await client.fetch(f"http://so.example.vn:{server.port}/{target}", respect_robots=False)
                        for target in ("inside.example.vn", "127.0.0.2")
                    ]

    for seen in asyncio.run(run()):
        assert seen.reason is Reason.BLOCKED_ADDRESS and "127.0.0.2" in seen.detail
        assert len(seen.redirects) == 1
        assert not seen.not_run, "the first hop was requested"


# -- names, ports and certificates -----------------------------------------------------------------------------------


def test_dead_resolver_is_our_trouble() -> None:
    seen = asyncio.run(fetch_by(Resolver([("127.0.0.1", 9)], timeout=60.0), "http://so.example.vn/"))
    assert seen.not_run and seen.reason is Reason.RESOLVER_DOWN


def test_absent_name_and_closed_port_are_failures() -> None:
    async def closed_port() -> int:
        async with HttpServer(lambda request: reply()) as server:
            return server.port

    with DnsServer({"so.example.vn": {"A": ["127.0.0.1"]}}, ["example.vn"]) as dns:
        absent = asyncio.run(fetch_by(Resolver([dns.address]), "http://absent.example.vn/"))
        port = asyncio.run(closed_port())
        refused = asyncio.run(fetch_by(Resolver([dns.address]), f"http://so.example.vn:{port}/"))
    assert absent.reason is Reason.DNS_NXDOMAIN and not absent.not_run
    assert refused.reason is Reason.REFUSED and not refused.not_run


async def fetch_by(resolver: Resolver, url: str) -> Look:
    async with Network(NetworkOptions(delay=0, allow_private=True), resolver) as client:
        return await client.fetch(url)


def test_second_address_is_tried_where_the_first_refuses() -> None:
    async def run() -> Look:
        async with HttpServer(lambda request: reply()) as server:
            with DnsServer({"so.example.vn": {"A": ["127.0.0.1", "127.0.0.2"]}}) as dns:
                return await fetch_by(Resolver([dns.address]), f"http://so.example.vn:{server.port}/")

    async def other() -> Look:
        async with HttpServer(lambda request: reply(), host="127.0.0.2") as server:
            with DnsServer({"so.example.vn": {"A": ["127.0.0.1", "127.0.0.2"]}}) as dns:
                return await fetch_by(Resolver([dns.address]), f"http://so.example.vn:{server.port}/")

    for seen, peer in ((asyncio.run(run()), "127.0.0.1"), (asyncio.run(other()), "127.0.0.2")):
        assert seen.ok and seen.peer is not None and seen.peer.startswith(peer)


@pytest.mark.parametrize("case", ["expired", "other name", "unknown authority"])
def test_bad_certificate_is_named_and_the_site_still_readable(case: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    name = "khac.example.vn" if case == "other name" else "so.example.vn"
    until = datetime.now(UTC) - timedelta(days=3) if case == "expired" else None
    ca_file = None if case == "unknown authority" else authority.ca_file

    async def run() -> tuple[Look, Look]:
        context = authority.context(name, until=until)
        async with (
            HttpServer(lambda request: reply("content"), context) as server,
            network(server, ca_file=ca_file) as client,
        ):
            return (
                await client.fetch("https://so.example.vn/"),
                await client.fetch("https://so.example.vn/", insecure_tls=True),
            )

    strict, lenient = asyncio.run(run())
    assert strict.reason is Reason.TLS_INVALID and "X509" in strict.detail and not strict.body
    assert lenient.ok and lenient.body == b"content"


@pytest.mark.parametrize(
    ("greeting", "reason"), [(b"HTTP/1.1 400 Bad Request\r\n\r\n", Reason.TLS_FAILED), (b"", Reason.CONNECT_TIMEOUT)]
)
def test_port_that_speaks_no_tls(greeting: bytes, reason: Reason) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read()
        writer.close()

    async def run() -> Look:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            rules = (parse_connect_to(f"::127.0.0.1:{server.sockets[0].getsockname()[1]}"),)
            async with network(connect_to=rules, connect_timeout=0.2) as client:
                return await client.fetch("https://so.example.vn/", respect_robots=False)

    assert asyncio.run(run()).reason is reason


def test_our_backend_opens_every_connection() -> None:
    """httpx has no public hook for it: the private one must still be where it was."""
    seen = look(lambda request: reply(request.host), "http://a-name-that-nobody-resolves.example/")
    assert seen.body == b"a-name-that-nobody-resolves.example"


# -- manners ---------------------------------------------------------------------------------------------------------


class Clock:
    """Time that passes only by sleeping, for pauses that no test should wait for."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def slow_network(server: HttpServer, clock: Clock, **options: Any) -> Network:
    rules = (parse_connect_to(f"::127.0.0.1:{server.port}"),)
    values: dict[str, Any] = {"allow_private": True, "connect_to": rules} | options
    return Network(NetworkOptions(**values), Resolver(NO_RESOLVER), clock=clock, sleep=clock.sleep)


def test_requests_to_one_host_start_a_second_apart_over_all_its_names(tmp_path: Path) -> None:
    clock, starts, authority = Clock(), [], Authority(tmp_path)

    def handler(request: Request) -> bytes:
        starts.append(clock.now)
        return reply()

    async def run() -> None:
        context = authority.context("so.example.vn")
        async with HttpServer(handler) as plain, HttpServer(handler, context) as secure:
            rules = tuple(parse_connect_to(f":{p}:127.0.0.1:{s.port}") for p, s in ((80, plain), (443, secure)))
            async with slow_network(plain, clock, connect_to=rules, ca_file=authority.ca_file) as client:
                for url in ("http://so.example.vn/", "http://www.so.example.vn/", "https://so.example.vn/"):
                    assert (await client.fetch(url, respect_robots=False)).ok

    asyncio.run(run())
    assert [later - earlier for earlier, later in pairwise(starts)] == pytest.approx([1.0, 1.0])


def starts_of(politeness: Politeness, clock: Clock, turns: list[tuple[str, str]]) -> list[float]:
    """When turns that are all asked for at the same moment begin."""

    async def take(host: str, address: str) -> float:
        async with politeness.turn(host, address):
            return clock.now

    async def run() -> list[float]:
        return sorted(await asyncio.gather(*(take(*turn) for turn in turns)))

    return asyncio.run(run())


def test_starts_keep_their_gap_when_many_wait() -> None:
    clock = Clock()
    starts = starts_of(Politeness(1.0, clock=clock, sleep=clock.sleep), clock, [("so.example.vn", "192.0.2.1")] * 6)
    assert min(later - earlier for earlier, later in pairwise(starts)) >= 0.999


def test_hosts_on_one_address_share_its_rate() -> None:
    clock = Clock()
    turns = [(f"so{n}.example.vn", "192.0.2.1") for n in range(9)]
    starts = starts_of(Politeness(1.0, clock=clock, sleep=clock.sleep), clock, turns)
    assert min(later - earlier for earlier, later in pairwise(starts)) >= 0.249
    apart = Clock()
    turns = [(f"so{n}.example.vn", f"192.0.2.{n}") for n in range(9)]
    assert len(set(starts_of(Politeness(1.0, clock=apart, sleep=apart.sleep), apart, turns))) == 1


def test_pause_that_comes_while_waiting_is_kept() -> None:
    clock = Clock()
    politeness = Politeness(1.0, clock=clock, sleep=clock.sleep)

    async def run() -> float:
        async with politeness.turn("so.example.vn", "192.0.2.1"):
            waiting = asyncio.create_task(second())
            await asyncio.sleep(0)
            politeness.pause("so.example.vn", 30.0)
        return await waiting

    async def second() -> float:
        async with politeness.turn("so.example.vn", "192.0.2.1"):
            return clock.now

    assert asyncio.run(run()) >= 1030.0


def test_connections_at_once_are_bounded_per_host_and_per_address() -> None:
    async def slow(request: Request) -> bytes:
        await asyncio.sleep(0.05)
        return reply()

    async def most(urls: list[str]) -> int:
        async with HttpServer(slow) as server, network(server) as client:
            await asyncio.gather(*(client.fetch(url, respect_robots=False) for url in urls))
            return server.most_open

    assert asyncio.run(most([f"http://so.example.vn/{n}" for n in range(6)])) == 2
    busy: list[int] = []

    async def counting(request: Request) -> bytes:
        busy.append(1)
        await asyncio.sleep(0.05)
        most_busy.append(len(busy))
        busy.pop()
        return reply()

    most_busy: list[int] = []

    async def over_hosts() -> None:
        async with HttpServer(counting) as server, network(server) as client:
            await asyncio.gather(*(client.fetch(f"http://so{n}.example.vn/", respect_robots=False) for n in range(9)))

    asyncio.run(over_hosts())
    assert max(most_busy) == 4


def test_short_retry_after_is_waited_for_once() -> None:
    clock, answers = Clock(), [reply("later", 429, Retry_After="5"), reply("now")]

    async def run() -> tuple[Look, list[float]]:
        async with HttpServer(lambda request: answers.pop(0)) as server, slow_network(server, clock) as client:
            return await client.fetch("http://so.example.vn/", respect_robots=False), clock.slept

    seen, slept = asyncio.run(run())
    assert seen.body == b"now" and sum(slept) >= 5


@pytest.mark.parametrize("form", ["seconds", "date"])  # made inside: all workers must collect the same names
def test_long_retry_after_closes_the_host_until_then(form: str) -> None:
    clock = Clock()
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    header = "3600" if form == "seconds" else in_an_hour

    def handler(request: Request) -> bytes:
        return reply("later", 503, Retry_After=header) if request.path == "/" else reply()

    async def run() -> None:
        async with HttpServer(handler) as server, slow_network(server, clock) as client:
            first = await client.fetch("http://so.example.vn/", respect_robots=False)
            second = await client.fetch("http://www.so.example.vn/x", respect_robots=False)
            assert first.reason is Reason.HTTP_5XX and first.body == b"later"
            assert second.reason is Reason.RETRY_LATER and second.not_run
            assert server.paths == ["/"]
            clock.now += 3601
            assert (await client.fetch("http://so.example.vn/x", respect_robots=False)).ok

    asyncio.run(run())


def test_host_that_never_answers_is_given_up() -> None:
    async def silent(request: Request) -> bytes:
        await asyncio.sleep(1)
        return b""

    async def run() -> None:
        async with HttpServer(silent) as server, network(server, read_timeout=0.05) as client:
            seen = [await client.fetch(f"http://so.example.vn/{n}", respect_robots=False) for n in range(8)]
            assert [look.not_run for look in seen] == [False] * 4 + [True] * 4
            assert {look.reason for look in seen} == {Reason.READ_TIMEOUT}
            assert len(server.requests) == 4
            again = await client.fetch("http://so.example.vn/", attempt=2, respect_robots=False)
            assert not again.not_run, "the second look is asked anew"

    asyncio.run(run())


def test_idle_clients_of_many_hosts_are_closed_but_never_one_in_use() -> None:
    async def run() -> None:
        pool = ClientPool(ResolvingBackend(Resolver(NO_RESOLVER)), "auditor", None, most=2)
        async with pool.lease("held.example.vn", insecure=False) as held:
            for n in range(5):
                async with pool.lease(f"so{n}.example.vn", insecure=False) as client:
                    assert client is not held
            async with pool.lease("held.example.vn", insecure=False) as again:
                assert again is held
            async with pool.lease("held.example.vn", insecure=True) as other:
                assert other is not held, "an unverified connection never serves a verified look"
        async with pool.lease("so0.example.vn", insecure=False) as client:
            assert client.holders == 1
        await pool.close()

    asyncio.run(run())


# -- robots.txt ------------------------------------------------------------------------------------------------------

ROBOTS = """User-agent: *
Disallow: /private/
Crawl-delay: 3
Sitemap: /sitemap.xml
User-agent: auditor
Disallow: /closed
Allow: /closed/open
Crawl-delay: 30
Sitemap: https://so.example.vn/other.xml
"""


def with_robots(robots: bytes, *urls: str) -> tuple[list[Look], list[str]]:
    async def run() -> tuple[list[Look], list[str]]:
        handler: Handler = lambda request: robots if request.path == "/robots.txt" else reply()  # noqa: E731
        async with HttpServer(handler) as server, network(server) as client:
            seen = list(await asyncio.gather(*(client.fetch(f"http://so.example.vn{url}") for url in urls)))
            return seen, server.paths

    return asyncio.run(run())


def test_robots_is_fetched_once_and_honoured() -> None:
    (closed, opened, other), paths = with_robots(reply(ROBOTS), "/closed/x", "/closed/open", "/private/x")
    assert closed.not_run and closed.reason is Reason.ROBOTS_DISALLOWED
    assert opened.ok and other.ok, "our own group counts alone (RFC 9309 section 2.2.1)"
    assert paths.count("/robots.txt") == 1 and "/closed/x" not in paths


@pytest.mark.parametrize("status", [404, 403, 401])
def test_robots_that_is_not_there_allows_everything(status: int) -> None:
    (seen,), _ = with_robots(reply(ROBOTS, status), "/closed")
    assert seen.ok


def test_robots_that_persists_in_errors_leaves_only_the_start_page() -> None:
    (start, page), paths = with_robots(reply("", 500), "/", "/page")
    assert start.ok
    assert page.reason is Reason.ROBOTS_DISALLOWED and page.not_run and "500" in page.detail
    assert paths.count("/robots.txt") == 2


def test_robots_holds_behind_a_redirect_too() -> None:
    async def run() -> Look:
        def handler(request: Request) -> bytes:
            if request.path == "/robots.txt":
                return reply("User-agent: *\nDisallow: /" if request.host == "dong.example.vn" else "")
            return redirect("http://dong.example.vn/")

        async with HttpServer(handler) as server, network(server) as client:
            return await client.fetch("http://so.example.vn/")

    seen = asyncio.run(run())
    assert seen.reason is Reason.ROBOTS_DISALLOWED and seen.final_url == "http://dong.example.vn/"


def test_crawl_delay_is_kept_up_to_ten_seconds() -> None:
    clock, starts = Clock(), []

    def handler(request: Request) -> bytes:
        starts.append(clock.now)
        return reply(ROBOTS)

    async def run() -> None:
        async with HttpServer(handler) as server, slow_network(server, clock) as client:
            for n in range(3):
                await client.fetch(f"http://so.example.vn/{n}")

    asyncio.run(run())
    assert 9.99 <= starts[-1] - starts[-2] <= 10.01


def test_sitemaps_of_robots_are_absolute() -> None:
    async def run() -> tuple[str, ...]:
        async with HttpServer(lambda request: reply(ROBOTS)) as server, network(server) as client:
            return await client.robots_sitemaps("http://so.example.vn/vi/")

    assert asyncio.run(run()) == ("http://so.example.vn/sitemap.xml", "https://so.example.vn/other.xml")
