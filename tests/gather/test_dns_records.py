"""The short reader of answers against the general parser: where it reads at all, it reads the same."""

from __future__ import annotations

import asyncio

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given
from hypothesis import strategies as st

from auditor.demo.dns import DnsServer
from auditor.gather.dns import Resolver
from auditor.gather.dns_records import read_records
from auditor.gather.dns_wire import Question, Reply, make_question, read_reply
from auditor.model import Completed

NAME = "tinh.gov.example"
TYPES = ["A", "AAAA", "MX", "NS", "PTR", "TXT"]

labels = st.sampled_from(["mail", "Mx-1", "_spf", "*", "a" * 63, "tinh", "gov", "example", r"a\.b", r"x\032y", "gõ"])
names = st.lists(labels, max_size=5).map(lambda parts: ".".join(parts) + ".").filter(lambda name: len(name) < 240)
numbers = st.integers(0, 65535)


def rdata(kind: str) -> st.SearchStrategy[dns.rdata.Rdata]:
    if kind == "TXT":
        strings = st.lists(st.binary(max_size=60), min_size=1, max_size=3)
        return strings.map(lambda parts: TXT(dns.rdataclass.IN, dns.rdatatype.TXT, parts))
    text = {
        "A": st.ip_addresses(v=4).map(str), "AAAA": st.ip_addresses(v=6).map(str), "NS": names, "PTR": names,
        "MX": st.builds("{} {}".format, numbers, names),
    }[kind]  # fmt: skip
    return text.map(lambda line: dns.rdata.from_text("IN", kind, line, dns.name.root, relativize=False))


def general(reply: Reply) -> tuple[tuple[str, ...], int] | None:
    """What the general parser makes of it, in the form of the short reader."""
    chain = reply.message(answers_only=True).resolve_chaining()  # type: ignore[attr-defined]
    if chain.answer is None:
        return None
    texts = (b"".join(one.strings).decode("latin-1") if isinstance(one, TXT) else one.to_text() for one in chain.answer)
    return tuple(sorted(texts)), chain.minimum_ttl


def answered(question: Question, *sets: dns.rrset.RRset) -> bytes:
    reply = dns.message.make_response(dns.message.from_wire(question.wire))
    reply.answer.extend(sets)
    return reply.to_wire(max_size=65535)


def whole(wire: bytes, question: Question) -> Reply:
    reply = read_reply(wire, question)
    assert reply is not None
    return reply


@given(st.data(), st.sampled_from(TYPES), st.integers(0, 2**31 - 1))
def test_an_ordinary_answer_is_read_as_the_general_parser_reads_it(data: st.DataObject, kind: str, ttl: int) -> None:
    question = make_question(NAME, kind)
    records = data.draw(st.lists(rdata(kind), min_size=1, max_size=4))
    reply = whole(answered(question, dns.rrset.from_rdata_list(f"{NAME}.", ttl, records)), question)
    ours = read_records(reply, question)
    assert ours == general(reply) or (ours is None and any("\\" in one.to_text() for one in records))


@pytest.mark.parametrize("kind", TYPES)
def test_every_ordinary_type_is_read_here(kind: str) -> None:
    text = {"A": "192.0.2.1", "AAAA": "2001:db8::1", "MX": "10 Mail.b.example.", "TXT": '"v=spf1 " "-all"'}
    record = dns.rdata.from_text("IN", kind, text.get(kind, "Mail.b.example."), relativize=False)
    question = make_question(NAME, kind)
    reply = whole(answered(question, dns.rrset.from_rdata_list(f"{NAME}.", 60, [record])), question)
    ours = read_records(reply, question)
    assert ours is not None and ours == general(reply)


def test_two_texts_that_read_alike_are_two_records() -> None:
    """Two SPF records are an error (RFC 7208 section 4.5), however their strings are cut."""
    question = make_question(NAME, "TXT")
    two = dns.rrset.from_text(f"{NAME}.", 60, "IN", "TXT", '"v=spf1 -all"', '"v=spf1 " "-all"')
    reply = whole(answered(question, two), question)
    assert read_records(reply, question) == general(reply) == (("v=spf1 -all", "v=spf1 -all"), 60)


def test_null_mx() -> None:
    question = make_question(NAME, "MX")
    wire = answered(question, dns.rrset.from_text(f"{NAME}.", 60, "IN", "MX", "0 ."))
    assert read_records(whole(wire, question), question) == (("0 .",), 60)


def test_aliases_signatures_and_other_owners_are_left_to_the_general_parser() -> None:
    question = make_question(NAME, "A")
    alias = dns.rrset.from_text(f"{NAME}.", 60, "IN", "CNAME", "b.example.")
    address = dns.rrset.from_text("b.example.", 60, "IN", "A", "192.0.2.1")
    for sets in ((alias, address), (address,), (alias,)):
        assert read_records(whole(answered(question, *sets), question), question) is None


@given(st.data(), st.sampled_from(TYPES))
def test_bent_records_are_read_alike_or_not_at_all(data: st.DataObject, kind: str) -> None:
    question = make_question(NAME, kind)
    wire = bytearray(answered(question, dns.rrset.from_rdata_list(f"{NAME}.", 60, [data.draw(rdata(kind))])))
    start = 12 + len(question.asked)
    for at, value in data.draw(st.lists(st.tuples(st.integers(start, len(wire) - 1), st.integers(0, 255)), max_size=3)):
        wire[at] = value
    reply = read_reply(bytes(wire), question)
    ours = read_records(reply, question) if reply is not None else None
    if reply is not None and ours is not None:
        assert ours == general(reply)


def test_both_ways_give_the_same_answer_over_the_wire() -> None:
    zone = {
        NAME: {"MX": ["10 Mail.tinh.gov.example.", "0 ."], "TXT": ['"v=spf1 " "-all"'], "CAA": ['0 issue "ca.example"']},
        f"www.{NAME}": {"CNAME": [f"{NAME}."]},
    }

    async def ask(server: DnsServer) -> list[object]:
        resolver = Resolver([server.address])
        asked = [(NAME, "MX"), (NAME, "TXT"), (NAME, "CAA"), (f"www.{NAME}", "MX"), (f"www.{NAME}", "CNAME")]
        found = [await resolver.lookup(*question) for question in asked]
        return [(one.value.records, one.value.canonical) for one in found if isinstance(one, Completed)]

    with DnsServer(zone) as server:
        assert asyncio.run(ask(server)) == [
            (("0 .", "10 Mail.tinh.gov.example."), ""), (("v=spf1 -all",), ""), (('0 issue "ca.example"',), ""),
            (("0 .", "10 Mail.tinh.gov.example."), NAME), ((f"{NAME}.",), ""),
        ]  # fmt: skip
