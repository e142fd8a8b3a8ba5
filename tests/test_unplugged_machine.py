"""Unplug things on our own side: the configuration, the disk, the mail server, the program in the middle of a night.

Each gives a clear message and the right exit code, and nothing that was written is lost. The real command line in
processes of its own, against the demo province on loopback.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import yaml

from auditor.audit import Progress, audit_agency, second_look
from auditor.audit_context import open_context
from auditor.demo.province import Province
from auditor.demo.web import Behaviour
from auditor.model import Agency, AgencyAudit
from auditor.nightly import NightResult, Plan, run_night
from auditor.registry import load_agencies
from auditor.settings import load_settings
from auditor.store import RunKind, RunState, Store, StoreError, open_store
from config import shipped_folder
from tests.faulty import AS_OF

CODES = ("sct", "sgddt", "sxd", "stnmt", "syt", "bqlkkt")
SLOW = "sxd.tinhmau.example"


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with Province(AS_OF, tmp_path_factory.mktemp("unplugged")) as running:
        yield running


def working_folder(folder: Path, province: Province, *changes: tuple[str, str]) -> Path:
    """A folder with the province's settings (texts in `changes` replaced) and six of its agencies."""
    settings = province.settings_file.read_text(encoding="utf-8")
    for old, new in (("[audit]", "[audit]\nconcurrency = 2"), *changes):
        assert old in settings
        settings = settings.replace(old, new)
    folder.mkdir(exist_ok=True)
    (folder / "auditor.toml").write_text(settings, encoding="utf-8")
    registry = yaml.safe_load(province.agencies_file.read_text(encoding="utf-8"))
    registry["agencies"] = [entry for entry in registry["agencies"] if entry["code"] in CODES]
    (folder / "agencies.yaml").write_text(yaml.safe_dump(registry, allow_unicode=True), encoding="utf-8")
    return folder


def start(folder: Path, *args: str, limit: int | None = None) -> subprocess.Popen[str]:
    """The command line on `folder`; `limit`: no file may grow beyond so many bytes."""

    def bound() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "auditor.cli", "--folder", str(folder), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=bound,
    )


def cli(folder: Path, *args: str, limit: int | None = None) -> tuple[int, str, str]:
    """(exit code, stdout, stderr)"""
    process = start(folder, *args, limit=limit)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def night(folder: Path, limit: int | None = None) -> tuple[int, str, str]:
    return cli(folder, "audit", "--all", "--as-of", AS_OF.isoformat(), limit=limit)


def stored(folder: Path) -> dict[str, int]:
    """How many agencies of the newest run are done; how many runs, audits, double audits there are."""
    database = folder / "auditor.db"
    if not database.is_file():
        return {"done": 0}
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:

        def number(sql: str) -> int:
            return int(connection.execute(sql).fetchone()[0])

        if not number("SELECT count(*) FROM sqlite_master WHERE name = 'run_agencies'"):
            return {"done": 0}
        return {
            "done": number("SELECT count(*) FROM run_agencies WHERE state = 'done'"),
            "runs": number("SELECT count(*) FROM runs"),
            "unfinished": number("SELECT count(*) FROM runs WHERE state != 'done'"),
            "agencies": number("SELECT count(DISTINCT code) FROM audits WHERE superseded = 0"),
            "current": number("SELECT count(*) FROM audits WHERE superseded = 0"),
            "without findings": number("SELECT count(*) FROM audits WHERE id NOT IN (SELECT audit_id FROM findings)"),
        }


WHOLE = {"done": 6, "runs": 1, "unfinished": 0, "agencies": 6, "current": 6, "without findings": 0}


def assert_sound(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "auditor.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


# -- configuration ----------------------------------------------------------------------------------------------------


BROKEN: dict[str, tuple[str, str, str]] = {  # file, a text on one line of it, what stands there instead
    "settings no TOML": ("auditor.toml", "delay_seconds = 0", "delay_seconds = = 0"),
    "settings unknown key": ("auditor.toml", "delay_seconds = 0", "delay_second = 0"),
    "settings wrong type": ("auditor.toml", "delay_seconds = 0", 'delay_seconds = "không"'),
    "settings unknown profile": ("auditor.toml", "delay_seconds = 0", 'law_profile = "nd99"'),
    "settings bad resolver": ("auditor.toml", "resolvers = [", 'resolvers = ["dns", '),
    "settings bad recipient": ("auditor.toml", "recipients = [", 'recipients = ["stttt", '),
    "criteria no YAML": ("criteria.yaml", "  - id: f.access.existence", "  - id: f.access.existence: x"),
    "criteria unknown profile": ("criteria.yaml", "profile: chi-thi-2014,", "profile: chi-thi-2041,"),
    "criteria without check": ("criteria.yaml", "id: f.access.existence", "id: f.access.existenz"),
    "criteria bad points": ("criteria.yaml", "points: ", "points: nhiều "),
    "agencies no YAML": ("agencies.yaml", "  - code: vpubnd", "  - code: vpubnd: x"),
    "agencies no kind": ("agencies.yaml", "    kind: van-phong", "    kind: van-fong"),
    "agencies no date": ("agencies.yaml", "  valid_to: 2025-06-30", "  valid_to: 2025-06-31"),
    "agencies unknown key": ("agencies.yaml", "  - code: vpubnd", "  - kode: vpubnd"),
}


def spoil(folder: Path, name: str, old: str, new: str) -> int:
    """Replace the first `old` of a file (the shipped one where the folder has none); returns the line of the change."""
    own = folder / name
    home = own if name == "auditor.toml" else shipped_folder() / name
    text = home.read_text(encoding="utf-8")
    assert old in text
    own.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.fixture(scope="module")
def used(province: Province, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder after a night."""
    folder = working_folder(tmp_path_factory.mktemp("used"), province)
    code, _, err = night(folder)
    assert code == 0, err
    assert stored(folder) == WHOLE
    return folder


@pytest.mark.parametrize("what", BROKEN)
def test_broken_configuration_is_told_with_its_line_and_nothing_is_touched(
    province: Province, used: Path, tmp_path: Path, what: str
) -> None:
    folder = working_folder(tmp_path, province)
    name = BROKEN[what][0]
    line = spoil(folder, *BROKEN[what])
    database = (used / "auditor.db").read_bytes()
    (folder / "auditor.db").write_bytes(database)
    files = sorted(path.name for path in folder.iterdir())
    code, out, err = night(folder)
    assert code == 3, err
    assert out == ""
    assert name in err and "Traceback" not in err
    assert f"dòng {line}," in err, err
    assert (folder / "auditor.db").read_bytes() == database
    assert sorted(path.name for path in folder.iterdir()) == files


def test_unknown_profile_on_the_command_line_is_refused_before_any_look(used: Path) -> None:
    before = stored(used)
    code, out, err = cli(used, "audit", "sct", "--profile", "nd99")
    assert code in (1, 3) and out == "" and "Traceback" not in err
    assert "--profile" in err
    assert stored(used) == before


# -- the disk ---------------------------------------------------------------------------------------------------------


class Watch:
    """Is told how a night goes, and remembers how it began."""

    began: tuple[int, bool] = (0, False)

    def started(self, agencies: int, resumed: bool) -> None:
        self.began = (agencies, resumed)

    def progress(self, progress: Progress) -> None: ...

    def finished(self, audit: AgencyAudit) -> None: ...

    def failed(self, agency: Agency, error: Exception) -> None:
        raise AssertionError(agency.code) from error

    def waiting(self, agencies: int, seconds: float) -> None: ...


class FullAfter(Watch):
    """Lets the database grow no more once so many agencies are saved, as a full disk does."""

    def __init__(self, store: Store, agencies: int) -> None:
        self.store, self.left = store, agencies

    def finished(self, audit: AgencyAudit) -> None:
        self.left -= 1
        if self.left == 0:
            connection = self.store._db.conn
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")


async def run(province: Province, folder: Path, store: Store, watch: Watch) -> NightResult:
    agencies = load_agencies(folder).agencies
    plan = Plan(RunKind.NIGHTLY, timedelta(0), audit_agency, second_look)
    async with open_context(load_settings(folder), as_of=province.as_of) as context:
        return await run_night(context, store, agencies, plan, watch)


def test_full_disk_ends_the_night_and_the_next_one_goes_on(province: Province, tmp_path: Path) -> None:
    folder = working_folder(tmp_path, province)
    with open_store(folder / "auditor.db") as store, pytest.raises(StoreError) as caught:
        asyncio.run(run(province, folder, store, FullAfter(store, 2)))
    assert caught.value.key == "store.disk_full"
    saved = stored(folder)
    assert 2 <= saved["done"] < 6 and saved["done"] == saved["agencies"]
    assert_sound(folder)
    with open_store(folder / "auditor.db") as store:
        watch = Watch()
        result = asyncio.run(run(province, folder, store, watch))
        assert result.complete and result.state is RunState.DONE
        assert watch.began == (6 - saved["done"], True)
    assert stored(folder) == WHOLE


def test_a_run_that_breaks_off_leaves_no_look_behind(province: Province, tmp_path: Path) -> None:
    """Looks that several agencies share are nobody's alone: none may go on with a client that has been closed."""
    folder = working_folder(tmp_path, province)

    async def breaking_off() -> set[str]:
        async with open_context(load_settings(folder), as_of=province.as_of) as context:
            waiting = asyncio.create_task(context.host(SLOW))
            while not any(task.get_name() != waiting.get_name() for task in others()):
                await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert others(), "the shared look ended with the one who waited"
        return {task.get_name() for task in others()}

    def others() -> set[asyncio.Task[object]]:
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(breaking_off()) == set()


def test_file_that_may_not_grow_is_told_in_words_and_nothing_is_lost(province: Province, tmp_path: Path) -> None:
    folder = working_folder(tmp_path, province)
    code, _, err = night(folder, limit=600_000)
    assert code == 1, err
    assert "LỖI" in err and "Traceback" not in err, err
    assert "auditor.db" in err
    assert_sound(folder)
    assert stored(folder)["done"] < 6
    code, _, err = night(folder)
    assert code == 0, err
    assert {**stored(folder), "runs": 1} == WHOLE


# -- the mail server --------------------------------------------------------------------------------------------------


def waiting(folder: Path) -> list[str]:
    with open_store(folder / "auditor.db", read_only=True) as store:
        return [delivery.message_id for delivery in store.undelivered()]


def test_mail_waits_for_its_server_and_is_delivered_once(province: Province, used: Path, tmp_path: Path) -> None:
    port = f"smtp_port = {province.smtp[1]}"
    folder = working_folder(tmp_path, province, (port, "smtp_port = 9"))
    (folder / "auditor.db").write_bytes((used / "auditor.db").read_bytes())
    before = set(province.mailbox.glob("*.eml"))
    for _ in range(2):  # trying twice queues nothing twice
        code, _, err = cli(folder, "send")
        assert code == 1 and "Traceback" not in err
        assert "127.0.0.1" in err and "LỖI" in err
    queued = waiting(folder)
    assert len(queued) == 1
    working_folder(folder, province)
    code, out, err = cli(folder, "send", "--json")
    assert code == 0, err
    assert json.loads(out)["sent"] == queued
    assert waiting(folder) == []
    code, out, _ = cli(folder, "send", "--json")
    assert code == 0 and json.loads(out)["sent"] == []
    (mail,) = set(province.mailbox.glob("*.eml")) - before
    message = message_from_bytes(mail.read_bytes(), policy=policy.default)
    assert message["Message-ID"] == queued[0]
    assert message["X-Envelope-To"] == "stttt@tinhmau.example, vpubnd@tinhmau.example"


# -- the program ------------------------------------------------------------------------------------------------------


def kill_when(folder: Path, done: int) -> None:
    """Start a night and kill -9 it as soon as so many agencies are saved."""
    process = start(folder, "audit", "--all", "--as-of", AS_OF.isoformat())
    deadline = time.monotonic() + 30
    try:
        while stored(folder)["done"] < done:
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()
            time.sleep(0.02)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.communicate()


def test_killed_again_and_again_the_night_ends_with_every_agency_once(province: Province, tmp_path: Path) -> None:
    folder = working_folder(tmp_path, province)
    province.misbehave(SLOW, Behaviour(delay=20.0))  # so that the night cannot end before it is killed
    try:
        for done in (1, 3, 5):
            kill_when(folder, done)
            assert_sound(folder)
            assert done <= stored(folder)["done"] < 6
    finally:
        province.misbehave(SLOW, None)
    saved = stored(folder)["current"]
    code, _, err = night(folder)
    assert code == 0, err
    assert saved >= 5
    assert stored(folder) == WHOLE
    cards = sorted(path.name for path in (folder / "out").rglob("*.html"))
    assert all(any(code in name for name in cards) for code in CODES)
    assert not list((folder / "out").rglob(".*")), "no half-written file is left"
