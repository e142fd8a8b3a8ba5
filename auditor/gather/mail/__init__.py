"""One look at a mail domain: MX, SPF with all that it refers to, DMARC, configured DKIM selectors. No opinion."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from auditor.gather.mail.check_host import SpfCheck, SpfResult, check_host
from auditor.gather.mail.direct import NameServerDoor
from auditor.gather.mail.discover_policy import PolicyFound, discover_policy
from auditor.gather.mail.dkim import Selectors, look_at_dkim
from auditor.gather.mail.dmarc import look_at_dmarc, look_at_reports
from auditor.gather.mail.dnssec import AsksApart, first_that_tells, look_at_dnssec, look_at_tlsa
from auditor.gather.mail.lookups import Counted, Lookups
from auditor.gather.mail.mx import look_at_mx, look_at_wildcard
from auditor.gather.mail.nameservers import look_at_nameservers
from auditor.gather.mail.rdap import RegistryDoor
from auditor.gather.mail.smtp import SmtpDoor
from auditor.gather.mail.spf import SpfLook, look_at_spf
from auditor.gather.mail.transport import Outside, TlsaWalk, look_at_transport
from auditor.gather.mail.web_host import look_at_host_mail
from auditor.model import (
    Completed,
    DnsAnswer,
    DnssecFacts,
    DnssecLook,
    MailEvidence,
    MxTarget,
    NameServersLook,
    NotRun,
    Outcome,
    Reason,
    RegistrationLook,
    TlsaLook,
)
from auditor.read.records.missing import question_of_what_is_missing
from auditor.read.records.outcomes import fold_name
from auditor.read.records.tlsa_chain import is_absent

MAX_WEB_HOSTS = 200  # a province has some dozens; each costs three questions, and those with the look at its host none

__all__ = [
    "Lookups",
    "NameServerDoor",
    "Outside",
    "PolicyFound",
    "RegistryDoor",
    "Selectors",
    "SmtpDoor",
    "SpfCheck",
    "SpfResult",
    "check_host",
    "discover_policy",
    "look_at_mail_domain",
]


async def look_at_mail_domain(
    domain: str,
    resolver: Lookups,
    *,
    selectors: Sequence[str] | Selectors = (),
    attempt: int = 1,
    outside: Outside | None = None,
    web_hosts: Sequence[str] = (),
) -> MailEvidence:
    """What the DNS says of `domain` as a mail domain.

    In: the domain, a resolver, the DKIM selectors to ask for (a plain sequence is the operator's), which look of the
    run it is, what is to be asked beside the DNS (nothing unless given), and names of websites, of which those below
    the domain are asked about as senders of mail, MAX_WEB_HOSTS at most. Out: evidence in which
    every part is an outcome: an answer, a proven "there is none", or why it could not be looked at. Raises nothing
    for what the network does.
    """
    domain = fold_name(domain)
    started = datetime.now(UTC)
    counted, doors = Counted(resolver), outside or Outside()
    asked = selectors if isinstance(selectors, Selectors) else Selectors(selectors)
    chain = asyncio.ensure_future(_look_at_chain(domain, resolver, doors.anchors, started))
    (mx, address, wildcard), (txt, spf), (dmarc, reports), dkim, transport, zone = await asyncio.gather(
        _look_at_receivers(domain, counted),
        _look_at_text(domain, counted),
        _look_at_policy(domain, counted),
        look_at_dkim(domain, asked, counted),
        look_at_transport(
            domain,
            counted,
            doors,
            attempt=attempt,
            chain=_facts(chain),
            walk=_tlsa_walk(domain, resolver, doors, started),
        ),
        _look_at_zone(domain, counted, doors, attempt),
    )
    walked, (servers, registration) = await chain, zone
    below = [name for name in dict.fromkeys(map(fold_name, web_hosts)) if name.endswith("." + domain)][:MAX_WEB_HOSTS]
    return MailEvidence(
        domain=domain,
        looked_at=started,
        mx=mx,
        address=address,
        txt=txt,
        spf_tree=spf.tree,
        spf_hosts=spf.hosts,
        dmarc=dmarc,
        dmarc_reports=reports,
        dkim=dkim.answers,
        dkim_sources=dkim.sources,
        domainkey=dkim.parent,
        queries=counted.queries,
        attempt=attempt,
        transport=transport,
        nameservers=servers,
        dnssec=await _with_servers(walked, domain, servers, doors.nameservers) if walked is not None else None,
        wildcard=wildcard,
        registration=registration,
        web_hosts=tuple(await asyncio.gather(*(look_at_host_mail(name, counted) for name in below))),
    )


async def _look_at_chain(
    domain: str, resolver: Lookups, anchors: tuple[str, ...], now: datetime
) -> tuple[DnssecLook, DnssecFacts] | None:
    """The chain of DNSSEC, where trust anchors are given and the resolver passes on signatures."""
    if not anchors or not isinstance(resolver, AsksApart):
        return None
    return await first_that_tells(resolver, lambda one: look_at_dnssec(domain, one, anchors, now))


async def _with_servers(
    walked: tuple[DnssecLook, DnssecFacts], domain: str, servers: NameServersLook, door: NameServerDoor | None
) -> DnssecLook:
    """The walk, and where signatures were missing in the zone of `domain`, its name servers' own word on that."""
    look, facts = walked
    asked = question_of_what_is_missing(facts, domain)
    if asked is None or door is None or servers.zone != facts.zone:
        return look
    return replace(look, servers=await door.signed(*asked, servers.servers))


def _tlsa_walk(domain: str, resolver: Lookups, doors: Outside, now: datetime) -> TlsaWalk | None:
    """The same for a mail server's TLSA records."""
    if not doors.anchors or not isinstance(resolver, AsksApart):
        return None

    async def walk(host: str) -> tuple[TlsaLook, DnssecFacts]:
        return await first_that_tells(
            resolver, lambda one: look_at_tlsa(host, one, doors.anchors, now, domain), is_absent
        )

    return walk


async def _facts(chain: asyncio.Future[tuple[DnssecLook, DnssecFacts] | None]) -> DnssecFacts | None:
    walked = await chain
    return walked[1] if walked is not None else None


async def _look_at_zone(
    domain: str, resolver: Counted, doors: Outside, attempt: int
) -> tuple[NameServersLook, RegistrationLook | None]:
    """Name servers; and the registration, where a service is configured that tells of it."""
    servers = look_at_nameservers(domain, resolver, doors.nameservers)
    if doors.registry is None:
        return await servers, None
    return await asyncio.gather(servers, doors.registry.look(domain, attempt=attempt))


async def _look_at_receivers(
    domain: str, resolver: Counted
) -> tuple[Outcome[tuple[MxTarget, ...]], Outcome[tuple[str, ...]], Outcome[DnsAnswer] | None]:
    """The MX records; the domain's own addresses only where they matter, without MX (RFC 5321 section 5.1), and what a
    name below it answers only where there are MX records that it could repeat."""
    mx = await look_at_mx(domain, resolver)
    if isinstance(mx, Completed):
        return mx, NotRun(Reason.OUT_OF_SCOPE, "the domain has MX records"), await look_at_wildcard(domain, resolver)
    return mx, await resolver.addresses(domain), None


async def _look_at_text(domain: str, resolver: Counted) -> tuple[Outcome[DnsAnswer], SpfLook]:
    txt = await resolver.lookup(domain, "TXT")
    return txt, await look_at_spf(domain, txt, resolver)


_Answers = tuple[tuple[str, Outcome[DnsAnswer]], ...]


async def _look_at_policy(domain: str, resolver: Counted) -> tuple[_Answers, _Answers]:
    walk = await look_at_dmarc(domain, resolver)
    return walk, await look_at_reports(domain, walk, resolver)
