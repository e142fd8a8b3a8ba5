"""check_host() and discover_policy() against a real name server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from auditor.demo.dns import DnsServer
from auditor.gather.dns import Resolver
from auditor.gather.mail import PolicyFound, SpfCheck, SpfResult, check_host, discover_policy

Zone = Mapping[str, Mapping[str, Sequence[str]]]

#: The zone of RFC 7208 appendix A.
APPENDIX_A: Zone = {
    "example.com": {"MX": ["10 mail-a.example.com.", "20 mail-b.example.com."], "A": ["192.0.2.10", "192.0.2.11"]},
    "amy.example.com": {"A": ["192.0.2.65"]},
    "bob.example.com": {"A": ["192.0.2.66"]},
    "mail-a.example.com": {"A": ["192.0.2.129"]},
    "mail-b.example.com": {"A": ["192.0.2.130"]},
    "www.example.com": {"CNAME": ["example.com."]},
    "example.org": {"MX": ["10 mail-c.example.org."]},
    "mail-c.example.org": {"A": ["192.0.2.140"]},
    "10.2.0.192.in-addr.arpa": {"PTR": ["example.com."]},
    "11.2.0.192.in-addr.arpa": {"PTR": ["example.com."]},
    "65.2.0.192.in-addr.arpa": {"PTR": ["amy.example.com."]},
    "66.2.0.192.in-addr.arpa": {"PTR": ["bob.example.com."]},
    "129.2.0.192.in-addr.arpa": {"PTR": ["mail-a.example.com."]},
    "130.2.0.192.in-addr.arpa": {"PTR": ["mail-b.example.com."]},
    "140.2.0.192.in-addr.arpa": {"PTR": ["mail-c.example.org."]},
    "4.0.0.10.in-addr.arpa": {"PTR": ["bob.example.com."]},
}


def check(
    zone: Zone,
    ip: str,
    sender: str = "x@example.com",
    helo: str = "h.example",
    faults: Mapping[tuple[str, str], str] = {},
) -> SpfCheck:
    async def run(address: tuple[str, int]) -> SpfCheck:
        return await check_host(ip, sender, helo, Resolver([address], timeout=0.3))

    with DnsServer(zone, faults=faults) as server:
        return asyncio.run(run(server.address))


def published(record: str, zone: Zone = APPENDIX_A) -> Zone:
    """`zone` with `record` as the SPF record of example.com."""
    return {**zone, "example.com": {**zone.get("example.com", {}), "TXT": [record]}}


@pytest.mark.parametrize(
    ("record", "passing", "failing"),
    [
        pytest.param("v=spf1 +all", ["203.0.113.9", "2001:db8::1"], [], id="A.1-all"),
        pytest.param("v=spf1 a -all", ["192.0.2.10", "192.0.2.11"], ["192.0.2.12"], id="A.1-a"),
        pytest.param("v=spf1 a:example.org -all", [], ["192.0.2.10"], id="A.1-a-without-address"),
        pytest.param("v=spf1 mx -all", ["192.0.2.129", "192.0.2.130"], ["192.0.2.10"], id="A.1-mx"),
        pytest.param("v=spf1 mx:example.org -all", ["192.0.2.140"], ["192.0.2.129"], id="A.1-mx-domain"),
        pytest.param("v=spf1 mx mx:example.org -all", ["192.0.2.129", "192.0.2.140"], ["192.0.2.10"], id="A.1-two-mx"),
        pytest.param(
            "v=spf1 mx/30 mx:example.org/30 -all", ["192.0.2.131", "192.0.2.143"], ["192.0.2.132"], id="A.1-mx-30"
        ),
        pytest.param("v=spf1 ptr -all", ["192.0.2.10", "192.0.2.65"], ["192.0.2.140", "10.0.0.4"], id="A.1-ptr"),
        pytest.param("v=spf1 ip4:192.0.2.128/28 -all", ["192.0.2.129"], ["192.0.2.65"], id="A.1-ip4"),
        pytest.param("v=spf1 ip4:192.0.2.0/24 -all", ["::ffff:192.0.2.5"], ["2001:db8::5"], id="5-mapped-address"),
        pytest.param("v=spf1 ip6:2001:db8::/32 -all", ["2001:db8:1::5"], ["2001:db9::5", "192.0.2.1"], id="5.6-ip6"),
        pytest.param("v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/24 -all", ["192.0.2.2"], ["192.0.2.1"], id="4.6.2-order"),
    ],
)
def test_appendix_a(record: str, passing: list[str], failing: list[str]) -> None:
    results = {ip: check(published(record), ip).result for ip in passing + failing}
    assert results == dict.fromkeys(passing, SpfResult.PASS) | dict.fromkeys(failing, SpfResult.FAIL)


@pytest.mark.parametrize(
    ("record", "result"),
    [
        pytest.param("v=spf1 ~all", SpfResult.SOFTFAIL, id="4.6.2-tilde"),
        pytest.param("v=spf1 ?all", SpfResult.NEUTRAL, id="4.6.2-question"),
        pytest.param("v=spf1 a", SpfResult.NEUTRAL, id="4.7-default"),
        pytest.param("v=spf1 all moo", SpfResult.PERMERROR, id="4.6-error-after-match"),
        pytest.param("v=spf1 include:pass.example -all", SpfResult.PASS, id="5.2-pass"),
        pytest.param("v=spf1 include:fail.example ~all", SpfResult.SOFTFAIL, id="5.2-fail"),
        pytest.param("v=spf1 include:broken.example -all", SpfResult.PERMERROR, id="5.2-permerror"),
        pytest.param("v=spf1 include:bob.example.com -all", SpfResult.PERMERROR, id="5.2-none"),
        pytest.param("v=spf1 redirect=fail.example", SpfResult.FAIL, id="6.1"),
        pytest.param("v=spf1 redirect=bob.example.com", SpfResult.PERMERROR, id="6.1-none"),
        pytest.param("v=spf1 redirect=fail.example ?all", SpfResult.NEUTRAL, id="6.1-all-wins"),
        pytest.param("v=spf1 include:example.com -all", SpfResult.PERMERROR, id="4.6.4-loop"),
        pytest.param("v=spf1 exists:%{ir}.%{v}.arpa.list.example -all", SpfResult.PASS, id="5.7-exists"),
        pytest.param("v=spf1 exists:%{l}.%{o1}.%{h}.example -all", SpfResult.PASS, id="7.2-macros"),
        pytest.param("v=spf1 exists:%{p}.list.example -all", SpfResult.PASS, id="7.3-p"),
        pytest.param("v=spf1 a:a..b.example -all", SpfResult.FAIL, id="4.8-empty-label"),
        pytest.param("v=spf1 mx:many.example -all", SpfResult.PERMERROR, id="4.6.4-eleven-mx"),
        pytest.param("v=spf1 " + "a:bob.example.com " * 10 + "-all", SpfResult.FAIL, id="4.6.4-ten"),
        pytest.param("v=spf1 " + "a:bob.example.com " * 11 + "-all", SpfResult.PERMERROR, id="4.6.4-eleven"),
        pytest.param("v=spf1 a:n1.example a:n2.example -all", SpfResult.FAIL, id="4.6.4-two-voids"),
        pytest.param("v=spf1 a:n1.example a:n2.example a:n3.example -all", SpfResult.PERMERROR, id="4.6.4-three-voids"),
    ],
)
def test_results(record: str, result: SpfResult) -> None:
    zone = {
        **published(record),
        "pass.example": {"TXT": ["v=spf1 ip4:192.0.2.65 -all"]},
        "fail.example": {"TXT": ["v=spf1 -all"]},
        "broken.example": {"TXT": ["v=spf1 ipv4:1 -all"]},
        "65.2.0.192.in-addr.arpa.list.example": {"A": ["127.0.0.2"]},
        "x.com.h.example.example": {"A": ["127.0.0.2"]},
        "amy.example.com.list.example": {"A": ["127.0.0.2"]},
        "many.example": {"MX": [f"10 m{n}.example." for n in range(11)]},
    }
    assert check(zone, "192.0.2.65").result is result


@pytest.mark.parametrize(
    ("sender", "helo"),
    [("", "nodots"), ("", "[192.0.2.1]"), ("x@a..example.com", "h"), ("x@" + "a" * 64 + ".example", "h"),
     ("x@gone.example", "h"), ("x@bob.example.com", "h")],
    ids=["4.3-one-label", "4.3-literal", "4.3-empty-label", "4.3-long-label", "4.3-nxdomain", "4.5-no-record"],
)  # fmt: skip
def test_none(sender: str, helo: str) -> None:
    assert check(published("v=spf1 -all"), "192.0.2.1", sender, helo).result is SpfResult.NONE


def test_an_empty_sender_is_postmaster_at_helo_section_2_4() -> None:
    zone = published("v=spf1 exists:%{l}.%{o}.list.example -all")
    zone = {**zone, "postmaster.example.com.list.example": {"A": ["127.0.0.2"]}}
    assert check(zone, "192.0.2.1", "", "example.com").result is SpfResult.PASS


@pytest.mark.parametrize(
    "fault",
    [("example.com", "TXT"), ("amy.example.com", "A"), ("pass.example", "TXT")],
    ids=["2.6.6-record", "5-term", "5.2-include"],
)
@pytest.mark.parametrize("how", ["servfail", "drop"])
def test_temperror(fault: tuple[str, str], how: str) -> None:
    zone = {**published("v=spf1 a:amy.example.com include:pass.example -all"), "pass.example": {"TXT": ["v=spf1 -all"]}}
    assert check(zone, "192.0.2.1", faults={fault: how}).result is SpfResult.TEMPERROR


def test_trouble_with_the_reverse_zone_is_no_match_section_5_5() -> None:
    faults = {("65.2.0.192.in-addr.arpa", "PTR"): "servfail"}
    assert check(published("v=spf1 ptr -all"), "192.0.2.65", faults=faults).result is SpfResult.FAIL


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        ("%{i} is not one of %{d}'s servers", "192.0.2.1 is not one of example.com's servers"),
        ("see http://%{d}/why?s=%{S}&i=%{I}", "see http://example.com/why?s=x%40example.com&i=192.0.2.1"),
        ("%{c} %{r} %% %{x}", ""),
        ("%{c} %{r} 100%%", "192.0.2.1 unknown 100%"),
        ("caf\u00e9", ""),
    ],
    ids=["6.2", "7.3-escaped", "6.2-syntax", "7.2-c-and-r", "6.2-ascii"],
)
def test_explanation(text: str, explanation: str) -> None:
    zone = {**published("v=spf1 -all exp=why.%{d}"), "why.example.com": {"TXT": [text]}}
    found = check(zone, "192.0.2.1")
    assert (found.result, found.explanation) == (SpfResult.FAIL, explanation)


def test_the_explanation_of_an_include_is_not_used_section_6_2() -> None:
    zone = {
        **published("v=spf1 include:other.example -all"),
        "other.example": {"TXT": ["v=spf1 -all exp=why.example.com"]},
        "why.example.com": {"TXT": ["no"]},
    }
    assert check(zone, "192.0.2.1").explanation == ""


def test_an_address_that_is_none_is_the_callers_error() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        check(APPENDIX_A, "nonsense")


@pytest.mark.parametrize(
    ("records", "policy", "asked"),
    [
        ({"_dmarc.so.tinh.example": "v=DMARC1; p=reject"}, "reject", 1),
        ({"_dmarc.tinh.example": "v=DMARC1; p=none; sp=quarantine; np=reject"}, "quarantine", 3),
        ({"_dmarc.tinh.example": "v=DMARC1; p=reject; psd=n"}, "reject", 2),
        ({}, "", 3),
    ],
    ids=["4.10.1-own", "4.10.1-sp", "4.10-psd-n", "4.10.1-none"],
)
def test_discover_policy(records: dict[str, str], policy: str, asked: int) -> None:
    zone: Zone = {"so.tinh.example": {"A": ["192.0.2.1"]}, **{name: {"TXT": [text]} for name, text in records.items()}}
    found = discover(zone, "so.tinh.example")
    assert (found.facts.effective_policy, len(found.queries)) == (policy, asked)


def test_discover_policy_for_a_name_that_does_not_exist_section_4_7() -> None:
    zone: Zone = {"_dmarc.tinh.example": {"TXT": ["v=DMARC1; p=none; sp=quarantine; np=reject"]}}
    assert discover(zone, "gone.tinh.example").facts.effective_policy == "reject"


def discover(zone: Zone, domain: str) -> PolicyFound:
    async def run(address: tuple[str, int]) -> PolicyFound:
        return await discover_policy(domain, Resolver([address], timeout=0.3))

    with DnsServer(zone) as server:
        return asyncio.run(run(server.address))
