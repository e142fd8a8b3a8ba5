"""Audits in and out of a real file: versions, evidence, history, people's words, and files that fail."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from auditor.model import Completed, History, Reason, SiteState, Verdict
from auditor.rulebook import load_messages
from auditor.store import (
    Attestation,
    Run,
    RunState,
    Store,
    StoreError,
    StoreTrouble,
    Waiver,
    changes,
    open_store,
)
from tests.store.builders import (
    BASE,
    NIGHT,
    full_audit,
    make_agency,
    make_audit,
    make_finding,
    make_host,
    make_look,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


@pytest.fixture
def store(path: Path) -> Store:
    return open_store(path)


def count(store: Store, table: str) -> int:
    return int(store._rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])


def night(number: int) -> date:
    return NIGHT + timedelta(days=number)


# --- the file -----------------------------------------------------------------------------------------------------


def test_an_empty_file_and_an_existing_one_get_the_same_tables(path: Path) -> None:
    path.touch()
    with open_store(path) as store:
        store.save_audit(None, full_audit())
        first = store._rows("SELECT name, sql FROM sqlite_master ORDER BY name")
    with open_store(path) as store:
        assert store._rows("SELECT name, sql FROM sqlite_master ORDER BY name") == first
        assert store.latest_audit("snv") is not None
        assert store._rows("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
        assert store._rows("PRAGMA foreign_keys") == [{"foreign_keys": 1}]
        assert store._rows("PRAGMA foreign_key_check") == []


def test_a_migration_that_breaks_leaves_nothing_behind(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE waivers (x)")
    with pytest.raises(sqlite3.OperationalError):
        open_store(path)
    with sqlite3.connect(path) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names <= {"waivers", "_sqlite_migrations"}


def test_foreign_keys_and_types_are_enforced(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError), store._writing() as connection:
        connection.execute("INSERT INTO findings VALUES (99, 0, 'f.a', 'f', 'pass', 1, 1, 1, '', '', NULL)")
    with pytest.raises(sqlite3.IntegrityError), store._writing() as connection:
        connection.execute("INSERT INTO bodies VALUES ('x', 'many', x'00')")


def trouble(path: Path, *, read_only: bool = False) -> StoreTrouble:
    with pytest.raises(StoreError) as caught:
        open_store(path, read_only=read_only)
    assert caught.value.path == path
    return caught.value.kind


def test_a_file_that_cannot_be_used_says_why(path: Path, tmp_path: Path) -> None:
    assert trouble(path, read_only=True) is StoreTrouble.NOT_FOUND
    assert trouble(tmp_path / "none" / "a.db") is StoreTrouble.CANNOT_OPEN
    (tmp_path / "text.db").write_text("không phải cơ sở dữ liệu " * 100, encoding="utf-8")
    assert trouble(tmp_path / "text.db") is StoreTrouble.NOT_A_DATABASE
    open_store(path).close()
    database = Database(path)
    database["_sqlite_migrations"].insert({"migration_set": "auditor", "name": "9999_later", "applied_at": "x"})
    database.close()
    assert trouble(path) is StoreTrouble.NEW_SCHEMA
    sqlite3.connect(tmp_path / "old.db").execute("CREATE TABLE x (y)").connection.close()
    assert trouble(tmp_path / "old.db", read_only=True) is StoreTrouble.OLD_SCHEMA


def test_every_trouble_has_words_that_name_the_file(path: Path) -> None:
    messages = load_messages(None)
    for kind in StoreTrouble:
        error = StoreError(kind, path, "x")
        assert str(path) in messages[error.key].format(**error.fields)


def test_a_read_only_store_reads_and_refuses_to_write(path: Path) -> None:
    with open_store(path) as store:
        store.save_audit(None, make_audit())
        with open_store(path, read_only=True) as reader:
            assert reader.latest_audit("snv") is not None
            with pytest.raises(StoreError) as caught:
                reader.save_audit(None, make_audit())
            assert caught.value.kind is StoreTrouble.READ_ONLY


def test_a_full_disk_keeps_what_was_there(store: Store, path: Path) -> None:
    store.save_audit(None, make_audit())
    pages = store._rows("PRAGMA page_count")[0]["page_count"]
    store._rows(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError) as caught:
        store.save_audit(None, make_audit(as_of=night(1), looks=[make_look(BASE, os.urandom(200_000))]))
    assert caught.value.kind is StoreTrouble.DISK_FULL
    assert caught.value.key == "store.disk_full"
    assert count(store, "audits") == 1
    assert count(store, "bodies") == 1
    store._rows(f"PRAGMA max_page_count = {pages + 1000}")
    store.save_audit(None, make_audit(as_of=night(1)))


def test_a_database_that_another_process_writes_says_so(store: Store, path: Path) -> None:
    store._rows("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as caught:
        store.save_audit(None, make_audit())
    assert caught.value.kind is StoreTrouble.LOCKED
    other.rollback()
    other.close()
    store.save_audit(None, make_audit())


# --- audits -------------------------------------------------------------------------------------------------------


def test_an_audit_comes_back_whole_but_for_the_bodies(store: Store) -> None:
    audit = full_audit()
    number = store.save_audit(None, audit)
    again = store.latest_audit("snv")
    assert again is not None
    assert again.host is not None
    assert isinstance(again.host.http, Completed)
    assert again.host.http.value.body == b""
    assert [look.body for look in again.evidence.looks] == [b""]
    assert (again.findings, again.scores, again.site, again.mail, again.mail_evidence) == (
        audit.findings,
        audit.scores,
        audit.site,
        audit.mail,
        audit.mail_evidence,
    )
    assert store.load_audit(number) == audit
    assert store.load_evidence(number) == audit.evidence
    assert store.audit(99) is None
    with pytest.raises(KeyError):
        store.load_evidence(99)


def test_a_night_audited_again_is_a_new_version_and_the_old_one_stays(store: Store) -> None:
    first = store.save_audit(None, make_audit(findings=[make_finding("f.a", Verdict.UNVERIFIED)]))
    second = store.save_audit(None, make_audit(findings=[make_finding("f.a", Verdict.FAIL)]))
    assert store.latest_audit_id("snv") == store.audit_id("snv", NIGHT) == second
    old = store.audit(first)
    assert old is not None
    assert old.findings[0].verdict is Verdict.UNVERIFIED
    assert [row.version for row in store.history("snv")] == [2]
    assert len(list(store.latest_per_agency())) == 1


def test_equal_bodies_are_stored_once(store: Store) -> None:
    looks = [make_look(f"{BASE}/{n}", b"same") for n in range(3)] + [make_look(f"{BASE}/x", b"other")]
    store.save_audit(None, make_audit(looks=looks))
    store.save_audit(None, make_audit("stc", looks=looks))
    store.save_audit(None, make_audit(as_of=night(1), looks=looks))
    assert count(store, "bodies") == 2
    assert count(store, "looks") == 12


def test_failed_looks_second_looks_and_their_order_are_evidence(store: Store) -> None:
    looks = (
        make_look(f"{BASE}/", b"", reason=Reason.CONNECT_TIMEOUT),
        make_look(f"{BASE}/b", b"b"),
        make_look(f"{BASE}/", b"", attempt=2, reason=Reason.CONNECT_TIMEOUT),
    )
    number = store.save_audit(None, make_audit(looks=looks))
    evidence = store.load_evidence(number)
    assert evidence.looks == looks
    assert evidence.agreeing(f"{BASE}/")


def test_rejudging_shares_the_evidence_and_makes_a_version(store: Store) -> None:
    audit = full_audit()
    first = store.save_audit(None, audit)
    looks = count(store, "looks")
    rules = replace(audit, ruleset=replace(audit.ruleset, version="rules-2"))
    second = store.save_audit(store.begin_run("rejudge", NIGHT, "rules-2", ["snv"]), rules, rejudged_from=first)
    third = store.save_audit(None, rules, rejudged_from=second)
    assert count(store, "looks") == looks
    assert store.load_evidence(third) == audit.evidence
    assert store.history("snv")[0].ruleset == "rules-2"
    assert [len(section.items) for section in store.observed("snv")] == [2]
    assert store.audit_ids(since=NIGHT, until=NIGHT) == (third,)
    assert store.audit_ids(until=night(-1)) == ()


def test_pruning_drops_bodies_and_nothing_else(store: Store) -> None:
    old = store.save_audit(None, make_audit(looks=[make_look(f"{BASE}/", b"old"), make_look(f"{BASE}/s", b"shared")]))
    store.save_audit(None, make_audit(as_of=night(10), looks=[make_look(f"{BASE}/s", b"shared")]))
    assert store.prune(10, night(9)) == 0
    assert store.prune(5, night(10)) == 1
    evidence = store.load_evidence(old)
    assert [look.body for look in evidence.looks] == [b"", b"shared"]
    assert evidence.looks[0].digest == "gathered"
    assert store.missing_bodies(old) == 1
    assert count(store, "looks") == 3
    assert count(store, "findings") == 4


def test_text_that_a_database_cannot_hold_is_no_danger(store: Store) -> None:
    nasty = "\ud800\x00'; DROP TABLE audits; --"
    audit = full_audit()
    audit = replace(audit, findings=(replace(audit.findings[0], seen=nasty),), agency=replace(audit.agency, name=nasty))
    look = replace(audit.evidence.looks[0], detail=nasty, final_url=f"{BASE}/\ud800", headers=(("X", nasty),))
    number = store.save_audit(None, replace(audit, evidence=replace(audit.evidence, looks=(look,))))
    again = store.audit(number)
    assert again is not None
    assert again.findings[0].seen == nasty
    assert again.evidence.looks[0].detail == "?\x00'; DROP TABLE audits; --"
    assert store.standings()[0].name.startswith("?")


# --- history ------------------------------------------------------------------------------------------------------


def test_history_and_standings(store: Store) -> None:
    for number in range(3):
        store.save_audit(None, make_audit(as_of=night(number)))
    store.save_audit(None, make_audit("stc", night(0)))
    assert [row.as_of for row in store.history("snv", 2)] == [night(2), night(1)]
    row = store.history("snv")[0]
    assert (row.grade, row.total.earned, row.f.max, row.name) == ("C", 10, 300, "Sở snv")
    assert row.verdicts == {Verdict.PASS: 1, Verdict.FAIL: 1}
    assert [(row.code, row.as_of) for row in store.standings()] == [("snv", night(2)), ("stc", night(0))]
    assert [audit.as_of for audit in store.latest_per_agency(night(1))] == [night(1), night(0)]
    assert store.latest_audit("snv", night(0)) is None
    before = store.latest_audit("snv", night(2))
    assert before is not None
    assert before.as_of == night(1)


def test_the_last_known_verdict_is_not_an_unverified_one(store: Store) -> None:
    for number, verdict in enumerate([Verdict.PASS, Verdict.FAIL, Verdict.UNVERIFIED]):
        store.save_audit(None, make_audit(as_of=night(number), findings=[make_finding("f.a", verdict)]))
    assert store.previous_verdicts("snv", night(3)) == {"f.a": (Verdict.FAIL, night(1))}
    assert store.previous_verdicts("snv", night(1)) == {"f.a": (Verdict.PASS, night(0))}
    assert store.previous_verdicts("snv", night(0)) == {}


def test_a_superseded_version_says_nothing(store: Store) -> None:
    store.save_audit(None, make_audit(findings=[make_finding("f.a", Verdict.FAIL)]))
    store.save_audit(None, make_audit(findings=[make_finding("f.a", Verdict.PASS)]))
    assert store.previous_verdicts("snv", night(1))["f.a"][0] is Verdict.PASS


def down(store: Store, *numbers: int, state: SiteState = SiteState.UNREACHABLE, **more: object) -> None:
    for number in numbers:
        store.save_audit(None, make_audit(as_of=night(number), state=state, **more))  # type: ignore[arg-type]


def test_nights_down_running(store: Store) -> None:
    down(store, 0, state=SiteState.OK)
    down(store, 1, 2, 3)
    assert store.history_for("snv", night(4)) == History(nights_unreachable=3)
    assert store.history_for("snv", night(1)) == History()
    assert store.history_for("none", night(1)) == History()


def test_a_gap_another_state_doubt_or_our_own_trouble_ends_the_chain(store: Store) -> None:
    down(store, 1, 3)
    assert store.history_for("snv", night(4)).nights_unreachable == 1, "a night without an audit proves nothing"
    assert store.history_for("snv", night(6)).nights_unreachable == 0
    down(store, 4, state_confirmed=False)
    assert store.history_for("snv", night(5)).nights_unreachable == 0
    down(store, 5, state_reason=Reason.DNS_TIMEOUT)
    assert store.history_for("snv", night(6)).nights_unreachable == 0
    down(store, 6, state=SiteState.PARKED)
    down(store, 7, state=SiteState.PARKED)
    assert store.history_for("snv", night(8)) == History(nights_parked=2)


def test_a_name_that_two_resolvers_do_not_know(store: Store) -> None:
    host = make_host(second=Reason.DNS_NXDOMAIN)
    down(store, 1, host=host)
    assert store.history_for("snv", night(2)).nxdomain_confirmed
    down(store, 2, host=replace(host, second_opinion=None))
    assert not store.history_for("snv", night(3)).nxdomain_confirmed


def test_changes_are_the_verdicts_that_differ() -> None:
    before = make_audit(findings=[make_finding("f.a", Verdict.PASS), make_finding("f.gone", Verdict.PASS)])
    after = make_audit(
        findings=[
            make_finding("f.a", Verdict.FAIL),
            make_finding("f.new", Verdict.FAIL),
        ]
    )
    assert [(change.id, change.before, change.after) for change in changes(after, before)] == [
        ("f.a", Verdict.PASS, Verdict.FAIL)
    ]
    assert changes(after, after) == ()
    assert changes(after, None) == ()


# --- runs ---------------------------------------------------------------------------------------------------------


def open_run(store: Store, as_of: date = NIGHT) -> Run:
    run = store.open_run(as_of)
    assert run is not None
    return run


def test_a_run_goes_through_its_queue_and_ends(store: Store) -> None:
    number = store.begin_run("nightly", NIGHT, "rules-1", ["b", "a", "b", "c"], profile="nd42-2022")
    assert store.pending(number) == ("b", "a", "c")
    store.save_audit(number, make_audit("a"))
    store.fail_agency(number, "c", "hỏng")
    assert store.pending(number) == ("b",)
    assert open_run(store).id == number
    store.save_audit(number, make_audit("b", host=make_host()))
    store.save_audit(number, make_audit("extra", host=make_host()))
    assert [(entry.code, entry.state) for entry in store.queue(number)] == [
        ("b", "done"), ("a", "done"), ("c", "error"), ("extra", "done"),
    ]  # fmt: skip
    assert [audit.agency.code for audit in store.audits_of_run(number)] == ["b", "a", "extra"]
    assert count(store, "hosts") == 1, "one host, looked at once per run"
    store.finish_run(number, "done", "xong")
    assert store.open_run(NIGHT) is None
    run = store.run(number)
    assert run is not None
    assert (run.state, run.message, run.ruleset, run.as_of) == (RunState.DONE, "xong", "rules-1", NIGHT)


def test_a_run_that_was_killed_is_found_and_resumed(path: Path) -> None:
    with open_store(path) as store:
        number = store.begin_run("nightly", NIGHT, "rules-1", ["a", "b"])
        store.save_audit(number, make_audit("a"))
    with open_store(path) as store:
        run = open_run(store)
        store.resume_run(run.id)
        assert store.pending(run.id) == ("b",)
        assert store.open_run(night(1)) is None
        store.begin_run("nightly", night(1), "rules-1", ["a"])
        assert [found.state for found in store.runs(kind="nightly")] == [RunState.RUNNING, RunState.INTERRUPTED]
        assert store.open_run(NIGHT) is not None


def test_agencies_are_kept_as_last_saved(store: Store) -> None:
    store.begin_run("nightly", NIGHT, "rules-1", ["only-a-code"])
    store.save_agencies([make_agency("b"), make_agency("a")])
    store.save_agencies([replace(make_agency("a"), name="Sở mới")])
    assert [agency.name for agency in store.agencies()] == ["Sở mới", "Sở b"]


_KILLED = """
import os, signal, sqlite3, sys
from datetime import date
from pathlib import Path
from auditor.store import open_store, writer
from tests.store.builders import make_audit

store = open_store(Path(sys.argv[1]))
run = store.begin_run("nightly", date(2024, 3, 4), "rules-1", ["a", "b", "c"])
store.save_audit(run, make_audit("a"))
step = sys.argv[2]
original = getattr(writer, step)

def die(*arguments):
    original(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(writer, step, die)
store.save_audit(run, make_audit("b"))
"""


@pytest.mark.parametrize("step", ["_insert_audit", "_insert_findings", "_insert_looks", "_mark_done"])
def test_a_kill_in_the_middle_of_saving_loses_that_agency_and_no_more(path: Path, step: str) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, str(path), step], cwd=Path(__file__).parents[2], timeout=60)
    assert done.returncode == -signal.SIGKILL
    with open_store(path) as store:
        run = open_run(store)
        assert store.pending(run.id) == ("b", "c")
        assert store.latest_audit("a") is not None
        assert store.latest_audit("b") is None
        assert store._rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        assert store._rows("PRAGMA foreign_key_check") == []
        store.save_audit(run.id, make_audit("b"))
        assert store.pending(run.id) == ("c",)


# --- what people say ----------------------------------------------------------------------------------------------


def test_attestations_and_waivers_hold_from_and_until(store: Store) -> None:
    first = Attestation("snv", "f.a", Verdict.PASS, "Bà A", "đã xem", "12/BC", night(0), night(5))
    later = Attestation("snv", "f.a", Verdict.FAIL, "Ông B", "xem lại", "13/BC", night(3), None)
    waiver = Waiver("snv", "f.b", "Bà A", "đang nâng cấp", "14/CV", night(0), night(2))
    store.add_attestation(first)
    store.add_attestation(later)
    store.add_waiver(waiver)
    assert store.attestations("snv", night(-1)) == {}
    assert store.attestations("snv", night(0)) == {"f.a": first}
    assert store.attestations("snv", night(3)) == {"f.a": later}
    assert store.waivers("snv", night(2)) == {"f.b": waiver}
    assert store.waivers("snv", night(3)) == {}
    assert store.waivers("stc", night(2)) == {}
