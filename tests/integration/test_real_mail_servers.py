"""A mail domain on real servers: knot signs the zones, unbound validates them, postfix presents a certificate."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from auditor.gather.dns import Resolver
from auditor.gather.mail import Outside, SmtpDoor, look_at_mail_domain
from auditor.gather.network import Network, NetworkOptions, parse_connect_to
from auditor.model import Completed, MailFacts, Reason, TransportFacts
from auditor.read.records import Problem, read_mail
from tests.integration.servers import knot, missing, postfix, trust_anchor, unbound
from tests.read.records.certs import tlsa

MAIL, OLD = "mail.tinh.example", "cu.tinh.example"
DOMAINS = ("tinh.example", "sai.tinh.example", "chuaky.example", "hong.example")
_HEAD = "$TTL 300\n@ SOA ns.tinh.example. hostmaster.tinh.example. 1 3600 600 86400 300\n@ NS ns.tinh.example.\n"

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "everything is there")


@pytest.fixture(scope="module")
def seen() -> Iterator[Mapping[str, MailFacts]]:
    """The facts of all domains, looked at once with the servers running."""
    folder = Path(tempfile.mkdtemp(prefix="auditor-mail-"))
    folder.chmod(0o755)  # postfix's own user must get through
    try:
        with ExitStack() as servers:
            authority = trustme.CA()
            made = authority.issue_cert(MAIL, OLD)
            made.cert_chain_pems[0].write_to_path(folder / "cert.pem")
            made.private_key_pem.write_to_path(folder / "key.pem")
            authority.cert_pem.write_to_path(folder / "ca.pem")
            leaf = x509.load_pem_x509_certificate(made.cert_chain_pems[0].bytes()).public_bytes(Encoding.DER)
            zones = _zones(tlsa(3, 1, 1, leaf))
            dns_port = servers.enter_context(knot(folder / "knot", zones, signed=["tinh.example."]))
            anchor = trust_anchor(dns_port, "tinh.example.")
            anchors = [anchor, anchor.replace("tinh.", "hong.")]  # hong.example is not signed, though it should be
            resolver_port = servers.enter_context(unbound(folder / "unbound", dns_port, list(zones), anchors))
            mail_port = servers.enter_context(
                postfix(folder / "postfix", MAIL, folder / "cert.pem", folder / "key.pem")
            )
            yield asyncio.run(_look(resolver_port, mail_port, folder / "ca.pem"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _zones(record: str) -> Mapping[str, str]:
    """The root knows nothing but these; without it the resolver would ask the real one."""
    other = "3 1 1 " + "ab" * 32
    return {
        "tinh.example.": f'{_HEAD}@ MX 10 {MAIL}.\n@ TXT "v=spf1 mx -all"\nns A 127.0.0.1\nmail A 127.0.0.1\ncu A 127.0.0.1\n'
        f"_25._tcp.mail TLSA {record}\n_25._tcp.mail TLSA {other}\nsai MX 10 {OLD}.\n_25._tcp.cu TLSA {other}\n",
        "chuaky.example.": f"{_HEAD}@ MX 10 mail\nmail A 127.0.0.1\n_25._tcp.mail TLSA {other}\n",
        "hong.example.": f"{_HEAD}@ MX 10 mail\nmail A 127.0.0.1\n_25._tcp.mail TLSA {other}\n",
        ".": _HEAD,
    }


async def _look(resolver_port: int, mail_port: int, ca_file: Path) -> Mapping[str, MailFacts]:
    resolver = Resolver([("127.0.0.1", resolver_port)], timeout=5)
    rules = (parse_connect_to(f":25:127.0.0.1:{mail_port}"),)
    options = NetworkOptions(delay=0, allow_private=True, connect_to=rules, ca_file=str(ca_file))
    async with Network(options, resolver) as network:
        outside = Outside(network, SmtpDoor(network, str(ca_file)))
        return {name: read_mail(await look_at_mail_domain(name, resolver, outside=outside)) for name in DOMAINS}


def transport(seen: Mapping[str, MailFacts], domain: str) -> TransportFacts:
    found = seen[domain].transport
    assert found is not None
    return found


def test_the_signed_zone_is_authenticated_and_its_tlsa_records_match_what_postfix_presents(
    seen: Mapping[str, MailFacts],
) -> None:
    dane = transport(seen, "tinh.example").dane
    assert (dane.state, dane.problems) == ("valid", ())
    evidence = seen["tinh.example"].evidence
    assert evidence is not None and evidence.transport is not None
    assert isinstance(evidence.transport.mx, Completed) and evidence.transport.mx.value.authenticated


def test_postfix_is_seen_with_starttls_certificate_and_extensions(seen: Mapping[str, MailFacts]) -> None:
    smtp = transport(seen, "tinh.example").smtp
    (server,) = smtp.servers
    assert (smtp.state, server.name, server.tls_version) == ("tls", MAIL, "TLSv1.3")
    assert MAIL in server.banner and MAIL in server.certificate_names
    assert server.extensions == ("SIZE", "8BITMIME", "SMTPUTF8")
    assert server.problems == ()


def test_tlsa_records_that_name_another_key_are_a_mismatch(seen: Mapping[str, MailFacts]) -> None:
    dane = transport(seen, "sai.tinh.example").dane
    assert (dane.state, dane.problems[0]) == ("mismatch", Problem.DANE_MISMATCH)


def test_an_unsigned_zone_is_never_a_mismatch(seen: Mapping[str, MailFacts]) -> None:
    assert transport(seen, "chuaky.example").dane.state in ("insecure", "unverifiable")


def test_a_bogus_zone_could_not_be_looked_at(seen: Mapping[str, MailFacts]) -> None:
    found = transport(seen, "hong.example")
    assert (found.dane.state, found.mta_sts.state, found.mta_sts.reason) == (
        "unverifiable", "unverifiable", Reason.DNS_SERVFAIL,
    )  # fmt: skip
