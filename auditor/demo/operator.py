"""What the operator of the demo province's mail hands over: the list of mailboxes, and a folder of DMARC reports."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from auditor.demo.sites import read_data
from auditor.mailboxes import import_register
from auditor.registry import load_agencies

LIST_FILE = "danh-sach-hop-thu.csv"
REPORTS_FOLDER = "bao-cao-dmarc"


def write_register(folder: Path, as_of: date) -> None:
    """The operator's list, imported into the register of the working folder `folder`, whose agencies.yaml is there."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("Mã cơ quan", "Địa chỉ thư", "Người dùng", "Lần đăng nhập cuối"))
    for row in read_data("sites/operator.yaml")["mailboxes"]:
        used = row["used"]
        last = "Chưa từng" if used == "never" else f"{as_of - timedelta(days=used):%d/%m/%Y}"
        writer.writerow((row["code"], row["address"], row.get("holder", ""), last))
    (folder / LIST_FILE).write_text(out.getvalue(), encoding="utf-8")
    import_register(folder / LIST_FILE, folder, load_agencies(folder).agencies, as_of)


def write_reports(folder: Path, domain: str, as_of: date) -> None:
    """The receivers' reports on `domain` as compressed files in their folder."""
    target = folder / REPORTS_FOLDER
    target.mkdir(exist_ok=True)
    for number, report in enumerate(read_data("sites/operator.yaml")["reports"]):
        day = as_of - timedelta(days=report["age"])
        name = f"{report['org'].split(',')[0].lower()}!{domain}!{day:%Y%m%d}.xml.gz"
        data = _report(report["org"], f"{day:%Y%m%d}.{number}", domain, day, report["rows"])
        (target / name).write_bytes(gzip.compress(data.encode(), mtime=0))


def _report(org: str, number: str, domain: str, day: date, rows: Sequence[Mapping[str, Any]]) -> str:
    begin = int(datetime.combine(day, time(), UTC).timestamp())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"><report_metadata>'
        f"<org_name>{escape(org)}</org_name><report_id>{number}</report_id><date_range><begin>{begin}</begin>"
        f"<end>{begin + 86_399}</end></date_range></report_metadata><policy_published><domain>{domain}</domain>"
        f"<p>none</p></policy_published>{''.join(_row(row, domain) for row in rows)}</feedback>"
    )


def _row(row: Mapping[str, Any], domain: str) -> str:
    def way(name: str) -> tuple[str, str]:
        signer = row.get(name) or (row.get("other") if name == "dkim" else None)
        shown = f"<{name}><domain>{signer}</domain><result>pass</result></{name}>" if signer else ""
        return "pass" if row.get(name) == domain else "fail", shown

    (dkim, signed), (spf, allowed) = way("dkim"), way("spf")
    return (
        f"<record><row><source_ip>{row['ip']}</source_ip><count>{row['count']}</count><policy_evaluated>"
        f"<disposition>none</disposition><dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row><identifiers>"
        f"<header_from>{domain}</header_from></identifiers><auth_results>{signed}{allowed}</auth_results></record>"
    )
