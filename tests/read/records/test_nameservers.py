"""Name servers: how many, where, and what could not be seen. Each case names its text."""

from __future__ import annotations

import asyncio

import pytest

from auditor.demo.dns import DnsServer
from auditor.gather.dns import Resolver
from auditor.gather.mail.nameservers import look_at_nameservers
from auditor.model import Completed, DnsAnswer, Failed, NameServersLook, NotRun, Outcome, Reason, Verdict
from auditor.read.records.nameservers import read_nameservers
from tests.factories import judge, make_facts, make_mail

ZONE = "tinh.example"
Addresses = Outcome[tuple[str, ...]]


def look(*servers: Addresses) -> NameServersLook:
    hosts = tuple(f"ns{n}.{ZONE}" for n in range(1, len(servers) + 1))
    return NameServersLook(ZONE, Completed(DnsAnswer(ZONE, "NS", hosts)), tuple(zip(hosts, servers, strict=True)))


def at(*addresses: str) -> Addresses:
    return Completed(addresses)


GONE, LATE = Failed(Reason.DNS_NXDOMAIN), Failed(Reason.DNS_TIMEOUT)
CASES = {
    "RFC 2182 3.1: two networks": (look(at("203.0.114.1"), at("198.51.102.1")), ()),
    "RFC 2182 3.1: two /24 by one host each of two families": (look(at("203.0.114.1", "2001:4860::1"), at("203.0.115.1")), ()),
    "RFC 1034 4.1: only one": (look(at("203.0.114.1")), ("ns_single",)),
    "RFC 2182 3.1: one network": (look(at("203.0.114.1"), at("203.0.114.9")), ("ns_same_network",)),
    "one has no address": (look(at("203.0.114.1"), at("198.51.102.1"), GONE), ("ns_unresolved",)),
    "a private address": (look(at("203.0.114.1"), at("10.0.0.1")), ("ns_private_address",)),
    "one could not be looked at, the others stand apart": (look(at("203.0.114.1"), at("198.51.102.1"), LATE), ()),
}


@pytest.mark.parametrize("case", CASES)
def test_problems(case: str) -> None:
    seen, problems = CASES[case]
    facts = read_nameservers(seen)
    assert (facts.state, facts.problems) == ("valid", problems)


@pytest.mark.parametrize("answer", [LATE, GONE, NotRun(Reason.RESOLVER_DOWN), Failed(Reason.DNS_SERVFAIL)])
def test_what_could_not_be_seen_accuses_nobody(answer: Failed | NotRun) -> None:
    facts = read_nameservers(NameServersLook(ZONE, answer))
    assert (facts.state, facts.problems, facts.reason) == ("unverifiable", (), answer.reason)
    assert judge("mail.nameservers", make_facts(mail=make_mail(nameservers=facts))).verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize("seen", [look(LATE, LATE), look(at("203.0.114.1"), LATE)], ids=["none", "one of two"])
def test_networks_of_servers_that_were_not_seen_are_not_known(seen: NameServersLook) -> None:
    facts = read_nameservers(seen)
    assert (facts.state, facts.reason) == ("unverifiable", Reason.DNS_TIMEOUT)


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (look(at("203.0.114.1"), at("198.51.102.1")), Verdict.PASS),
        (look(at("203.0.114.1"), at("203.0.114.9")), Verdict.PARTIAL),
        (look(at("203.0.114.1")), Verdict.PARTIAL),
        (look(at("203.0.114.1"), at("198.51.102.1"), GONE), Verdict.PASS),
    ],
)
def test_verdicts(seen: NameServersLook, verdict: Verdict) -> None:
    assert judge("mail.nameservers", make_facts(mail=make_mail(nameservers=read_nameservers(seen)))).verdict is verdict


def test_a_name_inside_a_zone_is_judged_by_its_zone() -> None:
    records = {
        ZONE: {"NS": [f"ns1.{ZONE}.", f"ns2.{ZONE}."]},
        f"ns1.{ZONE}": {"A": ["203.0.114.1"]},
        f"ns2.{ZONE}": {"A": ["198.51.102.1"]},
        f"thu.{ZONE}": {"A": ["203.0.114.7"]},
    }
    with DnsServer(records, zones=[ZONE]) as server:
        seen = asyncio.run(_looked(server))
    assert seen.zone == ZONE
    assert [host for host, _ in seen.servers] == [f"ns1.{ZONE}", f"ns2.{ZONE}"]
    assert read_nameservers(seen).problems == ()


async def _looked(server: DnsServer) -> NameServersLook:
    return await look_at_nameservers(f"thu.{ZONE}", Resolver([server.address]))
