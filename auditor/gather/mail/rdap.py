"""Asks the configured RDAP service about the registration of a mail domain (RFC 9082), or the one that a list of
services names for it (RFC 9224). No opinion."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from publicsuffixlist import PublicSuffixList

from auditor.gather.mail.lookups import WebHosts
from auditor.gather.shared import abandon, shared
from auditor.model import Completed, Failed, Look, LookKind, NotRun, Outcome, Reason, RegistrationLook
from auditor.read.records.outcomes import ascii_name
from auditor.read.records.rdap import (
    MAX_ANSWER,
    MAX_SERVICES,
    is_trustworthy,
    parse_services,
    question,
    reduced,
    service_for,
)

_ACCEPTED = "application/rdap+json, application/json;q=0.9"  # RFC 7480 section 4.2


@dataclass(slots=True)
class RegistryDoor:
    """The RDAP service of this run. `base` is its base address (RFC 9224 section 3) or, where it ends in ".json", a
    list of services by suffix as IANA publishes it, fetched once a run. One object belongs to one event loop."""

    hosts: WebHosts
    base: str
    _suffixes: PublicSuffixList | None = None
    _looks: dict[tuple[str, int], asyncio.Task[Outcome[Look]]] = field(default_factory=dict)
    _services: asyncio.Task[Mapping[str, str] | Failed | NotRun] | None = None

    async def look(self, domain: str, *, attempt: int = 1) -> RegistrationLook:
        """What it says of the registration that `domain` belongs to; each registration is asked for once per look."""
        name = self._registered(domain)
        if not name:
            return RegistrationLook("", "", NotRun(Reason.OUT_OF_SCOPE, f"{domain} is under no registration"))
        base = await self._base_for(name)
        if not isinstance(base, str):
            return RegistrationLook(name, self.base, base)
        url, key = question(base, name), (name, attempt)
        if key not in self._looks:
            self._looks[key] = asyncio.ensure_future(self._ask(url, attempt))
        return RegistrationLook(name, url, await shared(self._looks[key]))

    async def close(self) -> None:
        """End questions that nobody waits for any more."""
        await abandon((*self._looks.values(), *([self._services] if self._services else [])))

    def _registered(self, domain: str) -> str:
        """The name below a suffix of the registries (binhphuoc.gov.vn of thu.binhphuoc.gov.vn); "" for a suffix."""
        if self._suffixes is None:
            self._suffixes = PublicSuffixList(only_icann=True)
        return self._suffixes.privatesuffix(ascii_name(domain)) or ""

    async def _base_for(self, name: str) -> str | Failed | NotRun:
        """The service to ask about `name`; why there is none."""
        if not self.base.endswith(".json"):
            return self.base
        if self._services is None:
            self._services = asyncio.ensure_future(self._fetch_services())
        services = await shared(self._services)
        if isinstance(services, Failed | NotRun):
            return services
        return service_for(name, services) or NotRun(Reason.NO_SERVICE, f"{self.base} has none for {name}")

    async def _fetch_services(self) -> Mapping[str, str] | Failed | NotRun:
        look = await self.hosts.fetch(
            self.base, LookKind.FILE, max_bytes=MAX_SERVICES, respect_robots=False, accept=_ACCEPTED
        )
        if look.reason is not None:
            return NotRun(look.reason, look.detail) if look.not_run else Failed(look.reason, look.detail)
        services = None if look.truncated or not is_trustworthy(look.final_url) else parse_services(look.body)
        return services if services is not None else Failed(Reason.PROTOCOL_ERROR, "no list of RDAP services")

    async def _ask(self, url: str, attempt: int) -> Outcome[Look]:
        """A service made for programs, so robots.txt says nothing about it; it may send on to another (RFC 7480
        section 5.2). Of the answer what names people is not kept."""
        look = await self.hosts.fetch(
            url,
            LookKind.FILE,
            attempt=attempt,
            max_bytes=MAX_ANSWER,
            respect_robots=False,
            fresh=attempt > 1,
            accept=_ACCEPTED,
        )
        return Completed(replace(look, body=reduced(look.body) if look.ok and not look.truncated else b""))
