"""The look at a mail domain against a real name server on loopback: what it asks, what it keeps, when it stops."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.demo.dns import DnsServer
from auditor.gather.dns import Resolver
from auditor.gather.mail import Selectors, look_at_mail_domain
from auditor.gather.mail.samples import read_samples
from auditor.gather.mail.spf import MAX_DOMAINS, MAX_HOSTS
from auditor.gather.mail.web_host import look_at_host_mail
from auditor.model import Failed, HostLook, HostMail, HostMailFacts, MailEvidence, MailFacts, NotRun, Reason
from auditor.read.host_mail import read_host_mail
from auditor.read.records import Problem, read_mail

Zone = dict[str, Mapping[str, Sequence[str]]]
DOMAIN = "tinh.gov.example"
TIMEOUT = 0.3  # seconds; the server answers in microseconds or, with a planted fault, never


def zone(**more: Mapping[str, Sequence[str]]) -> Zone:
    """A mail domain with nothing to complain of."""
    return {
        "gov.example": {"A": ["203.0.113.1"]},
        DOMAIN: {"MX": ["10 mail.tinh.gov.example."], "TXT": ["v=spf1 mx include:_spf.tinh.gov.example -all", "other"]},
        f"mail.{DOMAIN}": {"A": ["203.0.113.5"], "AAAA": ["2001:db8::5"]},
        **{ip_address(one).reverse_pointer: {"PTR": [f"mail.{DOMAIN}."]} for one in ("203.0.113.5", "2001:db8::5")},
        f"_spf.{DOMAIN}": {"TXT": ["v=spf1 ip4:203.0.113.0/24 -all"]},
        f"_dmarc.{DOMAIN}": {"TXT": [f"v=DMARC1; p=reject; rua=mailto:bc@{DOMAIN}"]},
        f"_mta-sts.{DOMAIN}": {"TXT": ["v=STSv1; id=1"]},
        f"_smtp._tls.{DOMAIN}": {"TXT": [f"v=TLSRPTv1; rua=mailto:bc@{DOMAIN}"]},
        f"_25._tcp.mail.{DOMAIN}": {"TLSA": ["3 1 1 " + "ab" * 32]},
        f"s1._domainkey.{DOMAIN}": {"TXT": ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]},
        **more,
    }


async def _look(address: tuple[str, int], domain: str, selectors: Sequence[str] | Selectors) -> MailEvidence:
    return await look_at_mail_domain(domain, Resolver([address], timeout=TIMEOUT), selectors=selectors)


def look(
    records: Zone,
    *,
    domain: str = DOMAIN,
    selectors: Sequence[str] | Selectors = (),
    faults: Mapping[tuple[str, str], str] | None = None,
) -> tuple[MailEvidence, list[tuple[str, str]]]:
    """The evidence, and what the server was asked."""
    with DnsServer(records, faults=faults) as server:
        found = asyncio.run(_look(server.address, domain, selectors))
        return found, list(server.queries)


def facts(records: Zone, **options: object) -> MailFacts:
    return read_mail(look(records, **options)[0])  # type: ignore[arg-type]


def test_a_good_domain_is_seen_whole() -> None:
    evidence, asked = look(zone(), selectors=["s1", " S1 ", ""])
    read = read_mail(evidence)
    assert (read.mx.state, read.spf.state, read.dmarc.state, read.dkim[0].state) == ("valid",) * 4
    assert read.mx.targets == ((10, f"mail.{DOMAIN}", ("203.0.113.5", "2001:db8::5")),)
    assert (read.spf.lookups, read.spf.void_lookups, read.spf.all_qualifier) == (2, 0, "-")
    assert read.mx.problems + read.spf.problems + read.dmarc.problems + read.dkim[0].problems == ()
    assert read.confirmed
    assert evidence.queries == len(set(asked))


def test_it_asks_nothing_beyond_what_the_records_call_for() -> None:
    _, asked = look(zone(), selectors=["s1"])
    assert sorted(asked) == sorted(
        [
            (DOMAIN, "MX"), (DOMAIN, "TXT"), (f"mail.{DOMAIN}", "A"), (f"mail.{DOMAIN}", "AAAA"),
            (f"_spf.{DOMAIN}", "TXT"), (f"_dmarc.{DOMAIN}", "TXT"), (f"s1._domainkey.{DOMAIN}", "TXT"),
            (f"_mta-sts.{DOMAIN}", "TXT"), (f"_smtp._tls.{DOMAIN}", "TXT"), (f"_25._tcp.mail.{DOMAIN}", "TLSA"),
            *((ip_address(address).reverse_pointer, "PTR") for address in ("203.0.113.5", "2001:db8::5")),
            (f"khong-ton-tai-7963b370a4ed.{DOMAIN}", "MX"),  # whether every name below it has MX records
            (DOMAIN, "NS"), ("gov.example", "NS"),  # the zone that holds the domain: here none is found
            (".", "SOA"),  # whether the resolver validates, as the TLSA records are not authenticated
            (f"default._bimi.{DOMAIN}", "TXT"), (DOMAIN, "CAA"), ("gov.example", "CAA"), ("example", "CAA"),
            *((f"{name}.{DOMAIN}", "SRV") for name in ("_autodiscover._tcp", "_submissions._tcp", "_imaps._tcp")),
        ]
    )  # fmt: skip


def test_a_domain_that_does_not_exist() -> None:
    read = facts({"gov.example": {"A": ["203.0.113.1"]}}, selectors=["s1"])
    for part in (read.mx, read.spf, read.dmarc):
        assert (part.state, part.reason, part.problems[0]) == ("none", Reason.DNS_NXDOMAIN, Problem.ZONE_GONE)
    assert read.dkim[0].state == "none"
    assert not read.confirmed


def test_a_domain_without_any_mail_record() -> None:
    read = facts({DOMAIN: {"A": ["203.0.113.1"]}})
    assert (read.mx.state, read.spf.state, read.dmarc.state) == ("implicit", "none", "none")
    assert (read.spf.reason, read.dmarc.reason) == (Reason.DNS_NODATA, Reason.DNS_NXDOMAIN)


def test_a_dead_resolver_leaves_every_part_unverifiable() -> None:
    with DnsServer({}) as server:
        address = server.address
    evidence = asyncio.run(_look(address, DOMAIN, ["s1"]))
    read = read_mail(evidence)
    for part in (read.mx, read.spf, read.dmarc, *read.dkim):
        assert (part.state, part.reason) == ("unverifiable", Reason.RESOLVER_DOWN)
    for outcome in (evidence.mx, evidence.address, evidence.txt, evidence.dmarc[0][1], evidence.dkim[0][1]):
        assert isinstance(outcome, NotRun)


@pytest.mark.parametrize("fault", ["servfail", "drop"])
def test_a_domain_whose_servers_fail_is_unverifiable_never_missing(fault: str) -> None:
    read = facts(zone(), selectors=["s1"], faults={("*", "*"): fault})
    for part in (read.mx, read.spf, read.dmarc, *read.dkim):
        assert part.state == "unverifiable"
        assert part.reason in {Reason.DNS_SERVFAIL, Reason.DNS_TIMEOUT, Reason.RESOLVER_DOWN}


@pytest.mark.parametrize(
    ("name", "part", "state"),
    [
        ((DOMAIN, "MX"), "mx", "unverifiable"),
        ((f"mail.{DOMAIN}", "*"), "mx", "unverifiable"),
        ((DOMAIN, "TXT"), "spf", "unverifiable"),
        ((f"_spf.{DOMAIN}", "TXT"), "spf", "temperror"),
        ((f"_dmarc.{DOMAIN}", "TXT"), "dmarc", "unverifiable"),
    ],
    ids=["mx", "mx-target", "spf", "spf-include", "dmarc"],
)
def test_one_answer_that_fails_blinds_only_its_own_part(name: tuple[str, str], part: str, state: str) -> None:
    read = facts(zone(), faults={name: "servfail"})
    states = {"mx": read.mx.state, "spf": read.spf.state, "dmarc": read.dmarc.state}
    expected = {"mx": "valid", "spf": "valid", "dmarc": "valid", part: state}
    if name == (DOMAIN, "MX"):
        expected["spf"] = "temperror"  # the record's own mx term rests on the same answer
    assert states == expected


def test_null_mx_rfc_7505_section_3() -> None:
    evidence, asked = look(zone(**{DOMAIN: {"MX": ["0 ."], "TXT": ["v=spf1 -all"]}}))
    assert read_mail(evidence).mx.state == "null"
    assert not any(name in ("", ".") for name, _ in asked)


def test_an_alias_as_mx_target_rfc_2181_section_10_3() -> None:
    records = zone(**{f"mail.{DOMAIN}": {"CNAME": ["real.gov.example."]}, "real.gov.example": {"A": ["203.0.113.9"]}})
    read = facts(records)
    assert read.mx.state == "valid" and Problem.MX_TARGET_ALIAS in read.mx.problems
    assert read.mx.targets[0][2] == ("203.0.113.9",)


def test_mx_targets_that_lead_nowhere() -> None:
    records = zone(**{DOMAIN: {"MX": ["10 gone.example.", "20 10.0.0.5.", "30 lan.example."], "TXT": ["v=spf1 -all"]}})
    read = facts({**records, "lan.example": {"A": ["192.168.1.5"]}})
    assert read.mx.state == "invalid"
    assert set(read.mx.problems) == {
        Problem.MX_TARGET_UNRESOLVED,
        Problem.MX_TARGET_IS_ADDRESS,
        Problem.MX_PRIVATE_ADDRESS,
    }


def test_spf_follows_redirects_and_stops_at_loops() -> None:
    records = zone(
        **{
            DOMAIN: {"TXT": ["v=spf1 redirect=a.gov.example"]},
            "a.gov.example": {"TXT": ["v=spf1 include:b.gov.example ~all"]},
            "b.gov.example": {"TXT": [f"v=spf1 include:a.gov.example include:{DOMAIN} -all"]},
        }
    )
    evidence, asked = look(records)
    assert [name for name, _ in evidence.spf_tree] == ["a.gov.example", "b.gov.example"]
    assert asked.count((DOMAIN, "TXT")) == 1
    assert Problem.SPF_LOOP in read_mail(evidence).spf.problems


def test_spf_is_bounded_in_domains_and_hosts() -> None:
    endless = {f"n{n}.example": {"TXT": [f"v=spf1 a:h{n}.example include:n{n + 1}.example"]} for n in range(60)}
    evidence, _ = look(zone(**{DOMAIN: {"TXT": ["v=spf1 include:n0.example -all"]}}, **endless))
    assert len(evidence.spf_tree) == MAX_DOMAINS
    assert len(evidence.spf_hosts) <= MAX_HOSTS
    read = read_mail(evidence)
    assert read.spf.state == "permerror"
    assert Problem.SPF_TOO_MANY_LOOKUPS in read.spf.problems


def test_void_lookups_are_counted_from_answers() -> None:
    records = zone(
        **{DOMAIN: {"MX": ["10 mail.tinh.gov.example."], "TXT": ["v=spf1 a a:x.example mx:y.example mx -all"]}}
    )
    read = facts(records)
    assert (read.spf.state, read.spf.lookups, read.spf.void_lookups) == ("permerror", 4, 3)
    assert not read.confirmed


def test_long_text_in_several_strings_is_one_record() -> None:
    halves = '"v=spf1 ip4:203.0.113.0/24 " "-all"'
    assert facts(zone(**{DOMAIN: {"MX": ["0 ."], "TXT": [halves]}})).spf.record == "v=spf1 ip4:203.0.113.0/24 -all"


@pytest.mark.parametrize(
    ("records", "last", "location"),
    [
        ({DOMAIN: "v=DMARC1; p=none"}, DOMAIN, DOMAIN),
        ({"gov.example": "v=DMARC1; p=none"}, "example", "gov.example"),
        ({"gov.example": "v=DMARC1; p=none; psd=y"}, "gov.example", "gov.example"),
        ({"gov.example": "v=DMARC1; p=none; psd=n", "example": "v=DMARC1; p=reject"}, "gov.example", "gov.example"),
        ({}, "example", ""),
    ],
    ids=["own", "no-psd", "psd-y", "psd-n", "nothing"],
)
def test_the_dmarc_walk_section_4_10(records: dict[str, str], last: str, location: str) -> None:
    bare = {DOMAIN: {"A": ["203.0.113.1"]}, "gov.example": {"A": ["203.0.113.1"]}}
    evidence, _ = look({**bare, **{f"_dmarc.{name}": {"TXT": [text]} for name, text in records.items()}})
    assert evidence.dmarc[-1][0] == f"_dmarc.{last}"
    assert read_mail(evidence).dmarc.location == (f"_dmarc.{location}" if location else "")


def test_the_dmarc_walk_asks_at_most_eight_names_section_4_10() -> None:
    evidence, asked = look({}, domain="a.b.c.d.e.f.g.h.i.j.mail.example.com")
    walked = [name for name, kind in asked if name.startswith("_dmarc.") and kind == "TXT"]
    assert len(walked) == len(evidence.dmarc) == 8
    assert walked[-1] == "_dmarc.com"


def test_no_selector_is_guessed() -> None:
    evidence, asked = look(zone())
    assert evidence.dkim == ()
    assert not any("_domainkey" in name for name, _ in asked)


def test_a_name_that_cannot_be_asked_for_is_not_a_fault_of_the_domain() -> None:
    evidence, _ = look({}, domain="a" * 70 + ".example")
    assert isinstance(evidence.mx, Failed)
    assert read_mail(evidence).mx.state == "unverifiable"


KEY = {"TXT": ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]}


def test_known_selectors_are_tried_where_there_are_any_and_say_nothing_if_missing() -> None:
    records = {**zone(), f"k1._domainkey.{DOMAIN}": KEY}
    wanted = Selectors(configured=["gone"], sampled=["k1", "GONE"], known=["k1", "google", "default"])
    evidence, _ = look(records, selectors=wanted)
    assert evidence.dkim_sources == (
        ("gone", "configured"), ("k1", "sample"), ("google", "known"), ("default", "known"),
    )  # fmt: skip
    read = read_mail(evidence)
    assert [(key.selector, key.state, key.source) for key in read.dkim] == [
        ("gone", "none", "configured"), ("k1", "valid", "sample"),
    ]  # fmt: skip
    assert (read.dkim_asked, read.dkim_hint) == (4, "there")


def test_known_selectors_are_not_tried_where_nothing_can_be() -> None:
    evidence, asked = look(
        {"bare.example": {"A": ["192.0.2.1"]}}, domain="bare.example", selectors=Selectors(known="k1")
    )
    assert [name for name, _ in asked if "_domainkey" in name] == ["_domainkey.bare.example"]
    assert (read_mail(evidence).dkim, read_mail(evidence).dkim_hint) == ((), "absent")


def test_selectors_are_bounded() -> None:
    many = [f"s{n}" for n in range(200)]
    evidence, _ = look(
        {**zone(), f"k1._domainkey.{DOMAIN}": KEY}, selectors=Selectors(many, many[::-1], ["k1", *"abc"] * 9)
    )
    assert len([source for _, source in evidence.dkim_sources if source != "known"]) == 50
    assert len(evidence.dkim) <= 50 + 24


def test_selectors_are_read_from_sample_messages(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(
        b"DKIM-Signature: v=1; a=rsa-sha256; d=Tinh.Example;\r\n\ts=S2024; h=from; b=x\r\n"
        b"DKIM-Signature: v=1; d=other.example; s=x1\r\nFrom: a@tinh.example\r\n\r\nDKIM-Signature: d=no.example; s=no\r\n"
    )
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "b").write_bytes(b"DKIM-Signature: d=tinh.example; s=s2025\n\n")
    (tmp_path / "c.eml").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "d.eml").write_bytes(b"DKIM-Signature: d=; s=\nDKIM-Signature: \xff\n\n")
    assert read_samples(tmp_path) == {"tinh.example": ("s2024", "s2025"), "other.example": ("x1",)}
    assert read_samples(tmp_path / "missing") == {}


_HEADER = st.tuples(
    st.sampled_from([b"DKIM-Signature", b"dkim-signature ", b"From", b"", b"DKIM-Signature: d=a.example; s=b; x"]),
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=30).map(lambda text: f" d={text}; s={text[::-1]}".encode("utf-8", "surrogatepass")),
        st.binary(max_size=20).map(lambda raw: b"=?utf-8?b?" + raw + b"?= d=a; s=" + raw),
    ),
).map(b":".join)


@given(st.one_of(st.binary(max_size=300), st.lists(_HEADER, max_size=6).map(b"\r\n".join)))
def test_no_sample_message_stops_the_reading(message: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.eml").write_bytes(message)
        found = read_samples(Path(folder))
    for domain, selectors in found.items():
        assert domain.isascii() and selectors and all(one and one.isascii() for one in selectors)


def test_the_web_hosts_below_the_domain_are_asked_about_and_no_others() -> None:
    """Three questions for each: the walk to the policy is the domain's own (RFC 9989 section 4.10)."""
    hosts = [f"sct.{DOMAIN}", f"SCT.{DOMAIN}.", f"gone.{DOMAIN}", DOMAIN, "other.example", f"x{DOMAIN}"]
    records = zone(**{f"sct.{DOMAIN}": {"A": ["203.0.113.9"]}, f"_dmarc.sct.{DOMAIN}": {"TXT": ["v=DMARC1; p=none"]}})
    records[f"_dmarc.{DOMAIN}"] = {"TXT": ["v=DMARC1; p=reject; np=quarantine"]}

    async def run(address: tuple[str, int], names: list[str]) -> MailEvidence:
        return await look_at_mail_domain(DOMAIN, Resolver([address], timeout=TIMEOUT), web_hosts=names)

    with DnsServer(records) as server:
        evidence, asked = asyncio.run(run(server.address, hosts)), set(server.queries)
        server.queries.clear()
        asyncio.run(run(server.address, []))
        more = asked - set(server.queries)
    facts = read_mail(evidence)
    assert [(one.host, one.policy) for one in facts.web_hosts] == [
        (f"sct.{DOMAIN}", "none"),
        (f"gone.{DOMAIN}", "quarantine"),
    ]
    assert more == {
        (name, kind)
        for host in (f"sct.{DOMAIN}", f"gone.{DOMAIN}")
        for name, kind in ((host, "TXT"), (host, "MX"), (f"_dmarc.{host}", "TXT"))
    } | {("_dmarc.gov.example", "TXT"), ("_dmarc.example", "TXT")}


def test_a_web_hosts_name_is_asked_for_spf_mx_and_the_policy_it_inherits() -> None:
    records = {
        "sct.tinh.example": {"A": ["192.0.2.1"], "TXT": ["v=spf1 -all"]},
        "_dmarc.tinh.example": {"TXT": ["v=DMARC1; p=none; sp=reject"]},
    }

    async def run(address: tuple[str, int]) -> HostMail:
        return await look_at_host_mail("Sct.Tinh.example.", Resolver([address], timeout=TIMEOUT))

    with DnsServer(records) as server:
        seen = asyncio.run(run(server.address))
    facts = read_host_mail(
        HostLook("sct.tinh.example", seen_at := datetime.now(UTC), Failed(Reason.DNS_NODATA), mail=seen)
    )
    assert facts == HostMailFacts(
        "sct.tinh.example", seen_at, sends_nothing=True, policy="reject", location="_dmarc.tinh.example",
        record="v=DMARC1; p=none; sp=reject",
    )  # fmt: skip
