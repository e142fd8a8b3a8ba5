"""What all agencies of one run share: rules, words, one polite client, hosts and mail domains looked at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from auditor.configuration import ConfigError
from auditor.gather.browser import BrowserMissing, Renderer, open_renderer
from auditor.gather.connect_to import parse_connect_to
from auditor.gather.dns import Resolver
from auditor.gather.host import look_at_host
from auditor.gather.mail import NameServerDoor, Outside, RegistryDoor, Selectors, SmtpDoor, look_at_mail_domain
from auditor.gather.mail.direct import open_door
from auditor.gather.mail.samples import read_samples
from auditor.gather.network import Network, NetworkOptions
from auditor.gather.shared import abandon, shared
from auditor.mailboxes import load_register
from auditor.model import Calendar, HostLook, MailboxRegister, MailEvidence, ReportFacts, fold_host
from auditor.read.words import Vocabulary
from auditor.rulebook import Rulebook, load_calendar, load_rulebook, load_trust_anchors
from auditor.settings import Settings
from auditor.vocabulary import load_vocabulary


@dataclass
class AuditContext:
    """What all agencies of one run share: rules, words, one polite client, hosts and mail domains looked at once."""

    settings: Settings
    rulebook: Rulebook
    vocabulary: Vocabulary
    calendar: Calendar
    network: Network
    resolver: Resolver
    second_resolver: Resolver | None
    as_of: date
    profile: str
    budget: int
    register: MailboxRegister | None = None
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # DKIM selectors of messages, by domain
    reports: Mapping[str, ReportFacts] = field(default_factory=dict)  # by mail domain; who has a database fills it
    smtp: SmtpDoor | None = None  # None: port 25 is left alone
    anchors: tuple[str, ...] = ()  # of DNSSEC
    nameservers: NameServerDoor | None = None  # None: they are not asked directly
    registry: RegistryDoor | None = None  # None: no RDAP service is configured
    renderer: Renderer | None = None  # None: pages that a script fills stay shells
    web_hosts: Sequence[str] = ()  # names of all agencies' websites; who has a registry fills it
    _hosts: dict[tuple[str, int], asyncio.Task[HostLook]] = field(default_factory=dict)
    _mail: dict[tuple[str, int], asyncio.Task[MailEvidence]] = field(default_factory=dict)

    async def host(self, host: str, attempt: int = 1) -> HostLook:
        """The host's look of this run, made when first asked for."""
        key = (fold_host(host), attempt)
        if key not in self._hosts:
            look = look_at_host(host, self.network, self.resolver, self.second_resolver, attempt=attempt)
            self._hosts[key] = asyncio.ensure_future(look)
        return await shared(self._hosts[key])

    async def mail(self, domain: str, attempt: int = 1) -> MailEvidence:
        """The mail domain's evidence of this run, looked up when first asked for."""
        key = (domain.lower(), attempt)
        if key not in self._mail:
            selectors = Selectors(
                self.settings.mail_domain.dkim_selectors,
                self.samples.get(domain.lower(), ()),
                self.vocabulary.dkim_selectors,
            )
            look = look_at_mail_domain(
                domain,
                self.resolver,
                selectors=selectors,
                attempt=attempt,
                outside=Outside(self.network, self.smtp, self.anchors, self.nameservers, self.registry),
                web_hosts=[host for host in self.web_hosts if not self._is_overridden(host)],
            )
            self._mail[key] = asyncio.ensure_future(look)
        return await shared(self._mail[key])

    def _is_overridden(self, host: str) -> bool:
        """Whether --connect-to stands in for the DNS of this name, which then says nothing of it."""
        return any(self.network.overridden(host, port) for port in (80, 443))

    async def abandon(self) -> None:
        """Stop every look that is still under way: nothing may outlive the client that it works with."""
        await abandon((*self._hosts.values(), *self._mail.values()))
        if self.smtp is not None:
            await self.smtp.close()
        if self.registry is not None:
            await self.registry.close()
        for resolver in (self.resolver, self.second_resolver):
            if resolver is not None:
                await resolver.close()

    def forget_mail(self, domain: str) -> None:
        """Let go of a domain's evidence: those of a list are looked at one by one, and it may be of any length."""
        for attempt in (1, 2):
            self._mail.pop((domain.lower(), attempt), None)


@asynccontextmanager
async def open_context(
    settings: Settings,
    *,
    folder: Path | None = None,
    as_of: date,
    profile: str | None = None,
    budget: int | None = None,
) -> AsyncIterator[AuditContext]:
    """Load the rules from `folder` (a working folder's config/) and open the client. Raises ConfigError."""
    audit, limits = settings.audit, settings.limits
    resolver = Resolver(audit.nameservers, timeout=limits.dns_timeout_seconds)
    second = Resolver(audit.second_nameservers, timeout=limits.dns_timeout_seconds) if audit.second_resolvers else None
    options = NetworkOptions(
        delay=audit.delay_seconds,
        connect_timeout=limits.connect_timeout_seconds,
        read_timeout=limits.read_timeout_seconds,
        total_timeout=limits.total_timeout_seconds,
        max_bytes=limits.max_page_bytes,
        max_redirects=limits.max_redirects,
        allow_private=audit.allow_private,
        connect_to=tuple(parse_connect_to(text) for text in audit.connect_to),
        ca_file=str(settings.ca_file) if settings.ca_file else None,
        contact=audit.user_agent_contact,
    )
    rulebook = load_rulebook(folder)
    rulebook.for_audit(as_of, profile or audit.law_profile)  # an unknown profile is refused before any look
    vocabulary, calendar, register = load_vocabulary(folder), load_calendar(folder), load_register(folder)
    async with Network(options, resolver) as network, _renderer(settings, network) as renderer:
        context = AuditContext(
            settings,
            rulebook,
            vocabulary,
            calendar,
            network,
            resolver,
            second,
            as_of,
            profile or audit.law_profile,
            budget or audit.budget_pages,
            register,
            read_samples(settings.samples_folder) if settings.samples_folder else {},
            smtp=SmtpDoor(network, options.ca_file) if settings.mail_domain.smtp_look == "auto" else None,
            anchors=load_trust_anchors(folder),
            nameservers=open_door(audit.nameservers, audit.allow_private, limits.dns_timeout_seconds)
            if settings.mail_domain.nameserver_look == "auto"
            else None,
            registry=RegistryDoor(network, settings.mail_domain.rdap_url) if settings.mail_domain.rdap_url else None,
            renderer=renderer,
        )
        try:
            yield context
        finally:
            await context.abandon()


@asynccontextmanager
async def _renderer(settings: Settings, network: Network) -> AsyncIterator[Renderer | None]:
    """The browser of the run, where it is configured. Raises ConfigError if it is, and is not there."""
    table = settings.browser
    if not table.enabled:
        yield None
        return
    opened = open_renderer(network, executable=table.executable, seconds=table.seconds, pages=table.pages)
    try:
        renderer = await opened.__aenter__()
    except BrowserMissing as error:
        raise ConfigError(
            str(settings.file or ""), 0, "browser.enabled", "cfg_browser", "true", detail=str(error)
        ) from error
    try:
        yield renderer
    finally:
        await opened.__aexit__(None, None, None)
