"""One agency: look -> read -> judge -> score. Returns a plain value and holds no database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

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
from auditor.gather.site import Crawl, look_again
from auditor.mailboxes import load_register
from auditor.model import (
    OUR_SIDE,
    PASSING,
    Agency,
    AgencyAudit,
    AgencyFacts,
    Calendar,
    Criterion,
    Failed,
    Finding,
    History,
    HostLook,
    LookKind,
    MailboxRegister,
    MailEvidence,
    MailFacts,
    Reason,
    ReportFacts,
    Ruleset,
    Scorecard,
    SectionState,
    SiteEvidence,
    SiteFacts,
    SiteState,
    fold_host,
)
from auditor.read.host_mail import read_host_mail
from auditor.read.observing import observe
from auditor.read.records import read_mail
from auditor.read.site import PageCache, read_site
from auditor.read.urls import same_page_key
from auditor.read.words import Vocabulary
from auditor.rulebook import Rulebook, load_calendar, load_rulebook, load_trust_anchors
from auditor.scoring import PersonVerdict, apply_person_verdicts, score
from auditor.settings import Settings
from auditor.vocabulary import load_vocabulary
from checks import collect

_RELOOKS = 12  # second looks at inner pages, at most


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an audit is: for the progress line."""

    code: str
    phase: str  # look, judge, second_look
    pages: int
    budget: int
    url: str = ""


OnProgress = Callable[[Progress], None]


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


async def audit_agency(
    agency: Agency, context: AuditContext, *, history: History | None = None, on_progress: OnProgress | None = None
) -> AgencyAudit:
    """Audit one agency for the first time this run. Network trouble becomes facts and is not raised."""
    started = datetime.now(UTC)
    cache: PageCache = {}
    crawl = Crawl(
        agency,
        context.network,
        context.vocabulary,
        context.as_of,
        context.budget,
        forms=context.settings.audit.form_files,
        cache=cache,
        on_look=_reporter(agency, "look", on_progress),
        renderer=context.renderer,
    )
    host_name = _host_of(agency)
    evidence, host, mail = await asyncio.gather(
        crawl.run(),
        context.host(host_name) if host_name else _nothing(),
        context.mail(agency.mail_domain) if agency.mail_domain else _nothing(),
    )
    if on_progress is not None:
        on_progress(Progress(agency.code, "judge", len(evidence.looks), context.budget))
    return _finish(agency, context, started, evidence, host, mail, None, history or History(), cache)


async def second_look(
    audit: AgencyAudit, context: AuditContext, *, history: History | None = None, on_progress: OnProgress | None = None
) -> AgencyAudit:
    """Look again, on fresh connections, at what a verdict rests on; append the looks and judge again.

    Does not wait: the caller does. A site whose start page failed is crawled anew.
    """
    agency = audit.agency
    context.resolver.forget_failures()
    report = _reporter(agency, "second_look", on_progress)
    cache: PageCache = {}
    evidence, host, mail, first_mail = audit.evidence, audit.host, audit.mail_evidence, None
    if audit.site.state is SiteState.UNREACHABLE and agency.url is not None:
        crawl = Crawl(
            agency,
            context.network,
            context.vocabulary,
            context.as_of,
            context.budget,
            attempt=2,
            forms=context.settings.audit.form_files,
            on_look=report,
            renderer=context.renderer,
            cache=cache,
        )
        again = await crawl.run()
        evidence = replace(
            again,
            looks=(*evidence.looks, *again.looks),
            requests=evidence.requests + again.requests,
            traps=tuple(dict.fromkeys((*evidence.traps, *again.traps))),
        )
    elif audit.relook:
        insecure = any(look.reason is Reason.TLS_INVALID for look in evidence.looks)
        urls = tuple(url for url in audit.relook if url.startswith("http"))
        evidence = await look_again(evidence, urls, context.network, insecure=insecure)
    if host is not None and _host_in_doubt(host):
        host = await context.host(host.host, attempt=2)
    if mail is not None and audit.mail is not None and not audit.mail.confirmed:
        first_mail, mail = mail, await context.mail(mail.domain, attempt=2)
    return _finish(agency, context, audit.started_at, evidence, host, mail, first_mail, history or History(), cache)


async def look_at_mail(domain: str, context: AuditContext, first: MailEvidence | None = None) -> MailFacts:
    """The facts of one mail domain, on demand; those of its second look, where `first` is what the first one saw."""
    return read_mail(await context.mail(domain, attempt=1 if first is None else 2), first)


def _finish(
    agency: Agency,
    context: AuditContext,
    started: datetime,
    evidence: SiteEvidence,
    host: HostLook | None,
    mail: MailEvidence | None,
    first_mail: MailEvidence | None,
    history: History,
    cache: PageCache,
) -> AgencyAudit:
    evidence = replace(evidence, host=host)
    site = read_site(agency, evidence, context.vocabulary, context.as_of, cache=cache)
    history = replace(
        history, nxdomain_confirmed=_nxdomain_confirmed(host), sections=observe(history.sections, site, context.as_of)
    )
    mail_facts = read_mail(mail, first_mail) if mail is not None else None
    facts = AgencyFacts(
        agency, context.as_of, site, host, mail_facts, context.calendar, history, context.register,
        _about(context.reports, mail_facts), read_host_mail(host),
    )  # fmt: skip
    ruleset, findings, scores = judge(facts, context.rulebook, context.profile)
    return AgencyAudit(
        agency=agency,
        as_of=context.as_of,
        started_at=started,
        finished_at=datetime.now(UTC),
        ruleset=ruleset,
        site=site,
        host=host,
        mail=mail_facts,
        findings=findings,
        scores=scores,
        evidence=evidence,
        mail_evidence=mail,
        relook=_relook(site, host, mail_facts),
    )


def _about(reports: Mapping[str, ReportFacts], mail: MailFacts | None) -> ReportFacts | None:
    return reports.get(mail.domain.lower()) if mail is not None else None


def judge(
    facts: AgencyFacts, rulebook: Rulebook, profile: str, records: tuple[PersonVerdict, ...] = ()
) -> tuple[Ruleset, tuple[Finding, ...], Scorecard]:
    """Facts -> (ruleset, findings, scorecard). Pure. `records` are persons' verdicts and waivers."""
    ruleset, criteria = rulebook.for_audit(facts.as_of, profile, facts.agency.kind)
    findings = tuple(_apply(criterion, facts) for criterion in criteria)
    findings = apply_person_verdicts(findings, records, facts.as_of, rulebook.scoring, rulebook.messages)
    return ruleset, findings, score(findings, rulebook.scoring)


def _apply(criterion: Criterion, facts: AgencyFacts) -> Finding:
    return collect()[criterion.id](facts, criterion)


def judge_evidence(
    audit: AgencyAudit,
    evidence: SiteEvidence,
    *,
    rulebook: Rulebook,
    vocabulary: Vocabulary,
    calendar: Calendar,
    profile: str,
    as_of: date,
    history: History | None = None,
    records: tuple[PersonVerdict, ...] = (),
    register: MailboxRegister | None = None,
    reports: Mapping[str, ReportFacts] | None = None,
) -> AgencyAudit:
    """Read and judge stored evidence again, by the given rules. Pure.

    Where bodies were pruned the stored facts are judged instead, and `site.reread_from` says "facts".
    """
    pruned = any(look.ok and look.kind is LookKind.PAGE and not look.body for look in evidence.looks)
    site = replace(audit.site, reread_from="facts") if pruned else read_site(audit.agency, evidence, vocabulary, as_of)
    mail = audit.mail
    if audit.mail_evidence is not None and audit.mail is not None:
        # whether a second look agreed was settled that night; the stored evidence is the last one's
        mail = replace(read_mail(audit.mail_evidence), confirmed=audit.mail.confirmed)
    history = history or History()
    history = replace(
        history, nxdomain_confirmed=_nxdomain_confirmed(audit.host), sections=observe(history.sections, site, as_of)
    )
    facts = AgencyFacts(
        audit.agency, as_of, site, audit.host, mail, calendar, history, register, _about(reports or {}, mail),
        read_host_mail(audit.host),
    )  # fmt: skip
    ruleset, findings, scores = judge(facts, rulebook, profile, records)
    return replace(
        audit, as_of=as_of, ruleset=ruleset, site=site, mail=mail, findings=findings, scores=scores, evidence=evidence
    )


def _relook(site: SiteFacts, host: HostLook | None, mail: MailFacts | None) -> tuple[str, ...]:
    """What a second look could settle: URLs of pages, "host:…" and "mail:…"."""
    urls: dict[str, str] = {}
    if site.state is SiteState.UNREACHABLE and site.state_reason not in OUR_SIDE and site.start_url:
        urls[same_page_key(site.start_url)] = site.start_url
    for facts in site.detectors.values():
        for section in facts.sections:
            doubtful = section.rests_on_network and not section.confirmed
            worth = section.state is not SectionState.UNVERIFIABLE or section.reason in PASSING
            if doubtful and worth and (not facts.usable or section.state is SectionState.UNVERIFIABLE):
                urls.setdefault(same_page_key(section.url), section.url)
    for form in site.quality.forms:
        if form.wrong and not form.confirmed:
            urls.setdefault(same_page_key(form.url), form.url)
    out = list(urls.values())[:_RELOOKS]
    if host is not None and host.attempt == 1 and _host_in_doubt(host):
        out.append(f"host:{host.host}")
    if mail is not None and not mail.confirmed:
        out.append(f"mail:{mail.domain}")
    return tuple(out)


def _host_in_doubt(host: HostLook) -> bool:
    """True if a look at the host failed for a reason that may be tonight's."""
    return any(
        isinstance(look, Failed) and look.reason not in OUR_SIDE for look in (host.http, host.https, host.addresses)
    )


def _nxdomain_confirmed(host: HostLook | None) -> bool:
    """Two resolvers say that the name does not exist."""
    if host is None:
        return False
    both = (host.addresses, host.second_opinion)
    return all(isinstance(answer, Failed) and answer.reason is Reason.DNS_NXDOMAIN for answer in both)


def web_hosts(agencies: Iterable[Agency]) -> tuple[str, ...]:
    """The names of their websites, each once."""
    found = (urlsplit(agency.url).hostname or "" for agency in agencies if agency.url)
    return tuple(dict.fromkeys(host for host in found if "." in host))


def _host_of(agency: Agency) -> str:
    return urlsplit(agency.url).netloc.rpartition("@")[2] if agency.url else ""


async def _nothing() -> None:
    return None


def _reporter(agency: Agency, phase: str, on_progress: OnProgress | None) -> Callable[[int, int, str], None] | None:
    if on_progress is None:
        return None
    return lambda pages, budget, url: on_progress(Progress(agency.code, phase, pages, budget, url))
