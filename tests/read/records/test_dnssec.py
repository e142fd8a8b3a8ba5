"""The chain of DNSSEC over zones that are really signed: root, vn, gov.vn, and what hangs below it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from auditor.demo.dns import DnsServer
from auditor.demo.signing import Plan, SignedTree, sign_tree
from auditor.gather.dns import Resolver
from auditor.gather.mail.dnssec import AsksSigned, look_at_dnssec
from auditor.model import Completed, DnssecFacts, DnssecLook, Failed, NotRun, Outcome, Reason, SignedAnswer, Verdict
from auditor.read.records.dnssec import read_dnssec
from auditor.rulebook import load_trust_anchors
from auditor.store.codec import from_json, to_json
from tests.factories import judge, make_facts, make_mail

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
LEAF = "binhmai.gov.vn"
NSEC = dns.rdatatype.NSEC


@dataclass
class Tree(SignedTree):
    """Signed zones, and the resolver that passes their answers on. `faults`: (name, type) -> an outcome instead."""

    faults: dict[tuple[str, str], Outcome[SignedAnswer]] = field(default_factory=dict)

    async def signed(self, name: str, rdtype: str) -> Outcome[SignedAnswer]:
        if (name, rdtype) in self.faults:
            return self.faults[name, rdtype]
        reply = self.answer(dns.message.make_query(name, rdtype, want_dnssec=True))
        return Completed(SignedAnswer(name, rdtype, reply.to_wire(max_size=65535)))

    def evidence(self, domain: str = LEAF) -> DnssecLook:
        return asyncio.run(look_at_dnssec(domain, self, self.anchors, NOW))[0]

    def look(self, domain: str = LEAF) -> DnssecFacts:
        return read_dnssec(self.evidence(domain), NOW)


def confirmed(made: Tree, kind: str) -> DnssecFacts:
    """The facts where a name server of the leaf answers as the resolver does."""
    own = asyncio.run(made.signed(LEAF, kind))
    return read_dnssec(replace(made.evidence(), servers=(("ns.example", own),)), NOW)


def tree(**leaf: object) -> Tree:
    """root -> vn -> gov.vn -> the leaf, which is made as told and holds a host that is no zone of its own."""
    records = "@ 300 MX 10 thu\nthu 300 A 203.0.114.1\n"
    plans = {".": Plan(), "vn": Plan(), "gov.vn": Plan(), LEAF: Plan(**{"records": records, **leaf})}  # type: ignore[arg-type]
    made = sign_tree(plans, NOW)
    return Tree(made.now, made.zones, made.anchors)


def test_a_chain_that_holds_is_secure() -> None:
    assert tree().look() == DnssecFacts("secure", LEAF, mx_signed=True)


def test_a_name_inside_a_signed_zone_is_secure_by_its_zone() -> None:
    assert tree().look(f"thu.{LEAF}") == DnssecFacts("secure", LEAF)


@pytest.mark.parametrize("kind", ["SOA", "MX"])
@pytest.mark.parametrize(("how", "why"), [("expired", "expired"), ("spoiled", "bad_signature")])
def test_a_record_that_good_keys_signed_wrongly_or_too_long_ago_is_bogus(kind: str, how: str, why: str) -> None:
    facts = tree(**{how: (kind,)}).look()
    assert (facts.state, facts.zone, facts.why) == ("bogus", LEAF, f"{kind.lower()}_{why}")
    finding = judge("mail.dnssec", make_facts(mail=make_mail(domain=LEAF, nameservers=None, dnssec=facts)))
    assert (finding.verdict, f"bản ghi {kind}" in finding.seen) == (Verdict.FAIL, True)


@pytest.mark.parametrize("kind", ["SOA", "MX"])
def test_a_record_that_a_signed_zone_did_not_sign_is_bogus_by_its_own_servers_word(kind: str) -> None:
    made = tree()
    with made.zones[LEAF].writer() as writer:
        writer.delete(dns.name.from_text(LEAF), dns.rdatatype.RRSIG, dns.rdatatype.from_text(kind))
    assert (made.look().state, made.look().why) == ("unverifiable", f"{kind.lower()}_unsigned")
    assert (confirmed(made, kind).state, confirmed(made, kind).why) == ("bogus", f"{kind.lower()}_unsigned")


def test_a_domain_without_mx_records_or_with_an_alias_there_is_not_called_bogus() -> None:
    assert tree(records="").look() == DnssecFacts("secure", LEAF)
    made = tree()
    alias = dns.message.make_response(dns.message.make_query(LEAF, "MX", want_dnssec=True))
    alias.answer.append(dns.rrset.from_text(f"{LEAF}.", 300, "IN", "CNAME", "thu.example."))
    made.faults[LEAF, "MX"] = Completed(SignedAnswer(LEAF, "MX", alias.to_wire()))
    assert made.look().state == "secure"


WILD = f"@ 300 MX 10 thu\nthu 300 A 203.0.114.1\n* 300 MX 10 thu.{LEAF}.\nkhac 300 TXT x\n"


def proof(made: Tree, name: str, kind: str = "MX") -> dns.message.Message:
    """The zone's own answer, to be bent and put back with `answered`."""
    return made.answer(dns.message.make_query(name, kind, want_dnssec=True))


def answered(made: Tree, name: str, reply: dns.message.Message, kind: str = "MX") -> DnssecFacts:
    made.faults[name, kind] = Completed(SignedAnswer(name, kind, reply.to_wire(max_size=65535)))
    return made.look(name)


def test_mx_records_by_a_wildcard_are_secure_with_the_proof_that_nothing_is_closer() -> None:
    """RFC 4035 section 5.3.4: signed under the name of the wildcard, which the signature tells by its labels."""
    made, name = tree(records=WILD), f"so.{LEAF}"
    assert made.look(name) == DnssecFacts("secure", LEAF, mx_signed=True)
    bare = proof(made, name)
    bare.authority.clear()
    assert (answered(made, name, bare).state, made.look(name).why) == ("unverifiable", "wildcard")


def test_a_wildcard_in_the_place_of_a_name_that_is_there_is_not_believed() -> None:
    """The records of `khac` are hidden behind the wildcard's, with every proof that the zone has signed."""
    made, name = tree(records=WILD), f"khac.{LEAF}"
    reply = proof(made, f"so.{LEAF}")
    for one in reply.answer:
        one.name = dns.name.from_text(name)
    reply.question = [dns.rrset.RRset(dns.name.from_text(name), dns.rdataclass.IN, dns.rdatatype.MX)]
    assert (answered(made, name, reply).state, made.look(name).why) == ("unverifiable", "wildcard")


def test_signatures_of_a_wildcard_that_do_not_hold_are_not_called_bogus() -> None:
    made, name = tree(records=WILD), f"so.{LEAF}"
    reply = proof(made, name)
    old = made.sign(LEAF, dns.rrset.from_text(f"*.{LEAF}.", 300, "IN", "MX", "10 mx.example."), days=-1)
    reply.answer[1] = dns.rrset.from_rdata(dns.name.from_text(name), 300, old[0])
    assert (answered(made, name, reply).state, made.look(name).why) == ("unverifiable", "wildcard")


@pytest.mark.parametrize("name", [LEAF, f"thu.{LEAF}", f"rong.{LEAF}", f"so.khac.{LEAF}"])
def test_that_there_are_no_mx_records_is_believed_with_its_proof_only(name: str) -> None:
    """RFC 4035 section 5.4: a name without them, the zone itself, one that has only names below it, one by a wildcard."""
    made = tree(records="thu 300 A 203.0.114.1\na.rong 300 A 203.0.114.2\n*.khac 300 TXT x\n")
    assert made.look(name) == DnssecFacts("secure", LEAF)
    bare = proof(made, name)
    bare.authority = [one for one in bare.authority if one.rdtype == dns.rdatatype.SOA]
    assert (answered(made, name, bare).state, made.look(name).why) == ("unverifiable", "no_proof")


def test_a_proof_that_says_the_opposite_or_that_nobody_signed_is_none() -> None:
    """The MX records were taken out of the answer, and the zone's own proof names them: never the domain's fault."""
    made = tree()
    reply = proof(made, LEAF)
    reply.answer.clear()
    reply.authority += proof(made, LEAF, "TXT").authority
    assert (answered(made, LEAF, reply).state, made.look().why) == ("unverifiable", "no_proof")
    made = tree(records="")
    reply = proof(made, LEAF)
    reply.authority = [one for one in reply.authority if one.rdtype != dns.rdatatype.RRSIG]
    assert (answered(made, LEAF, reply).state, made.look().why) == ("unverifiable", "no_proof")


def test_the_wildcards_own_proof_stands_for_no_other_name() -> None:
    """Its NSEC is signed so that it fits any name below: RFC 4035 section 5.3.4 with the labels of the signature."""
    made = tree(records="thu 300 MX 10 thu\n* 300 TXT x\n")
    reply = proof(made, f"thu.{LEAF}")
    reply.answer.clear()
    for one in proof(made, f"so.{LEAF}").authority:
        if one.name.is_wild():
            one.name = dns.name.from_text(f"thu.{LEAF}")
            reply.authority.append(one)
    assert len(reply.authority) == 2
    assert (answered(made, f"thu.{LEAF}", reply).state, made.look(f"thu.{LEAF}").why) == ("unverifiable", "no_proof")


def test_hashed_proofs_that_there_are_no_mx_records() -> None:
    """RFC 5155 section 8.5."""
    made, apex = tree(records=""), dns.name.from_text(LEAF)
    owner = dns.name.from_text(dns.dnssec.nsec3_hash(apex, "AB", 1, 1), apex)
    for types, state in (("NS SOA TXT", "secure"), ("NS SOA MX", "unverifiable"), ("SOA CNAME", "unverifiable")):
        hashed = dns.rrset.from_text(owner, 300, "IN", "NSEC3", f"1 0 1 AB {'V' * 32} {types}")
        reply = dns.message.make_response(dns.message.make_query(LEAF, "MX", want_dnssec=True))
        reply.authority += [hashed, made.sign(LEAF, hashed)]
        assert answered(made, LEAF, reply).state == state


def test_a_zone_that_shows_no_soa_is_not_called_bogus() -> None:
    made = tree()
    empty = dns.message.make_response(dns.message.make_query(LEAF, "SOA", want_dnssec=True))
    made.faults[LEAF, "SOA"] = Completed(SignedAnswer(LEAF, "SOA", empty.to_wire()))
    assert (made.look().state, made.look().why) == ("unverifiable", "not_seen")


def test_audits_from_before_the_records_were_asked_are_judged_as_before() -> None:
    stored = replace(tree(expired=("SOA", "MX")).evidence(), soa=None, mx=None)
    lines = to_json(stored).replace(',"soa":null,"mx":null', "")
    assert "soa" not in lines
    assert read_dnssec(from_json(DnssecLook, lines), NOW) == DnssecFacts("secure", LEAF)


def test_records_are_asked_only_where_the_chain_holds_and_no_zone_may_lie_between() -> None:
    insecure = tree(signed=False).evidence()
    assert (insecure.soa, insecure.mx) == (None, None)
    deep = tree(records="a.b.c.d.e.f.g 300 MX 10 thu\n").evidence(f"a.b.c.d.e.f.g.{LEAF}")
    assert deep.mx is None


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
    look = made.evidence()
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
    records = zone.get_rrset(dns.name.from_text(LEAF), dns.rdatatype.DS)
    assert records is not None
    with zone.writer() as writer:
        writer.add(made.sign("gov.vn", records))
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


def test_a_signed_ds_without_keys_below_is_bogus_by_its_own_servers_word() -> None:
    made = tree()
    with made.zones[LEAF].writer() as writer:
        writer.delete(dns.name.from_text(LEAF), dns.rdatatype.DNSKEY)
    assert (made.look().state, made.look().why) == ("unverifiable", "no_keys")
    assert (confirmed(made, "DNSKEY").state, confirmed(made, "DNSKEY").why) == ("bogus", "no_keys")


def test_servers_that_do_not_agree_or_speak_of_another_zone_confirm_nothing() -> None:
    made, sound = tree(), tree()
    with made.zones[LEAF].writer() as writer:
        writer.delete(dns.name.from_text(LEAF), dns.rdatatype.DNSKEY)
    look = made.evidence()
    without, with_keys = (asyncio.run(one.signed(LEAF, "DNSKEY")) for one in (made, sound))
    referral = dns.message.make_response(dns.message.make_query(LEAF, "DNSKEY", want_dnssec=True))
    referral.want_dnssec()
    referral.flags |= dns.flags.AA  # as some servers of the zone above have it
    above = Completed(SignedAnswer(LEAF, "DNSKEY", referral.to_wire()))
    silent = Failed(Reason.DNS_TIMEOUT)
    for answers, state in (
        ([without, silent], "bogus"), ([without, with_keys], "unverifiable"), ([silent], "unverifiable"),
        ([above], "unverifiable"), ([Completed(SignedAnswer(LEAF, "DNSKEY", b"\0" * 12))], "unverifiable"),
    ):  # fmt: skip
        servers = tuple((f"ns{n}.example", answer) for n, answer in enumerate(answers))
        assert read_dnssec(replace(look, servers=servers), NOW).state == state


def test_a_ds_without_its_signature_is_never_the_zone_belows_fault() -> None:
    made = tree()
    with made.zones["gov.vn"].writer() as writer:
        writer.delete(dns.name.from_text(LEAF), dns.rdatatype.RRSIG, dns.rdatatype.DS)
    assert (made.look().state, made.look().why) == ("unverifiable", "unsigned_ds")
    assert confirmed(made, "DS").state == "unverifiable"


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
    answer = dns.message.make_response(dns.message.make_query(LEAF, "DS", want_dnssec=True))
    answer.authority += [proof, made.sign("gov.vn", proof)]
    made.faults[LEAF, "DS"] = Completed(SignedAnswer(LEAF, "DS", answer.to_wire(max_size=65535)))
    assert made.look().state == state


@pytest.mark.parametrize(
    "fault", [Failed(Reason.DNS_TIMEOUT), Failed(Reason.DNS_SERVFAIL), NotRun(Reason.RESOLVER_DOWN)]
)
@pytest.mark.parametrize("where", [(".", "DNSKEY"), ("vn", "DS"), (LEAF, "DNSKEY"), (LEAF, "SOA"), (LEAF, "MX")])
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
    [
        ("secure", Verdict.PASS),
        ("insecure", Verdict.FAIL),
        ("bogus", Verdict.FAIL),
        ("unverifiable", Verdict.UNVERIFIED),
    ],
)
def test_verdicts(state: str, verdict: Verdict) -> None:
    why = {"insecure": "no_ds", "bogus": "expired"}.get(state, "")
    mail = make_mail(domain=LEAF, nameservers=None, dnssec=DnssecFacts(state, LEAF, why))
    finding = judge("mail.dnssec", make_facts(mail=mail))
    assert finding.verdict is verdict
    assert "vi phạm" not in finding.seen


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (DnssecFacts("unverifiable", LEAF, "no_proof"), "resolvers trong auditor.toml"),
        (DnssecFacts("unverifiable", LEAF, "not_seen", Reason.DNS_ERROR), "resolvers trong auditor.toml"),
        (DnssecFacts("unverifiable", ".", "algorithm", Reason.DNS_ERROR), "vùng gốc"),
        (DnssecFacts("unverifiable", LEAF, "algorithm", Reason.DNS_ERROR), "Thuật toán ký"),
        (DnssecFacts("unverifiable", LEAF, "too_many_keys"), "Số khóa"),
        (DnssecFacts("unverifiable", LEAF, "wildcard", Reason.DNS_ERROR), "ký tự đại diện"),
        (DnssecFacts("unverifiable", LEAF, "not_seen", Reason.DNS_TIMEOUT), "không trả lời kịp"),
    ],
)
def test_what_could_not_be_judged_is_said_with_what_to_do(facts: DnssecFacts, said: str) -> None:
    finding = judge("mail.dnssec", make_facts(mail=make_mail(domain=LEAF, nameservers=None, dnssec=facts)))
    assert (finding.verdict, said in finding.seen) == (Verdict.UNVERIFIED, True)
    assert "Không phân giải được tên miền" not in finding.seen


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
        (resolver,) = Resolver([server.address], timeout=0.3).apart()
        assert isinstance(resolver, AsksSigned)
        return [await resolver.signed(name, "DNSKEY") for name in names]

    with DnsServer(
        {"a.example": {"A": ["203.0.114.1"]}}, zones=["example"], faults={("b.example", "*"): "drop"}
    ) as server:
        there, gone, late = asyncio.run(ask(server, "a.example", "none.example", "b.example"))
    assert isinstance(there, Completed) and isinstance(gone, Completed)
    assert dns.message.from_wire(gone.value.wire).rcode() == dns.rcode.NXDOMAIN
    assert isinstance(late, Failed) and late.reason is Reason.DNS_TIMEOUT
