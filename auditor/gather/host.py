"""Facts of one host: its addresses, whether http and https answer, and its certificate. Looked at once per run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from auditor.gather.client import RequestFailed, TlsSeen
from auditor.gather.dns import Resolver
from auditor.gather.mail.web_host import look_at_host_mail
from auditor.gather.network import Network
from auditor.model import Certificate, Completed, Failed, HostLook, Look, NotRun, Outcome, Reason

_BYTES = 64_000  # of the start page: enough to recognise a server's default page


@dataclass(frozen=True, slots=True)
class _Tls:
    """What https:// showed."""

    https: Outcome[Look]
    certificate: Outcome[Certificate]
    version: str | None
    server_date: str = ""


async def look_at_host(
    host: str, network: Network, resolver: Resolver, second_resolver: Resolver | None = None, *, attempt: int = 1
) -> HostLook:
    """Addresses, http:// and https:// roots and certificate of `host` ("name", or "name:port": then http there only).

    A look is Completed when any HTTP answer came, also an error status (its `reason` says which); Failed when none
    came; NotRun when we did not ask. The second resolver is asked only after NXDOMAIN. `attempt` 2 uses new
    connections. Certificates are judged by the real time.
    """
    looked_at = datetime.now(UTC)
    name, port = _split(host)
    addresses, second = await _addresses(name, port, network, resolver, second_resolver)
    http = await _root(f"http://{host}/", network, attempt)
    tls = _Tls(NotRun(Reason.OUT_OF_SCOPE), NotRun(Reason.OUT_OF_SCOPE), None)
    if port is None:
        tls = await _https(name, http, network, attempt)
    return HostLook(
        host=host,
        looked_at=looked_at,
        addresses=addresses,
        second_opinion=second,
        http=_outcome(http),
        https=tls.https,
        certificate=tls.certificate,
        tls_version=tls.version,
        server_date=tls.server_date,
        attempt=attempt,
        mail=await look_at_host_mail(name, resolver) if port is None and _has_name(name, addresses) else None,
    )


def _has_name(name: str, addresses: Outcome[tuple[str, ...]]) -> bool:
    """True for a host name that was found in the DNS, not for an address literal or one that is overridden."""
    return isinstance(addresses, Completed) and "." in name and name.strip("[]") not in addresses.value


async def _addresses(
    name: str, port: int | None, network: Network, resolver: Resolver, second: Resolver | None
) -> tuple[Outcome[tuple[str, ...]], Outcome[tuple[str, ...]] | None]:
    ports = (80, 443) if port is None else (port,)
    if any(network.overridden(name, number) for number in ports):
        return NotRun(Reason.OVERRIDDEN), None
    first = await resolver.addresses(name)
    if isinstance(first, Failed) and first.reason is Reason.DNS_NXDOMAIN and second is not None:
        return first, await second.addresses(name)
    return first, None


async def _root(url: str, network: Network, attempt: int) -> Look:
    return await network.fetch(url, attempt=attempt, max_bytes=_BYTES, fresh=attempt > 1)


async def _https(name: str, http: Look, network: Network, attempt: int) -> _Tls:
    url = f"https://{name}/"
    if http.redirects[:1] == (url,):  # http:// has just led there over a verified connection
        look = replace(http, url=url, redirects=http.redirects[1:])
    else:
        look = await _root(url, network, attempt)
    seen = network.tls_seen(name.strip("[]"))
    if seen is not None and look.reason is not Reason.TLS_INVALID:
        return _Tls(_outcome(look), _certificate(seen, name, ""), seen.version or None)
    if look.reason is not Reason.TLS_INVALID:
        nothing: Failed | NotRun = Failed(look.reason or Reason.TLS_FAILED, look.detail)
        return _Tls(_outcome(look), NotRun(nothing.reason, nothing.detail) if look.not_run else nothing, None)
    try:
        seen = await network.describe_tls(name)
    except RequestFailed as error:
        return _Tls(_outcome(look), Failed(error.reason, error.detail), None)
    # what the server's own clock says, to tell an expired certificate from a clock of ours that is wrong
    unverified = await network.fetch(url, attempt=attempt, max_bytes=1, insecure_tls=True)
    stamp = unverified.header("date")
    return _Tls(_outcome(look), _certificate(seen, name, look.detail), seen.version or None, stamp)


def _outcome(look: Look) -> Outcome[Look]:
    if look.status is not None or look.reason is None:
        return Completed(replace(look, body=b""))  # the crawl keeps the bodies
    return NotRun(look.reason, look.detail) if look.not_run else Failed(look.reason, look.detail)


def _certificate(seen: TlsSeen, host: str, refusal: str) -> Outcome[Certificate]:
    """The certificate in words. `refusal` is why the verified handshake failed, empty if it did not."""
    try:
        parsed = x509.load_der_x509_certificate(seen.certificate)
        names = _names(parsed)
        subject, issuer = _common_name(parsed.subject), _common_name(parsed.issuer)
    except ValueError as error:
        return Failed(Reason.TLS_INVALID, f"unreadable certificate: {error}")
    return Completed(
        Certificate(
            subject=subject,
            issuer=issuer,
            names=names,
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
            trusted=not refusal,
            problem=_problem(parsed, names, host, refusal) if refusal else "",
            detail=refusal,
        )
    )


def _problem(certificate: x509.Certificate, names: tuple[str, ...], host: str, refusal: str) -> str:
    """What a reader would name first. A missing intermediate is "other": browsers fetch it and show no fault."""
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        return "expired"
    if now < certificate.not_valid_before_utc:
        return "not_yet_valid"
    if not any(_covers(name, host) for name in names):
        return "name_mismatch"
    if "X509 20)" in refusal or "X509 21)" in refusal:
        return "other" if _says_where_its_issuer_is(certificate) else "untrusted"
    if "X509 18)" in refusal or "X509 19)" in refusal:
        return "untrusted"
    return "other"


def _covers(pattern: str, host: str) -> bool:
    """RFC 9525 section 6.3: exact, or one whole left-most label as the wildcard."""
    pattern, host = pattern.lower().rstrip("."), host.lower().strip("[]").rstrip(".")
    if pattern.startswith("*."):
        return bool(host.partition(".")[0]) and host.partition(".")[2] == pattern[2:]
    return pattern == host


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        entries = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(entries.get_values_for_type(x509.DNSName)) + tuple(
        str(address) for address in entries.get_values_for_type(x509.IPAddress)
    )


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _says_where_its_issuer_is(certificate: x509.Certificate) -> bool:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return False
    return any(entry.access_method == AuthorityInformationAccessOID.CA_ISSUERS for entry in access)


def _split(host: str) -> tuple[str, int | None]:
    """("name", port) of "name:port"; None for the usual ports."""
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit() and not name.endswith(":"):
        return name, int(port) if int(port) not in (80, 443) else None
    return host, None
