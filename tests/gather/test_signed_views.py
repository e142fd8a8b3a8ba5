"""Resolvers of which each sees something else: what one of them drops or hides is never the domain's fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import pytest

from auditor.demo.signing import Plan, SignedDnsServer, SignedTree, sign_tree
from auditor.gather.dns import Resolver
from auditor.gather.mail import NameServerDoor, Outside, look_at_mail_domain
from auditor.model import Completed, Finding, MailEvidence, MailFacts, NotRun, Reason, Verdict
from auditor.read.records import read_mail
from auditor.store.codec import from_json, to_json
from tests.factories import judge, make_facts

DOMAIN = "tinh.gov.example"
LEAF = Plan(f"@ 300 MX 10 mail\nmail 300 A 203.0.113.5\n_25._tcp.mail 300 TLSA 3 1 1 {'ab' * 32}\n")
Answer = Callable[[SignedTree, dns.message.Message], dns.message.Message]
BROKEN = {(DOMAIN, kind): "servfail" for kind in ("DNSKEY", "SOA", "MX")}


class Other(SignedDnsServer):
    """A resolver that answers as `said` has it."""

    def __init__(self, tree: SignedTree, said: Answer, **more: Mapping[tuple[str, str], str]) -> None:
        super().__init__(tree, faults=more.get("faults"))
        self._said = said

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        return self._said(self.tree, query)


def stripped(tree: SignedTree, query: dns.message.Message) -> dns.message.Message:
    """As a forwarder from before DNSSEC: the records alone, without signatures and proofs."""
    plain = dns.message.make_query(query.question[0].name, query.question[0].rdtype, id=query.id, flags=query.flags)
    return tree.answer(plain)


def inner(tree: SignedTree, query: dns.message.Message) -> dns.message.Message:
    """An office's own resolver, which holds its domain in a view of its own that nobody has signed."""
    asked = query.question[0]
    own = asked.name.is_subdomain(dns.name.from_text(DOMAIN))
    return stripped(tree, query) if own and asked.rdtype != dns.rdatatype.DS else tree.answer(query)


def made(leaf: Plan = LEAF) -> SignedTree:
    plans = {".": Plan(), "example": Plan("ns 300 A 127.0.0.1\n"), "gov.example": Plan(), DOMAIN: leaf}
    return sign_tree(plans, datetime.now(UTC))


def looked(
    tree: SignedTree, *resolvers: SignedDnsServer, name_server: SignedDnsServer | None = None, anchored: bool = True
) -> tuple[MailEvidence, MailFacts]:
    """Two looks, as after a fault: the second one, and what both come to. `name_server`: that of the zone, on 127.0.0.1."""

    async def one(addresses: Sequence[tuple[str, int]], port: int) -> MailEvidence:
        door = NameServerDoor(allow_private=True, port=port, timeout=1) if port else None
        outside = Outside(anchors=tree.anchors if anchored else (), nameservers=door)
        return await look_at_mail_domain(DOMAIN, Resolver(addresses, timeout=1), outside=outside)

    with ExitStack() as stack:
        addresses = [stack.enter_context(server).address for server in resolvers]
        port = stack.enter_context(name_server).address[1] if name_server else 0
        first, second = (asyncio.run(one(addresses, port)) for _ in range(2))
    assert from_json(MailEvidence, to_json(second)) == second
    return second, read_mail(second, first)


def finding(mail: MailFacts, criterion: str = "mail.dnssec") -> Finding:
    return judge(criterion, make_facts(mail=mail))


# -- a chain is one resolver's word ---------------------------------------------------------------------------------


def test_signatures_that_one_resolver_drops_where_the_other_cannot_answer_are_not_missing() -> None:
    tree = made()
    _, mail = looked(tree, SignedDnsServer(tree, faults=BROKEN), Other(tree, stripped))
    assert mail.dnssec is not None and mail.dnssec.state == "unverifiable"
    assert finding(mail).verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize("said", [stripped, inner])
def test_a_resolver_that_drops_signatures_leaves_the_walk_to_the_next_one(said: Answer) -> None:
    tree = made()
    evidence, mail = looked(tree, Other(tree, said), SignedDnsServer(tree))
    assert mail.dnssec is not None and (mail.dnssec.state, mail.dnssec.mx_signed) == ("secure", True)
    assert finding(mail).verdict is Verdict.PASS
    assert evidence.dnssec is not None and isinstance(evidence.dnssec.mx, Completed)


def test_a_question_that_the_first_resolver_cannot_answer_has_the_whole_walk_made_with_the_next() -> None:
    tree = made()
    second = SignedDnsServer(tree)
    _, mail = looked(tree, SignedDnsServer(tree, faults=BROKEN), second)
    assert mail.dnssec is not None and mail.dnssec.state == "secure"
    assert {(".", "DNSKEY"), ("gov.example", "DS"), (DOMAIN, "DNSKEY")} <= set(second.queries)


# -- signatures that are missing ------------------------------------------------------------------------------------


def test_a_resolver_with_an_inner_view_that_nobody_signed_accuses_nobody() -> None:
    tree = made()
    _, mail = looked(tree, Other(tree, inner))
    found = finding(mail)
    assert (found.verdict, found.seen_key) == (Verdict.UNVERIFIED, "mail.dnssec.missing")
    assert "vùng nội bộ" in found.seen and "hỏng" not in found.seen


def test_name_servers_that_show_signatures_do_not_confirm_that_there_are_none() -> None:
    tree = made()
    _, mail = looked(tree, Other(tree, inner), name_server=SignedDnsServer(tree))
    assert finding(mail).verdict is Verdict.UNVERIFIED


def unsigned(kind: str) -> SignedTree:
    """The zone without its signatures over the records of `kind` at the top."""
    tree = made()
    with tree.zones[DOMAIN].writer() as writer:
        writer.delete(dns.name.from_text(DOMAIN), dns.rdatatype.RRSIG, dns.rdatatype.from_text(kind))
    return tree


def bare() -> SignedTree:
    """A zone that is not signed any more, and whose DS was left behind in the zone above."""
    tree = made()
    tree.zones[DOMAIN] = sign_tree({".": Plan(), DOMAIN: Plan(LEAF.records, signed=False)}, tree.now).zones[DOMAIN]
    return tree


@pytest.mark.parametrize(
    ("tree", "kind", "why"),
    [(bare(), "DNSKEY", "no_keys"), (unsigned("DNSKEY"), "DNSKEY", "no_keys"), (unsigned("SOA"), "SOA", "soa_unsigned"),
     (unsigned("MX"), "MX", "mx_unsigned")],
    ids=["no keys", "keys", "SOA", "MX"],
)  # fmt: skip
def test_signatures_that_the_zones_own_servers_do_not_have_either_are_missing(
    tree: SignedTree, kind: str, why: str
) -> None:
    server = SignedDnsServer(tree)
    _, mail = looked(tree, SignedDnsServer(tree), name_server=server)
    assert mail.dnssec is not None and (mail.dnssec.state, mail.dnssec.why) == ("bogus", why)
    assert finding(mail).verdict is Verdict.FAIL
    assert len(server.queries) == 2 * 3  # beside the zone's SOA and the domain's MX, one that asks for signatures
    _, unasked = looked(tree, SignedDnsServer(tree))
    assert finding(unasked).verdict is Verdict.UNVERIFIED


def forwarded(tree: SignedTree, query: dns.message.Message) -> dns.message.Message:
    """Something on the way answers in the place of whoever is asked."""
    reply = stripped(tree, query)
    reply.flags = reply.flags & ~dns.flags.AA | dns.flags.RA
    return reply


@pytest.mark.parametrize("said", [stripped, forwarded], ids=["EDNS taken off on the way", "a resolver in their place"])
def test_name_servers_that_may_not_have_been_asked_for_signatures_confirm_nothing(said: Answer) -> None:
    """RFC 3225 section 3: a server that knows of signatures repeats the DO bit."""
    tree = made()
    _, mail = looked(tree, Other(tree, inner), name_server=Other(tree, said))
    assert mail.dnssec is not None and (mail.dnssec.state, mail.dnssec.why) == ("unverifiable", "no_keys")


def test_name_servers_are_asked_for_signatures_only_where_some_are_missing() -> None:
    for leaf in (
        LEAF,
        Plan(LEAF.records, signed=False),
        Plan(LEAF.records, expired=("MX",)),
        Plan(LEAF.records, days=-1),
    ):
        tree = made(leaf)
        server = SignedDnsServer(tree)
        looked(tree, SignedDnsServer(tree), name_server=server)
        assert len(server.queries) == 2 * 2


# -- TLSA records that are taken out of the answer ------------------------------------------------------------------


PROVIDER = "nha-cung-cap.example"
HOSTED = Plan(f"@ 300 MX 10 mx.{PROVIDER}.\n")
PINNED = f"mx 300 A 203.0.113.5\n_25._tcp.mx 300 TLSA 3 1 1 {'ab' * 32}\n"


def emptied(tree: SignedTree, query: dns.message.Message) -> dns.message.Message:
    """Something on the way that knows no TLSA records: no error, no records, no proof."""
    tlsa = query.question[0].rdtype == dns.rdatatype.TLSA
    return dns.message.make_response(query) if tlsa else tree.answer(query)


def dane(mail: MailFacts) -> tuple[str, Verdict]:
    assert mail.transport is not None
    return mail.transport.dane.state, finding(mail, "mail.dane").verdict


def whole(tree: SignedTree, query: dns.message.Message) -> dns.message.Message:
    return tree.answer(query)


def hosted(provider: Plan) -> SignedTree:
    plans = {".": Plan(), "example": Plan(), "gov.example": Plan(), DOMAIN: HOSTED, PROVIDER: provider}
    return sign_tree(plans, datetime.now(UTC))


@pytest.mark.parametrize("tree", [made(), hosted(Plan(PINNED))], ids=["own", "a provider's"])
def test_tlsa_records_that_a_resolver_leaves_out_of_a_signed_zone_are_not_missing(tree: SignedTree) -> None:
    _, mail = looked(tree, Other(tree, emptied))
    assert dane(mail) == ("unverifiable", Verdict.UNVERIFIED)
    said = finding(mail, "mail.dane")
    assert (said.reason, "bằng chứng DNSSEC" in said.seen) == (Reason.DNS_UNPROVEN, True)
    _, better = looked(tree, Other(tree, emptied), SignedDnsServer(tree))
    assert better.transport is not None
    assert [(host.state, host.vouched_by) for host in better.transport.dane.hosts] == [("unchecked", "walk")]


@pytest.mark.parametrize(
    ("tree", "said"),
    [(made(Plan("@ 300 MX 10 mail\nmail 300 A 203.0.113.5\n")), whole),
     (made(Plan("@ 300 MX 10 mail\n_25._tcp.mail 300 TXT x\n")), whole),
     (hosted(Plan("mx 300 A 203.0.113.5\n")), whole), (hosted(Plan("mx 300 A 203.0.113.5\n", signed=False)), whole),
     (hosted(Plan(PINNED, signed=False)), emptied)],
    ids=["own", "own name", "a provider's", "a provider's that is not signed", "left out where they have no effect"],
)  # fmt: skip
def test_tlsa_records_are_missing_where_that_is_proven_or_the_zone_is_not_signed(
    tree: SignedTree, said: Answer
) -> None:
    _, mail = looked(tree, Other(tree, said))
    assert dane(mail) == ("none", Verdict.FAIL)


@pytest.mark.parametrize(
    "first", [inner, stripped], ids=["inner view", "a forwarder before DNSSEC, then an inner view"]
)
def test_tlsa_records_are_not_missing_where_the_walk_ended_in_a_signed_zone(first: Answer) -> None:
    tree = made()

    def old(tree: SignedTree, query: dns.message.Message) -> dns.message.Message:
        return (emptied if query.question[0].rdtype == dns.rdatatype.TLSA else first)(tree, query)

    _, mail = looked(tree, Other(tree, old), *([Other(tree, inner)] if first is stripped else []))
    assert mail.dnssec is not None and mail.dnssec.state == "unverifiable"
    assert dane(mail)[1] is Verdict.UNVERIFIED


# -- the AD bit is one resolver's word ------------------------------------------------------------------------------


def validated(tree: SignedTree, query: dns.message.Message) -> dns.message.Message:
    """A resolver that validates: AD on all but the mail domain's zone, which is not signed."""
    reply = tree.answer(query)
    own = query.question[0].name.is_subdomain(dns.name.from_text(DOMAIN))
    reply.flags |= 0 if own else dns.flags.AD
    return reply


@pytest.mark.parametrize("kind", ["MX", "TLSA"])
@pytest.mark.parametrize("anchored", [True, False])
def test_what_one_resolver_authenticates_says_nothing_of_what_the_other_answered(kind: str, anchored: bool) -> None:
    """One validates and cannot answer this; the other answers, and validates nothing."""
    tree = made()
    hole = {("*", kind): "servfail"} | ({(DOMAIN, "DNSKEY"): "servfail"} if anchored else {})
    first = SignedDnsServer(tree, faults=hole, forged_ad=True)
    _, mail = looked(tree, first, Other(tree, stripped), anchored=anchored)
    assert dane(mail) == ("unverifiable", Verdict.UNVERIFIED)


def test_a_resolver_that_validates_the_root_and_not_the_mx_records_shows_that_they_are_not_signed() -> None:
    tree = made(Plan(LEAF.records, signed=False))
    evidence, mail = looked(tree, Other(tree, validated), anchored=False)
    assert dane(mail) == ("unsigned", Verdict.FAIL)
    assert evidence.transport is not None
    assert isinstance(evidence.transport.tlsa[0][1], NotRun)


def test_a_resolver_that_validates_the_root_around_an_inner_view_accuses_nobody() -> None:
    """Our own walk has seen that the zone above has the domain signed."""
    tree = made()

    def said(tree: SignedTree, query: dns.message.Message) -> dns.message.Message:
        reply = inner(tree, query)
        reply.flags |= validated(tree, query).flags & dns.flags.AD
        return reply

    _, mail = looked(tree, Other(tree, said))
    assert dane(mail) == ("unverifiable", Verdict.UNVERIFIED)
