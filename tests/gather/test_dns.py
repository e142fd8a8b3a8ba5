"""The resolver against the demo DNS server: three outcomes, and a dead resolver that costs seconds."""

from __future__ import annotations

import asyncio
import socket

import pytest

from auditor.demo.dns import DnsServer
from auditor.gather.dns import Resolver
from auditor.model import Completed, DnsAnswer, Failed, NotRun, Outcome, Reason

RECORDS = {
    "sotttt.example.vn": {"A": ["192.0.2.2", "192.0.2.1"], "AAAA": ["2001:db8::1"]},
    "a.b.example.vn": {"A": ["192.0.2.3"]},
    "www.example.vn": {"CNAME": ["sotttt.example.vn"]},
    "lost.example.vn": {"CNAME": ["nowhere.example.vn"]},
    "loop.example.vn": {"CNAME": ["pool.example.vn"]},
    "pool.example.vn": {"CNAME": ["loop.example.vn"]},
    "example.vn": {"MX": ["10 mail.example.vn"], "TXT": ['"v=spf1 ip4:192.0.2.1 " "-all"', "x" * 300]},
    "*.wild.example.vn": {"TXT": ["v=spf1 -all"]},
    "big.example.vn": {"TXT": [f"{n:03d}" + "y" * 240 for n in range(20)]},
}


def ask(resolver: Resolver, *questions: tuple[str, str]) -> list[Outcome[DnsAnswer]]:
    async def run() -> list[Outcome[DnsAnswer]]:
        return [await resolver.lookup(*question) for question in questions]

    return asyncio.run(run())


def reason(outcome: object) -> Reason:
    assert isinstance(outcome, Failed | NotRun), outcome
    return outcome.reason


def records(outcome: Outcome[DnsAnswer]) -> tuple[str, ...]:
    assert isinstance(outcome, Completed), outcome
    return outcome.value.records


def test_records_come_as_sorted_text() -> None:
    with DnsServer(RECORDS, ["example.vn"]) as server:
        addresses, mail = ask(Resolver([server.address]), ("sotttt.example.vn", "A"), ("example.vn", "MX"))
    assert records(addresses) == ("192.0.2.1", "192.0.2.2")
    assert records(mail) == ("10 mail.example.vn.",)


def test_txt_strings_are_joined_without_space_or_quotes() -> None:
    with DnsServer(RECORDS, ["example.vn"]) as server:
        (answer,) = ask(Resolver([server.address]), ("Example.VN.", "TXT"))
    assert records(answer) == ("v=spf1 ip4:192.0.2.1 -all", "x" * 300)


def test_alias_is_followed() -> None:
    with DnsServer(RECORDS, ["example.vn"]) as server:
        www, alias, lost, loop = ask(
            Resolver([server.address]),
            ("www.example.vn", "A"),
            ("www.example.vn", "CNAME"),
            ("lost.example.vn", "A"),
            ("loop.example.vn", "A"),
        )
    assert records(www) == ("192.0.2.1", "192.0.2.2")
    assert records(alias) == ("sotttt.example.vn.",)
    assert reason(lost) is Reason.DNS_NXDOMAIN
    assert reason(loop) in (Reason.DNS_ERROR, Reason.DNS_NODATA)


def test_no_such_name_is_not_no_such_record() -> None:
    with DnsServer(RECORDS, ["example.vn"]) as server:
        absent, no_mail, between, wild, beyond = ask(
            Resolver([server.address]),
            ("absent.example.vn", "A"),
            ("sotttt.example.vn", "MX"),
            ("b.example.vn", "A"),
            ("any.wild.example.vn", "TXT"),
            ("other.vn", "A"),
        )
    assert reason(absent) is Reason.DNS_NXDOMAIN
    assert reason(no_mail) is Reason.DNS_NODATA
    assert reason(between) is Reason.DNS_NODATA, "an empty non-terminal exists"
    assert records(wild) == ("v=spf1 -all",)
    assert reason(beyond) is Reason.DNS_ERROR, "REFUSED says nothing of the name"


def test_servfail_and_malformed_names_are_failures_of_the_look() -> None:
    with DnsServer(RECORDS, faults={("sotttt.example.vn", "A"): "servfail"}) as server:
        broken, long, empty = ask(
            Resolver([server.address]), ("sotttt.example.vn", "A"), ("x" * 64 + ".vn", "A"), ("a..vn", "A")
        )
    assert reason(broken) is Reason.DNS_SERVFAIL
    assert reason(long) is reason(empty) is Reason.DNS_ERROR


@pytest.mark.parametrize(("name", "count"), [("big.example.vn", 20), ("example.vn", 2)])
def test_truncated_answers_are_asked_again_over_tcp(name: str, count: int) -> None:
    with DnsServer(RECORDS, ["example.vn"], faults={("example.vn", "TXT"): "truncate"}) as server:
        (answer,) = ask(Resolver([server.address]), (name, "TXT"))
        asked = server.queries.count((name, "TXT"))
    assert len(records(answer)) == count
    assert asked == 2


def test_each_question_is_asked_once_also_at_the_same_moment() -> None:
    with DnsServer(RECORDS, ["example.vn"], faults={("example.vn", "MX"): "delay:0.1"}) as server:
        resolver = Resolver([server.address])

        async def run() -> None:
            await asyncio.gather(*(resolver.lookup("example.vn", "MX") for _ in range(5)))
            await resolver.lookup("EXAMPLE.vn", "mx")

        asyncio.run(run())
        assert server.queries == [("example.vn", "MX")]
        assert resolver.queries == 1


def test_cancelling_one_caller_leaves_the_answer_to_the_other() -> None:
    with DnsServer(RECORDS, ["example.vn"], faults={("example.vn", "MX"): "delay:0.1"}) as server:
        resolver = Resolver([server.address])

        async def run() -> Outcome[DnsAnswer]:
            first = asyncio.ensure_future(resolver.lookup("example.vn", "MX"))
            second = asyncio.ensure_future(resolver.lookup("example.vn", "MX"))
            await asyncio.sleep(0.02)
            first.cancel()
            return await second

        assert records(asyncio.run(run())) == ("10 mail.example.vn.",)


def test_addresses_take_what_is_there() -> None:
    async def run(resolver: Resolver, *hosts: str) -> list[Outcome[tuple[str, ...]]]:
        return [await resolver.addresses(host) for host in hosts]

    faults = {("sotttt.example.vn", "AAAA"): "servfail", ("b.example.vn", "AAAA"): "servfail"}
    with DnsServer(RECORDS, ["example.vn"], faults=faults) as server:
        half, unsure, absent, literal, six, local = asyncio.run(
            run(
                Resolver([server.address]),
                "sotttt.example.vn",
                "b.example.vn",
                "absent.example.vn",
                "127.0.0.1",
                "[::1]",
                "localhost",
            )
        )
        assert half == Completed(("192.0.2.1", "192.0.2.2"))
        assert reason(unsure) is Reason.DNS_SERVFAIL, "no A and AAAA unknown is not 'no address'"
        assert reason(absent) is Reason.DNS_NXDOMAIN
        assert literal == Completed(("127.0.0.1",))
        assert six == Completed(("::1",))
        assert local == Completed(("127.0.0.1", "::1"))
        assert not any(name in ("127.0.0.1", "::1", "localhost") for name, _ in server.queries)


def test_closed_port_is_known_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    resolver = Resolver([("127.0.0.1", port)], timeout=60.0)  # a time-out would exceed the test's limit
    first, second = ask(resolver, ("a.example.vn", "A"), ("b.example.vn", "A"))
    assert reason(first) is reason(second) is Reason.RESOLVER_DOWN
    assert isinstance(first, NotRun) and isinstance(second, NotRun)
    assert resolver.queries == 1


def test_silent_resolver_is_given_up_after_two_time_outs() -> None:
    with DnsServer({}, faults={("*", "*"): "drop"}) as server:
        resolver = Resolver([server.address], timeout=0.15)
        outcomes = ask(resolver, *((f"{n}.example.vn", "A") for n in range(30)))
        assert [reason(outcome) for outcome in outcomes[:2]] == [Reason.DNS_TIMEOUT] * 2
        assert {reason(outcome) for outcome in outcomes[2:]} == {Reason.RESOLVER_DOWN}
        assert {name for name, _ in server.queries} == {"0.example.vn", "1.example.vn", "."}


def test_dead_domains_do_not_switch_off_a_living_resolver() -> None:
    faults = {(f"{n}.example.vn", "A"): "drop" for n in range(3)}
    with DnsServer(RECORDS, ["example.vn"], faults=faults) as server:
        *dead, alive = ask(
            Resolver([server.address], timeout=0.15),
            *((f"{n}.example.vn", "A") for n in range(3)),
            ("a.b.example.vn", "A"),
        )
    assert {reason(outcome) for outcome in dead} == {Reason.DNS_TIMEOUT}
    assert records(alive) == ("192.0.2.3",)


def test_one_lost_packet_is_sent_again() -> None:
    with DnsServer(RECORDS, ["example.vn"], faults={("example.vn", "MX"): "drop"}) as server:

        async def run() -> Outcome[DnsAnswer]:
            task = asyncio.ensure_future(Resolver([server.address], timeout=1.0).lookup("example.vn", "MX"))
            while not server.queries:
                await asyncio.sleep(0.01)
            server.faults = {}
            return await task

        assert records(asyncio.run(run())) == ("10 mail.example.vn.",)


def test_next_resolver_is_asked_where_the_first_fails() -> None:
    with DnsServer({}, ["vn"], faults={("*", "*"): "servfail"}) as broken, DnsServer(RECORDS, ["example.vn"]) as good:
        (answer,) = ask(Resolver([broken.address, good.address]), ("a.b.example.vn", "A"))
    assert records(answer) == ("192.0.2.3",)


def test_second_look_asks_again_only_what_failed() -> None:
    with DnsServer(RECORDS, ["example.vn"], faults={("example.vn", "MX"): "servfail"}) as server:
        resolver = Resolver([server.address])

        async def run() -> Outcome[DnsAnswer]:
            await resolver.lookup("example.vn", "MX")
            await resolver.lookup("example.vn", "TXT")
            server.faults = {}
            resolver.forget_failures()
            await resolver.lookup("example.vn", "TXT")
            return await resolver.lookup("example.vn", "MX")

        assert records(asyncio.run(run())) == ("10 mail.example.vn.",)
        assert server.queries.count(("example.vn", "TXT")) == 1


def test_records_change_while_the_demo_server_runs() -> None:
    with DnsServer(RECORDS, ["example.vn"]) as server:
        server.update({"new.example.vn": {"A": ["192.0.2.9"]}})
        new, old = ask(Resolver([server.address]), ("new.example.vn", "A"), ("a.b.example.vn", "A"))
    assert records(new) == ("192.0.2.9",)
    assert reason(old) is Reason.DNS_NXDOMAIN


def test_demo_server_binds_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        DnsServer({}, host="0.0.0.0")
    with pytest.raises(ValueError, match="not an address"):
        DnsServer({"example.vn": {"A": ["not an address"]}})


class _ClosedNetwork(Resolver):
    """The machine's own resolver, where the machine stands in a network without a way out."""

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(timeout=1.0)
        self._own = address

    def _system(self) -> list[tuple[str, int]]:
        return [self._own]


def test_a_resolver_that_denies_every_name_even_the_root_proves_nothing() -> None:
    with DnsServer({"a.example": {"A": ["192.0.2.1"]}}) as server:  # answers NXDOMAIN for all other names, the root too

        async def run() -> list[object]:
            resolver = _ClosedNetwork(server.address)
            return [await resolver.lookup("sct.binhphuoc.gov.vn", "A"), await resolver.lookup("khac.gov.vn", "MX")]

        outcomes = asyncio.run(run())
    assert [outcome.reason for outcome in outcomes] == [Reason.RESOLVER_DOWN, Reason.RESOLVER_DOWN]
    assert [question for question in server.queries if question[0] in (".", "")] == [server.queries[1]]


def test_the_machines_resolver_that_knows_the_root_is_believed() -> None:
    with DnsServer({".": {"NS": ["ns.example."]}, "a.example": {"A": ["192.0.2.1"]}}) as server:
        (outcome,) = ask(_ClosedNetwork(server.address), ("khong-co.example", "A"))
    assert isinstance(outcome, Failed) and outcome.reason is Reason.DNS_NXDOMAIN


def test_more_questions_than_a_resolvers_socket_holds_are_not_on_their_way_at_once() -> None:
    many = [(f"n{n}.example.vn", "A") for n in range(400)]

    async def run() -> tuple[int, list[Outcome[DnsAnswer]]]:
        resolver = Resolver([server.address], timeout=30.0)
        asking = asyncio.gather(*(resolver.lookup(*question) for question in many))
        while len(server.queries) < 256:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        return len(server.queries), await asking

    with DnsServer(RECORDS, ["example.vn"], faults={("*", "A"): "delay:1.5"}) as server:
        first, found = asyncio.run(run())
        assert (first, len(server.queries)) == (256, 400)
    assert {reason(one) for one in found} == {Reason.DNS_NXDOMAIN}
