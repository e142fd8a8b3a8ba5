"""One DMARC aggregate report read: XML bytes to values. Pure. RFC 9990; RFC 7489 appendix C, and vendors.

Elements are found by local name, so that namespaces and their absence do not matter. The parser loads nothing: no DTD
(a document that has one is refused), no entities, no network, no huge trees.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum

from lxml import etree

from auditor.model.dmarc_reports import AggregateReport, ReportRow

MAX_BYTES = 50_000_000  # of one document, unpacked
MAX_ROWS = 100_000
_LONGEST = 255


class ReportProblem(StrEnum):
    """Why something is not a report. The text of each is `reports.problem.<problem>` in config/cli.yaml."""

    NOT_XML = "not_xml"
    HAS_DTD = "has_dtd"
    NOT_A_REPORT = "not_a_report"
    MISSING = "missing"  # `detail` names the element
    BAD_VALUE = "bad_value"
    TOO_LARGE = "too_large"
    BOMB = "bomb"  # would unpack to far more than it is
    NESTED = "nested"  # an archive inside an archive
    DAMAGED = "damaged"  # an archive that cannot be unpacked
    EMPTY = "empty"  # nothing in it that could be a report
    UNREADABLE = "unreadable"  # the file system refused


class ReportError(Exception):
    """This document is no usable report."""

    def __init__(self, problem: ReportProblem, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}" if detail else str(problem))
        self.problem = problem
        self.detail = detail


def read_report(xml: bytes) -> AggregateReport:
    """The report in `xml`. Raises ReportError for what is no report or lacks what identifies one.

    A row without a readable source address or count is an error too: half a report would be counted as a whole one.
    """
    root = _parse(xml)
    if _name(root) != "feedback":
        raise ReportError(ReportProblem.NOT_A_REPORT, _name(root)[:40])
    metadata = _child(root, "report_metadata")
    period = _child(metadata, "date_range")
    policy = _child(root, "policy_published")
    records = [element for element in root if _name(element) == "record"]
    if len(records) > MAX_ROWS:
        raise ReportError(ReportProblem.TOO_LARGE, f"{len(records)} rows")
    org = _text(metadata, "org_name") or _text(metadata, "email").rpartition("@")[2]
    if not org:
        raise ReportError(ReportProblem.MISSING, "org_name")
    return AggregateReport(
        org=org,
        report_id=_needed(metadata, "report_id"),
        domain=_domain(_needed(policy, "domain")),
        begin=_moment(_needed(period, "begin")),
        end=_moment(_needed(period, "end")),
        policy=_text(policy, "p").lower(),
        rows=tuple(_row(record) for record in records),
    )


def _parse(xml: bytes) -> etree._Element:
    if len(xml) > MAX_BYTES:
        raise ReportError(ReportProblem.TOO_LARGE, f"{len(xml)} bytes")
    data = xml.strip(b"\0 \t\r\n")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, recover=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        dtd = re.search(rb"<!\s*(DOCTYPE|ENTITY)", data[:4096], re.IGNORECASE) is not None
        raise ReportError(ReportProblem.HAS_DTD if dtd else ReportProblem.NOT_XML, str(error)[:200]) from error
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise ReportError(ReportProblem.HAS_DTD)
    return root


def _row(record: etree._Element) -> ReportRow:
    row = _child(record, "row")
    evaluated = next(_children(row, "policy_evaluated"), None)
    identifiers = next(_children(record, "identifiers"), None)
    if identifiers is None:
        identifiers = next(_children(record, "identities"), None)  # an early draft's name, still seen
    results = next(_children(record, "auth_results"), None)
    return ReportRow(
        source_ip=_address(_needed(row, "source_ip")),
        count=_count(_needed(row, "count")),
        dkim=_text(evaluated, "dkim").lower() == "pass",
        spf=_text(evaluated, "spf").lower() == "pass",
        disposition=_text(evaluated, "disposition").lower(),
        header_from=_domain(_text(identifiers, "header_from")),
        dkim_domains=tuple(dict.fromkeys(_passing(results, "dkim")))[:5],
        spf_domain=next(iter(_passing(results, "spf")), ""),
    )


def _passing(results: etree._Element | None, way: str) -> Iterator[str]:
    for result in _children(results, way):
        if _text(result, "result").lower() == "pass" and (domain := _domain(_text(result, "domain"))):
            yield domain


# -- elements and values ----------------------------------------------------------------------------------------------


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].strip().lower()


def _children(parent: etree._Element | None, name: str) -> Iterator[etree._Element]:
    return (element for element in (() if parent is None else parent) if _name(element) == name)


def _child(parent: etree._Element, name: str) -> etree._Element:
    found = next(_children(parent, name), None)
    if found is None:
        raise ReportError(ReportProblem.MISSING, name)
    return found


def _text(parent: etree._Element | None, name: str) -> str:
    """The text of the first such child, white space folded, cut at a length no honest value has."""
    found = next(_children(parent, name), None)
    return " ".join((found.text or "").split())[:_LONGEST] if found is not None else ""


def _needed(parent: etree._Element, name: str) -> str:
    text = _text(parent, name)
    if not text:
        raise ReportError(ReportProblem.MISSING, name)
    return text


def _domain(text: str) -> str:
    """A domain name in lower case; of an address (some write one) what stands after the "@"."""
    return text.lower().rpartition("@")[2].strip("<>").rstrip(".")


def _address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError as error:
        raise ReportError(ReportProblem.BAD_VALUE, f"source_ip: {text[:60]}") from error
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def _count(text: str) -> int:
    if re.fullmatch(r"\d{1,12}(\.0+)?", text):
        return int(text.partition(".")[0])
    raise ReportError(ReportProblem.BAD_VALUE, f"count: {text[:60]}")


def _moment(text: str) -> datetime:
    """Seconds since 1970 as the format demands, or the ISO form that some vendors write. UTC where no zone is given."""
    try:
        if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
            return datetime.fromtimestamp(int(text.partition(".")[0]), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise ReportError(ReportProblem.BAD_VALUE, f"date_range: {text[:60]}") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
