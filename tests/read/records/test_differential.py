"""DMARC records against checkdmarc, another parser, where both apply.

checkdmarc looks up the mail servers of reporting addresses: it gets a name server on loopback, so it has no network.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dns.nameserver
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.demo.dns import DnsServer
from auditor.read.records.dmarc import parse_dmarc

checkdmarc_dmarc: Any = pytest.importorskip("checkdmarc.dmarc", reason="checkdmarc is not installed")
checkdmarc_utils: Any = pytest.importorskip("checkdmarc.utils", reason="checkdmarc is not installed")

POLICIES = ["none", "quarantine", "reject"]

tags = st.fixed_dictionaries(
    {},
    optional={
        "sp": st.sampled_from(POLICIES),
        "np": st.sampled_from(POLICIES),
        "adkim": st.sampled_from("rs"),
        "aspf": st.sampled_from("rs"),
        "fo": st.sampled_from(["0", "1", "d", "s", "d:s", "s:d"]),
        "t": st.sampled_from("yn"),
        "psd": st.sampled_from("ynu"),
        "pct": st.sampled_from(["0", "50", "100"]),
        "ri": st.just("86400"),
        "moo": st.just("1"),
        "rua": st.lists(st.sampled_from(["mailto:a@example.com", "mailto:b@example.com"]), min_size=1, unique=True).map(
            ",".join
        ),
        "ruf": st.just("mailto:f@example.com"),
    },
)


def _written(policy: str, rest: dict[str, str], spaced: bool) -> str:
    between = " ; " if spaced else ";"
    return between.join(["v=DMARC1", f"p={policy}", *(f"{name}={value}" for name, value in rest.items())])


@pytest.fixture(scope="module")
def nameserver() -> Iterator[dns.nameserver.Nameserver]:
    zone = {"example.com": {"MX": ["10 mail.example.com."]}, "mail.example.com": {"A": ["192.0.2.1"]}}
    with DnsServer(zone) as server:
        yield dns.nameserver.Do53Nameserver(*server.address)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(policy=st.sampled_from([*POLICIES, "Reject"]), rest=tags, spaced=st.booleans())
def test_sound_records_are_read_alike(
    policy: str, rest: dict[str, str], spaced: bool, nameserver: dns.nameserver.Nameserver
) -> None:
    checkdmarc_utils.DNS_CACHE.clear()
    text = _written(policy, rest, spaced)
    theirs = checkdmarc_dmarc.parse_dmarc_record(
        text, "example.com", nameservers=[nameserver], timeout=2, syntax_error_marker=""
    )["tags"]
    ours = parse_dmarc(text)
    assert ours.usable
    assert ours.p == theirs["p"]["value"]
    # RFC 9989 section 4.7: without sp, p applies; checkdmarc fills it in, the record as read here stays as written.
    assert (ours.sp or ours.p) == theirs["sp"]["value"]
    assert (ours.np or ours.sp or ours.p) == theirs["np"]["value"]
    assert ours.psd == theirs["psd"]["value"]
    assert ours.testing == (theirs["t"]["value"] == "y")
    assert len(ours.rua) == len(theirs["rua"]["value"] if "rua" in theirs else [])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("v=DMARC1; p=all", id="4.7-policy"),
        pytest.param("v=DMARC1; sp=reject", id="4.10.1-no-p"),
        pytest.param("v=DMARC1; p=reject; sp=x", id="4.10.1-sp"),
    ],
)
def test_unsound_records_are_refused_here_too(text: str) -> None:
    assert not parse_dmarc(text).usable
