"""What reports, the nightly run and rejudge read. Nothing here writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from auditor.model import (
    Agency,
    AgencyAudit,
    Completed,
    History,
    HostLook,
    Look,
    LookKind,
    ObservedSection,
    Reason,
    Score,
    SiteEvidence,
    SiteState,
    Verdict,
)
from auditor.store import observations
from auditor.store.codec import decompress, from_json, unpack
from auditor.store.connection import Connected, translated
from auditor.store.records import (
    Attestation,
    HistoryRow,
    Run,
    RunAgency,
    RunKind,
    RunState,
    Waiver,
)

_STANDING = "SELECT audits.*, agencies.name, agencies.kind FROM audits JOIN agencies ON agencies.code = audits.code"


class Queries(Connected):
    """The reading half of the store. Every method raises StoreError if the file cannot be read."""

    # --- runs ---------------------------------------------------------------------------------------------------

    def run(self, run_id: int) -> Run | None:
        row = self._row("SELECT * FROM runs WHERE id = ?", [run_id])
        return _run(row) if row else None

    def runs(self, *, kind: RunKind | str | None = None, limit: int = 20) -> tuple[Run, ...]:
        """The newest runs, newest first."""
        rows = self._rows(
            "SELECT * FROM runs WHERE ?1 IS NULL OR kind = ?1 ORDER BY id DESC LIMIT ?2",
            [str(RunKind(kind)) if kind else None, limit],
        )
        return tuple(_run(row) for row in rows)

    def open_run(self, as_of: date, kind: RunKind | str = RunKind.NIGHTLY) -> Run | None:
        """The newest run of that night if it did not come to an end: it can be resumed."""
        row = self._row(
            "SELECT * FROM runs WHERE as_of = ? AND kind = ? ORDER BY id DESC LIMIT 1",
            [as_of.isoformat(), str(RunKind(kind))],
        )
        run = _run(row) if row else None
        return run if run and run.state in (RunState.RUNNING, RunState.INTERRUPTED) else None

    def pending(self, run_id: int) -> tuple[str, ...]:
        """Codes that the run has still to audit, in its order."""
        rows = self._rows(
            "SELECT code FROM run_agencies WHERE run_id = ? AND state = 'pending' ORDER BY position", [run_id]
        )
        return tuple(row["code"] for row in rows)

    def queue(self, run_id: int) -> tuple[RunAgency, ...]:
        """The run's whole queue and what became of each agency."""
        rows = self._rows(
            "SELECT code, state, message, audit_id FROM run_agencies WHERE run_id = ? ORDER BY position", [run_id]
        )
        return tuple(RunAgency(**row) for row in rows)

    # --- audits -------------------------------------------------------------------------------------------------

    def agencies(self) -> tuple[Agency, ...]:
        """Agencies as last saved, by code; those known by code only are left out."""
        rows = self._rows("SELECT agency FROM agencies WHERE agency <> '' ORDER BY code")
        return tuple(from_json(Agency, row["agency"]) for row in rows)

    def audit(self, audit_id: int) -> AgencyAudit | None:
        """One audit with its looks but without bodies."""
        row = self._row("SELECT id, audit FROM audits WHERE id = ?", [audit_id])
        return self._inflate(row) if row else None

    def latest_audit(self, code: str, before: date | None = None) -> AgencyAudit | None:
        """The newest audit of an agency (strictly before a night, if given) without bodies, or None."""
        number = self.latest_audit_id(code, before)
        return self.audit(number) if number is not None else None

    def latest_audit_id(self, code: str, before: date | None = None) -> int | None:
        row = self._row(
            "SELECT id FROM audits WHERE code = ?1 AND superseded = 0 AND (?2 IS NULL OR as_of < ?2)"
            " ORDER BY as_of DESC LIMIT 1",
            [code, before.isoformat() if before else None],
        )
        return int(row["id"]) if row else None

    def audit_id(self, code: str, as_of: date) -> int | None:
        """The latest version of one night."""
        row = self._row(
            "SELECT id FROM audits WHERE code = ? AND as_of = ? AND superseded = 0", [code, as_of.isoformat()]
        )
        return int(row["id"]) if row else None

    def audit_ids(
        self, *, code: str | None = None, since: date | None = None, until: date | None = None
    ) -> tuple[int, ...]:
        """Latest versions of the nights in a period (both ends included), oldest first: what rejudge goes through."""
        rows = self._rows(
            "SELECT id FROM audits WHERE superseded = 0 AND (?1 IS NULL OR code = ?1) AND (?2 IS NULL OR as_of >= ?2)"
            " AND (?3 IS NULL OR as_of <= ?3) ORDER BY as_of, code",
            [code, since.isoformat() if since else None, until.isoformat() if until else None],
        )
        return tuple(int(row["id"]) for row in rows)

    def latest_per_agency(self, as_of: date | None = None) -> Iterator[AgencyAudit]:
        """The newest audit of each agency (up to and including `as_of`), by code, one at a time."""
        for row in self.standings(as_of):
            audit = self.audit(row.audit_id)
            if audit is not None:
                yield audit

    def audits_of_run(self, run_id: int) -> Iterator[AgencyAudit]:
        """The audits that a run ended with, in its order, one at a time."""
        for entry in self.queue(run_id):
            audit = self.audit(entry.audit_id) if entry.audit_id is not None else None
            if audit is not None:
                yield audit

    def standings(self, as_of: date | None = None) -> tuple[HistoryRow, ...]:
        """One line per agency: its newest night (up to and including `as_of`). Enough for a league table."""
        rows = self._rows(
            f"{_STANDING} WHERE audits.superseded = 0 AND (?1 IS NULL OR audits.as_of <= ?1) AND audits.as_of ="
            " (SELECT max(other.as_of) FROM audits AS other WHERE other.code = audits.code"
            " AND (?1 IS NULL OR other.as_of <= ?1)) ORDER BY audits.code",
            [as_of.isoformat() if as_of else None],
        )
        return self._history_rows(rows)

    def history(self, code: str, limit: int = 30) -> tuple[HistoryRow, ...]:
        """The newest nights of one agency, newest first, one line each."""
        rows = self._rows(
            f"{_STANDING} WHERE audits.superseded = 0 AND audits.code = ? ORDER BY audits.as_of DESC LIMIT ?",
            [code, limit],
        )
        return self._history_rows(rows)

    def previous_verdicts(self, code: str, before: date) -> dict[str, tuple[Verdict, date]]:
        """Per criterion the last verdict before a night that was not "unverified", and the night that gave it."""
        rows = self._rows(
            "SELECT findings.criterion, findings.verdict, max(audits.as_of) AS as_of FROM audits"
            " JOIN findings ON findings.audit_id = audits.id"
            " WHERE audits.code = ? AND audits.superseded = 0 AND audits.as_of < ? AND findings.verdict <> 'unverified'"
            " GROUP BY findings.criterion",
            [code, before.isoformat()],
        )
        return {row["criterion"]: (Verdict(row["verdict"]), date.fromisoformat(row["as_of"])) for row in rows}

    def history_for(self, code: str, as_of: date) -> History:
        """What the nights before `as_of` say of a site that is down, and its lists as observed up to `as_of`.

        A night counts if it was audited, found down, confirmed, and not by our own doing; the chain ends at the first
        night that was not, and at a night that was not audited: a gap proves nothing.
        """
        rows = self._rows(
            "SELECT as_of, site_state, down, nxdomain_confirmed FROM audits"
            " WHERE code = ? AND superseded = 0 AND as_of < ? ORDER BY as_of DESC LIMIT 60",
            [code, as_of.isoformat()],
        )
        return History(
            nights_unreachable=_chain(rows, as_of, SiteState.UNREACHABLE),
            nights_parked=_chain(rows, as_of, SiteState.PARKED),
            nxdomain_confirmed=bool(rows and rows[0]["nxdomain_confirmed"]),
            sections=tuple(section.until(as_of) for section in self.observed(code)),
        )

    # --- evidence -----------------------------------------------------------------------------------------------

    def load_evidence(self, audit_id: int) -> SiteEvidence:
        """All looks of an audit with their bodies, as far as those were not pruned (`missing_bodies`).

        Raises KeyError if there is no such audit.
        """
        row = self._row("SELECT id, audit FROM audits WHERE id = ?", [audit_id])
        if row is None:
            raise KeyError(audit_id)
        return self._inflate(row, bodies=True).evidence

    def load_audit(self, audit_id: int) -> AgencyAudit | None:
        """One audit with looks and bodies, its host's included: what rejudge needs."""
        row = self._row("SELECT id, audit FROM audits WHERE id = ?", [audit_id])
        return self._inflate(row, bodies=True) if row else None

    def missing_bodies(self, audit_id: int) -> int:
        """How many pages of an audit had a body that was pruned since."""
        row = self._row(
            "SELECT count(*) AS missing FROM looks WHERE audit_id = ? AND size > 0 AND body IS NULL",
            [self._evidence_of(audit_id)],
        )
        return int(row["missing"]) if row else 0

    def _evidence_of(self, audit_id: int) -> int:
        """The audit whose looks this one has: itself, or the one that it was rejudged from."""
        row = self._row("SELECT rejudged_from FROM audits WHERE id = ?", [audit_id])
        source = row["rejudged_from"] if row else None
        return audit_id if source is None else self._evidence_of(int(source))

    def _inflate(self, row: dict[str, Any], *, bodies: bool = False) -> AgencyAudit:
        audit = unpack(AgencyAudit, row["audit"])
        body = "bodies.body" if bodies else "NULL"
        found: dict[str, list[Look]] = defaultdict(list)
        for look in self._rows(
            f"SELECT looks.*, {body} AS packed FROM looks LEFT JOIN bodies ON bodies.digest = looks.body"
            " WHERE audit_id = ? ORDER BY role, position",
            [self._evidence_of(row["id"])],
        ):
            found[look["role"]].append(_look(look))
        evidence = replace(
            audit.evidence, looks=tuple(found["site"]), host=_with_looks(audit.evidence.host, found, "evidence")
        )
        return replace(audit, evidence=evidence, host=_with_looks(audit.host, found, "host"))

    # --- observed dates -----------------------------------------------------------------------------------------

    def observed(self, code: str, detector: str | None = None) -> tuple[ObservedSection, ...]:
        """An agency's lists over all nights: when items came and went, which dates the site gave them."""
        with translated(self.path):
            return observations.load(self._db.conn, code, detector)

    # --- what a person said -------------------------------------------------------------------------------------

    def attestations(self, code: str, as_of: date) -> dict[str, Attestation]:
        """By criterion, those in force on a night; of two for one criterion the later one."""
        return {
            row["criterion"]: Attestation(
                row["code"], row["criterion"], Verdict(row["verdict"]), row["author"], row["reason"], row["document"],
                date.fromisoformat(row["given_on"]), _day(row["expires_on"]),
            )
            for row in self._in_force("attestations", code, as_of)
        }  # fmt: skip

    def waivers(self, code: str, as_of: date) -> dict[str, Waiver]:
        """By criterion, those in force on a night; of two for one criterion the later one."""
        return {
            row["criterion"]: Waiver(
                row["code"], row["criterion"], row["author"], row["reason"], row["document"],
                date.fromisoformat(row["given_on"]), _day(row["expires_on"]),
            )
            for row in self._in_force("waivers", code, as_of)
        }  # fmt: skip

    def _in_force(self, table: str, code: str, as_of: date) -> list[dict[str, Any]]:
        return self._rows(
            f"SELECT * FROM {table} WHERE code = ?1 AND given_on <= ?2 AND (expires_on IS NULL OR expires_on >= ?2)"
            " ORDER BY given_on, id",
            [code, as_of.isoformat()],
        )

    def _history_rows(self, rows: list[dict[str, Any]]) -> tuple[HistoryRow, ...]:
        counts: dict[int, dict[Verdict, int]] = defaultdict(dict)
        numbers = [row["id"] for row in rows]
        for start in range(0, len(numbers), 500):  # SQLite bounds the parameters of one statement
            part = numbers[start : start + 500]
            for row in self._rows(
                "SELECT audit_id, verdict, count(*) AS findings FROM findings"
                f" WHERE audit_id IN ({', '.join('?' * len(part))}) AND (counts = 1 OR item <> 'mail')"
                " GROUP BY audit_id, verdict",
                part,
            ):
                counts[row["audit_id"]][Verdict(row["verdict"])] = row["findings"]
        return tuple(_history_row(row, counts[row["id"]]) for row in rows)


def _chain(rows: list[dict[str, Any]], as_of: date, state: SiteState) -> int:
    night, count = as_of, 0
    for row in rows:
        night -= timedelta(days=1)
        if date.fromisoformat(row["as_of"]) != night or not row["down"] or row["site_state"] != state:
            break
        count += 1
    return count


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _run(row: dict[str, Any]) -> Run:
    return Run(
        id=row["id"],
        kind=RunKind(row["kind"]),
        as_of=date.fromisoformat(row["as_of"]),
        state=RunState(row["state"]),
        ruleset=row["ruleset"],
        profile=row["profile"],
        started_at=datetime.fromisoformat(row["started_at"]),
        finished_at=datetime.fromisoformat(row["finished_at"]) if row["finished_at"] else None,
        message=row["message"],
    )


def _history_row(row: dict[str, Any], verdicts: dict[Verdict, int]) -> HistoryRow:
    def score(name: str) -> Score:
        return Score(row[f"{name}earned"], row[f"{name}measurable"], row[f"{name}max"])

    return HistoryRow(
        audit_id=row["id"],
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        as_of=date.fromisoformat(row["as_of"]),
        version=row["version"],
        run_id=row["run_id"],
        ruleset=row["ruleset"],
        profile=row["profile"],
        site_state=SiteState(row["site_state"]),
        grade=row["grade"],
        grade_f=row["grade_f"],
        grade_g=row["grade_g"],
        grade_mail=row["grade_mail"],
        f=score("f_"),
        g=score("g_"),
        total=score(""),
        mail=score("mail_"),
        verdicts=verdicts,
    )


def _look(row: dict[str, Any]) -> Look:
    return Look(
        url=row["url"],
        kind=LookKind(row["kind"]),
        fetched_at=datetime.fromisoformat(row["fetched_at"]),
        final_url=row["final_url"],
        status=row["status"],
        reason=Reason(row["reason"]) if row["reason"] else None,
        not_run=bool(row["not_run"]),
        detail=row["detail"],
        redirects=from_json(tuple[str, ...], row["redirects"]),
        headers=from_json(tuple[tuple[str, str], ...], row["headers"]),
        body=decompress(row["packed"]) if row["packed"] is not None else b"",
        digest=row["digest"],
        truncated=bool(row["truncated"]),
        elapsed_ms=row["elapsed_ms"],
        peer=row["peer"],
        attempt=row["attempt"],
        rendered=bool(row["rendered"]),
    )


def _with_looks(host: HostLook | None, looks: dict[str, list[Look]], owner: str) -> HostLook | None:
    if host is None:
        return None
    http, https = looks.get(f"{owner}.http"), looks.get(f"{owner}.https")
    return replace(
        host,
        http=Completed(http[0]) if http else host.http,
        https=Completed(https[0]) if https else host.https,
    )
