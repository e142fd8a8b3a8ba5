"""Certificates of mail servers in the form that they were presented in. Trust is judged elsewhere."""

from __future__ import annotations

from cryptography import x509


def load_chain(chain: tuple[bytes, ...]) -> tuple[x509.Certificate, ...]:
    """The certificates of a chain in DER, up to the first that cannot be read."""
    found: list[x509.Certificate] = []
    for octets in chain:
        try:
            found.append(x509.load_der_x509_certificate(octets))
        except ValueError:
            break
    return tuple(found)


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The DNS names in it, in lower case; the common name is none (RFC 9525 section 2)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    return tuple(name.lower().rstrip(".") for name in extension.value.get_values_for_type(x509.DNSName))


def covers_name(certificate: x509.Certificate, host: str) -> bool:
    """RFC 9525 section 6.3: one of its names is `host`, or a wildcard stands for its whole left-most label."""
    host = host.lower().rstrip(".")
    first, _, rest = host.partition(".")
    return any(name == host or (bool(first) and name == f"*.{rest}") for name in names_of(certificate))
