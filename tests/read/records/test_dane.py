"""DANE for SMTP, from the text of RFC 7672 and RFC 6698; each case names its section."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import (
    Completed,
    DaneFacts,
    DnsAnswer,
    DnssecFacts,
    Failed,
    NotRun,
    Outcome,
    Reason,
    SmtpLook,
    TlsLook,
)
from auditor.read.records import Problem
from auditor.read.records.dane import parse_tlsa, read_dane
from tests.read.records.certs import NOW, Issued, issue, tlsa
from tests.read.records.looks import NODATA, SERVFAIL

HOST, RESOLVER = "mail.tinh.example", "192.0.2.53#53"
GOOD = issue(HOST)
EXPIRED = issue(HOST, days=-1)
ELSEWHERE = issue("other.example")
STRANGER = issue(HOST)


def answer(*records: str, secure: bool = True, kind: str = "TLSA") -> Outcome[DnsAnswer]:
    return Completed(DnsAnswer("", kind, records, authenticated=secure, server=RESOLVER))


MX = answer(f"10 {HOST}.", kind="MX")


def shown(issued: Issued, chain: tuple[bytes, ...] | None = None) -> Outcome[SmtpLook]:
    tls = Completed(TlsLook("TLSv1.3", issued.chain if chain is None else chain))
    return Completed(SmtpLook(HOST, "192.0.2.1", NOW, starttls=True, tls=tls))


def read(
    records: Outcome[DnsAnswer],
    look: Outcome[SmtpLook] | None = None,
    *,
    mx: Outcome[DnsAnswer] = MX,
    insecure: bool = False,
    chain: DnssecFacts | None = None,
) -> DaneFacts:
    """`insecure`: the resolver is known to validate, so that what it does not authenticate is not signed."""
    known = frozenset({RESOLVER}) if insecure else frozenset()
    return read_dane(mx, ((HOST, records),), {HOST: look or shown(GOOD)}, validating=known, chain=chain)


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
@pytest.mark.parametrize("usage", [2, 3])
def test_every_usable_form_matches_rfc_6698_section_2_1(usage: int, selector: int, matching: int) -> None:
    named = GOOD.leaf if usage == 3 else GOOD.authority
    assert read(answer(tlsa(usage, selector, matching, named))).state == "valid"
    wrong = read(answer(tlsa(usage, selector, matching, STRANGER.leaf if usage == 3 else STRANGER.authority)))
    assert (wrong.state, wrong.problems[0]) == ("mismatch", Problem.DANE_MISMATCH)


def test_dane_ee_ignores_name_and_dates_section_3_1_1() -> None:
    for issued in (EXPIRED, ELSEWHERE):
        assert read(answer(tlsa(3, 1, 1, issued.leaf)), shown(issued)).state == "valid"


def test_dane_ta_heeds_name_and_dates_section_3_1_2() -> None:
    for issued in (EXPIRED, ELSEWHERE):
        facts = read(answer(tlsa(2, 1, 1, issued.authority)), shown(issued))
        assert (facts.state, facts.problems[0]) == ("mismatch", Problem.DANE_EXPIRED)


def test_the_trust_anchor_must_be_presented_section_3_1_2() -> None:
    assert read(answer(tlsa(2, 1, 1, GOOD.authority)), shown(GOOD, (GOOD.leaf,))).state == "mismatch"


def test_a_certificate_that_signed_nothing_is_no_anchor() -> None:
    chain = (GOOD.leaf, STRANGER.authority)
    assert read(answer(tlsa(2, 1, 1, STRANGER.authority)), shown(GOOD, chain)).state == "mismatch"


def test_rollover_one_of_several_is_enough_rfc_7671_section_8() -> None:
    facts = read(answer(tlsa(3, 1, 1, STRANGER.leaf), tlsa(3, 1, 1, GOOD.leaf)))
    assert (facts.state, facts.problems) == ("valid", ())
    assert read(answer(tlsa(3, 1, 1, GOOD.leaf))).problems == (Problem.DANE_SINGLE,)


@pytest.mark.parametrize(
    ("state", "zone", "expected"),
    [
        ("insecure", "tinh.example", "insecure"), ("insecure", "example", "insecure"), ("insecure", HOST, "insecure"),
        ("bogus", "tinh.example", "bogus"), ("bogus", "other.example", "bogus"), ("secure", "tinh.example", "valid"),
        ("unverifiable", "tinh.example", "valid"), ("unverifiable", ".", "valid"),
        ("insecure", "other.example", "valid"), ("insecure", "h.example", "valid"), ("bogus", "", "valid"),
    ],
)  # fmt: skip
def test_what_our_own_walk_saw_outweighs_the_resolvers_word(state: str, zone: str, expected: str) -> None:
    records = answer(tlsa(3, 1, 1, GOOD.leaf), tlsa(3, 1, 1, GOOD.authority))
    assert read(records, chain=DnssecFacts(state, zone)).state == expected


@pytest.mark.parametrize("usage", [0, 1, 4, 255])
def test_other_usages_are_unusable_section_3_1_3(usage: int) -> None:
    facts = read(answer(tlsa(usage, 1, 1, GOOD.leaf)))
    assert (facts.state, facts.problems) == ("unusable", (Problem.DANE_UNUSABLE,))


def test_an_unusable_record_beside_a_usable_one_is_a_remark() -> None:
    facts = read(answer(tlsa(1, 1, 1, GOOD.leaf), tlsa(3, 1, 1, GOOD.leaf)))
    assert (facts.state, Problem.DANE_UNUSABLE in facts.problems) == ("valid", True)


def test_a_digest_of_the_wrong_length_is_unusable() -> None:
    assert read(answer("3 1 1 abcd")).state == "unusable"


def test_without_dnssec_there_is_no_effect_and_no_mismatch_section_2_2() -> None:
    facts = read(answer(tlsa(3, 1, 1, STRANGER.leaf), secure=False), insecure=True)
    assert (facts.state, facts.problems) == ("insecure", (Problem.DANE_INSECURE,))


def test_mx_records_without_dnssec_section_2_2_1() -> None:
    unsigned = answer(f"10 {HOST}.", secure=False, kind="MX")
    assert read(answer(tlsa(3, 1, 1, GOOD.leaf)), mx=unsigned, insecure=True).state == "insecure"


def test_a_resolver_that_authenticates_nothing_proves_nothing() -> None:
    assert read(answer(tlsa(3, 1, 1, GOOD.leaf), secure=False)).state == "unverifiable"


NOT_ASKED = NotRun(Reason.OUT_OF_SCOPE, "the MX records are not signed")


def test_that_nothing_was_asked_is_no_sign_that_the_mx_records_are_not_signed() -> None:
    """Who looks decides what to ask; what follows is for the reader to see, and to see again in what was stored."""
    bare = answer(f"10 {HOST}.", secure=False, kind="MX")
    for chain, mx, insecure, state in (
        (DnssecFacts("secure", "tinh.example", mx_signed=True), bare, False, "unverifiable"),
        (DnssecFacts("unverifiable", "tinh.example", "no_keys"), bare, True, "unverifiable"),
        (DnssecFacts("insecure", "tinh.example", "no_ds"), MX, False, "unsigned"),
        (None, bare, False, "unverifiable"), (None, bare, True, "unsigned"), (None, MX, True, "unverifiable"),
    ):  # fmt: skip
        assert read(NOT_ASKED, mx=mx, insecure=insecure, chain=chain).state == state


def test_a_resolver_says_what_is_not_signed_of_its_own_answers_only() -> None:
    mine = Completed(DnsAnswer("", "TLSA", (tlsa(3, 1, 1, GOOD.leaf),), server="192.0.2.54#53"))
    bare = Completed(DnsAnswer("", "MX", (f"10 {HOST}.",), server="192.0.2.54#53"))
    assert read(mine, insecure=True).state == "unverifiable"
    assert read(NOT_ASKED, mx=bare, insecure=True).state == "unverifiable"


def test_no_records() -> None:
    facts = read(NODATA)
    assert (facts.state, facts.reason, facts.problems) == ("none", Reason.DNS_NODATA, (Problem.DANE_MISSING,))


def test_an_answer_that_failed_is_no_verdict_section_2_1_2() -> None:
    assert (read(SERVFAIL).state, read(SERVFAIL).reason) == ("unverifiable", Reason.DNS_SERVFAIL)


@pytest.mark.parametrize("look", [NotRun(Reason.PORT_25_BLOCKED), Failed(Reason.CONNECT_TIMEOUT)])
def test_a_server_that_was_not_seen_is_unchecked(look: Outcome[SmtpLook]) -> None:
    facts = read(answer(tlsa(3, 1, 1, GOOD.leaf)), look)
    assert (facts.state, facts.problems) == ("unchecked", (Problem.DANE_UNCHECKED,))


def test_one_server_of_two() -> None:
    hosts = ((HOST, answer(tlsa(3, 1, 1, GOOD.leaf))), ("mx2.tinh.example", NODATA))
    facts = read_dane(MX, hosts, {HOST: shown(GOOD)}, validating=frozenset())
    assert (facts.state, Problem.DANE_NOT_ALL in facts.problems) == ("partial", True)


@given(st.text(max_size=120))
def test_no_text_crashes_the_parser(text: str) -> None:
    parse_tlsa(text)
    read(answer("3 1 1 " + text))


@given(st.lists(st.binary(max_size=60), max_size=3))
def test_no_certificate_crashes_the_reader(chain: list[bytes]) -> None:
    assert read(answer(tlsa(3, 1, 1, GOOD.leaf)), shown(GOOD, tuple(chain))).state == "unchecked"
