"""The command line: what goes to stdout and stderr, exit codes, and that every failure says what to do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import auditor
from auditor.cli import COMMANDS, cli
from auditor.commands.audit import stranger
from auditor.commands.common import Group, Workplace
from auditor.commands.desk import mail_after_night
from auditor.demo.province import Province
from auditor.failures import CannotRun, explain
from auditor.model import Change, Verdict
from auditor.nightly import lock_path
from auditor.phrases import _phrases, cli_text, has_text
from auditor.runlock import run_lock
from auditor.store import StoreError, StoreTrouble, open_store
from reports.run import RunInfo
from tests.store.builders import make_audit

AS_OF = date(2026, 11, 23)
ROOT = Path(__file__).parent.parent


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, [str(arg) for arg in args], prog_name="auditor")


def ok(*args: object) -> Result:
    result = run(*args)
    assert result.exit_code == 0, result.output
    return result


def refused(code: int, *args: object) -> str:
    """What stderr says; stdout must be empty and the exit code `code`."""
    result = run(*args)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with Province(AS_OF, tmp_path_factory.mktemp("province")) as running:
        yield running


# -- help and words ---------------------------------------------------------------------------------------------------


def commands() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, Group):
            found += [(f"{name} {sub}", one) for sub, one in command.commands.items()]
    return found


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_and_option_is_explained_in_vietnamese_and_in_the_docs(name: str, command: click.Command) -> None:
    shown = ok(*name.split(), "--help").stdout
    assert "Cách dùng: auditor" in shown and "Usage" not in shown and "Options" not in shown
    documentation = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"`auditor {name}" in documentation
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"
            assert parameter.opts[-1] in documentation, f"{name} {parameter.opts}"


def test_help_comes_at_once_nothing_heavy_is_imported() -> None:
    code = (
        "import sys\nfrom auditor.cli import cli\n"
        "try:\n    cli.main(['--help'], prog_name='auditor')\nexcept SystemExit: pass\n"
        "print([m for m in ('pydantic', 'httpx', 'rich', 'jinja2', 'lxml', 'sqlite_utils', 'dns') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_phrase_that_the_code_uses_is_there() -> None:
    used = set()
    for path in Path(auditor.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'\b(?:cli_text|log|say|_log)\(\s*"([a-z_]+\.[\w.-]+)"', text))
        used |= {f"failure.{key}" for key in re.findall(r'\b(?:CannotRun|_say)\(\s*"(\w+)"', text)}
        used |= {f"doctor.{key}" for key in re.findall(r'\bline\([^()"]*"\w+", [^()"]*"(\w+)"', text)}
    assert len(used) > 80
    assert sorted(key for key in used if not has_text(key)) == []


def test_phrases_are_well_formed() -> None:
    for key, text in _phrases().items():
        assert text, key
        if "{" in text:
            text.format_map(dict.fromkeys(re.findall(r"{(\w+)}", text), "x"))


# -- wrong command lines ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["nope"], "Không có lệnh"),
        (["audit"], "--url"),
        (["audit", "snv", "--all"], "--url"),
        (["audit", "--nope"], "Không có tùy chọn"),
        (["audit", "--url", "http://x/", "--as-of", "2026-02-30"], "2026-02-30"),
        (["audit", "--url", "http://x/", "--resolver", "nowhere"], "nowhere"),
        (["audit", "--url", "http://x/", "--connect-to", "a:b"], "a:b"),
        (["audit", "--url", "ftp://x/"], "ftp://x/"),
        (["audit", "--url", "http://x/", "--scope", "vi"], "vi"),
        (["audit", "--url", "http://x/", "--ca-file", "/no/such.pem"], "/no/such.pem"),
        (["audit", "snv", "--scope", "/vi/"], "--scope"),
        (["audit", "no-such-agency"], "no-such-agency"),
        (["history"], "MÃ"),
        (["rejudge"], "--all"),
        (["mail", "not a domain"], "not a domain"),
        (["mail"], "--file"),
        (["mail", "a.vn", "--file", "x"], "--file"),
        (["mail", "--file", "x", "--second-look", "3"], "--second-look"),
        (["mail", "--file", "/no/such/list"], "/no/such/list"),
        (["criteria", "f.no.such"], "f.no.such"),
        (["--folder", "/no/such/folder", "doctor"], "auditor init /no/such/folder"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(args: list[str], says: str) -> None:
    assert says in refused(1, *args)


# -- configuration ----------------------------------------------------------------------------------------------------


def test_init_makes_a_folder_that_works_and_keeps_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    first = json.loads(ok("init", folder, "--json").stdout)
    assert "agencies.yaml" in first["created"] and Path(first["database"]).is_file() and Path(first["output"]).is_dir()
    (folder / "auditor.toml").write_text("[audit]\nbudget_pages = 5\n", encoding="utf-8")
    again = json.loads(ok("init", folder, "--json").stdout)
    assert again["created"] == [] and "auditor.toml" in again["kept"]
    assert (folder / "auditor.toml").read_text(encoding="utf-8") == "[audit]\nbudget_pages = 5\n"
    assert json.loads(ok("--folder", folder, "agencies", "list", "--json").stdout)["file"] == str(
        folder / "agencies.yaml"
    )


def test_a_wrong_configuration_is_exit_3_with_file_line_and_field(tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text("[audit]\nbudget_pages = 0\n", encoding="utf-8")
    said = refused(3, "--folder", tmp_path, "audit", "--all")
    assert str(tmp_path / "auditor.toml") in said and "dòng 2" in said and "audit.budget_pages" in said
    (tmp_path / "auditor.toml").write_text("", encoding="utf-8")
    (tmp_path / "agencies.yaml").write_text("agencies:\n  - {code: a, name: A, url: nowhere}\n", encoding="utf-8")
    said = refused(3, "--folder", tmp_path, "audit", "--all")
    assert "agencies.yaml" in said and "dòng 2" in said


def test_send_without_recipients_is_exit_3_and_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text("[delivery]\n# ai nhận\nrecipients = []\n", encoding="utf-8")
    said = refused(3, "--folder", tmp_path, "send")
    assert "auditor.toml" in said and "dòng 3" in said and "recipients" in said


def test_a_bad_csv_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    ok("init", folder)
    before = (folder / "agencies.yaml").read_bytes()
    table = tmp_path / "a.csv"
    table.write_text("Mã,Tên,Website\nmoi,Sở Mới,khong-phai-dia-chi\n", encoding="utf-8")
    said = refused(3, "--folder", folder, "agencies", "import", table)
    assert "a.csv" in said and "dòng 2" in said and "Website" in said
    assert (folder / "agencies.yaml").read_bytes() == before
    table.write_text("Mã,Tên,Website\nmoi,Sở Mới,https://moi.example.vn/\n", encoding="utf-8")
    report = json.loads(ok("--folder", folder, "agencies", "import", table, "--json").stdout)
    assert report["added"] == ["moi"] and Path(report["backup"]).read_bytes() == before


def test_agencies_check_reports_contradictions(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(
        "agencies:\n  - {code: a, name: A, url: 'http://x.vn/'}\n  - {code: b, name: B, url: 'http://x.vn/'}\n",
        encoding="utf-8",
    )
    result = run("--folder", tmp_path, "agencies", "check", "--json")
    assert result.exit_code == 3
    assert [problem["key"] for problem in json.loads(result.stdout)["problems"]] == ["scope_shared"]


# -- one address ------------------------------------------------------------------------------------------------------


def reach(province: Province) -> list[object]:
    options: list[object] = [
        "--resolver",
        province.resolver,
        "--allow-private",
        "--delay",
        "0",
        "--ca-file",
        province.ca_file,
    ]
    for rule in province.connect_to:
        options += ["--connect-to", rule]
    return options


def test_an_address_is_audited_without_registry_and_without_database(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = ok(
        "audit", "--url", "https://sct.tinhmau.example/", "--as-of", AS_OF, "--second-look", "0", "--budget", "12",
        "--mail-domain", "tinhmau.example", "--json", *reach(province),
    )  # fmt: skip
    value = json.loads(result.stdout)  # stdout holds nothing but the JSON
    assert value["schema"] == 1 and value["as_of"] == "2026-11-23"
    assert value["agency"]["scope"]["prefix"] == "/" and value["site"]["state"] == "ok"
    assert value["mail"]["domain"] == "tinhmau.example"
    assert value["site"]["pages"] <= 12
    card = tmp_path / "out" / "sct-tinhmau-example-2026-11-23.html"
    assert card.is_file() and str(card) in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_agency_of_an_address() -> None:
    one = stranger("portal.example.vn/vi/snv/tin.html?x=1", None, None, "example.vn")
    assert one.url == "http://portal.example.vn/vi/snv/tin.html?x=1"
    assert one.scope is not None and (one.scope.host, one.scope.prefix) == ("portal.example.vn", "/")
    scoped = stranger("https://portal.example.vn/vi/snv", "/vi/snv", "Sở Nội vụ", None)
    assert scoped.scope is not None and scoped.scope.prefix == "/vi/snv/"
    assert (scoped.code, scoped.name, scoped.mail_domain) == ("portal.example.vn-vi-snv", "Sở Nội vụ", None)


def test_a_site_that_refuses_is_unverified_without_a_second_look_and_fails_with_one(
    province: Province, tmp_path: Path
) -> None:
    def verdicts(pause: str) -> set[str]:
        result = ok("audit", "--url", "https://dongmau.tinhmau.example/", "--as-of", AS_OF, "--second-look", pause,
                    "--out", tmp_path, "--json", *reach(province))  # fmt: skip
        return {one["verdict"] for one in json.loads(result.stdout)["findings"] if one["item"] == "f"}

    assert "fail" not in verdicts("0")
    assert "fail" in verdicts("0.1")


def test_a_dead_resolver_is_never_a_fail(province: Province, tmp_path: Path) -> None:
    result = ok("audit", "--url", "https://sct.tinhmau.example/", "--as-of", AS_OF, "--resolver", "127.0.0.1:9",
                "--second-look", "0.1", "--out", tmp_path, "--mail-domain", "tinhmau.example", "--json")  # fmt: skip
    value = json.loads(result.stdout)
    assert {one["verdict"] for one in value["findings"]} & {"fail", "partial"} == set()


# -- the registry, from audit to mail ---------------------------------------------------------------------------------


def test_from_audit_to_history_rejudge_and_mail(province: Province) -> None:
    folder = ("--folder", province.folder)
    result = ok(*folder, "audit", "sct", "bqlkkt", "--as-of", AS_OF, "--budget", "10", "--json")
    value = json.loads(result.stdout)
    assert [one["agency"]["code"] for one in value["agencies"]] == ["sct", "bqlkkt"]
    assert value["run"]["state"] == "done"
    assert (province.folder / "out" / "2026-11-23" / "sct-2026-11-23.html").is_file()

    assert "auditor audit sxd" in refused(1, *folder, "history", "sxd")
    ok(*folder, "attest", "sct", "f.content.organisation", "not_applicable", "--author", "Nguyễn Văn A",
       "--reason", "đã xem", "--document", "15/VP", "--on", "2026-11-20")  # fmt: skip
    again = json.loads(ok(*folder, "rejudge", "sct", "--json").stdout)
    assert again["agencies"][0]["as_of"] == "2026-11-23" and again["agencies"][0]["reread_from"] == "bodies"
    assert [(one["id"], one["after"]) for one in again["agencies"][0]["differs"]] == [
        ("f.content.organisation", "not_applicable")
    ]

    history = json.loads(ok(*folder, "history", "sct", "--json").stdout)
    assert [(one["as_of"], one["version"]) for one in history["nights"]] == [("2026-11-23", 2)]
    page = (Path(__file__).parents[1] / "docs" / "json.md").read_text("utf-8").partition("history CODE --json`")[2]
    named = set(re.findall(r"^\| `lists\[\]\.(\w+)", page, re.M))
    assert all(set(one) == named for one in history["lists"]) and history["lists"]
    for paces in (one["cadence"][period] for one in history["lists"] for period in ("days_30", "days_90")):
        assert paces["observed"] is None, "watched for one night only"
        assert paces["claimed"]["items"] >= paces["claimed"]["days_with_items"]
    assert any(one["cadence"]["days_90"]["claimed"]["per_week"] > 0 for one in history["lists"])

    paths = json.loads(ok(*folder, "send", "--dry-run", "--json").stdout)["files"]
    mail = message_from_bytes(Path(paths[0]).read_bytes(), policy=default)
    assert "stttt@tinhmau.example" in mail["To"]
    assert list(province.mailbox.glob("*.eml")) == []
    assert len(json.loads(ok(*folder, "send", "--json").stdout)["sent"]) == 1
    assert json.loads(ok(*folder, "send", "--json").stdout)["sent"] == []  # nothing is sent twice
    assert len(list(province.mailbox.glob("*.eml"))) == 1


def test_after_a_night_a_new_fail_is_mailed_and_waits_while_the_mail_server_is_down(
    province: Province, tmp_path: Path
) -> None:
    mailbox = set(province.mailbox.glob("*.eml"))
    settings = province.settings_file.read_text(encoding="utf-8")
    (tmp_path / "auditor.toml").write_text(settings.replace(f"smtp_port = {province.smtp[1]}", "smtp_port = 9"))
    work = Workplace.at(tmp_path)
    change = Change("f.b", "Mục f.b", Verdict.PASS, Verdict.FAIL)
    audit = replace(make_audit("snv", AS_OF), changes=(change,))
    info = RunInfo(id="1", as_of=AS_OF, started_at=audit.started_at, agencies=1)
    with work.store() as store:
        run_id = store.begin_run("nightly", AS_OF, "rules", ["snv"])
        store.save_audit(run_id, audit)
        info = replace(info, id=str(run_id))
        mail_after_night(work, work.settings, store, info)  # told on stderr, not raised
        assert [one.kind for one in store.undelivered()] == ["alert"]
    (tmp_path / "auditor.toml").write_text(settings)
    work = Workplace.at(tmp_path)
    with work.store() as store:
        mail_after_night(work, work.settings, store, info)
        assert store.undelivered() == ()
    (new,) = set(province.mailbox.glob("*.eml")) - mailbox
    body = message_from_bytes(new.read_bytes(), policy=default).get_body(("plain",))
    assert body is not None and "Mục f.b" in body.get_content()


def test_mail_records_of_a_domain(province: Province) -> None:
    result = ok("--folder", province.folder, "mail", "tinhmau.example", "--json")
    domain = json.loads(result.stdout)["domains"][0]
    assert domain["domain"] == "tinhmau.example" and domain["mx"]["state"] == "valid"
    assert {one["item"] for one in domain["findings"]} == {"mail"}


def test_criteria_are_listed_with_their_law() -> None:
    value = json.loads(ok("criteria", "--as-of", "2017-11-20", "--json").stdout)
    assert value["ruleset"]["profile"] == "chi-thi-2014" and len(value["criteria"]) > 20
    first = value["criteria"][0]
    assert first["basis"] and first["id"] in ok("criteria", first["id"]).stdout


def test_a_run_that_is_going_on_is_not_joined(province: Province) -> None:
    database = province.folder / "auditor.db"
    with run_lock(lock_path(database), datetime.now(UTC)):
        said = refused(1, "--folder", province.folder, "audit", "bqlkkt")
    assert str(lock_path(database)) in said


# -- troubles in words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (OSError(28, "No space left on device"), 1, "đầy"),
        (StoreError(StoreTrouble.DISK_FULL, Path("x.db")), 1, "x.db"),
        (StoreError(StoreTrouble.NOT_FOUND, Path("x.db")), 1, "x.db"),
        (PermissionError(13, "Permission denied", "/srv/x"), 1, "/srv/x"),
        (KeyboardInterrupt(), 1, "chạy lại"),
        (CannotRun("no_folder", path="/x"), 1, "auditor init"),
    ],
)
def test_every_foreseen_trouble_has_words(error: BaseException, code: int, says: str) -> None:
    failure = explain(error)
    assert failure is not None and failure.exit_code == code and says in failure.text


def test_what_nobody_foresaw_is_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("planted fault")

    monkeypatch.setattr("auditor.rulebook.load_rulebook", broken)
    result = run("criteria")
    assert result.exit_code == 1
    assert "Traceback" in result.stderr and cli_text(
        "failure.program_fault", what="ZeroDivisionError: planted fault"
    ) in (result.stderr)


# -- the demo ---------------------------------------------------------------------------------------------------------


def test_the_demo_ends_with_cards_a_league_table_and_delivered_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = ok("demo", "--out", "demo", "--as-of", AS_OF)
    folder = tmp_path / "demo"
    assert len(list((folder / "phieu-danh-gia").glob("*-2026-11-23.html"))) == 15  # 14 agencies and the league table
    assert len(list((folder / "mailbox").glob("*.eml"))) >= 1
    assert str(folder / "phieu-danh-gia") in result.stdout and "stttt" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    with open_store(folder / "auditor.db", read_only=True) as store:
        assert len(store.standings()) == 14


def test_the_demo_leaves_other_peoples_folders_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    assert str(tmp_path) in refused(1, "demo", "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
