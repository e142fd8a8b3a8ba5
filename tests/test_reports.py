"""The folder of aggregate reports: what receivers send, read once; bad files are named and stop nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.cli import cli
from auditor.commands.reports import import_before_night
from auditor.gather.report_files import ReportFile, documents
from auditor.model import AggregateReport, ReportedSource
from auditor.phrases import has_text
from auditor.read.dmarc_report import ReportError, ReportProblem
from auditor.report_import import ImportResult, facts_of, import_reports
from auditor.settings import load_settings
from auditor.store import Store, open_store

DOMAIN = "tinh.gov.example"
DAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def xml(
    number: int = 1, *, org: str = "Google, Inc.", domain: str = DOMAIN, end: datetime = NOON, **row: object
) -> bytes:
    value = {"ip": "203.0.113.9", "count": 10, "dkim": "pass", "spf": "fail", **row}
    return f"""<feedback><report_metadata><org_name>{org}</org_name><report_id>{number}</report_id>
<date_range><begin>{int(end.timestamp()) - 86400}</begin><end>{int(end.timestamp())}</end></date_range></report_metadata>
<policy_published><domain>{domain}</domain><p>none</p></policy_published><record><row><source_ip>{value["ip"]}</source_ip>
<count>{value["count"]}</count><policy_evaluated><disposition>none</disposition><dkim>{value["dkim"]}</dkim>
<spf>{value["spf"]}</spf></policy_evaluated></row><identifiers><header_from>{domain}</header_from></identifiers>
<auth_results><dkim><domain>{domain}</domain><result>{value["dkim"]}</result></dkim></auth_results></record></feedback>""".encode()


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def message(data: bytes, subtype: str = "gzip") -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "Report Domain: tinh.gov.example"
    mail.set_content("Báo cáo")
    mail.add_alternative("<html><body>Báo cáo</body></html>", subtype="html")
    mail.add_attachment(data, maintype="application", subtype=subtype, filename="google.com!tinh!1!2.xml.gz")
    return bytes(mail)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "auditor.db") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "bao-cao"
    made.mkdir()
    return made


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.files, result.unchanged, result.imported, result.repeated


def test_every_way_in_which_receivers_send(folder: Path, store: Store) -> None:
    (folder / "a.xml").write_bytes(xml(1))
    (folder / "b.xml.gz").write_bytes(gzip.compress(xml(2)))
    (folder / "c.zip").write_bytes(zipped(("x/", b""), ("x/c.xml", xml(3)), ("d.xml", xml(4)), ("__MACOSX/._c", b"\0")))
    (folder / "wrong-name.txt").write_bytes(gzip.compress(xml(5)))
    (folder / "e.eml").write_bytes(message(gzip.compress(xml(6))))
    new = folder / "Maildir" / "new"
    new.mkdir(parents=True)
    (new / "1732.M1P1.host:2,S").write_bytes(message(zipped(("f.xml", xml(7))), "zip"))
    tmp = folder / "Maildir" / "tmp"
    tmp.mkdir()
    (tmp / "half").write_bytes(message(gzip.compress(xml(8)))[:100])
    box = b"".join(
        b"From MAILER-DAEMON\n" + message(gzip.compress(xml(n))).replace(b"\r\n", b"\n") + b"\n" for n in (9, 10)
    )
    (folder / "mbox").write_bytes(box)
    result = import_reports(folder, store)
    assert result.bad == ()
    assert counts(result) == (7, 0, 9, 0)
    facts = store.report_facts(DOMAIN, DAY, 30)
    assert facts is not None
    assert (facts.reports, facts.messages, facts.reporters) == (9, 90, ("Google, Inc.",))


def test_a_report_counts_once(folder: Path, store: Store) -> None:
    (folder / "a.xml").write_bytes(xml(1))
    assert counts(import_reports(folder, store)) == (1, 0, 1, 0)
    assert counts(import_reports(folder, store)) == (1, 1, 0, 0)
    (folder / "again.xml.gz").write_bytes(
        gzip.compress(xml(1, org="GOOGLE, INC.", count=99))
    )  # the same under another name
    (folder / "domain.xml").write_bytes(xml(1, domain="khac.example"))  # the same number for another domain
    (folder / "other.xml").write_bytes(xml(1, org="Yahoo"))  # another receiver's number 1
    assert counts(import_reports(folder, store)) == (4, 1, 2, 1)
    os.utime(folder / "a.xml", ns=(1, 1))
    assert counts(import_reports(folder, store)) == (4, 3, 0, 1)
    facts = store.report_facts(DOMAIN, DAY, 30)
    assert facts is not None and facts.messages == 20


def test_an_mbox_of_a_year_is_read_in_portions(folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    save = store.save_reports

    def watched(name: str, reports: list[AggregateReport]) -> int:
        nonlocal most
        most = max(most, len(reports))
        return save(name, reports)

    monkeypatch.setattr(store, "save_reports", watched)
    year = b"".join(b"From x\n" + message(gzip.compress(xml(n))).replace(b"\r\n", b"\n") + b"\n" for n in range(250))
    (folder / "mbox").write_bytes(year)
    assert counts(import_reports(folder, store)) == (1, 0, 250, 0)
    assert most == 100


BOMB = b"<feedback>" + b" " * 60_000_000 + b"</feedback>"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", ReportProblem.EMPTY),
        (b"Subject: x\n\nhello", ReportProblem.EMPTY),
        (b"<html></html>", ReportProblem.NOT_A_REPORT),
        (xml()[:-5], ReportProblem.NOT_XML),
        (gzip.compress(xml())[:-20], ReportProblem.DAMAGED),
        (b"\x1f\x8bnonsense", ReportProblem.DAMAGED),
        (zipped(("a.xml", xml()))[:-30], ReportProblem.DAMAGED),
        (b"7z\xbc\xaf\x27\x1c....", ReportProblem.DAMAGED),
        (gzip.compress(gzip.compress(xml())), ReportProblem.NESTED),
        (zipped(("a.zip", zipped(("a.xml", xml())))), ReportProblem.NESTED),
        (message(gzip.compress(zipped(("a.xml", xml())))), ReportProblem.NESTED),
        (gzip.compress(BOMB), ReportProblem.BOMB),
        (zipped(("a.xml", BOMB)), ReportProblem.BOMB),
        (zipped(*((f"{n}.xml", b"<a/>") for n in range(101))), ReportProblem.BOMB),
    ],
)
def test_a_bad_file_is_named_and_stops_nothing(folder: Path, store: Store, data: bytes, problem: ReportProblem) -> None:
    (folder / "bad").write_bytes(data)
    (folder / "good.xml").write_bytes(xml())
    for again in (False, True):
        result = import_reports(folder, store)
        assert [(one.name, one.problem) for one in result.bad] == [("bad", problem)]
        assert result.imported == (not again)


def test_the_good_report_in_a_file_with_a_bad_one_counts(folder: Path, store: Store) -> None:
    (folder / "two.zip").write_bytes(zipped(("a.xml", b"<html/>"), ("b.xml", xml())))
    result = import_reports(folder, store)
    assert (result.imported, [one.problem for one in result.bad]) == (1, [ReportProblem.NOT_A_REPORT])


def test_links_and_hidden_files_are_not_followed(tmp_path: Path, folder: Path, store: Store) -> None:
    (tmp_path / "outside.xml").write_bytes(xml())
    (folder / "link.xml").symlink_to(tmp_path / "outside.xml")
    (folder / ".hidden.xml").write_bytes(xml(2))
    assert import_reports(folder, store).files == 0


def test_what_the_reports_say_of_a_domain(folder: Path, store: Store) -> None:
    given_ = [
        xml(1, count=90), xml(2, org="Yahoo", count=5, spf="pass"), xml(3, ip="198.51.100.7", count=4, dkim="fail"),
        xml(4, domain=f"so.{DOMAIN}", ip="2001:db8::1", count=1, dkim="fail", spf="pass"),
        xml(5, domain="xtinh.gov.example", count=1000), xml(6, end=datetime(2026, 10, 26, 12, tzinfo=UTC), count=1000),
        xml(7, end=datetime(2026, 11, 26, 0, tzinfo=UTC), count=1000),
    ]  # fmt: skip
    for number, data in enumerate(given_):
        (folder / f"{number}.xml").write_bytes(data)
    import_reports(folder, store)
    facts = store.report_facts(DOMAIN, DAY, 30)
    assert facts is not None
    assert (facts.messages, facts.passed, facts.dkim, facts.spf, facts.source_count) == (100, 96, 95, 6, 3)
    assert (facts.first, facts.last) == (date(2026, 11, 23), date(2026, 11, 24))
    assert facts.sources == (
        ReportedSource("203.0.113.9", 95, 95, 95, 5, (DOMAIN,), ("Google, Inc.", "Yahoo")),
        ReportedSource("198.51.100.7", 4, 0, 0, 0, (), ("Google, Inc.",)),
        ReportedSource("2001:db8::1", 1, 1, 0, 1, (), ("Google, Inc.",)),
    )
    assert facts_of(store, ["khong.example", DOMAIN.upper()], DAY, 30) == {DOMAIN: facts}


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\x1f\x8b\x08", b"PK\x03\x04", b"From x\n", b"<", b"Content-Type: multipart/mixed\n"]),
)
def test_no_file_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(head + data)
    for document, error in documents(ReportFile(path, "any", len(head + data), 0)):
        assert (document is None) == isinstance(error, ReportError)


def test_every_problem_has_words() -> None:
    assert all(has_text(f"reports.problem.{problem}") for problem in ReportProblem)


# -- commands and the nightly run -------------------------------------------------------------------------------------


def run(folder: Path, *args: object) -> Result:
    return CliRunner().invoke(cli, ["--folder", str(folder), *map(str, args)], prog_name="auditor")


def test_import_and_show(tmp_path: Path, folder: Path) -> None:
    said = run(tmp_path, "reports", "import")
    assert (said.exit_code, said.stdout) == (1, "") and "reports_folder" in said.stderr
    (folder / "a.xml").write_bytes(xml())
    (folder / "hong.zip").write_bytes(b"PK\x03\x04")
    said = run(tmp_path, "reports", "import", folder, "--json")
    assert said.exit_code == 1 and "hong.zip" in said.stderr
    assert json.loads(said.stdout)["imported"] == 1
    said = run(tmp_path, "reports", "show", DOMAIN, "--as-of", "2026-11-25", "--json")
    value = json.loads(said.stdout)
    assert (said.exit_code, value["messages"], value["sources"][0]["ip"]) == (0, 10, "203.0.113.9")
    assert "100,0" in run(tmp_path, "reports", "show", DOMAIN, "--as-of", "2026-11-25").stdout
    said = run(tmp_path, "reports", "show", "khong.example")
    assert (said.exit_code, said.stdout) == (1, "") and "khong.example" in said.stderr


def test_the_night_reads_the_folder_and_a_missing_one_stops_nothing(
    tmp_path: Path, folder: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.xml").write_bytes(xml())
    settings_ = tmp_path / "auditor.toml"
    settings_.write_text('[mail_domain]\nreports_folder = "bao-cao"\n', encoding="utf-8")
    import_before_night(load_settings(tmp_path), store)
    assert store.report_domains() == (DOMAIN,)
    settings_.write_text('[mail_domain]\nreports_folder = "khong-co"\n', encoding="utf-8")
    import_before_night(load_settings(tmp_path), store)
    assert "khong-co" in capsys.readouterr().err
