"""Looks at how mail reaches a domain: MTA-STS, TLS-RPT, TLSA and one connection to each mail server; BIMI, CAA, SRV."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from auditor.gather.mail.direct import NameServerDoor
from auditor.gather.mail.lookups import Lookups, WebHosts
from auditor.gather.mail.mta_sts import look_at_mta_sts
from auditor.gather.mail.rdap import RegistryDoor
from auditor.gather.mail.smtp import SmtpDoor
from auditor.model import (
    Completed,
    DnsAnswer,
    DnssecFacts,
    NotRun,
    Outcome,
    Reason,
    SmtpLook,
    TlsaLook,
    TransportEvidence,
)
from auditor.read.records import bimi, tls_rpt
from auditor.read.records.caa import climb
from auditor.read.records.dane import is_secure, is_unsigned, validators
from auditor.read.records.mx import is_address
from auditor.read.records.outcomes import absence
from auditor.read.records.services import SERVICES
from auditor.read.records.signed import tlsa_name, unsigned_form
from auditor.read.records.transport import mail_servers

TlsaWalk = Callable[[str], Awaitable[tuple[TlsaLook, DnssecFacts]]]
Pinned = tuple[Outcome[DnsAnswer], TlsaLook | None]
Climbed = tuple[tuple[str, Outcome[DnsAnswer]], ...]
MAX_SERVERS = 10  # mail servers whose TLSA records and port 25 are looked at


@dataclass(frozen=True, slots=True)
class Outside:
    """What there is beside the plain DNS: a client for the policy file, a way to mail servers, the root's trust anchors
    (DS records as text), a way to name servers, one to the registry. Without one of them that part is not looked at."""

    hosts: WebHosts | None = None
    smtp: SmtpDoor | None = None
    anchors: tuple[str, ...] = ()
    nameservers: NameServerDoor | None = None
    registry: RegistryDoor | None = None


async def look_at_transport(
    domain: str,
    resolver: Lookups,
    outside: Outside,
    *,
    attempt: int = 1,
    chain: Awaitable[DnssecFacts | None] | None = None,
    walk: TlsaWalk | None = None,
) -> TransportEvidence:
    """All of it at once. Mail servers are asked for in the order of the MX records, each once. `chain`: what the walk
    of DNSSEC to `domain` comes to, once it is done; `walk`: the one to a mail server's TLSA records."""
    mx = await resolver.lookup(domain, "MX")
    servers = [host for host in mail_servers(mx) if not is_address(host)][:MAX_SERVERS]
    (record, policy), reports, (root, pinned), smtp, (logo, caa, services) = await asyncio.gather(
        look_at_mta_sts(domain, resolver, outside.hosts, attempt=attempt),
        resolver.lookup(tls_rpt.PREFIX + domain, "TXT"),
        _look_at_tlsa(servers, mx, resolver, chain, walk),
        asyncio.gather(*(_connect(host, outside.smtp) for host in servers)),
        _look_at_information(domain, resolver),
    )
    tlsa = [answer for answer, _ in pinned]
    return TransportEvidence(
        mta_sts=record,
        policy=policy,
        tls_rpt=reports,
        mx=mx,
        tlsa=tuple(zip(servers, tlsa, strict=True)),
        tlsa_signed=tuple(look for _, look in pinned if look is not None),
        root=root,
        smtp=tuple((host, _kept(look, names)) for host, look, names in zip(servers, smtp, tlsa, strict=True)),
        bimi=logo,
        caa=caa,
        services=tuple(zip(SERVICES, services, strict=True)),
    )


async def _look_at_tlsa(
    servers: Sequence[str],
    mx: Outcome[DnsAnswer],
    resolver: Lookups,
    chain: Awaitable[DnssecFacts | None] | None,
    walk: TlsaWalk | None,
) -> tuple[Outcome[DnsAnswer], Sequence[Pinned]]:
    """The root (does the resolver validate?) and the TLSA records, in the order of `servers`.

    Only where the MX records may be signed: else TLSA records have no effect (RFC 7672 section 2.2.1), and name servers
    that do not know them may not answer. That they are not signed is known from our own walk or, without one, from a
    resolver that authenticates the root but not them; what follows from it is for the reader to say.
    """
    facts = await chain if chain is not None else None
    root: Outcome[DnsAnswer] = NotRun(Reason.OUT_OF_SCOPE, "nothing to be told by it")
    if servers and facts is None and not is_secure(mx):
        root = await resolver.lookup(".", "SOA")
    if is_unsigned(mx, validators(facts, root), facts):
        return root, [(NotRun(Reason.OUT_OF_SCOPE, "the MX records are not signed"), None)] * len(servers)
    return root, await asyncio.gather(*(_pinned(host, resolver, walk) for host in servers))


async def _pinned(host: str, resolver: Lookups, walk: TlsaWalk | None) -> Pinned:
    """The TLSA records of `host`, with their chain where our own walk can judge it. Where it cannot, or is not made, a
    plain question has the resolver's word on it."""
    if walk is not None:
        look, facts = await walk(host)
        answer = unsigned_form(look.answer)
        if answer is not None and not isinstance(answer, Completed):  # that there are none needs its proof
            return answer, look if absence(answer) else None
        if answer is not None and facts.state != "unverifiable":
            return answer, look
    return await resolver.lookup(tlsa_name(host), "TLSA"), None


async def _look_at_information(
    domain: str, resolver: Lookups
) -> tuple[Outcome[DnsAnswer], Climbed, list[Outcome[DnsAnswer]]]:
    """BIMI, CAA and the SRV records: what is shown without points."""
    return await asyncio.gather(
        resolver.lookup(bimi.PREFIX + domain, "TXT"),
        look_at_caa(domain, resolver),
        asyncio.gather(*(resolver.lookup(f"{name}.{domain}", "SRV") for name in SERVICES)),
    )


def _kept(look: Outcome[SmtpLook], names: Outcome[DnsAnswer]) -> Outcome[SmtpLook]:
    """What is stored every night: the authorities' certificates only where TLSA records may name them."""
    if isinstance(names, Completed) or not isinstance(look, Completed) or not isinstance(look.value.tls, Completed):
        return look
    session = look.value.tls.value
    return Completed(replace(look.value, tls=Completed(replace(session, chain=session.chain[:1]))))


async def _connect(host: str, door: SmtpDoor | None) -> Outcome[SmtpLook]:
    return NotRun(Reason.NOT_CONFIGURED) if door is None else await door.look(host)


async def look_at_caa(domain: str, resolver: Lookups) -> Climbed:
    """The climb of RFC 8659 section 3: up to the first name with records, or the first that could not be asked."""
    walk: list[tuple[str, Outcome[DnsAnswer]]] = []
    for name in climb(domain):
        outcome = await resolver.lookup(name, "CAA")
        walk.append((name, outcome))
        if isinstance(outcome, Completed) or outcome.reason not in (Reason.DNS_NXDOMAIN, Reason.DNS_NODATA):
            break
    return tuple(walk)
