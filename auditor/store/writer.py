"""Everything that writes audits and runs. One process writes at a time (the run lock); a method is a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from auditor.model import (
    OUR_SIDE,
    Agency,
    AgencyAudit,
    Completed,
    Failed,
    HostLook,
    Look,
    Outcome,
    Reason,
    SiteEvidence,
    SiteState,
)
from auditor.store import observations
from auditor.store.codec import clean, compress, digest_of, pack, to_json
from auditor.store.connection import Connected
from auditor.store.records import Attestation, RunKind, RunState, Waiver

_DOWN = frozenset({SiteState.UNREACHABLE, SiteState.PARKED})


class Writer(Connected):
    """The writing half of the store. Every method raises StoreError if the file cannot be written."""

    # --- agencies and runs --------------------------------------------------------------------------------------

    def save_agencies(self, agencies: Iterable[Agency]) -> None:
        """Note agencies by code, so that runs, attestations and history can name them."""
        with self._writing() as connection:
            for agency in agencies:
                _save_agency(connection, agency)

    def begin_run(
        self,
        kind: RunKind | str,
        as_of: date,
        ruleset: str,
        codes: Iterable[str],
        *,
        profile: str = "",
        at: datetime | None = None,
    ) -> int:
        """A new run with its queue, in the order of `codes`; returns its id. `ruleset` is the rulebook's digest.

        The caller holds the run lock, so nightly runs that still say "running" were killed: they become "interrupted".
        """
        with self._writing() as connection:
            if RunKind(kind) is RunKind.NIGHTLY:
                connection.execute("UPDATE runs SET state = 'interrupted' WHERE state = 'running' AND kind = 'nightly'")
            cursor = connection.execute(
                "INSERT INTO runs (kind, as_of, state, ruleset, profile, started_at, message)"
                " VALUES (?, ?, 'running', ?, ?, ?, '')",
                (str(RunKind(kind)), as_of.isoformat(), ruleset, profile, _now(at)),
            )
            run_id = int(cursor.lastrowid or 0)
            for position, code in enumerate(dict.fromkeys(codes)):
                _know(connection, code)
                connection.execute(
                    "INSERT INTO run_agencies (run_id, code, position, state, message) VALUES (?, ?, ?, 'pending', '')",
                    (run_id, code, position),
                )
        return run_id

    def resume_run(self, run_id: int) -> None:
        """A killed run is going on."""
        with self._writing() as connection:
            connection.execute("UPDATE runs SET state = 'running', finished_at = NULL WHERE id = ?", (run_id,))

    def fail_agency(self, run_id: int, code: str, message: str) -> None:
        """The program itself failed on this agency: the run goes on without it and says so."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE run_agencies SET state = 'error', message = ? WHERE run_id = ? AND code = ?",
                (clean(message), run_id, code),
            )

    def finish_run(self, run_id: int, state: RunState | str, message: str = "", *, at: datetime | None = None) -> None:
        with self._writing() as connection:
            connection.execute(
                "UPDATE runs SET state = ?, message = ?, finished_at = ? WHERE id = ?",
                (str(RunState(state)), clean(message), _now(at), run_id),
            )

    # --- audits -------------------------------------------------------------------------------------------------

    def save_audit(self, run_id: int | None, audit: AgencyAudit, *, rejudged_from: int | None = None) -> int:
        """The whole audit in one transaction; returns its id. A night that was audited before gets a new version.

        `rejudged_from` is the audit whose stored evidence was read again: its looks are shared, not copied, and the
        observed dates stay as they were, because nothing new was seen.
        """
        bodies = {} if rejudged_from else _bodies(audit)
        with self._writing() as connection:
            _save_agency(connection, audit.agency)
            audit_id = _insert_audit(connection, run_id, audit, rejudged_from)
            _insert_findings(connection, audit_id, audit)
            _insert_sections(connection, audit_id, audit)
            _insert_addresses(connection, audit_id, audit)
            if not rejudged_from:
                stored = _insert_bodies(connection, bodies)
                _insert_looks(connection, audit_id, audit, stored)
                observations.record(connection, audit.agency.code, audit.site, audit.as_of)
            if run_id is not None:
                _insert_shared(connection, run_id, audit)
                _mark_done(connection, run_id, audit.agency.code, audit_id)
        return audit_id

    def prune(self, keep_nights: int, today: date) -> int:
        """Drop page bodies that no audit of the last `keep_nights` nights needs; returns how many.

        Audits, looks, findings and facts stay: a card keeps its proof of what was seen, with the digest of the page.
        """
        oldest = (today - timedelta(days=keep_nights)).isoformat()
        with self._writing() as connection:
            cursor = connection.execute(
                "DELETE FROM bodies WHERE NOT EXISTS (SELECT 1 FROM looks JOIN audits ON audits.id = looks.audit_id"
                " WHERE looks.body = bodies.digest AND audits.as_of > ?)",
                (oldest,),
            )
            return cursor.rowcount

    # --- what a person says -------------------------------------------------------------------------------------

    def add_attestation(self, attestation: Attestation) -> int:
        """Returns its id. Given twice for one criterion, the later one counts."""
        given = attestation
        with self._writing() as connection:
            _know(connection, given.code)
            cursor = connection.execute(
                "INSERT INTO attestations (code, criterion, verdict, author, reason, document, given_on, expires_on)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (given.code, given.criterion, str(given.verdict), given.author, given.reason, given.document,
                 given.given_on.isoformat(), _day(given.expires_on)),
            )  # fmt: skip
            return int(cursor.lastrowid or 0)

    def add_waiver(self, waiver: Waiver) -> int:
        """Returns its id. Given twice for one criterion, the later one counts."""
        with self._writing() as connection:
            _know(connection, waiver.code)
            cursor = connection.execute(
                "INSERT INTO waivers (code, criterion, author, reason, document, given_on, expires_on)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (waiver.code, waiver.criterion, waiver.author, waiver.reason, waiver.document,
                 waiver.given_on.isoformat(), _day(waiver.expires_on)),
            )  # fmt: skip
            return int(cursor.lastrowid or 0)


def _now(at: datetime | None) -> str:
    return (at or datetime.now(UTC)).isoformat()


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _save_agency(connection: sqlite3.Connection, agency: Agency) -> None:
    connection.execute(
        "INSERT INTO agencies (code, name, kind, agency) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind, agency = excluded.agency",
        (agency.code, clean(agency.name), str(agency.kind), clean(to_json(agency))),
    )


def _know(connection: sqlite3.Connection, code: str) -> None:
    connection.execute("INSERT OR IGNORE INTO agencies (code, name, kind, agency) VALUES (?, ?, '', '')", (code, code))


def _insert_audit(connection: sqlite3.Connection, run_id: int | None, audit: AgencyAudit, source: int | None) -> int:
    code, night, scores = audit.agency.code, audit.as_of.isoformat(), audit.scores
    connection.execute("UPDATE audits SET superseded = 1 WHERE code = ? AND as_of = ?", (code, night))
    (version,) = connection.execute(
        "SELECT coalesce(max(version), 0) + 1 FROM audits WHERE code = ? AND as_of = ?", (code, night)
    ).fetchone()
    values: dict[str, object] = {
        "code": code,
        "as_of": night,
        "version": version,
        "run_id": run_id,
        "rejudged_from": source,
        "ruleset": audit.ruleset.version,
        "profile": audit.ruleset.profile,
        "started_at": audit.started_at.isoformat(),
        "finished_at": audit.finished_at.isoformat(),
        "site_state": str(audit.site.state),
        "down": _is_down(audit),
        "nxdomain_confirmed": _nxdomain_confirmed(audit.host),
        "grade": scores.grade,
        "grade_f": scores.grade_f,
        "grade_g": scores.grade_g,
        "grade_mail": scores.grade_mail,
        "audit": pack(without_looks(audit)),
    }
    for name, score in (("f_", scores.f), ("g_", scores.g), ("", scores.total), ("mail_", scores.mail)):
        values |= {f"{name}earned": score.earned, f"{name}measurable": score.measurable, f"{name}max": score.max}
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    cursor = connection.execute(f"INSERT INTO audits ({names}) VALUES ({marks})", tuple(values.values()))
    return int(cursor.lastrowid or 0)


def _is_down(audit: AgencyAudit) -> bool:
    """A night that counts toward "no site at all": down, confirmed by a second look, and not by our own doing."""
    site = audit.site
    return site.state in _DOWN and site.state_confirmed and site.state_reason not in OUR_SIDE


def _nxdomain_confirmed(host: HostLook | None) -> bool:
    if host is None or host.second_opinion is None:
        return False
    return all(
        isinstance(outcome, Failed) and outcome.reason is Reason.DNS_NXDOMAIN
        for outcome in (host.addresses, host.second_opinion)
    )


def without_looks(audit: AgencyAudit) -> AgencyAudit:
    """The audit as it is stored in one piece: looks and bodies have tables of their own."""
    evidence: SiteEvidence = replace(audit.evidence, looks=(), host=without_bodies(audit.evidence.host))
    return replace(audit, evidence=evidence, host=without_bodies(audit.host))


def without_bodies(host: HostLook | None) -> HostLook | None:
    if host is None:
        return None
    return replace(host, http=_without_body(host.http), https=_without_body(host.https))


def _without_body(outcome: Outcome[Look]) -> Outcome[Look]:
    return Completed(replace(outcome.value, body=b"")) if isinstance(outcome, Completed) else outcome


def _all_looks(audit: AgencyAudit) -> Iterator[tuple[str, int, Look]]:
    """(role, position, look) of everything that was seen."""
    for position, look in enumerate(audit.evidence.looks):
        yield "site", position, look
    for owner, host in (("host", audit.host), ("evidence", audit.evidence.host)):
        if host is None:
            continue
        for name, outcome in (("http", host.http), ("https", host.https)):
            if isinstance(outcome, Completed):
                yield f"{owner}.{name}", 0, outcome.value


def _bodies(audit: AgencyAudit) -> dict[str, bytes]:
    return {digest_of(look.body): look.body for _, _, look in _all_looks(audit) if look.body}


def _insert_bodies(connection: sqlite3.Connection, bodies: dict[str, bytes]) -> set[str]:
    for digest, body in bodies.items():
        # Most pages are as they were last night: look before compressing.
        if connection.execute("SELECT 1 FROM bodies WHERE digest = ?", (digest,)).fetchone() is None:
            connection.execute(
                "INSERT INTO bodies (digest, size, body) VALUES (?, ?, ?)", (digest, len(body), compress(body))
            )
    return set(bodies)


def _insert_looks(connection: sqlite3.Connection, audit_id: int, audit: AgencyAudit, stored: set[str]) -> None:
    connection.executemany(
        f"INSERT INTO looks VALUES ({', '.join('?' * 21)})",
        (
            (audit_id, role, position, clean(look.url), str(look.kind), look.fetched_at.isoformat(),
             clean(look.final_url), look.status, str(look.reason) if look.reason else None, look.not_run,
             clean(look.detail), clean(to_json(look.redirects)), clean(to_json(look.headers)), look.digest,
             look.truncated, look.elapsed_ms, look.peer, look.attempt, len(look.body),
             digest if look.body and (digest := digest_of(look.body)) in stored else None, look.rendered)
            for role, position, look in _all_looks(audit)
        ),
    )  # fmt: skip


def _insert_findings(connection: sqlite3.Connection, audit_id: int, audit: AgencyAudit) -> None:
    connection.executemany(
        f"INSERT INTO findings VALUES ({', '.join('?' * 11)})",
        (
            (audit_id, position, finding.id, finding.item, str(finding.verdict), finding.points, finding.max,
             finding.counts, finding.seen_key, clean(finding.seen), finding.reason)
            for position, finding in enumerate(audit.findings)
        ),
    )  # fmt: skip


def _insert_sections(connection: sqlite3.Connection, audit_id: int, audit: AgencyAudit) -> None:
    connection.executemany(
        f"INSERT INTO sections_seen VALUES ({', '.join('?' * 9)})",
        (
            (audit_id, detector, position, clean(section.label), clean(section.url), section.own, str(section.state),
             len(section.items), _day(section.newest.date if section.newest else None))
            for detector, facts in audit.site.detectors.items()
            for position, section in enumerate(facts.sections)
        ),
    )  # fmt: skip


def _insert_addresses(connection: sqlite3.Connection, audit_id: int, audit: AgencyAudit) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO addresses VALUES (?, ?, ?, ?, ?)",
        (
            (audit_id, clean(fact.address), str(fact.class_), fact.agency_contact, clean(to_json(fact.places)))
            for fact in audit.site.addresses
        ),
    )


def _insert_shared(connection: sqlite3.Connection, run_id: int, audit: AgencyAudit) -> None:
    """The host and the mail domain, looked at once per run and shared by the agencies on them."""
    if audit.host is not None:
        host = audit.host
        connection.execute(
            "INSERT OR IGNORE INTO hosts VALUES (?, ?, ?, ?, ?)",
            (run_id, clean(host.host), host.attempt, host.looked_at.isoformat(), clean(to_json(without_bodies(host)))),
        )
    if audit.mail_evidence is not None:
        mail = audit.mail_evidence
        connection.execute(
            "INSERT OR IGNORE INTO mail_domains VALUES (?, ?, ?, ?, ?)",
            (run_id, clean(mail.domain), mail.attempt, mail.looked_at.isoformat(), clean(to_json(mail))),
        )


def _mark_done(connection: sqlite3.Connection, run_id: int, code: str, audit_id: int) -> None:
    connection.execute(
        "INSERT INTO run_agencies (run_id, code, position, state, message, audit_id)"
        " VALUES (?1, ?2, (SELECT count(*) FROM run_agencies WHERE run_id = ?1), 'done', '', ?3)"
        " ON CONFLICT (run_id, code) DO UPDATE SET state = 'done', message = '', audit_id = excluded.audit_id",
        (run_id, code, audit_id),
    )
