"""When what is due: tables with fixed clocks, and the service on a running loop."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from auditor.schedule import Duties, Job, LastRuns, Schedule, due_now, last_weekly_slot, window_at
from auditor.settings import Settings, load_settings

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = date(2026, 11, 23)
SUNDAY = date(2026, 11, 22)


def at(text: str) -> datetime:
    """Civil time in Viet Nam."""
    return datetime.fromisoformat(text).replace(tzinfo=HERE)


def settings(tmp_path: Path, text: str = "") -> Settings:
    (tmp_path / "auditor.toml").write_text(text, encoding="utf-8")
    return load_settings(tmp_path)


NEVER = LastRuns()
YESTERDAY = LastRuns(SUNDAY, date(2026, 11, 1), at("2026-11-16 07:30"))
TONIGHT = LastRuns(MONDAY, date(2026, 11, 1), at("2026-11-16 07:30"))
SENT = LastRuns(MONDAY, date(2026, 11, 1), at("2026-11-23 07:31"))


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        ("2026-11-23 01:29", YESTERDAY, ()),
        ("2026-11-23 01:30", YESTERDAY, (Job.NIGHT,)),
        ("2026-11-23 01:30", TONIGHT, ()),
        ("2026-11-23 05:59", YESTERDAY, (Job.NIGHT,)),  # the machine was off: catch up, the window is open
        ("2026-11-23 06:01", YESTERDAY, ()),  # too late: it would run into office hours
        ("2026-11-23 03:00", NEVER, (Job.NIGHT,)),
        ("2026-11-23 07:29", TONIGHT, ()),
        ("2026-11-23 07:30", TONIGHT, (Job.WEEKLY,)),
        ("2026-11-23 07:30", SENT, ()),
        ("2026-11-25 10:00", TONIGHT, (Job.WEEKLY,)),  # Monday's mail was missed
        ("2026-11-25 10:00", SENT, ()),
        ("2026-11-30 07:30", LastRuns(date(2026, 11, 30), date(2026, 11, 1), at("2026-11-23 07:31")), (Job.WEEKLY,)),
        ("2026-11-23 07:30", NEVER, ()),  # nothing was audited yet: nothing to send
        ("2026-11-25 10:00", LastRuns(date(2026, 11, 25), date(2026, 11, 24), None), ()),  # installed on Tuesday
    ],
)
def test_what_is_due(tmp_path: Path, now: str, last: LastRuns, due: tuple[Job, ...]) -> None:
    assert due_now(at(now), last, settings(tmp_path)) == due


def test_the_clock_may_tick_in_any_zone(tmp_path: Path) -> None:
    utc = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)  # 01:30 on the 23rd in Viet Nam
    assert due_now(utc, YESTERDAY, settings(tmp_path)) == (Job.NIGHT,)


def test_a_window_over_midnight_is_one_night(tmp_path: Path) -> None:
    own = settings(tmp_path, '[schedule]\nnightly_at = "22:00"\nlatest_start = "04:00"\n')
    for moment in ("2026-11-22 22:00", "2026-11-23 00:10", "2026-11-23 04:00"):
        window = window_at(at(moment), own)
        assert window is not None and window.night == SUNDAY
    assert window_at(at("2026-11-23 04:01"), own) is None
    assert due_now(at("2026-11-23 00:10"), LastRuns(SUNDAY, SUNDAY, at("2026-11-22 23:00")), own) == ()


def test_with_every_night_there_is_no_weekly_mail(tmp_path: Path) -> None:
    assert due_now(at("2026-11-23 07:30"), TONIGHT, settings(tmp_path, "[delivery]\nevery_night = true\n")) == ()


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-11-23 07:30", "2026-11-23 07:30"),
        ("2026-11-23 07:29", "2026-11-16 07:30"),
        ("2026-11-29 23:59", "2026-11-23 07:30"),
    ],
)
def test_the_last_weekly_moment(tmp_path: Path, now: str, slot: str) -> None:
    assert last_weekly_slot(at(now), settings(tmp_path)) == at(slot)


# -- the service ------------------------------------------------------------------------------------------------------


class Desk:
    """Duties that note what they did; a night waits until it is released."""

    def __init__(self, last: LastRuns = NEVER) -> None:
        self.done: list[str] = []
        self.failures: list[tuple[Job, str]] = []
        self.last = last
        self.begun = asyncio.Event()
        self.release = asyncio.Event()
        self.fail = False

    async def night(self, night: date, stop: asyncio.Event) -> None:
        self.begun.set()
        if self.fail:
            raise RuntimeError("planted fault")
        await self.release.wait()
        self.done.append(f"night {night}")

    async def weekly(self) -> None:
        self.done.append("weekly")

    async def outbox(self) -> None:
        self.done.append("outbox")

    def duties(self) -> Duties:
        return Duties(
            night=self.night,
            weekly=self.weekly,
            outbox=self.outbox,
            last_runs=lambda: self.last,
            log=lambda key, **fields: None,
            failed=lambda job, error: self.failures.append((job, str(error))),
        )


def test_a_missed_night_is_caught_up_at_start_and_drained_at_the_end(tmp_path: Path) -> None:
    async def go() -> Desk:
        desk = Desk()
        service = Schedule(settings(tmp_path), desk.duties(), lambda: at("2026-11-23 03:00"))
        running = asyncio.create_task(service.run())
        await desk.begun.wait()
        service.stop()  # SIGTERM in the middle of the night's run
        await asyncio.sleep(0.05)
        assert not running.done()  # the agency in work is finished first
        desk.release.set()
        await running
        return desk

    desk = asyncio.run(go())
    assert desk.done == ["night 2026-11-23"]


def test_duties_run_one_at_a_time_and_only_while_due(tmp_path: Path) -> None:
    async def go() -> Desk:
        desk = Desk(LastRuns(SUNDAY, date(2026, 11, 1), None))
        desk.release.set()
        service = Schedule(settings(tmp_path), desk.duties(), lambda: at("2026-11-23 03:00"))
        running = asyncio.create_task(service.run())
        while "outbox" not in desk.done:
            await asyncio.sleep(0.01)
        service.stop()
        await running
        return desk

    assert asyncio.run(go()).done == ["night 2026-11-23", "weekly", "outbox"]


def test_a_night_that_fails_is_told_and_the_service_goes_on(tmp_path: Path) -> None:
    async def go() -> Desk:
        desk = Desk()
        desk.fail = True
        service = Schedule(settings(tmp_path), desk.duties(), lambda: at("2026-11-23 03:00"))
        running = asyncio.create_task(service.run())
        while "outbox" not in desk.done:
            await asyncio.sleep(0.01)
        service.stop()
        await running
        return desk

    desk = asyncio.run(go())
    assert desk.failures == [(Job.NIGHT, "planted fault")]


def test_the_bells_are_set_in_civil_time(tmp_path: Path) -> None:
    async def go() -> dict[str, str]:
        service = Schedule(settings(tmp_path), Desk().duties(), lambda: at("2026-11-23 12:00"))
        scheduler = service._scheduler()
        scheduler.start(paused=True)
        try:
            return {job.id: f"{job.next_run_time:%a %H:%M %z}" for job in scheduler.get_jobs()}
        finally:
            scheduler.shutdown(wait=False)

    bells = asyncio.run(go())
    assert bells["night"].endswith("01:30 +0700")
    assert bells["weekly"] == "Mon 07:30 +0700"
