"""Certificates for the tests of DANE and SMTP, from an authority made for one test run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Issued:
    """A server's certificate and its authority's, in DER."""

    leaf: bytes
    authority: bytes

    @property
    def chain(self) -> tuple[bytes, ...]:
        return self.leaf, self.authority


def issue(*names: str, days: int = 365) -> Issued:
    """Valid from a year ago until `days` from now."""
    authority = trustme.CA()
    made = authority.issue_cert(*names, not_before=NOW - timedelta(days=365), not_after=NOW + timedelta(days=days))
    return Issued(_der(made.cert_chain_pems[0].bytes()), _der(authority.cert_pem.bytes()))


def _der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def spki(certificate: bytes) -> bytes:
    key = x509.load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def tlsa(usage: int, selector: int, matching: int, certificate: bytes) -> str:
    """The TLSA record that names `certificate`."""
    content = certificate if selector == 0 else spki(certificate)
    digests = {0: content, 1: hashlib.sha256(content).digest(), 2: hashlib.sha512(content).digest()}
    return f"{usage} {selector} {matching} {digests[matching].hex()}"
