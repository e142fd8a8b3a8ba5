"""`auditor schedule`: the nightly audit and its mails inside one long-lived process.

What is due is a pure function of the clock, of what ran last and of the settings (`due_now`); APScheduler only rings.
Its jobs live in memory: a persistent job store forgets the missed run when the job is added again at the next start,
so catching up is decided at start from our own table of runs.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from auditor.phrases import cli_text
from auditor.settings import Settings

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OUTBOX_MINUTES = 30  # how often mail that a server did not take is tried again


class Job(StrEnum):
    NIGHT = "night"
    WEEKLY = "weekly"
    OUTBOX = "outbox"


@dataclass(frozen=True, slots=True)
class LastRuns:
    """What the store knows: newest and oldest night (as_of) that finished, and when all cards were last sent."""

    night: date | None = None
    first_night: date | None = None
    weekly: datetime | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """One night: its civil date (that of `start`), when it is due, and until when it may still be started."""

    night: date
    start: datetime
    end: datetime


def window_at(now: datetime, settings: Settings) -> Window | None:
    """The night whose window is open at `now`; None between windows. A window may reach over midnight; if
    `latest_start` equals `nightly_at` it is open all day. Times are civil times of the configured zone."""
    schedule = settings.schedule
    local = now.astimezone(schedule.zone)
    for back in (0, 1):
        night = local.date() - timedelta(days=back)
        last_day = night if schedule.latest_time > schedule.nightly_time else night + timedelta(days=1)
        start = datetime.combine(night, schedule.nightly_time, schedule.zone)
        end = datetime.combine(last_day, schedule.latest_time, schedule.zone)
        if start <= local <= end:
            return Window(night, start, end)
    return None


def last_weekly_slot(now: datetime, settings: Settings) -> datetime:
    """The latest moment at or before `now` at which the weekly mail was due."""
    zone = settings.schedule.zone
    day, clock = settings.delivery.weekly_at
    local = now.astimezone(zone)
    back = (local.weekday() - _WEEKDAYS.index(day)) % 7
    slot = datetime.combine(local.date() - timedelta(days=back), clock, zone)
    return slot if slot <= local else slot - timedelta(days=7)


def due_now(now: datetime, last: LastRuns, settings: Settings) -> tuple[Job, ...]:
    """What should start at once at `now`, e.g. after the machine was off.

    The night: if its window is open and this night has not finished. The weekly mail: if its last moment has passed
    without one although there was a finished night to report; a fresh installation waits for its first such moment.
    """
    due: list[Job] = []
    window = window_at(now, settings)
    if window is not None and (last.night is None or last.night < window.night):
        due.append(Job.NIGHT)
    slot = last_weekly_slot(now, settings)
    # With every_night all cards have gone out after the night; there is no weekly mail.
    had_something = last.first_night is not None and last.first_night <= slot.date()
    if not settings.delivery.every_night and had_something and (last.weekly is None or last.weekly < slot):
        due.append(Job.WEEKLY)
    return tuple(due)


@dataclass(frozen=True, slots=True)
class Duties:
    """What the schedule calls. `night` gets the night's date and an event that asks it to stop after the agencies in
    work; `weekly` sends all cards, `outbox` what still waits; `last_runs` is what the store knows; `log` prints a
    phrase of config/cli.yaml; `failed` is told the exception that ended a duty."""

    night: Callable[[date, asyncio.Event], Awaitable[None]]
    weekly: Callable[[], Awaitable[None]]
    outbox: Callable[[], Awaitable[None]]
    last_runs: Callable[[], LastRuns]
    log: Callable[..., None]
    failed: Callable[[Job, BaseException], None]


class Schedule:
    """Runs the duties on time until `stop` is called; one duty at a time."""

    def __init__(self, settings: Settings, duties: Duties, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._duties = duties
        self._clock = clock
        self._stop = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Ask for the end: nothing new starts, agencies in work are finished and saved."""
        self._stop.set()

    async def run(self) -> None:
        """Catch up, then serve until `stop`. Returns when the last duty has ended."""
        scheduler = self._scheduler()
        scheduler.start()
        try:
            for job in due_now(self._clock(), self._duties.last_runs(), self._settings):
                self._duties.log("schedule.catch_up", job=cli_text(f"job.{job}"))
                self._begin(job)
            self._begin(Job.OUTBOX)
            for job in scheduler.get_jobs():
                if job.id != Job.OUTBOX:
                    self._duties.log(
                        "schedule.next", job=cli_text(f"job.{job.id}"), at=f"{job.next_run_time:%d/%m/%Y %H:%M}"
                    )
            await self._stop.wait()
        finally:
            # shutdown cancels running coroutine jobs even with wait=True; the duties are tasks of our own and go on.
            scheduler.shutdown(wait=False)
        if self._tasks:
            self._duties.log("schedule.draining")
            await asyncio.wait(self._tasks)

    def _scheduler(self) -> Any:  # apscheduler has no types
        from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
        from apscheduler.schedulers.asyncio import AsyncIOScheduler
        from apscheduler.triggers.cron import CronTrigger
        from apscheduler.triggers.interval import IntervalTrigger

        schedule = self._settings.schedule
        night, (day, weekly) = schedule.nightly_time, self._settings.delivery.weekly_at
        scheduler = AsyncIOScheduler(timezone=schedule.zone)
        grace = int(_window_length(self._settings).total_seconds())
        common = {"max_instances": 1, "coalesce": True}
        scheduler.add_job(
            self._ring, CronTrigger(hour=night.hour, minute=night.minute, timezone=schedule.zone),
            args=[Job.NIGHT], id=Job.NIGHT.value, misfire_grace_time=max(grace, 60), **common,
        )  # fmt: skip
        scheduler.add_job(
            self._ring,
            CronTrigger(day_of_week=day, hour=weekly.hour, minute=weekly.minute, timezone=schedule.zone),
            args=[Job.WEEKLY], id=Job.WEEKLY.value, misfire_grace_time=6 * 24 * 3600, **common,
        )  # fmt: skip
        scheduler.add_job(
            self._ring, IntervalTrigger(minutes=_OUTBOX_MINUTES, timezone=schedule.zone),
            args=[Job.OUTBOX], id=Job.OUTBOX.value, misfire_grace_time=3600, **common,
        )  # fmt: skip
        scheduler.add_listener(self._missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_ERROR)
        return scheduler

    async def _ring(self, job: Job) -> None:
        await asyncio.wait({self._begin(job)})  # not awaited itself: its failure is told once, by _ended

    def _missed(self, event: Any) -> None:
        self._duties.log("schedule.missed", job=cli_text(f"job.{event.job_id}"))

    def _begin(self, job: Job) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._do(job))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(job, done))
        return task

    def _ended(self, job: Job, task: asyncio.Task[None]) -> None:
        """A duty that failed is told in full; the service outlives it and tries again when it is next due."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._duties.failed(job, error)

    async def _do(self, job: Job) -> None:
        """One duty, if it is still due when its turn comes."""
        async with self._one_at_a_time:
            if not self._stop.is_set() and self._is_due(job):
                await self._perform(job)

    def _is_due(self, job: Job) -> bool:
        return job is Job.OUTBOX or job in due_now(self._clock(), self._duties.last_runs(), self._settings)

    async def _perform(self, job: Job) -> None:
        if job is not Job.NIGHT:
            await (self._duties.weekly() if job is Job.WEEKLY else self._duties.outbox())
            return
        window = window_at(self._clock(), self._settings)
        if window is not None:
            await self._duties.night(window.night, self._stop)


def _window_length(settings: Settings) -> timedelta:
    start = datetime.combine(date(2000, 1, 1), settings.schedule.nightly_time)
    end = datetime.combine(date(2000, 1, 1), settings.schedule.latest_time)
    return end - start if end > start else end - start + timedelta(days=1)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` in the running loop on SIGTERM and SIGINT (Ctrl+C), on Linux and on Windows."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, stop)
        except NotImplementedError:  # Windows
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop))
