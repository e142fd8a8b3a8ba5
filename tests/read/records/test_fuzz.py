"""Whatever the DNS and the name servers answer, a mail domain is read to its end: all readers together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import dns.flags
import dns.message
import dns.rrset
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import (
    Completed,
    DirectLook,
    DirectReply,
    DnsAnswer,
    Failed,
    HostLook,
    HostMail,
    MailEvidence,
    MxTarget,
    NameServersLook,
    NotRun,
    Reason,
    ReverseLook,
    TransportEvidence,
)
from auditor.read.host_mail import read_host_mail
from auditor.read.records import Problem, read_mail
from auditor.read.records.direct import read_direct
from auditor.read.records.dmarc import discover
from auditor.read.records.dmarc_reports import read_reports, report_questions
from auditor.read.records.services import SERVICES, read_service

DOMAIN = "tinh.example"
NOW = datetime(2026, 11, 26, tzinfo=UTC)

#: Parts of records of every kind: a reader meets its own grammar, and those of the others.
_PARTS = [
    "v=spf1", " -all", " include:", " a", " mx:", " redirect=", " exp=", "%{", "%{d1r-}", "/", "//", "ip4:", "ip6:::", "1.2.3.4/33",
    "v=DMARC1", ";", " p=", "none", "reject", "rua=", "mailto:", "@", "!10m", "pct=", "psd=y", "t=y",
    "v=DKIM1", "k=rsa", "p=", "AAAA", "==", "t=y:s", "h=", "v=STSv1", "id=", "v=TLSRPTv1", "https://", "[", "]:", "v=BIMI1", "l=",
    "10 ", "mail.tinh.example.", ".", "-1 ", "65536 ", "0 issue ", '"', "\\", "128 ", "0 1 465 ", "3 1 1 ", "ab", "zz", "=", ",", " ", "\t", "\0", "ố",
]  # fmt: skip
texts = st.one_of(st.lists(st.sampled_from(_PARTS), max_size=12).map("".join), st.text(max_size=60))
reasons = st.sampled_from([Reason.DNS_NXDOMAIN, Reason.DNS_NODATA, Reason.DNS_TIMEOUT, Reason.DNS_SERVFAIL])
failures = st.one_of(reasons.map(Failed), st.sampled_from([NotRun(Reason.RESOLVER_DOWN), NotRun(Reason.OUT_OF_SCOPE)]))
addresses = st.one_of(
    failures, st.lists(st.ip_addresses().map(str), max_size=3).map(lambda found: Completed(tuple(found)))
)


def answers(kind: str = "TXT") -> st.SearchStrategy[Any]:
    made = st.builds(
        lambda records, secure: Completed(DnsAnswer(DOMAIN, kind, tuple(records), authenticated=secure)),
        st.lists(texts, max_size=3), st.booleans(),
    )  # fmt: skip
    return st.one_of(made, made, failures)


targets = st.builds(
    MxTarget, host=texts, preference=st.integers(0, 65535), addresses=addresses, is_alias=st.booleans(),
    reverse=st.lists(
        st.builds(ReverseLook, st.ip_addresses().map(str), answers("PTR"), st.one_of(st.none(), addresses)), max_size=2
    ).map(tuple),
)  # fmt: skip
names = st.sampled_from([DOMAIN, "a.example", "b.example", "example", "s1"])


def named(kind: str = "TXT", prefix: str = "") -> st.SearchStrategy[Any]:
    return st.lists(st.tuples(names.map(prefix.__add__), answers(kind)), max_size=4).map(tuple)


transports = st.builds(
    TransportEvidence, mta_sts=answers(), policy=failures, tls_rpt=answers(), mx=answers("MX"), tlsa=named("TLSA"),
    root=answers("SOA"), bimi=answers(), caa=named("CAA"),
    services=st.lists(st.tuples(st.sampled_from(SERVICES), answers("SRV")), max_size=3).map(tuple),
)  # fmt: skip
looks = st.builds(
    MailEvidence, domain=st.just(DOMAIN), looked_at=st.just(NOW),
    mx=st.one_of(failures, st.lists(targets, max_size=3).map(lambda found: Completed(tuple(found)))),
    address=addresses, txt=answers(), spf_tree=named(),
    spf_hosts=st.lists(st.tuples(names, st.sampled_from(["A", "MX", "EXISTS"]), answers("A")), max_size=3).map(tuple),
    dmarc=named(prefix="_dmarc."), dmarc_reports=named(), dkim=named(), domainkey=st.one_of(st.none(), answers()),
    transport=st.one_of(st.none(), transports), wildcard=st.one_of(st.none(), answers("MX")),
    nameservers=st.one_of(
        st.none(),
        st.builds(NameServersLook, st.just(DOMAIN), answers("NS"), st.lists(st.tuples(texts, addresses), max_size=3).map(tuple)),
    ),
)  # fmt: skip


@settings(max_examples=400)
@given(looks, st.one_of(st.none(), looks))
def test_no_answer_stops_the_reading_of_a_mail_domain(look: MailEvidence, first: MailEvidence | None) -> None:
    facts = read_mail(look, first)
    said = [*facts.mx.problems, *facts.spf.problems, *facts.dmarc.problems]
    assert set(said) <= set(Problem)
    assert facts.mx.state in {"valid", "none", "null", "implicit", "invalid", "unverifiable"}


@given(names, named(prefix="_dmarc."), named())
def test_no_record_stops_the_search_for_receivers_of_reports(domain: str, walk: Any, replies: Any) -> None:
    questions = report_questions(discover(domain, walk))
    assert all("._report._dmarc." in name for name in questions)
    assert all(state in {"authorized", "refused", "unverifiable"} for _, state in read_reports(replies))


@given(answers(), answers("MX"), named(prefix="_dmarc."))
def test_no_record_stops_the_reading_of_a_web_hosts_name(txt: Any, mx: Any, walk: Any) -> None:
    facts = read_host_mail(HostLook(DOMAIN, NOW, Failed(Reason.DNS_NODATA), mail=HostMail(DOMAIN, txt, mx, walk)))
    assert facts is not None and facts.policy in {"", "none", "quarantine", "reject"}


@given(answers("SRV"))
def test_no_record_stops_the_reading_of_a_service(answer: Any) -> None:
    assert read_service(SERVICES[0], answer).state in {"offered", "not_offered", "none", "invalid", "unverifiable"}


def _reply(kind: str, text: str) -> bytes:
    reply = dns.message.make_response(dns.message.make_query(DOMAIN, kind))
    reply.flags |= dns.flags.AA
    reply.answer.append(dns.rrset.from_text(f"{DOMAIN}.", 300, "IN", kind, text))
    return reply.to_wire()


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """An answer of a name server, some of its octets changed, perhaps cut; or noise."""
    sound = [_reply("SOA", "ns. host. 1 2 3 4 5"), _reply("MX", "10 mail.tinh.example.")]
    wire = bytearray(draw(st.one_of(st.binary(max_size=80), st.sampled_from(sound))))
    for at, value in draw(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)), max_size=5)):
        if at < len(wire):
            wire[at] = value
    return bytes(wire[: draw(st.one_of(st.none(), st.integers(0, len(wire))))])


direct_replies = st.one_of(failures, bent().map(lambda wire: Completed(DirectReply(wire))))
direct_looks = st.lists(
    st.builds(DirectLook, names, st.just("203.0.113.1"), direct_replies, direct_replies), max_size=3
)


@settings(max_examples=300)
@given(direct_looks)
def test_no_message_of_a_name_server_stops_the_reading(seen: list[DirectLook]) -> None:
    replies, problems, _ = read_direct(DOMAIN, DOMAIN, Completed(tuple(seen)))
    assert len(replies) == len(seen)
    assert set(problems) <= set(Problem)
