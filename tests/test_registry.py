"""The registry: what ships, what a bad file says, what contradicts itself; an import changes all or nothing."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from auditor.configuration import ConfigError
from auditor.model import Agency, AgencyKind, MailDomainUse, SiteScope, SiteStatus
from auditor.registry import Registry, check_registry, load_agencies
from auditor.registry_csv import import_agencies
from auditor.rulebook import load_messages


def write(folder: Path, text: str, name: str = "agencies.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# --- what ships ---------------------------------------------------------------------------------------------------


def test_shipped_registry_is_the_directives_and_consistent() -> None:
    registry = load_agencies()
    assert check_registry(registry) == []
    districts = [agency for agency in registry.agencies if agency.kind is AgencyKind.DISTRICT]
    assert len(districts) == 11
    assert len(registry.agencies) == 31
    assert [agency.code for agency in registry.agencies if agency.operates_mail] == ["stttt"]
    assert all(agency.valid_to == date(2025, 6, 30) for agency in registry.agencies)
    assert all(agency.mail_domain == "binhphuoc.gov.vn" for agency in registry.agencies)


def test_only_addresses_that_were_seen_are_filled_in() -> None:
    declared = {agency.code: agency.url for agency in load_agencies().agencies if agency.url}
    assert declared == {
        "stttt": "https://binhphuoc.gov.vn/vi/stttt/",
        "snv": "https://binhphuoc.gov.vn/vi/snv/",
        "stp": "https://sotuphap.binhphuoc.gov.vn/",
        "svhttdl": "https://svhttdl.binhphuoc.gov.vn/",
        "budang": "https://budang.binhphuoc.gov.vn/",
        "dongxoai": "https://dongxoai.binhphuoc.gov.vn/",
    }
    boxes = {box for agency in load_agencies().agencies for box in agency.mailboxes}
    assert boxes == {"stttt@binhphuoc.gov.vn", "stnmt@binhphuoc.gov.vn"}


def test_path_sites_know_their_prefix_and_their_portal() -> None:
    snv = load_agencies().by_code()["snv"]
    assert snv.is_path_site
    assert snv.portal_hosts == ("binhphuoc.gov.vn",)
    assert snv.scope is not None
    assert snv.scope.contains("http://www.binhphuoc.gov.vn/vi/snv/ton-giao/")
    assert not snv.scope.contains("https://binhphuoc.gov.vn/vi/snvx/")


def test_the_successors_domain_is_accepted_only_from_its_day() -> None:
    use = next(use for use in load_agencies().by_code()["snv"].accepted_mail_domains if use.successor)
    assert use.domain == "dongnai.gov.vn"
    assert not use.valid_on(date(2025, 6, 30))
    assert use.valid_on(date(2025, 7, 1))


def test_phu_rieng_exists_since_2015() -> None:
    assert load_agencies().by_code()["phurieng"].valid_from == date(2015, 5, 15)


# --- reading a file -----------------------------------------------------------------------------------------------


def test_without_a_scope_the_whole_host_is_the_agencys(tmp_path: Path) -> None:
    path = write(tmp_path, "agencies:\n  - {code: a, name: A, url: 'https://a.gov.vn/vi/trang-chu'}\n")
    agency = load_agencies(path).agencies[0]
    assert agency.scope == SiteScope("a.gov.vn", "/")
    assert agency.site_status is SiteStatus.DECLARED


def test_a_prefix_alone_takes_the_host_of_the_address(tmp_path: Path) -> None:
    text = "agencies:\n  - {code: a, name: A, url: 'https://a.gov.vn/vi/x/', scope: {prefix: /vi/x}}\n"
    assert load_agencies(write(tmp_path, text)).agencies[0].scope == SiteScope("a.gov.vn", "/vi/x/")


def test_an_agency_without_address_is_to_verify(tmp_path: Path) -> None:
    path = write(tmp_path, "agencies:\n  - {code: a, name: A}\n")
    assert load_agencies(path).agencies[0].site_status is SiteStatus.TO_VERIFY


def test_entries_overrule_the_defaults(tmp_path: Path) -> None:
    text = (
        "defaults: {valid_to: 2025-06-30}\nagencies:\n  - {code: a, name: A, valid_to: null}\n  - {code: b, name: B}\n"
    )
    first, second = load_agencies(write(tmp_path, text)).agencies
    assert (first.valid_to, second.valid_to) == (None, date(2025, 6, 30))


def test_a_folder_without_its_own_registry_uses_the_shipped_one(tmp_path: Path) -> None:
    assert load_agencies(tmp_path) == load_agencies()


@pytest.mark.parametrize(
    ("entry", "line", "field", "expected"),
    [
        ("code: Sở", 2, "agencies[0].code", "cfg_code"),
        ("code: a\n    website: x", 3, "agencies[0].website", "known_key"),
        ("code: a\n    kind: bo", 3, "agencies[0].kind", "one_of"),
        ("code: a\n    url: snv.gov.vn", 3, "agencies[0].url", "cfg_url"),
        ("code: a\n    url: 'https://u:p@snv.gov.vn'", 3, "agencies[0].url", "cfg_url"),
        ("code: a\n    url: 'javascript:alert(1)'", 3, "agencies[0].url", "cfg_url"),
        ("code: a\n    url: 'https://a.vn:x/'", 3, "agencies[0].url", "cfg_url"),
        ("code: a\n    url: 'https://a.vn'\n    scope: {prefix: vi}", 4, "agencies[0].scope.prefix", "cfg_path_prefix"),
        ("code: a\n    valid_to: 2025-02-30", 3, "agencies[0].valid_to", "date"),
        ("code: a\n    valid_to: 30/6/2025", 3, "agencies[0].valid_to", "date"),
        ("code: a\n    valid_to: 2025", 3, "agencies[0].valid_to", "date"),
        ("code: a\n    enabled: 'yes'", 3, "agencies[0].enabled", "boolean"),
        ("code: a\n    mailboxes: [stttt]", 3, "agencies[0].mailboxes[0]", "cfg_mailbox"),
        ("code: a\n    mailboxes: stttt@a.vn", 3, "agencies[0].mailboxes", "list"),
        ("code: a\n    mail_domain: '@a.vn'", 3, "agencies[0].mail_domain", "cfg_domain"),
        ("code: a\n    status: da-khai-bao", 2, "agencies[0]", "cfg_url_for_status"),
        ("code: a\n    status: khong-co\n    url: 'https://a.vn'", 2, "agencies[0]", "cfg_no_url_for_status"),
    ],
)
def test_a_bad_entry_names_line_field_and_expectation(
    tmp_path: Path, entry: str, line: int, field: str, expected: str
) -> None:
    path = write(tmp_path, f"agencies:\n  - {entry}\n    name: A\n")
    with pytest.raises(ConfigError) as caught:
        load_agencies(path)
    error = caught.value
    assert (error.file, error.line, error.field, error.expected) == (str(path), line, field, expected)
    assert error.expected not in error.text(load_messages(None)), "it has words"


def test_a_code_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "agencies:\n  - {code: a, name: A}\n  - name: B\n    code: a\n")
    with pytest.raises(ConfigError) as caught:
        load_agencies(path)
    assert (caught.value.line, caught.value.field, caught.value.expected) == (4, "agencies[1].code", "cfg_code_once")


def test_an_empty_or_missing_file_is_an_error(tmp_path: Path) -> None:
    for path in (write(tmp_path, ""), write(tmp_path, "agencies: []\n", "b.yaml"), tmp_path / "none.yaml"):
        with pytest.raises(ConfigError) as caught:
            load_agencies(path)
        assert caught.value.file == str(path)


# --- contradictions -----------------------------------------------------------------------------------------------


def keys(*agencies: Agency) -> list[tuple[str, str]]:
    return [(problem.key, problem.code) for problem in check_registry(Registry(agencies))]


def site(code: str, prefix: str = "/", host: str = "p.gov.vn", **more: object) -> Agency:
    return Agency(code, code, url=f"https://{host}{prefix}", scope=SiteScope(host, prefix), **more)  # type: ignore[arg-type]


def test_neighbouring_prefixes_are_no_clash() -> None:
    assert keys(site("a", "/vi/snv/"), site("b", "/vi/snvx/"), site("c", "/", "c.p.gov.vn")) == []


def test_one_scope_of_two_agencies_and_one_inside_another_are_found() -> None:
    assert keys(site("a", "/vi/a/"), site("b", "/vi/a/", "www.P.gov.vn")) == [("scope_shared", "b")]
    assert keys(site("a", "/vi/"), site("b", "/vi/b/")) == [("scope_inside_other", "b")]
    assert keys(site("b", "/vi/b/"), site("a", "/")) == [("scope_inside_other", "b")]


def test_an_agencys_own_further_prefix_is_no_clash() -> None:
    own = Agency("a", "A", url="https://p.vn/vi/a/", scope=SiteScope("p.vn", "/vi/a/", ("/vi/a/en/", "index.php?nv=a")))
    assert keys(own) == []


def test_a_host_that_belongs_to_two_agencies_is_found() -> None:
    other = Agency("b", "B", url="https://b.vn/", scope=SiteScope("b.vn", "/", (), ("p.gov.vn",)))
    assert keys(site("a"), other) == [("scope_shared", "b")]


def test_address_outside_scope_dates_reversed_foreign_mailbox_unknown_relatives() -> None:
    outside = Agency("a", "A", url="https://a.vn/en/", scope=SiteScope("a.vn", "/vi/"))
    assert keys(outside) == [("url_outside_scope", "a")]
    assert keys(Agency("a", "A", valid_from=date(2020, 1, 2), valid_to=date(2020, 1, 1))) == [("dates_reversed", "a")]
    use = MailDomainUse("a.gov.vn", date(2020, 1, 2), date(2020, 1, 1))
    assert keys(Agency("a", "A", accepted_mail_domains=(use,))) == [("dates_reversed", "a")]
    assert keys(Agency("a", "A", successors=("b",))) == [("unknown_relative", "a")]
    assert keys(Agency("a", "A", predecessors=("a",))) == [("own_relative", "a")]
    mailbox = Agency("a", "A", mail_domain="p.gov.vn", mailboxes=("x@s.P.gov.vn", "x@gmail.com", "x@xp.gov.vn"))
    problems = check_registry(Registry((mailbox,)))
    assert [problem.found for problem in problems] == ["x@gmail.com", "x@xp.gov.vn"]
    assert not any(problem.blocking for problem in problems)


def test_every_problem_has_words() -> None:
    messages = load_messages(None)
    use = MailDomainUse("a.gov.vn", date(2020, 1, 2), date(2020, 1, 1))
    a = Agency("a", "A", url="https://a.vn/", scope=SiteScope("b.vn", "/vi/"), accepted_mail_domains=(use,))
    b = replace(a, code="b", mailboxes=("x@b.vn",), successors=("b", "c"))
    c = replace(b, code="d", scope=SiteScope("b.vn", "/vi/d/"))
    problems = check_registry(Registry((a, b, b, c)))
    assert {problem.key for problem in problems} == {
        "url_outside_scope", "dates_reversed", "mailbox_outside_domains", "own_relative", "unknown_relative",
        "scope_shared", "scope_inside_other", "duplicate_code",
    }  # fmt: skip
    for problem in problems:
        assert problem.code in messages[f"registry.problem.{problem.key}"].format(**asdict(problem))


def test_a_code_that_stands_twice_is_a_problem() -> None:
    assert keys(Agency("a", "A"), Agency("a", "B")) == [("duplicate_code", "a")]


# --- import -------------------------------------------------------------------------------------------------------

BASE = """# Danh sách của tỉnh
defaults:
  mail_domain: p.gov.vn
agencies:
- {code: a, name: Sở A, url: 'https://p.gov.vn/vi/a/', scope: {prefix: /vi/a/}, mailboxes: [a@p.gov.vn]}
- {code: b, name: Sở B, url: null, status: can-xac-minh}
"""


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    return write(tmp_path, BASE)


def csv_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "vao.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_rows_update_and_add_and_leave_the_rest(registry: Path, tmp_path: Path) -> None:
    head = "Mã,Tên cơ quan,Loại,Website,Hộp thư\n"
    text = head + "b,,,https://b.p.gov.vn/,b@p.gov.vn;bb@p.gov.vn\nc,Huyện C,Huyện,,\na,,,,\n"
    report = import_agencies(csv_file(tmp_path, text), registry)
    assert (report.added, report.updated, report.unchanged) == (("c",), ("b",), ("a",))
    agencies = load_agencies(registry).by_code()
    assert list(agencies) == ["a", "b", "c"]
    assert agencies["a"] == load_agencies(write(tmp_path, BASE, "old.yaml")).by_code()["a"]
    assert agencies["b"].name == "Sở B"
    assert agencies["b"].url == "https://b.p.gov.vn/"
    assert agencies["b"].site_status is SiteStatus.DECLARED
    assert agencies["b"].mailboxes == ("b@p.gov.vn", "bb@p.gov.vn")
    assert agencies["c"].kind is AgencyKind.DISTRICT
    assert agencies["c"].mail_domain == "p.gov.vn"
    assert report.backup is not None
    assert Path(report.backup).read_text(encoding="utf-8") == BASE
    assert registry.read_text(encoding="utf-8").startswith("# Danh sách của tỉnh\n")
    assert sorted(path.name for path in tmp_path.glob(".agencies*")) == []


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_separators_byte_order_mark_and_line_ends(
    registry: Path, tmp_path: Path, separator: str, encoding: str, newline: str
) -> None:
    lines = [
        separator.join(["CODE", "tên Đơn vị", "Valid_To"]),
        separator.join(["d", f'"Sở ""D{separator}"""', "30/6/2025"]),
    ]
    import_agencies(csv_file(tmp_path, newline.join([*lines, ""]).encode(encoding)), registry)
    agency = load_agencies(registry).by_code()["d"]
    assert agency.name == f'Sở "D{separator}"'.strip()
    assert agency.valid_to == date(2025, 6, 30)


def test_a_dash_clears_and_an_empty_cell_keeps(registry: Path, tmp_path: Path) -> None:
    import_agencies(csv_file(tmp_path, "code,url,mailboxes\na,-,\n"), registry)
    agency = load_agencies(registry).by_code()["a"]
    assert (agency.url, agency.scope, agency.site_status) == (None, None, SiteStatus.TO_VERIFY)
    assert agency.mailboxes == ("a@p.gov.vn",)


def test_a_new_host_takes_the_old_prefix_away(registry: Path, tmp_path: Path) -> None:
    import_agencies(csv_file(tmp_path, "code,url\na,https://a.gov.vn/\n"), registry)
    assert load_agencies(registry).by_code()["a"].scope == SiteScope("a.gov.vn", "/")


def test_one_file_may_name_its_own_new_agencies_as_relatives(registry: Path, tmp_path: Path) -> None:
    import_agencies(csv_file(tmp_path, "code,name,successors\na,,d\nd,Sở D,\n"), registry)
    assert load_agencies(registry).by_code()["a"].successors == ("d",)


def test_where_there_is_no_registry_yet_the_shipped_one_is_the_base(tmp_path: Path) -> None:
    report = import_agencies(csv_file(tmp_path, "code,name\nd,Sở D\n"), tmp_path / "agencies.yaml")
    assert report.backup is None
    assert len(load_agencies(tmp_path).agencies) == 32
    assert check_registry(load_agencies(tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "line", "field", "expected"),
    [
        ("Mã,Tên\nc,Sở C\nC!,Sở D\n", 3, "Mã", "cfg_code"),
        ("Mã,Tên\nc,\n", 2, "Tên", "present"),
        ("Mã,Tên,Loại\nc,C,bộ\n", 2, "Loại", "one_of"),
        ("Mã,Tên,Đến ngày\nc,C,31/6/2025\n", 2, "Đến ngày", "cfg_csv_date"),
        ("Mã,Tên,Kích hoạt\nc,C,có lẽ\n", 2, "Kích hoạt", "boolean"),
        ("Mã,Website\nb,b.gov.vn\n", 2, "Website", "cfg_url"),
        ("Mã,Hộp thư\nb,b@p.gov.vn; b\n", 2, "Hộp thư", "cfg_mailbox"),
        ("Mã,Tên\nb,B\n\nb,BB\n", 4, "Mã", "cfg_code_once"),
        ('Mã,Tên\nc,"C\nhai dòng"\nd,\n', 4, "Tên", "present"),
        ("Mã,Tên\n,C\n", 2, "Mã", "not_empty"),
        ("Mã,Màu\nc,C\n", 1, "Màu", "cfg_csv_column"),
        ("Mã,Tên,Tên cơ quan\nc,C,C\n", 1, "Tên cơ quan", "key_once"),
        ("Tên\nC\n", 1, "code", "cfg_csv_code_column"),
        ("Mã,Tên\nc,C,D\n", 2, "", "cfg_csv_cells"),
        ('Mã,Tên\nc,"C"D\n', 2, "", "cfg_csv"),
        ('Mã,Tên\nc,"C\n', 2, "", "cfg_csv"),
        ("Mã,Tên\n", 1, "", "cfg_csv_rows"),
        ("", 1, "", "cfg_csv_rows"),
        ("Mã,Website\nb,https://p.gov.vn/vi/b/\n", 2, "Website", "cfg_scope_shared"),
        ("Mã,Website,Phạm vi\nb,https://p.gov.vn/vi/a/b/,/vi/a/b\n", 2, "Phạm vi", "cfg_scope_inside_other"),
        ("Mã,Website,Phạm vi\nb,https://p.gov.vn/vi/a/,/vi/a\n", 2, "Phạm vi", "cfg_scope_shared"),
        ("Mã,Website,Phạm vi\nb,https://p.gov.vn/vi/b/,/en/b\n", 2, "Website", "cfg_url_outside_scope"),
        ("Mã,Kế thừa\nb,zz\n", 2, "Kế thừa", "cfg_unknown_relative"),
        ("Mã,Từ ngày,Đến ngày\nb,2025-01-02,2025-01-01\n", 2, "Đến ngày", "cfg_dates_reversed"),
        ("Mã,Trạng thái\nb,Đã khai báo\n", 2, "", "cfg_url_for_status"),
    ],
)
def test_a_bad_row_names_file_line_column_and_changes_nothing(
    registry: Path, tmp_path: Path, text: str, line: int, field: str, expected: str
) -> None:
    path = csv_file(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        import_agencies(path, registry)
    error = caught.value
    assert (error.file, error.line, error.field, error.expected) == (str(path), line, field, expected)
    assert error.expected not in error.text(load_messages(None)), "it has words"
    assert registry.read_text(encoding="utf-8") == BASE
    assert {entry.name for entry in tmp_path.iterdir()} == {"agencies.yaml", "vao.csv"}


def test_text_that_is_not_utf8_is_refused(registry: Path, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "Mã,Tên\nc,Sở C\n".encode("utf-16"))
    with pytest.raises(ConfigError) as caught:
        import_agencies(path, registry)
    assert caught.value.expected == "utf8"
    assert registry.read_text(encoding="utf-8") == BASE


def test_old_problems_of_the_registry_do_not_stop_an_import(tmp_path: Path) -> None:
    text = BASE.replace("status: can-xac-minh", "status: can-xac-minh, successors: [gone]")
    registry = write(tmp_path, text)
    report = import_agencies(csv_file(tmp_path, "code,name\nc,Sở C\n"), registry)
    assert [problem.key for problem in report.problems] == ["unknown_relative"]


def test_what_was_written_reads_back_as_plain_yaml(registry: Path, tmp_path: Path) -> None:
    import_agencies(csv_file(tmp_path, "code,name\nd,Sở Đ\n"), registry)
    text = registry.read_text(encoding="utf-8")
    assert "Sở Đ" in text
    assert yaml.safe_load(text)["agencies"][2] == {"code": "d", "name": "Sở Đ"}
