"""Mail domains judged by themselves, without a site or a registry: a few on demand, or a list of any length."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from auditor.audit import look_at_mail
from auditor.audit_context import AuditContext
from auditor.model import (
    Agency,
    AgencyFacts,
    Criterion,
    Finding,
    MailFacts,
    SiteFacts,
    SiteState,
    SiteStatus,
)
from auditor.model.criterion import CheckFunction
from auditor.settings import looks_like_domain
from checks import collect

CONCURRENCY = 64  # domains in work at once; a few questions of each are open at any moment
KEPT_ANSWERS = 20_000  # of the DNS, so that shared includes are asked for once and a list of any length fits
_LONGEST_LINE = 1_000  # a domain name has at most 253 characters (RFC 1035 section 2.3.4)
_LONGEST_NAME = 253


@dataclass(frozen=True, slots=True)
class ListLine:
    """One line of a list with something on it; `domain` is "" if that is no domain name."""

    line: int
    text: str
    domain: str


@dataclass(frozen=True, slots=True)
class JudgedDomain:
    """What was seen of one mail domain, and what the rulebook's mail block says of it."""

    domain: str
    facts: MailFacts
    findings: tuple[Finding, ...]


def read_list(file: BinaryIO) -> Iterator[ListLine]:
    """The lines of a list, one domain each, as they come; a repeated domain once.

    The domain is the first word, up to a blank, comma or semicolon. Empty lines and those that begin with "#" are
    left out. UTF-8; what cannot be decoded, or is longer than any name, is a line without a domain.
    """
    seen: set[str] = set()
    number = 0
    while raw := file.readline(_LONGEST_LINE):
        number += 1
        whole = raw.endswith(b"\n") or len(raw) < _LONGEST_LINE
        while not whole:
            rest = file.readline(_LONGEST_LINE)
            whole = rest.endswith(b"\n") or len(rest) < _LONGEST_LINE
        text = raw.decode("utf-8", "replace").lstrip("\ufeff").strip()
        if not text or text.startswith("#"):
            continue
        words = text.replace(",", " ").replace(";", " ").split()
        domain = words[0].strip("\"'").rstrip(".").lower() if words else ""
        if not looks_like_domain(domain) or len(domain) > _LONGEST_NAME:
            yield ListLine(number, text[:100], "")
        elif domain not in seen:
            seen.add(domain)
            yield ListLine(number, text[:100], domain)


class MailJudge:
    """The rules of the mail block, made ready once for many domains."""

    def __init__(self, context: AuditContext) -> None:
        self._context = context
        _, criteria = context.rulebook.for_audit(context.as_of, context.profile)
        self.criteria: tuple[Criterion, ...] = tuple(one for one in criteria if one.item == "mail")
        self._checks: Mapping[str, CheckFunction] = collect()

    async def judge(self, domain: str) -> JudgedDomain:
        """Look at `domain` and judge it as that of a body that has nothing else, and operates it."""
        return self._judged(domain, await look_at_mail(domain, self._context))

    async def judge_few(
        self, domains: Sequence[str], pause: float, waiting: Callable[[int, float], None]
    ) -> tuple[JudgedDomain, ...]:
        """Each of `domains`, in their order, as an audit judges them: what rests on one look alone is looked at again
        after `pause` seconds (0: it stays unverified). `waiting` is told how many domains that concerns, and `pause`.
        """
        judged = await asyncio.gather(*(self.judge(domain) for domain in domains))
        doubtful = sum(not one.facts.confirmed for one in judged)
        if not doubtful or pause <= 0:
            return tuple(judged)
        waiting(doubtful, pause)
        await asyncio.sleep(pause)
        self._context.resolver.forget_failures()
        return tuple(await asyncio.gather(*(self._again(one) for one in judged)))

    async def _again(self, first: JudgedDomain) -> JudgedDomain:
        """The domain after its second look, where one could change what is said."""
        if first.facts.confirmed:
            return first
        return self._judged(first.domain, await look_at_mail(first.domain, self._context, first.facts.evidence))

    def _judged(self, domain: str, facts: MailFacts) -> JudgedDomain:
        agency = Agency(
            code=domain, name=domain, site_status=SiteStatus.TO_VERIFY, mail_domain=domain, operates_mail=True
        )  # fmt: skip
        site = SiteFacts(agency.code, SiteState.NOT_DECLARED, None, None)
        context = self._context
        about = AgencyFacts(agency, context.as_of, site, None, facts, context.calendar)
        return JudgedDomain(domain, facts, tuple(self._checks[one.id](about, one) for one in self.criteria))

    async def judge_all(
        self, lines: Iterable[ListLine], concurrency: int = CONCURRENCY
    ) -> AsyncIterator[tuple[ListLine, JudgedDomain | None]]:
        """Every line with its result as it is ready, None for a line without a domain. At most `concurrency` domains
        are in work, `lines` is read no further than that, and what was said of a domain is not kept. Mail servers are
        not connected to, name servers not asked past the resolver, nor a registry: a list is no reason to knock at
        thousands of doors.
        """
        self._context.smtp = self._context.nameservers = self._context.registry = None
        self._context.resolver.keep_at_most(KEPT_ANSWERS)
        source = iter(lines)
        ready: asyncio.Queue[tuple[ListLine, JudgedDomain | None] | None] = asyncio.Queue(concurrency)

        async def work() -> None:
            for line in source:
                judged = await self.judge(line.domain) if line.domain else None
                self._context.forget_mail(line.domain)
                await ready.put((line, judged))

        async def everything() -> None:
            try:
                async with asyncio.TaskGroup() as tasks:
                    for _ in range(concurrency):
                        tasks.create_task(work())
            finally:
                await ready.put(None)

        workers = asyncio.create_task(everything())
        try:
            while (one := await ready.get()) is not None:
                yield one
            await workers  # raises what a worker raised
        finally:
            workers.cancel()
