"""The looks at policy hosts and mail servers, against real ones on loopback: what is sent, what is kept, how often."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from auditor.demo.dns import DnsServer
from auditor.gather.dns import Resolver
from auditor.gather.mail import Outside, SmtpDoor, look_at_mail_domain
from auditor.gather.mail.smtp import PORT
from auditor.gather.network import Network, NetworkOptions, parse_connect_to
from auditor.model import Completed, DnsAnswer, Failed, MailEvidence, NotRun, Outcome, Reason, SmtpLook
from auditor.read.records import Problem, read_mail
from tests.gather.servers import Authority, HttpServer, Request, redirect, reply

DOMAIN = "tinh.example"
HOST = f"mail.{DOMAIN}"
POLICY = f"version: STSv1\nmode: enforce\nmx: {HOST}\nmax_age: 1209600\n"
ZONE = {
    DOMAIN: {"MX": [f"10 {HOST}."], "TXT": ["v=spf1 mx -all"]},
    HOST: {"A": ["127.0.0.1"]},
    f"_mta-sts.{DOMAIN}": {"TXT": ["v=STSv1; id=1"]},
    f"mta-sts.{DOMAIN}": {"A": ["127.0.0.1"]},
}
Answers = Callable[[str], bytes]


class RecordingServer:
    """An SMTP server that keeps every line it is sent. `answers` decides what is said to each, "" being the greeting."""

    def __init__(self, answers: Answers | None = None, context: ssl.SSLContext | None = None) -> None:
        self.lines: list[str] = []
        self.connections = 0
        self.port = 0
        self._answers = answers or self._usual
        self._context = context

    def _usual(self, line: str) -> bytes:
        verb = line.partition(" ")[0].upper()
        if verb == "EHLO":
            offer = b"250-STARTTLS\r\n" if self._context and "STARTTLS" not in self.lines else b""
            return (
                b"250-"
                + HOST.encode()
                + b" greets you\r\n"
                + offer
                + b"250-SIZE 1000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
            )
        return {"": b"220 " + HOST.encode() + b" ESMTP\r\n", "QUIT": b"221 bye\r\n", "STARTTLS": b"220 go\r\n"}.get(
            verb, b"502 not here\r\n"
        )

    @asynccontextmanager
    async def run(self) -> AsyncIterator[RecordingServer]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            writer.write(self._answers(""))
            while raw := await reader.readline():
                line = raw.decode().strip()
                self.lines.append(line)
                writer.write(self._answers(line))
                await writer.drain()
                if line == "STARTTLS" and self._context:
                    await writer.start_tls(self._context)
                if line == "QUIT":
                    break
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def network(
    dns: DnsServer, ca_file: str | None = None, *rules: str, private: bool = True
) -> AsyncIterator[Network]:
    options = NetworkOptions(
        delay=0, allow_private=private, connect_to=tuple(parse_connect_to(rule) for rule in rules), ca_file=ca_file
    )
    async with Network(options, Resolver([dns.address], timeout=0.5)) as client:
        yield client


async def smtp_look(
    server: RecordingServer, dns: DnsServer, authority: Authority | None = None, times: int = 1, private: bool = True
) -> list[Outcome[SmtpLook]]:
    ca_file = authority.ca_file if authority else None
    async with server.run(), network(dns, ca_file, f"{HOST}:{PORT}:127.0.0.1:{server.port}", private=private) as client:
        door = SmtpDoor(client, ca_file)
        return [await door.look(HOST) for _ in range(times)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def only(looks: Sequence[Outcome[SmtpLook]]) -> SmtpLook:
    (outcome,) = looks
    assert isinstance(outcome, Completed), outcome
    return outcome.value


def test_a_whole_conversation_and_nothing_that_begins_a_mail(authority: Authority) -> None:
    server = RecordingServer(context=authority.context(HOST))
    with DnsServer(ZONE) as dns:
        look = only(asyncio.run(smtp_look(server, dns, authority)))
    assert [line.split(" ")[0] for line in server.lines] == ["EHLO", "STARTTLS", "EHLO", "QUIT"]
    assert server.lines[0] == "EHLO [127.0.0.1]"
    assert (look.banner, look.starttls, look.ehlo[0]) == (f"{HOST} ESMTP", True, f"{HOST} greets you")
    assert isinstance(look.tls, Completed)
    assert (look.tls.value.version, look.tls.value.distrust) == ("TLSv1.3", "")
    assert len(look.tls.value.chain) == 1


def test_one_connection_a_run_however_often_it_is_asked(authority: Authority) -> None:
    server = RecordingServer(context=authority.context(HOST))
    with DnsServer(ZONE) as dns:
        looks = asyncio.run(smtp_look(server, dns, authority, times=3))
    assert (server.connections, looks[0] == looks[1] == looks[2]) == (1, True)


def test_a_certificate_that_nobody_vouches_for_is_seen_as_it_is(authority: Authority) -> None:
    server = RecordingServer(context=authority.context(HOST))
    with DnsServer(ZONE) as dns:
        look = only(asyncio.run(smtp_look(server, dns)))  # without our authority in the list
    assert isinstance(look.tls, Completed) and look.tls.value.distrust


def test_a_server_without_starttls() -> None:
    server = RecordingServer()
    with DnsServer(ZONE) as dns:
        look = only(asyncio.run(smtp_look(server, dns)))
    assert (look.starttls, [line.split(" ")[0] for line in server.lines]) == (False, ["EHLO", "QUIT"])


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (lambda line: b"554 go away\r\n" if line == "" else b"221 bye\r\n", Reason.PROTOCOL_ERROR),
        (lambda line: b"HTTP/1.1 400 Bad\r\n", Reason.PROTOCOL_ERROR),
        (lambda line: b"220-" + b"x" * 5000, Reason.PROTOCOL_ERROR),
        (lambda line: b"220-again\r\n" * 200, Reason.PROTOCOL_ERROR),
        (lambda line: b"220 hello\r\n" if line == "" else b"421 later\r\n", Reason.PROTOCOL_ERROR),
    ],
    ids=["turned-away", "no-smtp", "endless-line", "endless-reply", "later"],
)
def test_a_server_that_does_not_talk_to_us_is_no_fault(answers: Answers, reason: Reason) -> None:
    with DnsServer(ZONE) as dns:
        (outcome,) = asyncio.run(smtp_look(RecordingServer(answers), dns))
    assert isinstance(outcome, Failed) and outcome.reason is reason


def test_a_failed_handshake_is_told_apart() -> None:
    said = {
        "": b"220 x.example\r\n",
        "EHLO": b"250-x.example\r\n250 STARTTLS\r\n",
        "STARTTLS": b"220 go\r\nno TLS here\r\n",
    }
    server = RecordingServer(lambda line: said.get(line.partition(" ")[0], b"221 bye\r\n"))
    with DnsServer(ZONE) as dns:
        look = only(asyncio.run(smtp_look(server, dns)))
    assert look.starttls and isinstance(look.tls, Failed)
    assert look.tls.reason is Reason.TLS_FAILED


def test_private_addresses_are_left_alone_unless_configured() -> None:
    server = RecordingServer()
    with DnsServer(ZONE) as dns:
        (outcome,) = asyncio.run(smtp_look(server, dns, private=False))
    assert isinstance(outcome, NotRun) and outcome.reason is Reason.BLOCKED_ADDRESS
    assert server.connections == 0


def test_a_blocked_port_is_known_after_two_servers_and_then_left_alone(unused_port: int) -> None:
    hosts = [f"mx{number}.{DOMAIN}" for number in range(9)]
    asked: list[str] = []

    class Counting:
        async def targets(self, host: str, port: int) -> Outcome[tuple[tuple[str, int], ...]]:
            asked.append(host)
            return Completed((("127.0.0.1", unused_port),))

    async def run() -> tuple[list[Outcome[SmtpLook]], SmtpDoor]:
        door = SmtpDoor(Counting())
        return await asyncio.gather(*(door.look(host) for host in hosts)), door

    outcomes, door = asyncio.run(run())
    assert all(isinstance(outcome, NotRun) and outcome.reason is Reason.PORT_25_BLOCKED for outcome in outcomes)
    assert door._unreached == 2


def test_where_one_server_was_reached_another_that_refuses_is_its_own_trouble(
    authority: Authority, unused_port: int
) -> None:
    server = RecordingServer()

    async def run() -> list[Outcome[SmtpLook]]:
        rules = (f"dead.example:{PORT}:127.0.0.1:{unused_port}", f"{HOST}:{PORT}:127.0.0.1:{server.port}")
        async with network(dns, None, *rules) as client:
            door = SmtpDoor(client)
            return [await door.look(HOST), await door.look("dead.example")]

    async def whole() -> list[Outcome[SmtpLook]]:
        async with server.run():
            return await run()

    with DnsServer(ZONE) as dns:
        outcomes = asyncio.run(whole())
    assert isinstance(outcomes[1], Failed) and outcomes[1].reason is Reason.REFUSED


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- the policy ------------------------------------------------------------------------------------------------------


async def policy_look(
    dns: DnsServer, authority: Authority, handler: Callable[[Request], bytes], names: Sequence[str]
) -> tuple[MailEvidence, list[str]]:
    async with HttpServer(handler, authority.context(*names)) as server:
        rule = f"mta-sts.{DOMAIN}:443:127.0.0.1:{server.port}"
        async with network(dns, authority.ca_file, rule) as client:
            resolver = Resolver([dns.address], timeout=0.5)
            evidence = await look_at_mail_domain(DOMAIN, resolver, outside=Outside(client))
        return evidence, server.paths


def policy(
    authority: Authority, handler: Callable[[Request], bytes], names: Sequence[str] = (f"mta-sts.{DOMAIN}",)
) -> tuple[MailEvidence, list[str]]:
    with DnsServer(ZONE) as dns:
        return asyncio.run(policy_look(dns, authority, handler, names))


def test_the_policy_is_fetched_from_its_place_and_robots_is_not_asked_section_3_3(authority: Authority) -> None:
    evidence, paths = policy(authority, lambda request: reply(POLICY, Content_Type="text/plain"))
    assert paths == ["/.well-known/mta-sts.txt"]
    facts = read_mail(evidence).transport
    assert facts is not None
    assert (facts.mta_sts.state, facts.mta_sts.mode, facts.mta_sts.problems) == ("valid", "enforce", ())


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (redirect("/elsewhere.txt"), Problem.MTA_STS_POLICY_REDIRECTS),
        (reply(POLICY, Content_Type="text/html"), Problem.MTA_STS_POLICY_TYPE),
        (reply(POLICY, 404, Content_Type="text/plain"), Problem.MTA_STS_POLICY_STATUS),
        (reply(POLICY + "x" * 70_000, Content_Type="text/plain"), Problem.MTA_STS_POLICY_TOO_LARGE),
    ],
    ids=["redirect", "type", "status", "size"],
)
def test_a_policy_served_wrongly_section_3_3(authority: Authority, answer: bytes, problem: Problem) -> None:
    evidence, paths = policy(authority, lambda request: answer)
    facts = read_mail(evidence).transport
    assert facts is not None
    assert (facts.mta_sts.state, facts.mta_sts.problems) == ("policy_failed", (problem,))
    assert paths == ["/.well-known/mta-sts.txt"]


def test_a_policy_host_with_another_names_certificate_section_3_3(authority: Authority) -> None:
    evidence, paths = policy(authority, lambda request: reply(POLICY), ["other.example"])
    read = read_mail(evidence)
    assert read.transport is not None
    assert read.transport.mta_sts.problems == (Problem.MTA_STS_POLICY_CERTIFICATE,)
    assert (paths, read.confirmed) == ([], False)  # until a second look agrees


def test_no_policy_is_fetched_where_none_is_announced(authority: Authority) -> None:
    async def run() -> MailEvidence:
        async with network(dns) as client:
            resolver = Resolver([dns.address], timeout=0.5)
            return await look_at_mail_domain(DOMAIN, resolver, outside=Outside(client))

    with DnsServer({**ZONE, f"_mta-sts.{DOMAIN}": {"TXT": ["v=spf1"]}}) as dns:
        evidence = asyncio.run(run())
        assert (f"mta-sts.{DOMAIN}", "A") not in dns.queries
    assert evidence.transport is not None and isinstance(evidence.transport.policy, NotRun)


def test_a_silent_name_server_leaves_all_of_it_unverifiable() -> None:
    with DnsServer(ZONE, faults={("*", "*"): "servfail"}) as dns:
        evidence = asyncio.run(look_at_mail_domain(DOMAIN, Resolver([dns.address], timeout=0.5)))
    facts = read_mail(evidence).transport
    assert facts is not None
    states = {
        facts.mta_sts.state,
        facts.tls_rpt.state,
        facts.dane.state,
        facts.smtp.state,
        facts.bimi.state,
        facts.caa.state,
    }
    assert states == {"unverifiable"}


# -- whether the resolver validates -----------------------------------------------------------------------------------


def unsigned() -> tuple[MailEvidence, list[tuple[str, str]]]:
    zone = {**ZONE, f"_25._tcp.{HOST}": {"TLSA": ["3 1 1 " + "ab" * 32]}}
    with DnsServer(zone) as dns:
        return asyncio.run(look_at_mail_domain(DOMAIN, Resolver([dns.address], timeout=0.5))), list(dns.queries)


def test_tlsa_records_that_are_not_authenticated_have_the_root_asked_for() -> None:
    """Our server authenticates nothing, so that nothing follows for the domain."""
    evidence, asked = unsigned()
    facts = read_mail(evidence).transport
    assert facts is not None
    assert (facts.dane.state, asked.count(("", "SOA")) + asked.count((".", "SOA"))) == ("unverifiable", 1)


def test_a_resolver_that_authenticates_the_root_shows_that_the_zone_is_unsigned() -> None:
    evidence, _ = unsigned()
    assert evidence.transport is not None
    assert isinstance(evidence.transport.mx, Completed)
    asked = evidence.transport.mx.value.server
    assert asked.startswith("127.0.0.1#")
    root = Completed(DnsAnswer(".", "SOA", ("",), authenticated=True, server=asked))
    facts = read_mail(replace(evidence, transport=replace(evidence.transport, root=root))).transport
    assert facts is not None
    assert (facts.dane.state, facts.dane.problems) == ("insecure", (Problem.DANE_INSECURE,))
