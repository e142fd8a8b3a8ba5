"""Nothing that a resolver answers, or a zone holds, stops the reading of a DNSSEC chain."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import dns.dnssec
import dns.dnssectypes
import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.RRSIG import RRSIG
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import Completed, DnssecFacts, DnssecLook, DnssecStep, Outcome, SignedAnswer
from auditor.read.records.dnssec import read_dnssec
from tests.read.records.test_dnssec import LEAF, NOW, tree

STATES = {"secure", "insecure", "bogus", "unverifiable"}
NAMES = (".", "vn", "gov.vn", LEAF)
Answer = Outcome[SignedAnswer]


def answered(wire: bytes, name: str = LEAF, kind: str = "DS") -> Answer:
    return Completed(SignedAnswer(name, kind, wire))


@cache
def sound() -> tuple[DnssecLook, tuple[bytes, ...]]:
    """A look that holds, and every message in it (and in the look at an unsigned zone)."""
    look, bare = tree().evidence(), tree(signed=False).evidence()
    outcomes = [look.soa, look.mx, *(answer for step in (*look.steps, *bare.steps) for answer in (step.ds, step.keys))]
    return look, tuple(outcome.value.wire for outcome in outcomes if isinstance(outcome, Completed))


def with_answer(look: DnssecLook, place: int, answer: Answer) -> DnssecLook:
    """`look` with one of its answers replaced: DNSKEY and DS of the steps, then SOA and MX."""
    if place >= 2 * len(look.steps):
        return replace(look, soa=answer) if place % 2 else replace(look, mx=answer)
    steps = list(look.steps)
    step = steps[place // 2]
    steps[place // 2] = replace(step, keys=answer) if place % 2 or step.ds is None else replace(step, ds=answer)
    return replace(look, steps=tuple(steps))


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """A message of a sound or an unsigned chain, some of its octets changed, perhaps cut."""
    wire = bytearray(draw(st.sampled_from(sound()[1])))
    for at, value in draw(st.lists(st.tuples(st.integers(0, len(wire) - 1), st.integers(0, 255)), max_size=6)):
        wire[at] = value
    return bytes(wire[: draw(st.one_of(st.none(), st.integers(0, len(wire))))])


@settings(max_examples=300)
@given(st.integers(0, 9), st.one_of(st.binary(max_size=200), bent()))
def test_no_message_stops_the_walk(place: int, wire: bytes) -> None:
    assert read_dnssec(with_answer(sound()[0], place, answered(wire)), NOW).state in STATES


@given(st.lists(st.binary(max_size=80), min_size=9, max_size=9))
def test_nothing_but_noise_is_unverifiable(wires: list[bytes]) -> None:
    keys, ds = wires[:4], (None, *(answered(wire) for wire in wires[4:7]))
    steps = tuple(DnssecStep(name, above, answered(wire)) for name, above, wire in zip(NAMES, ds, keys, strict=True))
    look = DnssecLook(sound()[0].anchors, steps, answered(wires[7]), answered(wires[8]))
    assert read_dnssec(look, NOW).state == "unverifiable"


@settings(max_examples=100)
@given(
    st.sampled_from([8, 10, 13, 14, 15, 16, 5, 1, 3, 253, 0]),
    st.one_of(st.binary(max_size=140), st.binary(min_size=64, max_size=64), st.binary(min_size=96, max_size=96)),
    st.binary(max_size=140),
    st.integers(0, 255),
    st.integers(0, 5),
)
def test_keys_and_signatures_that_are_none_prove_nothing(
    algorithm: int, material: bytes, signature: bytes, protocol: int, labels: int
) -> None:
    """A DS that names the key: what a zone's owner can publish with a registry that does not look."""
    facts = judged(algorithm, material, signature, protocol, labels)
    assert facts.state in STATES - {"secure"}


@pytest.mark.parametrize("algorithm", [8, 10, 13, 14, 15, 16])
@pytest.mark.parametrize(
    "material", [b"", b"\0", b"\0\0", b"\1", b"\x03abc", b"\0" * 64, b"\xff" * 96, b"\1\3" + b"\1" * 64]
)
def test_keys_that_cannot_be_decoded(algorithm: int, material: bytes) -> None:
    assert judged(algorithm, material, b"x", 3, 3).state != "secure"


def judged(algorithm: int, material: bytes, signature: bytes, protocol: int, labels: int) -> DnssecFacts:
    """The chain with this one key at the leaf, a DS that names it, and this signature over it."""
    made, leaf = tree(), dns.name.from_text(LEAF)
    kind = dns.dnssectypes.Algorithm.make(algorithm)
    key = DNSKEY(dns.rdataclass.IN, dns.rdatatype.DNSKEY, 257, protocol, kind, material)
    try:
        ds = dns.dnssec.make_ds(leaf, key, "SHA256", validating=True)
    except (dns.exception.DNSException, ValueError):
        return DnssecFacts("unverifiable")
    at = int(NOW.timestamp())
    signed = RRSIG(
        dns.rdataclass.IN, dns.rdatatype.RRSIG, dns.rdatatype.DNSKEY, kind, labels, 300, at + 99, at - 99,
        dns.dnssec.key_id(key), leaf, signature,
    )  # fmt: skip
    records = dns.rrset.from_rdata(leaf, 300, ds)
    for name, sets in (
        ("DS", (records, made.sign("gov.vn", records))),
        ("DNSKEY", (_rrset(leaf, key), _rrset(leaf, signed))),
    ):
        reply = dns.message.make_response(dns.message.make_query(leaf, name, want_dnssec=True))
        reply.answer.extend(sets)
        made.faults[LEAF, name] = answered(reply.to_wire(max_size=65535), kind=name)
    return made.look()


def _rrset(name: dns.name.Name, rdata: dns.rdata.Rdata) -> dns.rrset.RRset:
    return dns.rrset.from_rdata(name, 300, rdata)
