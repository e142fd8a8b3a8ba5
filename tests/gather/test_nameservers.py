"""Name servers asked directly: real servers on loopback, each on its own address of 127.0.0.0/8 and all on one port."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from auditor.audit_context import open_context
from auditor.demo.dns import DnsServer
from auditor.gather.dns import Resolver
from auditor.gather.mail import NameServerDoor, Outside, look_at_mail_domain
from auditor.gather.mail.direct import open_door
from auditor.mail_domains import MailJudge
from auditor.model import (
    Completed,
    DirectLook,
    DirectReply,
    DnsAnswer,
    Failed,
    MailEvidence,
    MailFacts,
    NameServersLook,
    NotRun,
    Outcome,
    Reason,
    Verdict,
)
from auditor.read.records import Problem, read_mail
from auditor.read.records.nameservers import read_nameservers
from auditor.settings import load_settings
from auditor.store.codec import from_json, to_json
from tests.factories import judge, make_agency, make_facts, make_mail

ZONE = "tinh.example"
TIMEOUT = 0.3  # seconds of one question
PLACED = {Problem.NS_PRIVATE_ADDRESS}  # loopback is a private network
TTL = 3600


@dataclass
class One:
    """One name server: what differs from a sound one."""

    mx: Sequence[str] = ("10 mail.tinh.example.",)
    serial: int = 7
    ttl: int = TTL
    faults: Mapping[tuple[str, str], str] = field(default_factory=dict)
    gone: bool = False


def broken(fault: str, kind: str = "*") -> One:
    return One(faults={("*", kind): fault})


def records(mx: Sequence[str], count: int) -> dict[str, Mapping[str, Sequence[str]]]:
    return {
        ZONE: {"NS": [f"ns{n}.{ZONE}." for n in range(1, count + 1)], "MX": mx},
        f"mail.{ZONE}": {"A": ["203.0.113.5"]},
        f"thu.{ZONE}": {"A": ["203.0.113.7"]},
        **{f"ns{n}.{ZONE}": {"A": [f"127.0.{n}.1"]} for n in range(1, count + 1)},
    }


@contextmanager
def served(*servers: One) -> Iterator[tuple[DnsServer, list[DnsServer]]]:
    """A resolver, and the name servers that it tells of."""
    with ExitStack() as stack:
        resolver = stack.enter_context(DnsServer(records(One().mx, len(servers))))
        running: list[DnsServer] = []
        for n, one in enumerate(servers, 1):
            port = running[0].address[1] if running else 0
            server = DnsServer(
                records(one.mx, len(servers)), [ZONE], faults=one.faults, host=f"127.0.{n}.1", port=port,
                serial=one.serial, ttl=one.ttl,
            )  # fmt: skip
            running.append(stack.enter_context(server))
        for server, one in zip(running, servers, strict=True):
            if one.gone:
                server.stop()
        yield resolver, running


def seen(*servers: One, domain: str = ZONE, **door: Any) -> MailEvidence:
    async def run(resolver: DnsServer, port: int) -> MailEvidence:
        way = NameServerDoor(**{"allow_private": True, "port": port, "timeout": TIMEOUT, **door})
        return await look_at_mail_domain(domain, Resolver([resolver.address]), outside=Outside(nameservers=way))

    with served(*servers) as (resolver, running):
        return asyncio.run(run(resolver, running[0].address[1]))


def problems(evidence: MailEvidence) -> set[str]:
    facts = read_mail(evidence).nameservers
    assert facts is not None
    return set(facts.problems) - PLACED


def states(evidence: MailEvidence) -> list[str]:
    facts = read_mail(evidence).nameservers
    assert facts is not None
    return [reply.state for reply in facts.replies]


def verdict(facts: MailFacts) -> Verdict:
    """Of the name servers, with what they said themselves alone."""
    assert facts.nameservers is not None
    said = tuple(one for one in facts.nameservers.problems if one not in PLACED)
    mail = make_mail(nameservers=replace(facts.nameservers, problems=said), confirmed=facts.confirmed)
    return judge("mail.nameservers", make_facts(mail=mail, agency=make_agency(operates_mail=True))).verdict


def once(evidence: MailEvidence) -> Verdict:
    return verdict(read_mail(evidence))


def twice(first: MailEvidence, second: MailEvidence) -> Verdict:
    return verdict(read_mail(second, first))


@pytest.fixture(scope="module")
def sound() -> MailEvidence:
    return seen(One(), One())


def test_servers_that_agree(sound: MailEvidence) -> None:
    facts = read_mail(sound).nameservers
    assert facts is not None and facts.direct_reason is None
    assert [(r.host, r.address, r.state, r.serial, r.mx, r.rcode, r.authoritative) for r in facts.replies] == [
        (f"ns{n}.{ZONE}", f"127.0.{n}.1", "answered", 7, (f"10 mail.{ZONE}",), "NOERROR", True) for n in (1, 2)
    ]  # fmt: skip
    assert problems(sound) == set()
    assert twice(sound, sound) is Verdict.PASS


def test_each_is_asked_twice_without_recursion_and_not_for_the_resolver() -> None:
    with served(One(), One()) as (resolver, running):
        door = NameServerDoor(True, running[0].address[1], TIMEOUT)
        evidence = asyncio.run(
            look_at_mail_domain(f"thu.{ZONE}", Resolver([resolver.address]), outside=Outside(nameservers=door))
        )
        for server in running:
            assert server.queries == [(ZONE, "SOA"), (f"thu.{ZONE}", "MX")]
        assert evidence.queries == len(set(resolver.queries))
    assert door.queries == 4
    assert [reply.mx for reply in read_mail(evidence).nameservers.replies] == [(), ()]  # type: ignore[union-attr]


@pytest.mark.parametrize("fault", ["refused", "servfail", "lame", "recursive"])
def test_lame_beside_one_that_answers_rfc_1912_section_2_8(fault: str, sound: MailEvidence) -> None:
    evidence = seen(One(), broken(fault))
    assert states(evidence) == ["answered", "refused" if fault == "refused" else "lame"]
    assert problems(evidence) == {Problem.NS_LAME}
    assert once(evidence) is Verdict.UNVERIFIED
    assert twice(evidence, evidence) is Verdict.PARTIAL
    assert twice(sound, evidence) is Verdict.UNVERIFIED
    assert twice(evidence, sound) is Verdict.PASS


def test_the_sentence_names_the_server_that_is_lame() -> None:
    evidence = seen(One(), broken("refused"))
    mail = make_mail(nameservers=read_mail(evidence, evidence).nameservers, confirmed=True)
    found = judge("mail.nameservers", make_facts(mail=mail, agency=make_agency(operates_mail=True)))
    assert f"Máy chủ không trả lời cho vùng: ns2.{ZONE}." in found.seen


@pytest.mark.parametrize("fault", ["refused", "servfail", "lame"])
def test_nobody_is_lame_where_none_answers_for_the_zone(fault: str) -> None:
    evidence = seen(broken(fault), broken(fault))
    assert problems(evidence) == set()
    assert read_mail(evidence).nameservers.direct_reason is Reason.DNS_ERROR  # type: ignore[union-attr]
    assert twice(evidence, evidence) is Verdict.PASS


def test_a_resolver_in_everybodys_place_is_a_remark_only() -> None:
    evidence = seen(broken("recursive"), broken("recursive"))
    assert problems(evidence) == {Problem.NS_INTERCEPTED}
    assert twice(evidence, evidence) is once(evidence) is Verdict.PASS


@pytest.mark.parametrize(
    ("silent", "state"), [(broken("drop"), "timeout"), (broken(f"delay:{TIMEOUT * 4}"), "timeout"), (One(gone=True), "unreachable")],
    ids=["drop", "late", "closed"],
)  # fmt: skip
def test_silence_is_a_remark_and_bounded_in_time(silent: One, state: str) -> None:
    started = time.monotonic()
    evidence = seen(One(), silent)
    assert time.monotonic() - started < TIMEOUT * 3 + 2
    assert states(evidence) == ["answered", state]
    assert problems(evidence) == {Problem.NS_NO_ANSWER}
    assert once(evidence) is Verdict.PASS


def test_one_that_falls_silent_after_the_first_question_says_nothing_of_mx() -> None:
    evidence = seen(One(), broken("drop", "MX"))
    assert states(evidence) == ["answered", "answered"]
    assert problems(evidence) == set()


def test_a_slow_one_is_waited_for() -> None:
    assert problems(seen(One(), broken("delay:0.05"))) == set()


def test_truncated_answers_are_read_over_tcp() -> None:
    assert problems(seen(One(), broken("truncate"))) == set()


def test_all_silent_is_our_own_network() -> None:
    evidence = seen(broken("drop"), broken("drop"))
    facts = read_mail(evidence).nameservers
    assert facts is not None and facts.direct_reason is Reason.DNS_TIMEOUT
    assert problems(evidence) == set()
    assert once(evidence) is Verdict.PASS


def test_serials_that_differ_are_a_remark() -> None:
    evidence = seen(One(), One(serial=8))
    assert problems(evidence) == {Problem.NS_SERIAL_DIFFERS}
    assert once(evidence) is Verdict.PASS


OTHER = One(mx=["10 mail.tinh.example.", "20 cu.tinh.example."])


@pytest.mark.parametrize("other", [OTHER, One(mx=["20 mail.tinh.example."]), One(mx=[])], ids=["more", "order", "none"])
def test_mx_that_differ_wait_for_a_second_look(other: One, sound: MailEvidence) -> None:
    evidence = seen(One(), other)
    assert problems(evidence) == {Problem.NS_MX_DIFFERS}
    assert (once(evidence), twice(evidence, evidence)) == (Verdict.UNVERIFIED, Verdict.PARTIAL)
    assert twice(sound, evidence) is Verdict.UNVERIFIED


def test_the_order_and_case_of_mx_do_not_matter() -> None:
    both = One(mx=["20 CU.tinh.example.", "10 mail.tinh.example."])
    assert problems(seen(both, OTHER)) == set()


def test_what_a_lame_server_holds_is_not_compared() -> None:
    old = One(mx=["10 cu.tinh.example."], serial=3, faults={("*", "*"): "lame"})
    assert problems(seen(One(), old)) == {Problem.NS_LAME}


@pytest.mark.parametrize(
    ("ttl", "remark"),
    [(299, Problem.NS_SHORT_TTL), (300, None), (604_800, None), (604_801, Problem.NS_LONG_TTL)],
)
def test_ttl(ttl: int, remark: Problem | None) -> None:
    evidence = seen(One(ttl=ttl), One())
    assert problems(evidence) == ({remark} if remark else set())
    assert once(evidence) is Verdict.PASS


# -- could not look -------------------------------------------------------------------------------------------------


def direct(evidence: MailEvidence) -> Outcome[tuple[DirectLook, ...]]:
    assert evidence.nameservers is not None
    return evidence.nameservers.direct


def test_private_addresses_are_left_alone() -> None:
    evidence = seen(One(), broken("refused"), allow_private=False)
    assert states(evidence) == ["not_asked", "not_asked"]
    assert read_mail(evidence).nameservers.direct_reason is Reason.BLOCKED_ADDRESS  # type: ignore[union-attr]
    assert once(evidence) is Verdict.PASS


@pytest.mark.parametrize("closed", [Reason.OVERRIDDEN, Reason.NOT_CONFIGURED])
def test_a_closed_door_asks_nobody(closed: Reason) -> None:
    with served(One(), broken("refused")) as (resolver, running):
        door = NameServerDoor(True, running[0].address[1], TIMEOUT, closed)
        look = look_at_mail_domain(ZONE, Resolver([resolver.address]), outside=Outside(nameservers=door))
        evidence = asyncio.run(look)
        assert [server.queries for server in running] == [[], []]
    assert direct(evidence) == NotRun(closed)
    assert read_mail(evidence).nameservers.direct_reason is closed  # type: ignore[union-attr]
    assert once(evidence) is Verdict.PASS


def test_without_a_door_and_without_a_resolver() -> None:
    async def run(address: tuple[str, int], outside: Outside | None) -> MailEvidence:
        return await look_at_mail_domain(ZONE, Resolver([address], timeout=TIMEOUT), outside=outside)

    with DnsServer(records(One().mx, 2)) as server:
        assert direct(asyncio.run(run(server.address, None))) == NotRun(Reason.NOT_CONFIGURED)
    evidence = asyncio.run(run(server.address, Outside(nameservers=NameServerDoor())))
    assert direct(evidence) == NotRun(Reason.RESOLVER_DOWN, "no name servers to ask")


def test_a_port_that_is_blocked_is_left_alone_after_a_few() -> None:
    async def run(port: int) -> list[Outcome[tuple[DirectLook, ...]]]:
        door = NameServerDoor(True, port, 0.03)
        servers = [(f"ns{n}.{ZONE}", Completed((f"127.0.{n}.1",))) for n in (1, 2)]
        return [await door.look(ZONE, ZONE, servers) for _ in range(4)]

    with served(broken("drop"), broken("drop")) as (_, running):
        looks = asyncio.run(run(running[0].address[1]))
        assert len(running[0].queries) == 6  # three questions, each sent twice
    assert isinstance(looks[2], Completed)
    assert isinstance(looks[3], NotRun) and looks[3].reason is Reason.PORT_53_BLOCKED


def test_bounded_in_servers_one_address_each_ipv4_first_equal_ones_once() -> None:
    async def run(port: int) -> Outcome[tuple[DirectLook, ...]]:
        door = NameServerDoor(True, port, TIMEOUT)
        found: Outcome[tuple[str, ...]] = Completed(("::1", "127.0.1.1", "127.0.2.1"))
        return await door.look(ZONE, ZONE, [(f"ns{n:02}.{ZONE}", found) for n in range(20)])

    with served(One(), One()) as (_, running):
        look = asyncio.run(run(running[0].address[1]))
        assert [len(server.queries) for server in running] == [2, 0]
    assert isinstance(look, Completed) and [one.address for one in look.value] == ["127.0.1.1"] * 8


def test_names_without_addresses_are_not_asked() -> None:
    late: Outcome[tuple[str, ...]] = Failed(Reason.DNS_TIMEOUT)
    look = asyncio.run(NameServerDoor(True).look(ZONE, ZONE, [(f"ns1.{ZONE}", late)]))
    assert look == Completed((DirectLook(f"ns1.{ZONE}", "", late),))


@pytest.mark.parametrize(
    ("resolvers", "closed"),
    [
        ([], None), ([("1.1.1.1", 53)], None), ([("127.0.0.1", 53)], Reason.OVERRIDDEN),
        ([("1.1.1.1", 5353)], Reason.OVERRIDDEN), ([("1.1.1.1", 53), ("10.0.0.1", 53)], Reason.OVERRIDDEN),
    ],
)  # fmt: skip
def test_resolvers_chosen_on_purpose(resolvers: list[tuple[str, int]], closed: Reason | None) -> None:
    assert open_door(resolvers, False, 1.0).closed is closed


@pytest.mark.parametrize(("look", "open_"), [("auto", True), ("off", False)])
def test_the_setting_decides(look: str, open_: bool) -> None:
    settings = load_settings(None)
    table = settings.mail_domain.model_copy(update={"nameserver_look": look})

    async def run() -> bool:
        async with open_context(
            settings.model_copy(update={"mail_domain": table}), as_of=datetime.now(UTC).date()
        ) as context:
            return context.nameservers is not None

    assert settings.mail_domain.nameserver_look == "auto"
    assert asyncio.run(run()) is open_


# -- on demand ------------------------------------------------------------------------------------------------------


async def on_demand(server: DnsServer, port: int, between: Callable[[int, float], None]) -> Verdict:
    """`auditor mail` with its second look, by the way to the servers on loopback. `between` is called between the
    looks."""
    settings = load_settings(None).with_audit(resolvers=("{}:{}".format(*server.address),))
    async with open_context(settings, as_of=datetime.now(UTC).date()) as context:
        context.nameservers = NameServerDoor(True, port, TIMEOUT)
        (judged,) = await MailJudge(context).judge_few([ZONE], 0.01, between)
        return verdict(judged.facts)


@pytest.mark.parametrize(("mended", "expected"), [(False, Verdict.PARTIAL), (True, Verdict.PASS)])
def test_a_lame_server_on_demand_is_seen_twice(mended: bool, expected: Verdict) -> None:
    with served(One(), broken("refused")) as (resolver, running):

        def between(domains: int, seconds: float) -> None:
            if mended:
                running[1].faults = {}

        assert asyncio.run(on_demand(resolver, running[0].address[1], between)) is expected
        assert [queries.count((ZONE, "SOA")) for queries in (running[0].queries, running[1].queries)] == [2, 2]


# -- keeping --------------------------------------------------------------------------------------------------------


def test_evidence_survives_the_store_and_that_of_older_nights_loads(sound: MailEvidence) -> None:
    assert from_json(MailEvidence, to_json(sound)) == sound == pickle.loads(pickle.dumps(sound))
    older = to_json(sound).replace('"direct":', '"unknown":')
    assert direct(from_json(MailEvidence, older)) == NotRun(Reason.NOT_CONFIGURED)


def test_octets_that_are_no_message_accuse_nobody(sound: MailEvidence) -> None:
    bad: Outcome[DirectReply] = Completed(DirectReply(b"\0" * 5))
    look = NameServersLook(
        ZONE, Completed(DnsAnswer(ZONE, "NS", ("ns1",))), direct=Completed((DirectLook("ns1", "127.0.1.1", bad, bad),))
    )
    facts = read_nameservers(look)
    assert (facts.replies[0].state, facts.direct_reason) == ("lame", Reason.DNS_ERROR)
    assert Problem.NS_LAME not in facts.problems


def test_the_proof_says_where_each_server_is_and_what_it_answered() -> None:
    facts = read_mail(seen(One(), broken("refused"), broken("drop"))).nameservers
    finding = judge("mail.nameservers", make_facts(mail=make_mail(nameservers=facts), agency=make_agency()))
    said = f"ns1.{ZONE} NOERROR aa SOA 7; ns2.{ZONE} REFUSED; ns3.{ZONE} timeout"
    places = f"ns1.{ZONE} 127.0.1.1; ns2.{ZONE} 127.0.2.1; ns3.{ZONE} 127.0.3.1"
    assert [ref.excerpt for ref in finding.evidence] == [f"{places} | {said}"]
