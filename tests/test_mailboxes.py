"""The operator's list of mailboxes: read from CSV and XLSX, all rows or none, nothing kept that no finding needs."""

from __future__ import annotations

import json
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.cli import cli
from auditor.configuration import ConfigError
from auditor.mailboxes import import_register, load_register
from auditor.model import RegisteredMailbox
from auditor.rulebook import load_messages
from auditor.table_file import read_table
from tests.factories import make_agency

DAY = date(2026, 11, 25)
AGENCIES = (make_agency(code="snv"), make_agency(code="stttt", mailboxes=("chung@example.gov.vn",)))
HEADING = "Mã cơ quan,Địa chỉ thư,Người dùng,Lần đăng nhập cuối\n"


def write(folder: Path, text: str, name: str = "ds.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def refused(tmp_path: Path, source: Path) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        import_register(source, tmp_path, AGENCIES, DAY)
    error.value.text(load_messages())  # words exist
    return error.value


def test_a_list_is_read_and_names_are_not_kept(tmp_path: Path) -> None:
    source = write(
        tmp_path,
        HEADING
        + 'snv,Vanphong.SNV@example.gov.vn,"Văn phòng, Sở Nội vụ",25/11/2026 08:15\n'
        + "SNV,lan@example.gov.vn,Trương Thị Lan,2026-01-02T23:00:00Z\n"
        + "stttt,tvb@example.gov.vn,Tô Văn B,chưa đăng nhập\n"
        + "stttt,chung@example.gov.vn,,\n",
    )
    report = import_register(source, tmp_path, AGENCIES, DAY)
    assert (report.mailboxes, report.agencies, report.offices, report.backup) == (4, 2, 2, None)
    register = load_register(tmp_path)
    assert register is not None
    assert register.recorded_on == DAY
    assert set(register.boxes) == {
        RegisteredMailbox("snv", "vanphong.snv@example.gov.vn", True, date(2026, 11, 25)),
        RegisteredMailbox("snv", "lan@example.gov.vn", False, date(2026, 1, 2)),
        RegisteredMailbox("stttt", "tvb@example.gov.vn", False, None, True),
        RegisteredMailbox("stttt", "chung@example.gov.vn", True),  # the registry knows it as the agency's
    }
    kept = (tmp_path / "mailboxes.csv").read_text(encoding="utf-8")
    assert "Lan" not in kept and "Trương" not in kept


def test_xlsx_with_titles_above_and_other_columns(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["DANH SÁCH HỘP THƯ"], [], ["STT", "EMAIL", "Mã đơn vị", "Dung lượng", "Đăng nhập gần nhất"],
        [1, "snv@example.gov.vn", "snv", 12.5, datetime(2026, 11, 1, 7, 30)], [2, "a@example.gov.vn", "stttt", None, None],
    ]  # fmt: skip
    report = import_register(workbook(tmp_path / "ds.xlsx", rows), tmp_path, AGENCIES, DAY)
    assert report.ignored == ("STT", "Dung lượng")
    register = load_register(tmp_path)
    assert register is not None
    assert [box.last_used for box in register.boxes] == [date(2026, 11, 1), None]


def test_rows_are_counted_by_their_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.table_file.MAX_ROWS", 3)
    head, row = ["Mã", "Email"], ["snv", "a@example.gov.vn"]
    report = import_register(workbook(tmp_path / "thua.xlsx", [head, row, *[[]] * 50, [" "]]), tmp_path, AGENCIES, DAY)
    assert report.mailboxes == 1
    long = workbook(tmp_path / "dai.xlsx", [head, *(["snv", f"{n}@example.gov.vn"] for n in range(3))])
    assert refused(tmp_path, long).expected == "cfg_table_rows"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_separators_and_a_byte_order_mark(tmp_path: Path, separator: str) -> None:
    text = "\ufeff" + HEADING.replace(",", separator) + separator.join(["snv", "a@example.gov.vn", "", "1/2/2026"])
    assert import_register(write(tmp_path, text), tmp_path, AGENCIES, DAY).mailboxes == 1


@pytest.mark.parametrize(
    ("rows", "line", "column", "expected"),
    [
        ("snv,a@example.gov.vn,,\nsyt,b@example.gov.vn,,\n", 3, "Mã cơ quan", "cfg_register_code"),
        (",b@example.gov.vn,,\n", 2, "Mã cơ quan", "not_empty"),
        ("snv,b example.gov.vn,,\n", 2, "Địa chỉ thư", "cfg_mailbox"),
        ("snv,,,\n", 2, "Địa chỉ thư", "not_empty"),
        ("snv,a@example.gov.vn,,\n\nstttt,A@example.gov.vn,,\n", 4, "Địa chỉ thư", "cfg_register_once"),
        ("snv,a@example.gov.vn,,31/2/2026\n", 2, "Lần đăng nhập cuối", "cfg_register_last_used"),
        ("snv,a@example.gov.vn,,26/11/2026\n", 2, "Lần đăng nhập cuối", "cfg_register_last_used"),
        ("", 0, "", "cfg_csv_rows"),
    ],
)
def test_one_bad_cell_and_nothing_has_changed(tmp_path: Path, rows: str, line: int, column: str, expected: str) -> None:
    import_register(write(tmp_path, HEADING + "snv,cu@example.gov.vn,,\n"), tmp_path, AGENCIES, DAY)
    before = (tmp_path / "mailboxes.csv").read_bytes()
    error = refused(tmp_path, write(tmp_path, HEADING + rows))
    assert (error.line, error.field, error.expected) == (line, column, expected)
    assert (tmp_path / "mailboxes.csv").read_bytes() == before


def test_the_old_register_stays_as_a_backup(tmp_path: Path) -> None:
    import_register(write(tmp_path, HEADING + "snv,cu@example.gov.vn,,\n"), tmp_path, AGENCIES, DAY)
    report = import_register(write(tmp_path, HEADING + "snv,moi@example.gov.vn,,\n"), tmp_path, AGENCIES, DAY)
    assert report.backup is not None
    assert "cu@example.gov.vn" in Path(report.backup).read_text(encoding="utf-8")


def test_a_list_without_the_two_columns_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, write(tmp_path, "Mã,Tên\nsnv,x\n")).expected == "cfg_register_heading"
    twice = write(tmp_path, "Mã,Email,Hộp thư\nsnv,a@example.gov.vn,b@example.gov.vn\n")
    assert refused(tmp_path, twice).expected == "key_once"


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = workbook(tmp_path / "bom.xlsx", [["Mã", "Email"], ["snv", "a@example.gov.vn"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/extra.bin", b"\0" * 50_000_000)
    assert refused(tmp_path, path).expected == "cfg_xlsx_bomb"


def test_a_workbook_with_entities_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "thuc-the.xlsx", [["Mã", "Email"], ["snv", "a@example.gov.vn"]])
    parts = {}
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = b'<!DOCTYPE x [<!ENTITY a "b">]>' + parts[sheet]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    assert refused(tmp_path, path).expected == "cfg_xlsx"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["ds.csv", "ds.xlsx"]), st.booleans())
def test_no_file_crashes_the_reader(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str, zipped: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes((b"PK\x03\x04" if zipped else b"") + data)
    try:
        read_table(path, {"ma"})
    except ConfigError as error:
        error.text(load_messages())


# -- commands ---------------------------------------------------------------------------------------------------------


def run(folder: Path, *args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["--folder", str(folder), *args], prog_name="auditor")
    return result.exit_code, result.stdout, result.stderr


def test_commands(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, "mailboxes", "list")
    assert (code, out) == (1, "")
    assert "auditor mailboxes import" in err
    text = "Mã,Email,Ghi chú,Người dùng\nstttt,stttt@binhphuoc.gov.vn,x,Văn phòng\nsnv,b@gmail.com,,\n"
    code, _, err = run(tmp_path, "mailboxes", "import", str(write(tmp_path, text)), "--as-of", "2026-11-20")
    assert code == 0
    assert "Ghi chú" in err
    code, out, _ = run(tmp_path, "mailboxes", "list", "--json")
    listed = json.loads(out)
    assert (code, listed["recorded_on"], len(listed["mailboxes"])) == (0, "2026-11-20", 2)
    code, out, _ = run(tmp_path, "mailboxes", "check", "--json")
    checked = json.loads(out)
    assert checked["outside_mail_domain"] == ["b@gmail.com"]
    assert "stttt" not in checked["agencies_without_mailbox"]
    code, out, err = run(tmp_path, "mailboxes", "import", str(write(tmp_path, "Mã,Email\nkhong-co,a@b.vn\n")))
    assert (code, out) == (3, "")
    assert "dòng 2" in err and "khong-co" in err
