"""TLS-RPT: where reports on failed TLS connections go (RFC 8460 section 3)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from auditor.model import DnsAnswer, Outcome, TlsRptFacts
from auditor.read.records.outcomes import absence, blindness, texts
from auditor.read.records.problems import Problem

PREFIX = "_smtp._tls."
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}\Z")
_VALUE = re.compile(r"[\x21-\x3a\x3c\x3e-\x7e]+\Z")


def read_tls_rpt(record: Outcome[DnsAnswer]) -> TlsRptFacts:
    """The facts of the TXT records at `_smtp._tls`. Records that do not begin with "v=TLSRPTv1;" do not count."""
    if blind := blindness(record):
        return TlsRptFacts("unverifiable", reason=blind)
    found = tuple(text for text in texts(record) if re.match(r"v=TLSRPTv1[ \t]*;", text))
    if not found:
        near = any("tlsrptv1" in text.lower() for text in texts(record))
        problems = (Problem.TLS_RPT_MISSING, *((Problem.TLS_RPT_NEAR_MISS,) if near else ()))
        return TlsRptFacts("none", problems=problems, reason=absence(record))
    if len(found) > 1:
        return TlsRptFacts("multiple", found[0], problems=(Problem.TLS_RPT_MULTIPLE,))
    return _parsed(found[0])


def _parsed(text: str) -> TlsRptFacts:
    parts = re.split(r"[ \t]*;[ \t]*", text)
    if parts[-1] == "":
        parts.pop()
    fields = [part.partition("=") for part in parts[1:]]
    pairs = [(name.strip(" \t"), equals, value.strip(" \t")) for name, equals, value in fields]
    lists = [value for name, _, value in pairs if name == "rua"]
    others = [(name, equals, value) for name, equals, value in pairs if name != "rua"]
    if not all(equals and _NAME.match(name) and _VALUE.match(value) for name, equals, value in others):
        return TlsRptFacts("invalid", text, problems=(Problem.TLS_RPT_BAD_RECORD,))
    # section 3: "the ability to declare more than one rua", and the grammar lets the field stand several times
    wanted = [uri.strip(" \t") for uris in lists for uri in uris.split(",")]
    good = tuple(uri for uri in wanted if is_report_uri(uri))
    bad = (Problem.TLS_RPT_BAD_URI,) if len(good) < len(wanted) else ()
    if not good:
        return TlsRptFacts("invalid", text, problems=(Problem.TLS_RPT_NO_RUA, *bad))
    return TlsRptFacts("valid", text, good, bad)


def is_report_uri(uri: str) -> bool:
    """A mailto: with an address or an https: with a host (section 3); "," "!" and ";" stand percent-encoded."""
    if not uri.isascii() or re.search(r"[\s!;,]", uri):
        return False
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme.lower() == "https":
        return bool(host)
    local, at, domain = parts.path.rpartition("@")
    return parts.scheme.lower() == "mailto" and bool(local and at and domain)
