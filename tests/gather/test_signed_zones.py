"""DNSSEC over the loopback: signed zones served by UDP and TCP, asked by the real resolver, up to the finding."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from auditor.demo.signing import Plan, SignedDnsServer, sign_tree
from auditor.gather.dns import Resolver
from auditor.gather.mail import Outside, look_at_mail_domain
from auditor.model import Finding, MailEvidence, MailFacts, Verdict
from auditor.read.records import read_mail
from auditor.read.records.dane import is_secure
from auditor.rulebook import load_trust_anchors
from tests.factories import judge, make_facts

DOMAIN = "tinh.gov.example"
RECORDS = (
    '@ 300 MX 10 mail\n@ 300 TXT "v=spf1 mx -all"\nmail 300 A 203.0.113.5\n'
    f"_25._tcp.mail 300 TLSA 3 1 1 {'ab' * 32}\n_25._tcp.mail 300 TLSA 3 1 1 {'cd' * 32}\n"
)
Faults = Mapping[tuple[str, str], str]


def looks(
    leaf: Plan, *, times: int = 1, faults: Faults | None = None, forged_ad: bool = False, foreign: bool = False
) -> tuple[list[MailEvidence], list[tuple[str, str]]]:
    """Looks at the domain, one after the other with one resolver, and the queries. `foreign`: the real root's anchors."""
    plans = {".": Plan(), "example": Plan(), "gov.example": Plan(), DOMAIN: leaf}
    tree = sign_tree(plans, datetime.now(UTC))
    outside = Outside(anchors=load_trust_anchors() if foreign else tree.anchors)

    async def run(address: tuple[str, int]) -> list[MailEvidence]:
        resolver, found = Resolver([address], timeout=2), list[MailEvidence]()
        for attempt in range(1, times + 1):
            found.append(await look_at_mail_domain(DOMAIN, resolver, attempt=attempt, outside=outside))
            resolver.forget_failures()
        return found

    with SignedDnsServer(tree, faults=faults, forged_ad=forged_ad) as server:
        return asyncio.run(run(server.address)), list(server.queries)


def finding(mail: MailFacts) -> Finding:
    return judge("mail.dnssec", make_facts(mail=mail))


def test_a_signed_domain_passes_with_two_questions_more_than_its_chain() -> None:
    (evidence,), asked = looks(Plan(RECORDS))
    mail = read_mail(evidence)
    assert mail.dnssec is not None and (mail.dnssec.state, mail.dnssec.zone) == ("secure", DOMAIN)
    assert (mail.mx.state, finding(mail).verdict) == ("valid", Verdict.PASS)
    assert asked.count((DOMAIN, "SOA")) == 1
    assert asked.count((DOMAIN, "MX")) == 2  # for its records, and with their signatures


@pytest.mark.parametrize(
    ("leaf", "why"),
    [
        (Plan(RECORDS, expired=("SOA",)), "soa_expired"), (Plan(RECORDS, spoiled=("MX",)), "mx_bad_signature"),
        (Plan(RECORDS, days=-1), "expired"), (Plan(RECORDS, spoiled=("DNSKEY",)), "bad_signature"),
        (Plan(RECORDS, wrong_ds=True), "ds_mismatch"),
    ],
    ids=["SOA expired", "MX wrong", "keys expired", "keys wrong", "wrong DS"],
)  # fmt: skip
def test_a_bogus_domain_waits_for_the_second_look_and_fails_then(leaf: Plan, why: str) -> None:
    (first, second), _ = looks(leaf, times=2)
    once, twice = read_mail(first), read_mail(second, first)
    assert once.dnssec is not None and (once.dnssec.state, once.dnssec.why) == ("bogus", why)
    assert (finding(once).verdict, finding(twice).verdict) == (Verdict.UNVERIFIED, Verdict.FAIL)


@pytest.mark.parametrize(
    "leaf", [Plan(RECORDS, signed=False), Plan(RECORDS, ds_in_parent=False)], ids=["bare", "no DS"]
)
def test_an_ad_bit_that_lies_makes_nothing_secure(leaf: Plan) -> None:
    (evidence,), asked = looks(leaf, forged_ad=True)
    mail = read_mail(evidence)
    assert evidence.transport is not None and mail.transport is not None and mail.dnssec is not None
    assert is_secure(evidence.transport.mx)
    assert (mail.dnssec.state, mail.dnssec.zone, finding(mail).verdict) == ("insecure", DOMAIN, Verdict.FAIL)
    assert mail.transport.dane.state == "unsigned"  # RFC 7672 section 2.2: without effect
    assert judge("mail.dane", make_facts(mail=mail)).verdict is Verdict.FAIL
    assert not {"TLSA", "SOA"} & {kind for _, kind in asked}


def test_an_ad_bit_that_lies_does_not_mend_broken_signatures() -> None:
    (evidence,), _ = looks(Plan(RECORDS, expired=("MX",)), forged_ad=True)
    mail = read_mail(evidence)
    assert mail.dnssec is not None and mail.transport is not None
    assert (mail.dnssec.state, mail.transport.dane.state) == ("bogus", "bogus")
    said = judge("mail.dane", make_facts(mail=mail))
    assert (said.verdict, said.seen_key) == (Verdict.UNVERIFIED, "mail.dane.bogus")
    assert DOMAIN in said.seen and "chữ ký của bản ghi MX đã hết hạn" in said.seen


def test_answers_that_do_not_fit_come_by_tcp() -> None:
    cut = {("*", kind): "truncate" for kind in ("DNSKEY", "DS", "SOA", "MX")}
    (evidence,), asked = looks(Plan(RECORDS), faults=cut)
    assert finding(read_mail(evidence)).verdict is Verdict.PASS
    assert [asked.count((DOMAIN, kind)) for kind in ("DNSKEY", "DS", "SOA", "MX")] == [2, 2, 2, 4]


def test_an_answer_larger_than_a_packet_comes_whole() -> None:
    many = "".join(f"@ 300 MX {n} a-mail-server-with-a-long-name-{n:03}.of-some-provider.example.\n" for n in range(40))
    (evidence,), asked = looks(Plan(many))
    assert finding(read_mail(evidence)).verdict is Verdict.PASS
    assert asked.count((DOMAIN, "MX")) == 4


@pytest.mark.parametrize("kind", ["SOA", "MX", "DNSKEY", "DS"])
@pytest.mark.parametrize("fault", ["servfail", "refused"])
def test_what_is_not_answered_is_never_a_fault_of_the_domain(kind: str, fault: str) -> None:
    (evidence,), _ = looks(Plan(RECORDS, expired=("SOA",)), faults={(DOMAIN, kind): fault})
    expected = "bogus" if kind == "MX" else "unverifiable"  # the SOA alone is broken enough
    mail = read_mail(evidence)
    assert mail.dnssec is not None and mail.dnssec.state == expected
    assert finding(mail).verdict is Verdict.UNVERIFIED


def test_a_resolver_whose_root_is_not_ours_is_told_from_names_that_do_not_resolve() -> None:
    (evidence,), _ = looks(Plan(RECORDS), foreign=True)
    found = finding(read_mail(evidence))
    assert found.verdict is Verdict.UNVERIFIED
    assert "resolvers trong auditor.toml" in found.seen and "vùng gốc" in found.seen
    assert "Không phân giải được tên miền" not in found.seen
