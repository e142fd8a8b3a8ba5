"""The chain of DNSSEC over zones that are really signed: root, vn, gov.vn, and what hangs below it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from auditor.demo.dns import DnsServer
from auditor.gather.dns import Resolver
from auditor.gather.mail.dnssec import AsksSigned, look_at_dnssec
from auditor.model import Completed, DnssecFacts, Failed, NotRun, Outcome, Reason, SignedAnswer, Verdict
from auditor.read.records.dnssec import read_dnssec
from auditor.rulebook import load_trust_anchors
from tests.factories import judge, make_facts, make_mail

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
LEAF = "binhmai.gov.vn"
NSEC = dns.rdatatype.NSEC


@dataclass
class Tree:
    """Signed zones and the resolver that passes their answers on. `faults`: (name, type) -> an outcome instead."""

    zones: dict[str, dns.zone.Zone] = field(default_factory=dict)
    anchors: tuple[str, ...] = ()
    faults: dict[tuple[str, str], Outcome[SignedAnswer]] = field(default_factory=dict)

    async def signed(self, name: str, rdtype: str) -> Outcome[SignedAnswer]:
        if (name, rdtype) in self.faults:
            return self.faults[name, rdtype]
        owner = dns.name.from_text(name)
        kind = dns.rdatatype.from_text(rdtype)
        reply = dns.message.make_response(dns.message.make_query(owner, kind, want_dnssec=True))
        above = owner.parent() if kind == dns.rdatatype.DS else owner
        apex = next(z for z in self._up(above) if z in self.zones)
        zone = self.zones[apex]
        for section, wanted in ((reply.answer, kind), (reply.authority, NSEC)):
            records = zone.get_rrset(owner, wanted)
            if records is not None:
                section.append(records)
                if (signatures := zone.get_rrset(owner, dns.rdatatype.RRSIG, wanted)) is not None:
                    section.append(signatures)
                break
        else:
            if zone.get_node(owner) is None:
                reply.set_rcode(dns.rcode.NXDOMAIN)
        return Completed(SignedAnswer(name, rdtype, reply.to_wire(max_size=65535)))

    @staticmethod
    def _up(name: dns.name.Name) -> list[str]:
        return [dns.name.Name(name.labels[n:]).to_text(omit_final_dot=True) or "." for n in range(len(name.labels))]

    def look(self, domain: str = LEAF) -> DnssecFacts:
        look = asyncio.run(look_at_dnssec(domain, self, self.anchors))
        return read_dnssec(look, NOW)


@dataclass
class Zone:
    """What a zone of the tree is made with. `days`: how long its signatures hold from NOW on."""

    signed: bool = True
    days: int = 30
    ds_in_parent: bool = True
    wrong_ds: bool = False


@cache
def key(apex: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def tree(**leaf: object) -> Tree:
    """root -> vn -> gov.vn -> the leaf, which is made as told; gov.vn holds a host and no zone "thu" of its own."""
    plans = {LEAF: Zone(**leaf), "gov.vn": Zone(), "vn": Zone(), ".": Zone()}  # type: ignore[arg-type]
    made, delegations = Tree(), dict[str, str]()
    for apex, plan in plans.items():
        text = "@ 300 SOA ns. host. 1 3600 600 86400 300\n@ 300 NS ns.example.\nthu 300 A 203.0.114.1\n"
        for child, ds in delegations.items():
            below = dns.name.from_text(child).relativize(dns.name.from_text(apex)).to_text()
            text += f"{below} 300 NS ns.example.\n" + (f"{below} 300 DS {ds}\n" if ds else "")
        zone = dns.zone.from_text(text, origin=apex, relativize=False, check_origin=False)
        delegations = {apex: ""}
        if plan.signed:
            public = dns.dnssec.make_dnskey(key(apex).public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=257)
            until = NOW + timedelta(days=plan.days)
            with zone.writer() as writer:
                dns.dnssec.sign_zone(
                    zone, writer, keys=[(key(apex), public)], inception=min(NOW, until) - timedelta(days=60),
                    expiration=until, add_dnskey=True, dnskey_ttl=300, deterministic=False,
                )  # fmt: skip
            ds = dns.dnssec.make_ds(dns.name.from_text(apex), public, "SHA256").to_text()
            if plan.wrong_ds:
                ds = ds[:-4] + ("0000" if not ds.endswith("0000") else "1111")
            delegations = {apex: ds if plan.ds_in_parent else ""}
        made.zones[apex] = zone
        made.anchors = (delegations["."],) if apex == "." else ()
    return made


def test_a_chain_that_holds_is_secure() -> None:
    assert tree().look() == DnssecFacts("secure", LEAF)


def test_a_name_inside_a_signed_zone_is_secure_by_its_zone() -> None:
    assert tree().look(f"thu.{LEAF}") == DnssecFacts("secure", LEAF)


@pytest.mark.parametrize("leaf", [{"signed": False}, {"ds_in_parent": False}])
def test_a_zone_without_ds_is_proven_insecure(leaf: dict[str, bool]) -> None:
    facts = tree(**leaf).look()
    assert (facts.state, facts.zone, facts.why) == ("insecure", LEAF, "no_ds")


@pytest.mark.parametrize(
    ("leaf", "why"), [({"wrong_ds": True}, "ds_mismatch"), ({"days": -1}, "expired")], ids=["wrong DS", "expired"]
)
def test_signatures_that_do_not_hold_are_bogus(leaf: dict[str, object], why: str) -> None:
    facts = tree(**leaf).look()
    assert (facts.state, facts.zone, facts.why) == ("bogus", LEAF, why)


def test_a_clock_of_ours_that_is_wrong_accuses_nobody() -> None:
    made = tree()
    look = asyncio.run(look_at_dnssec(LEAF, made, made.anchors))
    for now in (NOW - timedelta(days=200), NOW + timedelta(days=200)):
        facts = read_dnssec(look, now)
        assert (facts.state, facts.zone, facts.reason) == ("unverifiable", ".", Reason.DNS_ERROR)


@pytest.mark.parametrize("kind", ["keys", "signatures"])
def test_a_resolver_that_keeps_back_the_roots_keys_or_signatures_accuses_nobody(kind: str) -> None:
    made = tree()
    with made.zones["."].writer() as writer:
        if kind == "keys":
            writer.delete(dns.name.root, dns.rdatatype.DNSKEY)
        else:
            writer.delete(dns.name.root, dns.rdatatype.RRSIG, dns.rdatatype.DNSKEY)
    assert (made.look().state, made.look().zone) == ("unverifiable", ".")


def test_algorithms_that_cannot_be_judged_accuse_nobody() -> None:
    made = tree()
    weak = dns.rrset.from_text(LEAF, 300, "IN", "DS", "1 3 2 " + "ab" * 32)  # DSA
    with made.zones["gov.vn"].writer() as writer:
        writer.replace(dns.name.from_text(LEAF), 300, weak[0])
        writer.delete(dns.name.from_text(LEAF), dns.rdatatype.RRSIG, dns.rdatatype.DS)
    zone = made.zones["gov.vn"]
    public = dns.dnssec.make_dnskey(key("gov.vn").public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=257)
    records = zone.get_rrset(dns.name.from_text(LEAF), dns.rdatatype.DS)
    assert records is not None
    signature = dns.dnssec.sign(
        records, key("gov.vn"), dns.name.from_text("gov.vn"), public,
        inception=NOW - timedelta(days=1), expiration=NOW + timedelta(days=1), deterministic=False,
    )  # fmt: skip
    with zone.writer() as writer:
        writer.add(dns.name.from_text(LEAF), 300, signature)
    assert (made.look().state, made.look().why) == ("unverifiable", "algorithm")


def test_tampered_keys_are_bogus() -> None:
    made = tree()
    zone = made.zones[LEAF]
    other = dns.dnssec.make_dnskey(
        ec.generate_private_key(ec.SECP256R1()).public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=256
    )
    with zone.writer() as writer:
        writer.add(dns.name.from_text(LEAF), 300, other)
    assert (made.look().state, made.look().why) == ("bogus", "bad_signature")


def test_a_signed_ds_without_keys_below_is_bogus() -> None:
    made = tree()
    with made.zones[LEAF].writer() as writer:
        writer.delete(dns.name.from_text(LEAF), dns.rdatatype.DNSKEY)
    assert (made.look().state, made.look().why) == ("bogus", "no_keys")


def test_a_missing_proof_is_not_called_bogus() -> None:
    made = tree(signed=False)
    with made.zones["gov.vn"].writer() as writer:
        writer.delete(dns.name.from_text(LEAF), NSEC)
    assert (made.look().state, made.look().why) == ("unverifiable", "no_proof")


def test_a_proof_that_nobody_signed_is_none() -> None:
    made = tree(signed=False)
    with made.zones["gov.vn"].writer() as writer:
        writer.delete(dns.name.from_text(LEAF), dns.rdatatype.RRSIG, NSEC)
    assert (made.look().state, made.look().why) == ("unverifiable", "no_proof")


@pytest.mark.parametrize(
    ("algorithm", "iterations", "flags", "state"),
    [(1, 0, 1, "insecure"), (1, 0, 0, "unverifiable"), (2, 0, 1, "unverifiable"), (1, 60_000, 1, "unverifiable")],
    ids=["opt-out", "covered without opt-out", "RFC 5155 8.1: unknown hash", "RFC 9276 3.2: too many iterations"],
)
def test_hashed_proofs(algorithm: int, iterations: int, flags: int, state: str) -> None:
    """One NSEC3 record that covers every name, instead of the NSEC of an unsigned delegation."""
    made, apex = tree(signed=False), dns.name.from_text("gov.vn")
    owner = dns.name.Name((b"0" * 32, *apex.labels))
    proof = dns.rrset.from_text(
        owner, 300, "IN", "NSEC3", f"{algorithm} {flags} {iterations} - {'V' * 32} NS SOA RRSIG DNSKEY"
    )
    public = dns.dnssec.make_dnskey(key("gov.vn").public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=257)
    signature = dns.dnssec.sign(
        proof, key("gov.vn"), apex, public,
        inception=NOW - timedelta(days=1), expiration=NOW + timedelta(days=1), deterministic=False,
    )  # fmt: skip
    answer = dns.message.make_response(dns.message.make_query(LEAF, "DS", want_dnssec=True))
    answer.authority += [proof, dns.rrset.from_rdata(owner, 300, signature)]
    made.faults[LEAF, "DS"] = Completed(SignedAnswer(LEAF, "DS", answer.to_wire(max_size=65535)))
    assert made.look().state == state


@pytest.mark.parametrize(
    "fault", [Failed(Reason.DNS_TIMEOUT), Failed(Reason.DNS_SERVFAIL), NotRun(Reason.RESOLVER_DOWN)]
)
@pytest.mark.parametrize("where", [(".", "DNSKEY"), ("vn", "DS"), (LEAF, "DNSKEY")])
def test_what_could_not_be_seen_is_unverifiable(where: tuple[str, str], fault: Failed | NotRun) -> None:
    made = tree()
    made.faults[where] = fault
    facts = made.look()
    assert (facts.state, facts.reason) == ("unverifiable", fault.reason)


def test_a_wrong_trust_anchor_is_not_believed() -> None:
    made = tree()
    made.anchors = load_trust_anchors()
    assert (made.look().state, made.look().zone) == ("unverifiable", ".")


def test_more_keys_than_a_zone_has_are_not_tried() -> None:
    made = tree()
    algorithm = dns.dnssec.Algorithm.ECDSAP256SHA256
    with made.zones[LEAF].writer() as writer:
        for _ in range(20):
            public = ec.generate_private_key(ec.SECP256R1()).public_key()
            writer.add(dns.name.from_text(LEAF), 300, dns.dnssec.make_dnskey(public, algorithm, flags=256))
    assert (made.look().state, made.look().why) == ("unverifiable", "too_many_keys")


@pytest.mark.parametrize(
    ("state", "verdict"),
    [("secure", Verdict.PASS), ("insecure", Verdict.FAIL), ("bogus", Verdict.FAIL), ("unverifiable", Verdict.UNVERIFIED)],
)
def test_verdicts(state: str, verdict: Verdict) -> None:
    why = {"insecure": "no_ds", "bogus": "expired"}.get(state, "")
    mail = make_mail(domain=LEAF, nameservers=None, dnssec=DnssecFacts(state, LEAF, why))
    finding = judge("mail.dnssec", make_facts(mail=mail))
    assert finding.verdict is verdict
    assert "vi phạm" not in finding.seen


def test_what_breaks_above_the_operators_zone_is_not_his() -> None:
    for state, why in (("insecure", "no_ds"), ("bogus", "expired")):
        mail = make_mail(domain=LEAF, nameservers=None, dnssec=DnssecFacts(state, "gov.vn", why))
        finding = judge("mail.dnssec", make_facts(mail=mail))
        assert (finding.verdict, "gov.vn" in finding.seen) == (Verdict.NOT_APPLICABLE, True)


def test_broken_signatures_count_only_after_a_second_look() -> None:
    broken = make_mail(domain=LEAF, nameservers=None, dnssec=DnssecFacts("bogus", LEAF, "expired"), confirmed=False)
    assert judge("mail.dnssec", make_facts(mail=broken)).verdict is Verdict.UNVERIFIED


def test_the_resolver_passes_on_whole_answers_and_says_when_there_is_none() -> None:
    async def ask(server: DnsServer, *names: str) -> list[Outcome[SignedAnswer]]:
        resolver = Resolver([server.address], timeout=0.3)
        assert isinstance(resolver, AsksSigned)
        return [await resolver.signed(name, "DNSKEY") for name in names]

    with DnsServer({"a.example": {"A": ["203.0.114.1"]}}, zones=["example"], faults={("b.example", "*"): "drop"}) as server:
        there, gone, late = asyncio.run(ask(server, "a.example", "none.example", "b.example"))
    assert isinstance(there, Completed) and isinstance(gone, Completed)
    assert dns.message.from_wire(gone.value.wire).rcode() == dns.rcode.NXDOMAIN
    assert isinstance(late, Failed) and late.reason is Reason.DNS_TIMEOUT
