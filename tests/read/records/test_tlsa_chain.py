"""The chain to a mail server's TLSA records: what our own walk leaves to others, and octets of all kinds."""

from __future__ import annotations

import asyncio

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.gather.mail.dnssec import MAX_LABELS, look_at_tlsa
from auditor.model import Completed, DnsAnswer, DnssecFacts, Failed, Outcome, Reason, SignedAnswer, TlsaLook
from auditor.read.records.signed import signer_of, tlsa_name, unsigned_form
from auditor.read.records.tlsa_chain import denier_of, denies, is_absent, read_tlsa_chain
from tests.read.records.test_dnssec import LEAF, NOW, Tree, tree

HOST = f"thu.{LEAF}"
OWNER = tlsa_name(HOST)
PINNED = f"_25._tcp.thu 300 TLSA 3 1 1 {'ab' * 32}\n"


def walked(made: Tree, host: str = HOST) -> DnssecFacts:
    look, facts = asyncio.run(look_at_tlsa(host, made, made.anchors, NOW))
    assert read_tlsa_chain(look, NOW) == facts, "what is stored reads as it was seen"
    return facts


def message(owner: str, *sets: dns.rrset.RRset) -> Outcome[SignedAnswer]:
    reply = dns.message.make_response(dns.message.make_query(owner, "TLSA"))
    reply.answer.extend(sets)
    return Completed(SignedAnswer(owner, "TLSA", reply.to_wire()))


def test_records_of_the_zone_are_secure() -> None:
    assert walked(tree(records=PINNED)) == DnssecFacts("secure", LEAF)


def test_no_records_are_nothing_to_be_judged() -> None:
    assert walked(tree(records="")).state == "unverifiable"


def absent(made: Tree, *, domain: str = LEAF) -> bool:
    look, facts = asyncio.run(look_at_tlsa(HOST, made, made.anchors, NOW, domain))
    assert read_tlsa_chain(look, NOW) == facts
    return is_absent(look, facts)


@pytest.mark.parametrize("domain", [LEAF, f"so.{LEAF}", "khac.vn"], ids=["own zone", "below it", "another zone"])
def test_that_there_are_no_records_is_believed_with_its_proof(domain: str) -> None:
    """RFC 4035 section 5.4. Neither a record that is there, nor an empty answer, nor a proof of something else."""
    assert absent(tree(records="thu 300 A 203.0.114.1\n"), domain=domain)
    made = tree(records=PINNED)
    assert not absent(made, domain=domain)
    made.faults[OWNER, "TLSA"] = message(OWNER)
    assert not absent(made, domain=domain)
    other = made.answer(dns.message.make_query(OWNER, "TXT", want_dnssec=True))  # its NSEC names the TLSA records
    other.question = dns.message.make_query(OWNER, "TLSA").question
    made.faults[OWNER, "TLSA"] = Completed(SignedAnswer(OWNER, "TLSA", other.to_wire()))
    assert not absent(made, domain=domain)


def test_a_proof_whose_signature_does_not_hold_is_none_in_the_domains_own_zone() -> None:
    made = tree(records="thu 300 A 203.0.114.1\n")
    reply = made.answer(dns.message.make_query(OWNER, "TLSA", want_dnssec=True))
    for n, records in enumerate(reply.authority):
        if records.rdtype == dns.rdatatype.RRSIG and records.covers == dns.rdatatype.NSEC:
            bent = [one.replace(original_ttl=1) for one in records]
            reply.authority[n] = dns.rrset.from_rdata_list(records.name, 300, bent)
    made.faults[OWNER, "TLSA"] = Completed(SignedAnswer(OWNER, "TLSA", reply.to_wire()))
    assert not absent(made)


def test_an_empty_answer_is_believed_of_a_zone_that_is_not_signed() -> None:
    made = tree(records="thu 300 A 203.0.114.1\n", signed=False)
    assert absent(made, domain="khac.vn")


def test_an_alias_is_not_judged() -> None:
    made = tree(records=PINNED)
    alias = dns.rrset.from_text(f"{OWNER}.", 300, "IN", "CNAME", f"dane.{LEAF}.")
    answer = message(OWNER, alias)
    made.faults[OWNER, "TLSA"] = answer
    assert unsigned_form(answer) is None
    assert walked(made).state == "unverifiable"


def test_a_wildcard_is_not_judged() -> None:
    """RFC 4035 section 5.3.4: that no closer name exists would have to be proven, too."""
    made = tree(records=f"*.thu 300 TLSA 3 1 1 {'ab' * 32}\n")
    zone, wild = made.zones[LEAF], dns.name.from_text(f"*.{HOST}")
    found = [zone.get_rrset(wild, dns.rdatatype.TLSA), zone.get_rrset(wild, dns.rdatatype.RRSIG, dns.rdatatype.TLSA)]
    here = dns.name.from_text(OWNER)
    moved = [dns.rrset.from_rdata_list(here, one.ttl, list(one)) for one in found if one is not None]
    made.faults[OWNER, "TLSA"] = message(OWNER, *moved)
    assert len(moved) == 2
    assert walked(made) == DnssecFacts("unverifiable", LEAF, "wildcard", Reason.DNS_ERROR)


def test_a_name_of_more_labels_than_are_walked_is_not_judged() -> None:
    deep = ".".join([*"abcdefghi", LEAF])
    made = tree(records="")
    record = dns.rrset.from_text(f"{tlsa_name(deep)}.", 300, "IN", "TLSA", f"3 1 1 {'ab' * 32}")
    made.faults[tlsa_name(deep), "TLSA"] = message(tlsa_name(deep), record)
    assert deep.count(".") >= MAX_LABELS
    assert walked(made, deep).state == "unverifiable"


def test_a_signer_elsewhere_is_none() -> None:
    made = tree(records="thu 300 A 203.0.114.1\n" + PINNED)
    answer = asyncio.run(made.signed(OWNER, "TLSA"))
    assert signer_of(answer, OWNER, "TLSA") == LEAF
    assert isinstance(answer, Completed)
    found = dns.message.from_wire(answer.value.wire)
    foreign = [signature.replace(signer=dns.name.from_text("other.vn")) for signature in found.answer[1]]
    moved = message(OWNER, found.answer[0], dns.rrset.from_rdata_list(dns.name.from_text(OWNER), 300, foreign))
    assert signer_of(moved, OWNER, "TLSA") == ""
    made.faults[OWNER, "TLSA"] = moved
    assert walked(made).state == "bogus"


@pytest.mark.parametrize(
    "outcome", [Failed(Reason.DNS_SERVFAIL), Failed(Reason.DNS_TIMEOUT), Completed(SignedAnswer(OWNER, "TLSA", b"\0" * 9))]
)  # fmt: skip
def test_what_was_not_answered(outcome: Outcome[SignedAnswer]) -> None:
    made = tree(records=PINNED)
    made.faults[OWNER, "TLSA"] = outcome
    assert walked(made).state == "unverifiable"
    assert unsigned_form(outcome) == (None if isinstance(outcome, Completed) else outcome)


def test_the_plain_form_is_that_of_a_plain_question() -> None:
    made = tree(records=PINNED)
    answer = unsigned_form(asyncio.run(made.signed(OWNER, "TLSA")))
    assert answer == Completed(DnsAnswer(OWNER, "TLSA", (f"3 1 1 {'ab' * 32}",), 300))
    missing = unsigned_form(asyncio.run(made.signed(tlsa_name(f"www.{LEAF}"), "TLSA")))
    assert missing == Failed(Reason.DNS_NXDOMAIN)


@given(st.binary(max_size=120), st.integers(0, 100))
def test_octets_never_crash_the_reader(octets: bytes, at: int) -> None:
    made = tree(records=PINNED)
    good = asyncio.run(made.signed(OWNER, "TLSA"))
    assert isinstance(good, Completed)
    wire = good.value.wire[:at] + octets + good.value.wire[at + len(octets) :]
    answer: Outcome[SignedAnswer] = Completed(SignedAnswer(OWNER, "TLSA", wire))
    unsigned_form(answer)
    signer_of(answer, OWNER, "TLSA")
    denier_of(answer, OWNER), denies(HOST, answer)
    look, _ = asyncio.run(look_at_tlsa(HOST, made, made.anchors, NOW))
    assert read_tlsa_chain(TlsaLook(HOST, answer, look.chain), NOW).state in ("secure", "bogus", "unverifiable")
