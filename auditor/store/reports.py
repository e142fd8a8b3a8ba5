"""DMARC aggregate reports in the record: each once, by organisation, id and domain; and what they say of a domain."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from auditor.model import AggregateReport, ReportedSource, ReportFacts
from auditor.store.codec import clean
from auditor.store.connection import Connected

_SHOWN_SOURCES = 200


class Reports(Connected):
    """The part of the store that knows reports. Every method raises StoreError if the file cannot be used."""

    def file_state(self, name: str, size: int, mtime_ns: int) -> str | None:
        """What became of this file when it was last read, if it has not changed since: "" or a problem; else None."""
        row = self._row(
            "SELECT problem FROM report_files WHERE name = ? AND size = ? AND mtime_ns = ?", [name, size, mtime_ns]
        )
        return str(row["problem"]) if row else None

    def save_reports(self, file: str, reports: Iterable[AggregateReport], *, at: datetime | None = None) -> int:
        """Keep the reports of one file, all or none. Returns how many were new; a report that is there already, by
        organisation, id and domain, stays as it is."""
        new = 0
        moment = (at or datetime.now(UTC)).isoformat()
        with self._writing() as connection:
            for report in reports:
                done = connection.execute(
                    "INSERT OR IGNORE INTO dmarc_reports (org, report_id, domain, begins, ends, policy, file,"
                    " imported_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (clean(report.org), clean(report.report_id), clean(report.domain), report.begin.isoformat(),
                     report.end.isoformat(), clean(report.policy), clean(file), moment),
                )  # fmt: skip
                if not done.rowcount:
                    continue
                new += 1
                connection.executemany(
                    "INSERT INTO dmarc_rows (report, position, source_ip, messages, dkim, spf, disposition,"
                    " header_from, domains) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        (done.lastrowid, position, row.source_ip, row.count, row.dkim, row.spf, clean(row.disposition),
                         clean(row.header_from),
                         json.dumps(list(dict.fromkeys(filter(None, (*row.dkim_domains, row.spf_domain))))))
                        for position, row in enumerate(report.rows)
                    ],
                )  # fmt: skip
        return new

    def note_report_file(
        self, name: str, size: int, mtime_ns: int, problem: str, *, at: datetime | None = None
    ) -> None:  # fmt: skip
        """This file was read to its end; `problem` is the first thing in it that could not be read, or ""."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO report_files (name, size, mtime_ns, problem, read_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,"
                " problem = excluded.problem, read_at = excluded.read_at",
                (clean(name), size, mtime_ns, clean(problem), (at or datetime.now(UTC)).isoformat()),
            )

    def report_domains(self) -> tuple[str, ...]:
        """The domains that reports were made of, those with most reports first."""
        rows = self._rows("SELECT domain FROM dmarc_reports GROUP BY domain ORDER BY count(*) DESC, domain")
        return tuple(str(row["domain"]) for row in rows)

    def report_facts(self, domain: str, until: date, days: int) -> ReportFacts | None:
        """What reports whose period ended in the last `days` days, up to `until`, say of `domain` and its sub-domains.
        None if there are none."""
        first = (until - timedelta(days=days - 1)).isoformat()
        after = (until + timedelta(days=1)).isoformat()
        name = domain.lower().rstrip(".")
        chosen = (
            "WITH chosen AS (SELECT id, org, begins, ends FROM dmarc_reports WHERE (domain = ?1 OR domain LIKE ?2"
            " ESCAPE '\\') AND ends >= ?3 AND ends < ?4) "
        )
        below = "%." + name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        parameters = [name, below, first, after]
        head = self._row(
            chosen + "SELECT count(*) AS n, min(begins) AS begins, max(ends) AS ends FROM chosen", parameters
        )
        if head is None or not head["n"]:
            return None
        orgs = self._rows(chosen + "SELECT org FROM chosen GROUP BY org ORDER BY count(*) DESC, org", parameters)
        sums = (
            "sum(messages) AS messages, sum(messages * (dkim OR spf)) AS passed,"
            " sum(messages * dkim) AS dkim, sum(messages * spf) AS spf"
        )
        total = self._row(
            f"{chosen}SELECT {sums}, count(DISTINCT source_ip) AS sources FROM dmarc_rows"
            " WHERE report IN (SELECT id FROM chosen)",
            parameters,
        )
        assert total is not None
        rows = self._rows(
            f"{chosen}SELECT source_ip, {sums}, json_group_array(DISTINCT chosen.org) AS orgs,"
            " json_group_array(DISTINCT domains) AS domains"
            " FROM dmarc_rows JOIN chosen ON chosen.id = report GROUP BY source_ip"
            f" ORDER BY messages DESC, source_ip LIMIT {_SHOWN_SOURCES}",
            parameters,
        )
        return ReportFacts(
            domain=name,
            first=datetime.fromisoformat(head["begins"]).date(),
            last=datetime.fromisoformat(head["ends"]).date(),
            reports=int(head["n"]),
            reporters=tuple(str(row["org"]) for row in orgs),
            messages=int(total["messages"] or 0),
            passed=int(total["passed"] or 0),
            dkim=int(total["dkim"] or 0),
            spf=int(total["spf"] or 0),
            source_count=int(total["sources"]),
            sources=tuple(
                ReportedSource(
                    str(row["source_ip"]), int(row["messages"]), int(row["passed"]), int(row["dkim"]), int(row["spf"]),
                    _domains(row["domains"]), tuple(sorted(json.loads(row["orgs"]))),
                )
                for row in rows
            ),
        )  # fmt: skip


def _domains(lists: str) -> tuple[str, ...]:
    """The names in a JSON list of JSON lists."""
    return tuple(sorted({name for names in json.loads(lists) for name in json.loads(names)}))
