"""Questions as bytes, and answers read no further than they are needed."""

from __future__ import annotations

import asyncio

import dns.message
import dns.rcode
import pytest

from auditor.demo.dns import DnsServer
from auditor.gather.dns_wire import ask_udp, to_wire


@pytest.mark.parametrize("edns", [None, 0])
@pytest.mark.parametrize("want_dnssec", [False, True])
@pytest.mark.parametrize("name", [".", "vn", "_dmarc.Tỉnh.gov.vn", "a" * 63 + ".vn", r"x\.y.vn"])
def test_questions_are_written_as_the_library_writes_them(name: str, want_dnssec: bool, edns: int | None) -> None:
    use_edns = 0 if want_dnssec else edns
    question = dns.message.make_query(name, "TLSA", use_edns=use_edns, payload=1232, want_dnssec=want_dnssec)
    assert to_wire(question) == question.to_wire()


def test_no_such_name_is_read_from_the_header_but_not_without_its_proofs() -> None:
    """A plain question for a missing name gets no authority section; one for its DNSSEC proofs keeps it."""

    async def ask(server: DnsServer, *, want_dnssec: bool) -> dns.message.Message:
        question = dns.message.make_query("gone.example.vn", "A", use_edns=0, want_dnssec=want_dnssec)
        return await ask_udp(question, *server.address, 2.0)

    with DnsServer({"example.vn": {"A": ["203.0.113.1"]}}, zones=["example.vn"]) as server:
        plain = asyncio.run(ask(server, want_dnssec=False))
        proven = asyncio.run(ask(server, want_dnssec=True))
    assert (plain.rcode(), proven.rcode()) == (dns.rcode.NXDOMAIN, dns.rcode.NXDOMAIN)
    assert (len(plain.authority), len(proven.authority)) == (0, 1)
