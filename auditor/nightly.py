"""Many agencies in one run: a queue in the store, second looks after all first looks, one lock, resume after kill -9.

Each agency is saved in a transaction of its own when its look is done, so that a crash loses at most the agencies in
work. Agencies whose verdicts rest on the network are saved as unverified first and looked at again, on fresh
connections, when all others are done and the pause is over; only then their verdicts are final.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from auditor.failures import disk_is_full
from auditor.model import Agency, AgencyAudit, Completed, History, Verdict, fold_host
from auditor.rulebook import Rulebook
from auditor.runlock import run_lock
from auditor.scoring import PersonVerdict, apply_person_verdicts, score
from auditor.store import RunKind, RunState, Store, StoreError, changes

if TYPE_CHECKING:
    from auditor.audit import Progress
    from auditor.audit_context import AuditContext

#: Agencies of one group (same host or address) that are in work together: politeness leaves no room for more.
_PER_GROUP = 4
_LOOK_UPS_AT_ONCE = 32


class Watcher(Protocol):
    """Who is told how the run goes. Nothing that it does changes the run."""

    def started(self, agencies: int, resumed: bool) -> None: ...
    def progress(self, progress: Progress) -> None: ...
    def finished(self, audit: AgencyAudit) -> None: ...
    def failed(self, agency: Agency, error: Exception) -> None: ...
    def waiting(self, agencies: int, seconds: float) -> None: ...


class Look(Protocol):
    """auditor.audit.audit_agency."""

    async def __call__(
        self,
        agency: Agency,
        context: AuditContext,
        *,
        history: History | None = ...,
        on_progress: Callable[[Progress], None] | None = ...,
    ) -> AgencyAudit: ...


class LookAgain(Protocol):
    """auditor.audit.second_look."""

    async def __call__(
        self,
        audit: AgencyAudit,
        context: AuditContext,
        *,
        history: History | None = ...,
        on_progress: Callable[[Progress], None] | None = ...,
    ) -> AgencyAudit: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run is made. `pause` is the least time between an agency's two looks; None: no second look."""

    kind: RunKind
    pause: timedelta | None
    look: Look
    look_again: LookAgain


@dataclass(frozen=True, slots=True)
class NightResult:
    """What became of a run. `failures` are the agencies on which the program itself failed: code -> what happened."""

    run_id: int
    state: RunState
    audited: tuple[str, ...]
    failures: Mapping[str, str]

    @property
    def complete(self) -> bool:
        return self.state is RunState.DONE and not self.failures


def lock_path(database: Path) -> Path:
    """The lock file of a database."""
    return database.with_name(database.name + ".lock")


async def run_night(
    context: AuditContext,
    store: Store,
    agencies: Sequence[Agency],
    plan: Plan,
    watcher: Watcher,
    *,
    stop: asyncio.Event | None = None,
) -> NightResult:
    """Audit `agencies` (queue order) and save each into `store`.

    A nightly run of the same night that was killed or stopped goes on where it was. `stop` ends the run after the
    agencies in work; it can be resumed. Raises LockHeld if another run holds the database, StoreError if it cannot be
    written; nothing that was saved is lost then.
    """
    with run_lock(lock_path(store.path), datetime.now(UTC)):
        night = _Night(context, store, {agency.code: agency for agency in agencies}, plan, watcher, stop)
        try:
            return await night.run()
        except BaseExceptionGroup as group:
            raise _first(group) from group


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class _Night:
    """The state of one run while it lasts. Everything that must survive is in the store."""

    def __init__(
        self,
        context: AuditContext,
        store: Store,
        agencies: Mapping[str, Agency],
        plan: Plan,
        watcher: Watcher,
        stop: asyncio.Event | None,
    ) -> None:
        self._context = context
        self._store = store
        self._agencies = agencies
        self._plan = plan
        self._watcher = watcher
        self._stop = stop or asyncio.Event()

    async def run(self) -> NightResult:
        run_id, resumed = self._open()
        self._watcher.started(len(self._store.pending(run_id)), resumed)
        try:
            await self._first_looks(run_id)
            if self._plan.pause is not None:
                await self._second_looks(run_id, self._plan.pause)
        except BaseException:
            # The state is a courtesy: a run that still says "running" is resumed just the same.
            with suppress(StoreError):
                self._store.finish_run(run_id, RunState.INTERRUPTED)
            raise
        return self._close(run_id)

    # -- the queue ----------------------------------------------------------------------------------------------------

    def _open(self) -> tuple[int, bool]:
        store, context, kind = self._store, self._context, self._plan.kind
        unfinished = store.open_run(context.as_of, kind) if kind is RunKind.NIGHTLY else None
        if unfinished and (unfinished.ruleset, unfinished.profile) == (context.rulebook.digest, context.profile):
            store.resume_run(unfinished.id)
            return unfinished.id, True
        store.save_agencies(self._agencies.values())
        run_id = store.begin_run(
            kind, context.as_of, context.rulebook.digest, self._agencies, profile=context.profile, at=datetime.now(UTC)
        )
        return run_id, False

    def _close(self, run_id: int) -> NightResult:
        queue = self._store.queue(run_id)
        state = RunState.INTERRUPTED if self._stop.is_set() and not self._nothing_left(run_id) else RunState.DONE
        self._store.finish_run(run_id, state, at=datetime.now(UTC))
        return NightResult(
            run_id=run_id,
            state=state,
            audited=tuple(entry.code for entry in queue if entry.state == "done"),
            failures={entry.code: entry.message for entry in queue if entry.state == "error"},
        )

    def _nothing_left(self, run_id: int) -> bool:
        return not self._store.pending(run_id) and (self._plan.pause is None or not self._to_relook(run_id))

    # -- the two looks ------------------------------------------------------------------------------------------------

    async def _first_looks(self, run_id: int) -> None:
        known = [self._agencies[code] for code in self._store.pending(run_id) if code in self._agencies]
        for code in set(self._store.pending(run_id)) - set(self._agencies):
            self._store.fail_agency(run_id, code, "no longer in the registry")
        groups = partition(known, await self._addresses(known))
        everywhere = asyncio.Semaphore(self._context.settings.audit.concurrency)
        async with asyncio.TaskGroup() as tasks:
            for group in groups:
                here = asyncio.Semaphore(_PER_GROUP)
                for agency in group:
                    tasks.create_task(self._first_look(run_id, agency, here, everywhere))

    async def _first_look(
        self, run_id: int, agency: Agency, here: asyncio.Semaphore, everywhere: asyncio.Semaphore
    ) -> None:
        async with here, everywhere:
            if self._stop.is_set():
                return
            history = self._store.history_for(agency.code, self._context.as_of)
            look = self._plan.look(agency, self._context, history=history, on_progress=self._watcher.progress)
            await self._guarded(run_id, agency, look)

    async def _second_looks(self, run_id: int, pause: timedelta) -> None:
        waiting = self._to_relook(run_id)
        if not waiting or self._stop.is_set():
            return
        ready = max(finished for _, finished in waiting) + pause
        seconds = max(0.0, (ready - datetime.now(UTC)).total_seconds())
        self._watcher.waiting(len(waiting), seconds)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        for resolver in (self._context.resolver, self._context.second_resolver):
            if resolver is not None:
                resolver.forget_failures()
        gate = asyncio.Semaphore(self._context.settings.audit.concurrency)
        async with asyncio.TaskGroup() as tasks:
            for audit_id, _ in waiting:
                tasks.create_task(self._second_look(run_id, audit_id, gate))

    async def _second_look(self, run_id: int, audit_id: int, gate: asyncio.Semaphore) -> None:
        async with gate:
            if self._stop.is_set():
                return
            audit = self._store.load_audit(audit_id)
            if audit is None:
                return
            history = self._store.history_for(audit.agency.code, audit.as_of)
            look = self._plan.look_again(audit, self._context, history=history, on_progress=self._watcher.progress)
            await self._guarded(run_id, audit.agency, look)

    def _to_relook(self, run_id: int) -> list[tuple[int, datetime]]:
        """(audit id, end of the first look) of the run's audits that a second look could change and that had none."""
        found: list[tuple[int, datetime]] = []
        for entry in self._store.queue(run_id):
            if entry.state != "done" or entry.audit_id is None:
                continue
            audit = self._store.audit(entry.audit_id)
            if audit is not None and audit.relook and not had_second_look(audit):
                found.append((entry.audit_id, audit.finished_at))
        return found

    async def _guarded(self, run_id: int, agency: Agency, look: Awaitable[AgencyAudit]) -> None:
        """Await one agency's look and save it. The only place where the program's own failure on an agency is caught:
        it is told in full, recorded, and the run goes on. Trouble with the store or the disk ends the run instead."""
        try:
            audit = settled(await look, self._store, self._context.rulebook)
        except StoreError:
            raise
        except Exception as error:
            if disk_is_full(error):
                raise
            self._watcher.failed(agency, error)
            self._store.fail_agency(run_id, agency.code, f"{type(error).__name__}: {error}")
            return
        self._store.save_audit(run_id, audit)
        self._watcher.finished(audit)

    # -- groups -------------------------------------------------------------------------------------------------------

    async def _addresses(self, agencies: Iterable[Agency]) -> dict[str, tuple[str, ...]]:
        """Addresses of the agencies' hosts, where they can be looked up. With overrides the names say nothing."""
        if self._context.settings.audit.connect_to:
            return {}
        hosts = sorted({fold_host(agency.scope.host) for agency in agencies if agency.scope})
        gate = asyncio.Semaphore(_LOOK_UPS_AT_ONCE)

        async def one(host: str) -> tuple[str, ...]:
            async with gate:
                outcome = await self._context.resolver.addresses(host)
            return outcome.value if isinstance(outcome, Completed) else ()

        return dict(zip(hosts, await asyncio.gather(*map(one, hosts)), strict=True))


def had_second_look(audit: AgencyAudit) -> bool:
    """True if anything of the audit was looked at a second time."""
    host, mail = audit.host, audit.mail_evidence
    return (
        any(look.attempt > 1 for look in audit.evidence.looks)
        or (host is not None and host.attempt > 1)
        or (mail is not None and mail.attempt > 1)
    )


def settled(audit: AgencyAudit, store: Store, rulebook: Rulebook) -> AgencyAudit:
    """The audit with what the record adds: persons' verdicts, the last known verdict where tonight has none, changes.

    Where the previous night was unverified the last known verdict before it is compared, so that a fault which could
    not be seen for one night is not news on the next.
    """
    code, as_of = audit.agency.code, audit.as_of
    findings = apply_person_verdicts(
        audit.findings, person_verdicts(store, audit), as_of, rulebook.scoring, rulebook.messages
    )
    known = store.previous_verdicts(code, as_of)
    findings = tuple(
        replace(finding, previous=known[finding.id][0], previous_on=known[finding.id][1])
        if finding.verdict is Verdict.UNVERIFIED and finding.id in known
        else finding
        for finding in findings
    )
    audit = replace(audit, findings=findings, scores=score(findings, rulebook.scoring))
    previous = store.latest_audit(code, as_of)
    if previous is None:
        return audit
    remembered = replace(
        previous,
        findings=tuple(
            replace(finding, verdict=known[finding.id][0])
            if finding.verdict is Verdict.UNVERIFIED and finding.id in known
            else finding
            for finding in previous.findings
        ),
    )
    return replace(
        audit,
        changes=changes(audit, remembered),
        previous_as_of=previous.as_of,
        previous_ruleset=previous.ruleset.version,
    )


def person_verdicts(store: Store, audit: AgencyAudit) -> tuple[PersonVerdict, ...]:
    """Attestations and waivers of the agency that hold on the audit's night."""
    code, as_of = audit.agency.code, audit.as_of
    return (
        *(
            PersonVerdict(a.criterion, a.verdict, a.author, a.reason, a.document, a.given_on, a.expires_on)
            for a in store.attestations(code, as_of).values()
        ),
        *(
            PersonVerdict(w.criterion, None, w.author, w.reason, w.document, w.given_on, w.expires_on)
            for w in store.waivers(code, as_of).values()
        ),
    )


def partition(agencies: Sequence[Agency], addresses: Mapping[str, Collection[str]]) -> tuple[tuple[Agency, ...], ...]:
    """`agencies` in groups that share no host and no address, largest group first; order kept inside a group.

    `addresses` maps folded host names to IP addresses. Agencies without a site are groups of their own.
    """
    owner: dict[str, str] = {}

    def root(name: str) -> str:
        while owner.setdefault(name, name) != name:
            owner[name] = owner[owner[name]]
            name = owner[name]
        return name

    for agency in agencies:
        me = root("agency:" + agency.code)
        for host in _hosts(agency):
            for place in (f"host:{host}", *(f"address:{address}" for address in addresses.get(host, ()))):
                owner[root(place)] = root(me)
    groups: dict[str, list[Agency]] = defaultdict(list)
    for agency in agencies:
        groups[root("agency:" + agency.code)].append(agency)
    return tuple(tuple(group) for group in sorted(groups.values(), key=len, reverse=True))


def _hosts(agency: Agency) -> tuple[str, ...]:
    if agency.scope is None:
        return ()
    return tuple(fold_host(host) for host in (agency.scope.host, *agency.scope.extra_hosts))


def verdict_counts(audit: AgencyAudit) -> Counter[Verdict]:
    """How many findings of each verdict, the shared mail block left out."""
    return Counter(finding.verdict for finding in audit.findings if finding.item != "mail")
