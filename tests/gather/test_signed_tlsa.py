"""TLSA records judged by our own walk: in the domain's zone and in others', over the loopback, up to the finding."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import dns.name
import dns.rdatatype
import pytest

from auditor.demo.signing import Plan, SignedDnsServer, SignedTree, sign_tree
from auditor.gather.dns import Resolver
from auditor.gather.mail import Outside, look_at_mail_domain
from auditor.model import DaneFacts, MailEvidence, Reason, Verdict
from auditor.read.records import read_mail
from auditor.store.codec import from_json, to_json
from tests.factories import judge, make_facts

DOMAIN, OTHER = "tinh.gov.example", "nha-cung-cap.net"
TLSA = f"3 1 1 {'ab' * 32}\n"
OWN = Plan(
    f"@ 300 MX 10 mail\n@ 300 MX 20 mail2\nmail 300 A 203.0.113.5\n_25._tcp.mail 300 TLSA {TLSA}_25._tcp.mail2 300 TLSA {TLSA}"
)
HOSTED = Plan(f"@ 300 MX 10 mx.{OTHER}.\n@ 300 MX 20 mx2.{OTHER}.\n")
PROVIDER = f"mx 300 A 203.0.113.5\n_25._tcp.mx 300 TLSA {TLSA}_25._tcp.mx2 300 TLSA {TLSA}"
Faults = Mapping[tuple[str, str], str]


def looked(
    leaf: Plan,
    *others: Plan,
    change: Callable[[SignedTree], None] = lambda tree: None,
    faults: Faults | None = None,
    forged_ad: bool = False,
) -> tuple[MailEvidence, Counter[tuple[str, str]]]:
    """One look by a resolver that validates nothing (`forged_ad`: that says so of everything), and the questions.
    `others`: the provider's zone, if there is one; `change` breaks something after all was signed."""
    plans = {".": Plan(), "example": Plan(), "gov.example": Plan(), "net": Plan(), DOMAIN: leaf}
    tree = sign_tree(plans | dict(zip([OTHER], others, strict=False)), datetime.now(UTC))
    change(tree)

    async def run(address: tuple[str, int]) -> MailEvidence:
        return await look_at_mail_domain(DOMAIN, Resolver([address], timeout=2), outside=Outside(anchors=tree.anchors))

    with SignedDnsServer(tree, faults=faults, forged_ad=forged_ad) as server:
        return asyncio.run(run(server.address)), Counter(server.queries)


def dane(evidence: MailEvidence) -> DaneFacts:
    transport = read_mail(evidence).transport
    assert transport is not None
    return transport.dane


def vouched(evidence: MailEvidence) -> list[tuple[str, str]]:
    return [(host.state, host.vouched_by) for host in dane(evidence).hosts]


def of_the_chain(asked: Counter[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(question for question in asked.elements() if question[1] in ("DS", "DNSKEY"))


BEFORE = [(".", "DNSKEY"), ("example", "DNSKEY"), ("example", "DS"), ("gov.example", "DNSKEY"), ("gov.example", "DS"),
          (DOMAIN, "DNSKEY"), (DOMAIN, "DS")]  # fmt: skip


# -- in the domain's own zone -----------------------------------------------------------------------------------------


def test_a_resolver_that_does_not_validate_is_not_needed_and_no_question_more() -> None:
    evidence, asked = looked(OWN)
    assert vouched(evidence) == [("unchecked", "walk")] * 2  # no certificate was looked at
    assert of_the_chain(asked) == sorted(BEFORE)
    assert [asked[f"_25._tcp.{host}.{DOMAIN}", "TLSA"] for host in ("mail", "mail2")] == [1, 1]
    assert (".", "SOA") not in asked  # whether the resolver validates does not matter
    assert from_json(MailEvidence, to_json(evidence)) == evidence


def unsign(tree: SignedTree) -> None:
    with tree.zones[DOMAIN].writer() as writer:
        writer.delete(dns.name.from_text(f"_25._tcp.mail.{DOMAIN}"), dns.rdatatype.RRSIG, dns.rdatatype.TLSA)


def expire(tree: SignedTree) -> None:
    tree.resign(DOMAIN, "TLSA", at=f"_25._tcp.mail.{DOMAIN}", days=-2)


def spoil(tree: SignedTree) -> None:
    tree.resign(DOMAIN, "TLSA", at=f"_25._tcp.mail.{DOMAIN}", spoiled=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [(unsign, "TLSA của máy chủ thư không được ký"), (expire, "TLSA đã hết hạn"), (spoil, "TLSA không khớp dữ liệu")],
)
def test_records_that_no_sender_may_use_accuse_nobody(change: Callable[[SignedTree], None], words: str) -> None:
    evidence, _ = looked(OWN, change=change, forged_ad=True)
    assert vouched(evidence) == [("bogus", ""), ("unchecked", "walk")]
    mail = read_mail(evidence)
    finding = judge("mail.dane", make_facts(mail=mail))
    assert (finding.verdict, finding.seen_key) == (Verdict.UNVERIFIED, "mail.dane.bogus")
    assert words in finding.seen and DOMAIN in finding.seen
    assert mail.dnssec is not None and mail.dnssec.state == "secure"


@pytest.mark.parametrize(("fault", "reason"), [("servfail", Reason.DNS_SERVFAIL), ("refused", Reason.DNS_ERROR)])
def test_what_is_not_answered_is_not_known(fault: str, reason: Reason) -> None:
    evidence, _ = looked(OWN, faults={("*", "TLSA"): fault}, forged_ad=True)
    assert (dane(evidence).state, dane(evidence).reason) == ("unverifiable", reason)


# -- in another zone --------------------------------------------------------------------------------------------------


def test_a_provider_in_a_signed_zone_costs_its_chain_once() -> None:
    evidence, asked = looked(HOSTED, Plan(PROVIDER))
    assert vouched(evidence) == [("unchecked", "walk")] * 2
    more = [("net", "DNSKEY"), ("net", "DS"), (OTHER, "DNSKEY"), (OTHER, "DS")]
    assert of_the_chain(asked) == sorted(BEFORE + more)


@pytest.mark.parametrize(
    "provider", [Plan(PROVIDER, signed=False), Plan(PROVIDER, ds_in_parent=False)], ids=["bare", "no DS"]
)
def test_an_ad_bit_that_lies_of_a_providers_zone(provider: Plan) -> None:
    evidence, asked = looked(HOSTED, provider, forged_ad=True)
    assert vouched(evidence) == [("insecure", "")] * 2
    assert judge("mail.dane", make_facts(mail=read_mail(evidence))).verdict is Verdict.FAIL  # without effect, as none
    assert (OTHER, "DNSKEY") not in asked
    silent, _ = looked(HOSTED, provider)
    assert vouched(silent) == [("insecure", "")] * 2  # nor has anybody to say that it is not signed


@pytest.mark.parametrize("provider", [Plan(PROVIDER, wrong_ds=True), Plan(PROVIDER, days=-1)], ids=["DS", "expired"])
def test_broken_signatures_of_a_providers_zone_are_told_by_its_name(provider: Plan) -> None:
    evidence, _ = looked(HOSTED, provider, forged_ad=True)
    finding = judge("mail.dane", make_facts(mail=read_mail(evidence)))
    assert (finding.verdict, finding.seen_key) == (Verdict.UNVERIFIED, "mail.dane.bogus")
    assert OTHER in finding.seen


def test_no_chain_is_walked_for_servers_without_records() -> None:
    evidence, asked = looked(HOSTED, Plan("mx 300 A 203.0.113.5\n"), forged_ad=True)
    assert dane(evidence).state == "none"
    assert of_the_chain(asked) == sorted(BEFORE)


def test_a_chain_that_cannot_be_seen_leaves_the_resolvers_word() -> None:
    evidence, asked = looked(HOSTED, Plan(PROVIDER), faults={(OTHER, "DNSKEY"): "servfail"}, forged_ad=True)
    assert vouched(evidence) == [("unchecked", "resolver")] * 2
    assert asked[f"_25._tcp.mx.{OTHER}", "TLSA"] == 2
    plain, _ = looked(HOSTED, Plan(PROVIDER), faults={(OTHER, "DNSKEY"): "servfail"})
    assert vouched(plain) == [("unverifiable", "")] * 2
