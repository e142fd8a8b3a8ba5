"""The nightly run: order of looks, one failure isolated, lock, stop and resume, also after kill -9."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from auditor.demo.province import Province
from auditor.demo.web import Behaviour
from auditor.gather.dns import Resolver
from auditor.model import Agency, AgencyAudit, SiteScope, Verdict
from auditor.nightly import NightResult, Plan, lock_path, partition, run_night, settled
from auditor.rulebook import load_rulebook
from auditor.runlock import LockHeld, read_holder, run_lock
from auditor.settings import load_settings
from auditor.store import Attestation, RunKind, RunState, Store, Waiver, open_store
from tests.store.builders import NIGHT, make_agency, make_audit, make_finding, make_look

CODES = ("a", "b", "c", "d")


@dataclass
class Watch:
    """Notes what it is told."""

    events: list[tuple[str, object]] = field(default_factory=list)

    def started(self, agencies: int, resumed: bool) -> None:
        self.events.append(("resumed" if resumed else "started", agencies))

    def progress(self, progress: object) -> None: ...

    def finished(self, audit: AgencyAudit) -> None:
        self.events.append(("finished", audit.agency.code))

    def failed(self, agency: Agency, error: Exception) -> None:
        self.events.append(("failed", agency.code))

    def waiting(self, agencies: int, seconds: float) -> None:
        self.events.append(("waiting", agencies))


@dataclass
class Looks:
    """Stands for auditor.audit: what each agency's looks give. `doubtful` want a second look, `broken` raise."""

    doubtful: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    during: Callable[[str], None] = lambda code: None
    calls: list[tuple[str, str]] = field(default_factory=list)

    async def first(self, agency: Agency, context: object, **_: object) -> AgencyAudit:
        self.calls.append(("first", agency.code))
        self.during(agency.code)
        await asyncio.sleep(0)
        if agency.code in self.broken:
            raise RuntimeError("planted fault")
        audit = replace(make_audit(agency.code), finished_at=datetime.now(UTC))
        if agency.code not in self.doubtful:
            return audit
        unsure = (make_finding("f.a", Verdict.PASS), make_finding("f.b", Verdict.UNVERIFIED))
        return replace(audit, relook=("http://x/",), findings=unsure)

    async def again(self, audit: AgencyAudit, context: object, **_: object) -> AgencyAudit:
        self.calls.append(("second", audit.agency.code))
        looks = (*audit.evidence.looks, make_look("http://x/", b"<p>", attempt=2))
        sure = (make_finding("f.a", Verdict.PASS), make_finding("f.b", Verdict.FAIL))
        return replace(audit, findings=sure, evidence=replace(audit.evidence, looks=looks))


def context(profile: str = "auto") -> Any:
    resolver = Resolver((("127.0.0.1", 9),))
    return SimpleNamespace(
        as_of=NIGHT, profile=profile, rulebook=load_rulebook(), settings=load_settings(), resolver=resolver,
        second_resolver=None,
    )  # fmt: skip


def night(
    store: Store,
    looks: Looks,
    watch: Watch | None = None,
    *,
    codes: tuple[str, ...] = CODES,
    pause: timedelta | None = timedelta(0),
    stop: asyncio.Event | None = None,
    profile: str = "auto",
) -> NightResult:
    plan = Plan(RunKind.NIGHTLY, pause, looks.first, looks.again)
    agencies = [make_agency(code) for code in codes]

    async def go() -> NightResult:
        return await run_night(context(profile), store, agencies, plan, watch or Watch(), stop=stop)

    return asyncio.run(go())


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with open_store(tmp_path / "auditor.db") as opened:
        yield opened


def test_every_second_look_comes_after_all_first_looks_and_settles_the_verdict(store: Store) -> None:
    looks, watch = Looks(doubtful=("a", "c")), Watch()
    result = night(store, looks, watch)
    kinds = [kind for kind, _ in looks.calls]
    assert kinds == ["first"] * 4 + ["second"] * 2
    assert {code for kind, code in looks.calls if kind == "second"} == {"a", "c"}
    assert ("waiting", 2) in watch.events
    assert result.complete and set(result.audited) == set(CODES)
    verdicts = {one.agency.code: one.findings[1].verdict for one in store.audits_of_run(result.run_id)}
    assert verdicts == {"a": Verdict.FAIL, "b": Verdict.FAIL, "c": Verdict.FAIL, "d": Verdict.FAIL}


def test_the_pause_between_two_looks_is_kept(store: Store) -> None:
    looks, seen = Looks(doubtful=("a",)), []

    class Clock(Watch):
        def waiting(self, agencies: int, seconds: float) -> None:
            seen.append(seconds)

    night(store, looks, Clock(), pause=timedelta(seconds=0.4))
    first = next(iter(store.history("a"))).audit_id
    audit = store.audit(first)
    assert audit is not None and 0 < seen[0] <= 0.4
    assert looks.calls[-1] == ("second", "a")


def test_without_a_second_look_the_verdict_stays_unverified(store: Store) -> None:
    looks = Looks(doubtful=("a",))
    result = night(store, looks, pause=None)
    assert ("second", "a") not in looks.calls
    audit = next(one for one in store.audits_of_run(result.run_id) if one.agency.code == "a")
    assert audit.findings[1].verdict is Verdict.UNVERIFIED


def test_one_agency_that_breaks_the_program_does_not_stop_the_night(store: Store) -> None:
    watch = Watch()
    result = night(store, Looks(broken=("b",)), watch)
    assert set(result.audited) == {"a", "c", "d"}
    assert result.failures == {"b": "RuntimeError: planted fault"}
    assert not result.complete and result.state is RunState.DONE
    assert ("failed", "b") in watch.events


def test_a_full_disk_stops_the_night_and_loses_nothing(store: Store) -> None:
    def fill(code: str) -> None:
        if code == "c":
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        night(store, Looks(during=fill))
    run = store.open_run(NIGHT)
    assert run is not None
    saved = {entry.code for entry in store.queue(run.id) if entry.state == "done"}
    result = night(store, looks := Looks())
    assert result.run_id == run.id and result.complete
    assert {code for _, code in looks.calls} == set(CODES) - saved


def test_a_stopped_night_is_resumed_where_it_was(store: Store) -> None:
    async def stopped() -> NightResult:
        stop = asyncio.Event()
        looks = Looks(during=lambda code: stop.set() if code == "b" else None)
        plan = Plan(RunKind.NIGHTLY, timedelta(0), looks.first, looks.again)
        here = context()
        here.settings = here.settings.with_audit(concurrency=1)
        agencies = [make_agency(code) for code in CODES]
        return await run_night(here, store, agencies, plan, Watch(), stop=stop)

    result = asyncio.run(stopped())
    assert result.state is RunState.INTERRUPTED and not result.complete
    assert result.audited == ("a", "b")
    watch = Watch()
    again = night(store, rest := Looks(), watch)
    assert again.run_id == result.run_id and again.complete
    assert watch.events[0] == ("resumed", 2)
    assert [code for _, code in rest.calls] == ["c", "d"]


def test_a_night_stopped_before_its_second_looks_makes_them_when_resumed(store: Store) -> None:
    stop = asyncio.Event()
    first = Looks(doubtful=("a",), during=lambda code: stop.set() if code == "d" else None)
    assert night(store, first, stop=stop).state is RunState.INTERRUPTED
    again = night(store, rest := Looks())
    assert rest.calls == [("second", "a")]
    assert again.complete


def test_other_rules_make_a_new_run(store: Store) -> None:
    stop = asyncio.Event()
    stop.set()
    stopped = night(store, Looks(), stop=stop)
    watch = Watch()
    again = night(store, Looks(), watch, profile="cds-2026")
    assert again.run_id != stopped.run_id
    assert watch.events[0] == ("started", 4)


# -- what the record adds ---------------------------------------------------------------------------------------------


def test_last_known_verdicts_and_changes_come_from_earlier_nights(store: Store) -> None:
    rules = load_rulebook()
    day = timedelta(days=1)
    passed, failed = make_finding("f.b", Verdict.PASS), make_finding("f.b", Verdict.FAIL)
    unsure = make_finding("f.b", Verdict.UNVERIFIED)
    store.save_audit(None, make_audit("a", NIGHT - 2 * day, findings=[failed]))
    middle = settled(make_audit("a", NIGHT - day, findings=[unsure]), store, rules)
    assert (middle.findings[0].previous, middle.findings[0].previous_on) == (Verdict.FAIL, NIGHT - 2 * day)
    store.save_audit(None, middle)
    same = settled(make_audit("a", NIGHT, findings=[failed]), store, rules)
    assert same.changes == () and same.previous_as_of == NIGHT - day
    better = settled(make_audit("a", NIGHT, findings=[passed]), store, rules)
    assert [(one.before, one.after) for one in better.changes] == [(Verdict.FAIL, Verdict.PASS)]


def test_persons_verdicts_are_applied_and_expire(store: Store) -> None:
    rules = load_rulebook()
    findings = [make_finding("f.a", Verdict.FAIL), make_finding("f.b", Verdict.FAIL)]
    store.add_attestation(Attestation("a", "f.a", Verdict.PASS, "Nguyễn Văn A", "đã xem", "15/VP", NIGHT, NIGHT))
    store.add_waiver(Waiver("a", "f.b", "Nguyễn Văn A", "đang nâng cấp", "16/VP", NIGHT, NIGHT))
    tonight = settled(make_audit("a", NIGHT, findings=findings), store, rules)
    assert [one.verdict for one in tonight.findings] == [Verdict.PASS, Verdict.NOT_APPLICABLE]
    assert (tonight.scores.f.earned, tonight.scores.f.max) == (50, 50)
    later = settled(make_audit("a", NIGHT + timedelta(days=1), findings=findings), store, rules)
    assert [one.verdict for one in later.findings] == [Verdict.FAIL, Verdict.FAIL]


# -- groups -----------------------------------------------------------------------------------------------------------


def agency_at(code: str, host: str | None, *more: str) -> Agency:
    scope = SiteScope(host, extra_hosts=more) if host else None
    return Agency(code, code, url=f"http://{host}/" if host else None, scope=scope)


def test_agencies_that_share_a_host_or_an_address_are_one_group() -> None:
    agencies = [
        agency_at("1", "portal.example"), agency_at("2", "www.portal.example"), agency_at("3", "x.example"),
        agency_at("4", "y.example", "z.example"), agency_at("5", "z.example"),
        agency_at("6", None), agency_at("7", None),
    ]  # fmt: skip
    addresses = {"x.example": ("192.0.2.1",), "y.example": ("192.0.2.1", "192.0.2.2")}
    groups = {tuple(agency.code for agency in group) for group in partition(agencies, addresses)}
    assert groups == {("1", "2"), ("3", "4", "5"), ("6",), ("7",)}


# -- the lock ---------------------------------------------------------------------------------------------------------

_HOLD = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from auditor.runlock import run_lock
with run_lock(Path(sys.argv[1]), datetime.now(UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_run_at_a_time_across_processes_and_a_dead_holder_is_no_obstacle(store: Store) -> None:
    path = lock_path(store.path)
    holder = subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeld) as caught:
            night(store, Looks())
        assert caught.value.holder is not None and caught.value.holder.pid == holder.pid
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout:
            holder.stdout.close()
    assert read_holder(path) is not None  # the dead holder's name still stands there
    assert night(store, Looks()).complete


def test_the_lock_of_one_process_excludes_its_own_second_run(tmp_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with (
        run_lock(tmp_path / "x.lock", now),
        pytest.raises(LockHeld) as caught,
        run_lock(tmp_path / "x.lock", now),
    ):
        pass
    assert caught.value.holder is not None and caught.value.holder.pid == os.getpid()
    with run_lock(tmp_path / "x.lock", now):
        pass


# -- the whole thing, killed ------------------------------------------------------------------------------------------


def test_kill_9_in_the_middle_loses_only_the_agencies_in_work(tmp_path: Path) -> None:
    with Province(date(2026, 11, 23), tmp_path / "province") as province:
        slow = "sxd.tinhmau.example"
        province.misbehave(slow, Behaviour(delay=30.0))
        first = _audit_all(province)
        try:
            _wait_until(lambda: _saved(province) >= 5)
        finally:
            os.kill(first.pid, signal.SIGKILL)
            first.communicate()
        before = _versions(province)
        assert "sxd" not in before
        province.misbehave(slow, None)
        second = _audit_all(province)
        _, log = second.communicate(timeout=90)
        assert second.returncode == 0, log
        after = _versions(province)
        assert len(after) == 14
        with open_store(province.folder / "auditor.db", read_only=True) as store:
            runs = store.runs()
            assert [run.state for run in runs] == [RunState.DONE]
        # What was saved was not audited again; only a second look may have added a version.
        relooked = {"dongmau", "sgddt", "phumau"}
        assert {code: after[code] for code in before if code not in relooked} == {
            code: version for code, version in before.items() if code not in relooked
        }


def _audit_all(province: Province) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "auditor.cli", "--folder", str(province.folder), "audit", "--all",
        "--as-of", province.as_of.isoformat(), "--budget", "8",
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _saved(province: Province) -> int:
    return len(_versions(province))


def _versions(province: Province) -> dict[str, int]:
    database = province.folder / "auditor.db"
    if not database.is_file():
        return {}
    with open_store(database, read_only=False) as store:
        return {row.code: row.version for row in store.standings()}


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "nothing was saved within a minute"
        time.sleep(0.1)
