"""BIMI: the logo of a domain. An Internet draft (draft-brand-indicators-for-message-identification), no standard."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from auditor.model import BimiFacts, DnsAnswer, Outcome
from auditor.read.records.outcomes import absence, blindness, texts
from auditor.read.records.problems import Problem
from auditor.read.records.tags import parse_tags

PREFIX = "default._bimi."
_VERSION = re.compile(r"v[ \t]*=[ \t]*BIMI1[ \t]*(?:;|\Z)")


def read_bimi(record: Outcome[DnsAnswer]) -> BimiFacts:
    """The facts of the TXT records at `default._bimi`. An empty l tag says that there is to be no logo."""
    if blind := blindness(record):
        return BimiFacts("unverifiable", reason=blind)
    found = tuple(text for text in texts(record) if _VERSION.match(text))
    if not found:
        return BimiFacts("none", reason=absence(record))
    if len(found) > 1:
        return BimiFacts("multiple", found[0], problems=(Problem.BIMI_MULTIPLE,))
    tags = parse_tags(found[0])
    logo, document = tags.get("l"), tags.get("a") or ""
    if tags.malformed or tags.repeated or logo is None:
        return BimiFacts("invalid", found[0], problems=(Problem.BIMI_BAD_RECORD,))
    if not logo and not document:
        return BimiFacts("declined", found[0])
    problems = [] if all(map(_is_https, filter(None, (logo, document)))) else [Problem.BIMI_NOT_HTTPS]
    if logo and not _path(logo).lower().endswith((".svg", ".svgz", ".svg.gz")):
        problems.append(Problem.BIMI_NOT_SVG)
    if not document:
        problems.append(Problem.BIMI_NO_CERTIFICATE)
    state = "invalid" if Problem.BIMI_NOT_HTTPS in problems else "valid"
    return BimiFacts(state, found[0], logo, document, tuple(problems))


def _is_https(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        return parts.scheme.lower() == "https" and bool(parts.hostname)
    except ValueError:
        return False


def _path(uri: str) -> str:
    try:
        return urlsplit(uri).path
    except ValueError:
        return ""
