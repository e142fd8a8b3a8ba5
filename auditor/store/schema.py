"""The tables, as migrations: each applied once, in order, in its own transaction. Never edit one that shipped."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("auditor")

_AGENCIES_AND_RUNS = """
CREATE TABLE agencies (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    agency TEXT NOT NULL           -- JSON of the Agency as last audited; '' until then
) STRICT;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('nightly', 'on_demand', 'rejudge')),
    as_of TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
    ruleset TEXT NOT NULL,
    profile TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX runs_as_of ON runs (as_of, kind);
CREATE TABLE run_agencies (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    code TEXT NOT NULL REFERENCES agencies (code),
    position INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'error')),
    message TEXT NOT NULL,
    audit_id INTEGER REFERENCES audits (id),
    PRIMARY KEY (run_id, code)
) STRICT, WITHOUT ROWID;
"""

_AUDITS = """
CREATE TABLE audits (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL REFERENCES agencies (code),
    as_of TEXT NOT NULL,
    version INTEGER NOT NULL,
    superseded INTEGER NOT NULL DEFAULT 0,   -- 1: a later version of the same night exists
    run_id INTEGER REFERENCES runs (id),
    rejudged_from INTEGER REFERENCES audits (id),  -- whose evidence was read again
    ruleset TEXT NOT NULL,
    profile TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    site_state TEXT NOT NULL,
    down INTEGER NOT NULL,             -- 1: unreachable or parked, confirmed, and not by our own doing
    nxdomain_confirmed INTEGER NOT NULL,
    grade TEXT,
    f_earned INTEGER NOT NULL, f_measurable INTEGER NOT NULL, f_max INTEGER NOT NULL, grade_f TEXT,
    g_earned INTEGER NOT NULL, g_measurable INTEGER NOT NULL, g_max INTEGER NOT NULL, grade_g TEXT,
    earned INTEGER NOT NULL, measurable INTEGER NOT NULL, max INTEGER NOT NULL,
    mail_earned INTEGER NOT NULL, mail_measurable INTEGER NOT NULL, mail_max INTEGER NOT NULL, grade_mail TEXT,
    audit BLOB NOT NULL,               -- the whole AgencyAudit without looks and bodies: JSON, zlib
    UNIQUE (code, as_of, version)
) STRICT;
CREATE INDEX audits_run ON audits (run_id);
CREATE INDEX audits_as_of ON audits (as_of);
CREATE TABLE findings (
    audit_id INTEGER NOT NULL REFERENCES audits (id),
    position INTEGER NOT NULL,
    criterion TEXT NOT NULL,
    item TEXT NOT NULL,
    verdict TEXT NOT NULL,
    points INTEGER NOT NULL,
    max INTEGER NOT NULL,
    counts INTEGER NOT NULL,
    seen_key TEXT NOT NULL,
    seen TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (audit_id, criterion)
) STRICT, WITHOUT ROWID;
CREATE TABLE sections_seen (
    audit_id INTEGER NOT NULL REFERENCES audits (id),
    detector TEXT NOT NULL,
    position INTEGER NOT NULL,
    label TEXT NOT NULL,
    url TEXT NOT NULL,
    own INTEGER NOT NULL,
    state TEXT NOT NULL,
    items INTEGER NOT NULL,
    newest TEXT,
    PRIMARY KEY (audit_id, detector, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE addresses (
    audit_id INTEGER NOT NULL REFERENCES audits (id),
    address TEXT NOT NULL,
    class TEXT NOT NULL,
    agency_contact INTEGER NOT NULL,
    places TEXT NOT NULL,              -- JSON
    PRIMARY KEY (audit_id, address)
) STRICT, WITHOUT ROWID;
"""

_EVIDENCE = """
CREATE TABLE bodies (
    digest TEXT PRIMARY KEY,           -- sha256 of the decompressed bytes, hex
    size INTEGER NOT NULL,
    body BLOB NOT NULL                 -- zlib
) STRICT;
CREATE TABLE looks (
    audit_id INTEGER NOT NULL REFERENCES audits (id),
    role TEXT NOT NULL,                -- site, or host.http, host.https, evidence.http, evidence.https
    position INTEGER NOT NULL,
    url TEXT NOT NULL,
    kind TEXT NOT NULL,
    fetched_at TEXT NOT NULL,
    final_url TEXT NOT NULL,
    status INTEGER,
    reason TEXT,
    not_run INTEGER NOT NULL,
    detail TEXT NOT NULL,
    redirects TEXT NOT NULL,           -- JSON
    headers TEXT NOT NULL,             -- JSON
    digest TEXT NOT NULL,
    truncated INTEGER NOT NULL,
    elapsed_ms INTEGER,
    peer TEXT,
    attempt INTEGER NOT NULL,
    size INTEGER NOT NULL,             -- bytes of the body, kept when the body is pruned
    body TEXT REFERENCES bodies (digest) ON DELETE SET NULL,
    PRIMARY KEY (audit_id, role, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX looks_body ON looks (body) WHERE body IS NOT NULL;
CREATE TABLE hosts (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    host TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    looked_at TEXT NOT NULL,
    look TEXT NOT NULL,                -- JSON, without bodies
    PRIMARY KEY (run_id, host, attempt)
) STRICT, WITHOUT ROWID;
CREATE TABLE mail_domains (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    domain TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    looked_at TEXT NOT NULL,
    evidence TEXT NOT NULL,            -- JSON
    PRIMARY KEY (run_id, domain, attempt)
) STRICT, WITHOUT ROWID;
"""

_OBSERVATIONS = """
CREATE TABLE sections (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL REFERENCES agencies (code),
    detector TEXT NOT NULL,
    key TEXT NOT NULL,                 -- its URL without scheme, "www." and fragment
    label TEXT NOT NULL,
    url TEXT NOT NULL,
    first_read TEXT NOT NULL,
    last_read TEXT NOT NULL,           -- the last night on which it was read
    last_empty INTEGER NOT NULL,       -- 1: the page answered that night and nothing was in it
    previous_read TEXT,                -- the night before last_read on which it was read
    previous_empty INTEGER,
    UNIQUE (code, detector, key)
) STRICT;
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    section_id INTEGER NOT NULL REFERENCES sections (id),
    key TEXT NOT NULL,
    title TEXT NOT NULL,
    url TEXT,
    first_seen TEXT NOT NULL,          -- "present_on": the first night on which it was there
    absent_on TEXT,                    -- the last night before that on which the list was read without it, or NULL
    last_seen TEXT NOT NULL,
    previous_seen TEXT,
    position INTEGER NOT NULL,         -- its place in the list on last_seen
    previous_position INTEGER,
    claimed TEXT,                      -- the date that the site gives it
    vanished_on TEXT,                  -- the night on which the list was read past its place without it
    UNIQUE (section_id, key)
) STRICT;
CREATE TABLE item_observations (
    item_id INTEGER NOT NULL REFERENCES items (id),
    as_of TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('appeared', 'claimed', 'vanished', 'returned')),
    claimed TEXT,
    source TEXT,
    PRIMARY KEY (item_id, as_of, event)
) STRICT, WITHOUT ROWID;
"""

_PEOPLE_AND_MAIL = """
CREATE TABLE attestations (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL REFERENCES agencies (code),
    criterion TEXT NOT NULL,
    verdict TEXT NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    document TEXT NOT NULL,
    given_on TEXT NOT NULL,
    expires_on TEXT
) STRICT;
CREATE INDEX attestations_code ON attestations (code);
CREATE TABLE waivers (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL REFERENCES agencies (code),
    criterion TEXT NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    document TEXT NOT NULL,
    given_on TEXT NOT NULL,
    expires_on TEXT
) STRICT;
CREATE INDEX waivers_code ON waivers (code);
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,   -- one per message: what is queued twice is sent once
    kind TEXT NOT NULL,
    as_of TEXT,
    recipients TEXT NOT NULL,          -- JSON: those who still have to get it
    subject TEXT NOT NULL,
    message BLOB NOT NULL,             -- the whole message (RFC 5322), zlib
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed')),
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    created_at TEXT NOT NULL,
    claimed_at TEXT,
    sent_at TEXT
) STRICT;
CREATE INDEX deliveries_state ON deliveries (state);
"""

_REPORTS = """
CREATE TABLE dmarc_reports (
    id INTEGER PRIMARY KEY,
    org TEXT NOT NULL COLLATE NOCASE,
    report_id TEXT NOT NULL,
    domain TEXT NOT NULL,
    begins TEXT NOT NULL,
    ends TEXT NOT NULL,
    policy TEXT NOT NULL,
    file TEXT NOT NULL,
    imported_at TEXT NOT NULL,
    UNIQUE (org, report_id, domain)    -- some receivers number the reports of each domain apart
) STRICT;
CREATE INDEX dmarc_reports_domain ON dmarc_reports (domain, ends);
CREATE TABLE dmarc_rows (
    report INTEGER NOT NULL REFERENCES dmarc_reports (id),
    position INTEGER NOT NULL,
    source_ip TEXT NOT NULL,
    messages INTEGER NOT NULL,
    dkim INTEGER NOT NULL,             -- 1: aligned and passed
    spf INTEGER NOT NULL,              -- 1: aligned and passed
    disposition TEXT NOT NULL,
    header_from TEXT NOT NULL,
    domains TEXT NOT NULL,             -- JSON: whose DKIM signature or SPF record passed, aligned or not
    PRIMARY KEY (report, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE report_files (
    name TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    problem TEXT NOT NULL,             -- '' or the first thing that could not be read in it
    read_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


def _create(db: Database, script: str) -> None:
    # Statement by statement: executescript() would commit the migration's transaction.
    for statement in script.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)


@migrations(name="0001_first_schema")
def _first_schema(db: Database) -> None:
    for script in (_AGENCIES_AND_RUNS, _AUDITS, _EVIDENCE, _OBSERVATIONS, _PEOPLE_AND_MAIL):
        _create(db, script)


@migrations(name="0002_dmarc_reports")
def _dmarc_reports(db: Database) -> None:
    _create(db, _REPORTS)


_SECTION_NIGHTS = """
CREATE TABLE section_nights (
    section_id INTEGER NOT NULL REFERENCES sections (id),
    as_of TEXT NOT NULL,               -- a night on which the list was completely read
    empty INTEGER NOT NULL,            -- 1: the page answered and nothing was in it
    changed INTEGER NOT NULL,          -- 1: its main text was another than that of the night before
    PRIMARY KEY (section_id, as_of)
) STRICT, WITHOUT ROWID;
INSERT INTO section_nights
    SELECT id, first_read, 0, 0 FROM sections WHERE first_read <> last_read
    AND (previous_read IS NULL OR first_read <> previous_read);
INSERT INTO section_nights SELECT id, previous_read, coalesce(previous_empty, 0), 0 FROM sections
    WHERE previous_read IS NOT NULL;
INSERT INTO section_nights SELECT id, last_read, last_empty, 0 FROM sections;
ALTER TABLE sections DROP COLUMN first_read;
ALTER TABLE sections DROP COLUMN last_read;
ALTER TABLE sections DROP COLUMN last_empty;
ALTER TABLE sections DROP COLUMN previous_read;
ALTER TABLE sections DROP COLUMN previous_empty;
ALTER TABLE sections ADD COLUMN sketch TEXT NOT NULL DEFAULT '';
"""


@migrations(name="0003_section_nights")
def _section_nights(db: Database) -> None:
    _create(db, _SECTION_NIGHTS)


@migrations(name="0004_rendered_pages")
def _rendered_pages(db: Database) -> None:
    _create(db, "ALTER TABLE looks ADD COLUMN rendered INTEGER NOT NULL DEFAULT 0;\n")


_SECTION_TEXTS = """
CREATE TABLE section_texts (
    section_id INTEGER NOT NULL REFERENCES sections (id),
    sketch TEXT NOT NULL,              -- of its main text: hashes of word groups, hexadecimal
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    PRIMARY KEY (section_id, sketch)
) STRICT, WITHOUT ROWID;
INSERT INTO section_texts
    SELECT section_id, sketch, max(as_of), max(as_of) FROM section_nights JOIN sections ON sections.id = section_id
    WHERE sketch <> '' GROUP BY section_id;
ALTER TABLE sections DROP COLUMN sketch;
"""


@migrations(name="0005_section_texts")
def _section_texts(db: Database) -> None:
    _create(db, _SECTION_TEXTS)


_ITEM_TEXTS = """
CREATE TABLE item_texts (
    item_id INTEGER NOT NULL REFERENCES items (id),
    kind TEXT NOT NULL,                -- row: what its list shows beside the title; page: its own page
    words INTEGER NOT NULL,
    bits TEXT NOT NULL,                -- the fingerprint, 16 hexadecimal digits
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    PRIMARY KEY (item_id, kind, words, bits)
) STRICT, WITHOUT ROWID;
"""


@migrations(name="0006_item_texts")
def _item_texts(db: Database) -> None:
    _create(db, _ITEM_TEXTS)
