"""auditor.toml: shipped defaults, the folder's own over them; errors name file, line, field and expectation."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from auditor.configuration import ConfigError
from auditor.rulebook import load_messages
from auditor.settings import find_lines, load_settings, parse_nameserver


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "auditor.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def refused(folder: Path, text: str | bytes) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(folder, text))
    assert caught.value.file == str(folder / "auditor.toml")
    return caught.value


def test_shipped_defaults_load_and_nobody_is_mailed() -> None:
    settings = load_settings()
    assert settings.audit.law_profile == "auto"
    assert settings.audit.budget_pages == 60
    assert (settings.audit.form_files, settings.audit.usual_pages) == (3, 40)
    assert settings.delivery.recipients == ()
    assert settings.mail_domain.domains == ("binhphuoc.gov.vn",)
    assert settings.schedule.nightly_time == time(1, 30)
    assert settings.schedule.zone.key == "Asia/Ho_Chi_Minh"
    assert settings.delivery.weekly_at == ("mon", time(7, 30))
    assert not settings.audit.allow_private
    assert settings.file is None


def test_own_keys_win_and_the_others_keep_their_defaults(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, '[audit]\nbudget_pages = 5\nresolvers = ["127.0.0.1:5353"]\n'))
    assert settings.audit.budget_pages == 5
    assert settings.audit.delay_seconds == 1.0
    assert settings.audit.nameservers == (("127.0.0.1", 5353),)
    assert settings.paths.database == "auditor.db"


def test_paths_are_relative_to_the_folder(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, '[paths]\noutput = "ket-qua"\n[audit]\nca_file = "ca.pem"\n'))
    assert settings.database == tmp_path / "auditor.db"
    assert settings.output == tmp_path / "ket-qua"
    assert settings.ca_file == tmp_path / "ca.pem"
    assert load_settings(tmp_path / "nowhere").ca_file is None


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, b"\xef\xbb\xbf[audit]\r\nbudget_pages = 7\r\n"))
    assert settings.audit.budget_pages == 7


def test_whole_numbers_serve_where_a_decimal_is_wanted(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "[audit]\ndelay_seconds = 2\n")).audit.delay_seconds == 2.0


@pytest.mark.parametrize(
    ("text", "line", "field", "expected"),
    [
        ("[audit]\n\nbudget = 5\n", 3, "audit.budget", "known_key"),
        ("# x\n[nightly]\nat = 1\n", 2, "nightly", "known_key"),
        ("folder = 'x'\n", 1, "folder", "known_key"),
        ('[audit]\nbudget_pages = "5"\n', 2, "audit.budget_pages", "integer"),
        ("[audit]\nbudget_pages = 0\n", 2, "audit.budget_pages", "at_least"),
        ("[audit]\nallow_private = 1\n", 2, "audit.allow_private", "boolean"),
        ("[audit]\ndelay_seconds = nan\n", 2, "audit.delay_seconds", "valid"),
        ('[audit]\nresolvers = "127.0.0.1"\n', 2, "audit.resolvers", "list"),
        ('[audit]\nresolvers = [\n  "dns.example"\n]\n', 2, "audit.resolvers[0]", "cfg_nameserver"),
        ('[audit]\nconnect_to = ["a:80"]\n', 2, "audit.connect_to[0]", "cfg_connect_to"),
        ('[mail_domain]\nrdap_url = "http://rdap.example/"\n', 2, "mail_domain.rdap_url", "cfg_rdap"),
        ('[mail_domain]\nrdap_url = "https://a:b@rdap.example/"\n', 2, "mail_domain.rdap_url", "cfg_rdap"),
        ('[mail_domain]\nrdap_url = "https://rdap.example/?q="\n', 2, "mail_domain.rdap_url", "cfg_rdap"),
        ('[mail_domain]\nrdap_url = "http://127.0.0.1.rdap.example/"\n', 2, "mail_domain.rdap_url", "cfg_rdap"),
        ('[audit]\nlaw_profile = "nd42"\n', 2, "audit.law_profile", "one_of"),
        ('[schedule]\nnightly_at = "25:00"\n', 2, "schedule.nightly_at", "cfg_hour_minute"),
        ('[schedule]\ntimezone = "Saigon"\n', 2, "schedule.timezone", "cfg_timezone"),
        ('[schedule]\ntimezone = "../etc"\n', 2, "schedule.timezone", "cfg_timezone"),
        ('[delivery]\nweekly = "0 7:30"\n', 2, "delivery.weekly", "cfg_day_and_hour"),
        ('[delivery]\nrecipients = ["stttt"]\n', 2, "delivery.recipients[0]", "cfg_mailbox"),
        ('[delivery]\nsender = "a@b.vn\\nBcc: c@d.vn"\n', 2, "delivery.sender", "cfg_mailbox"),
        ('[delivery]\nsmtp_security = "ssl"\n', 2, "delivery.smtp_security", "one_of"),
        ('[paths]\ndatabase = ""\n', 2, "paths.database", "not_empty"),
        ("audit = 5\n", 1, "audit", "mapping"),
        ("delivery.smtp_port = 0\n", 1, "delivery.smtp_port", "at_least"),
    ],
)
def test_a_bad_value_names_line_field_and_expectation(
    tmp_path: Path, text: str, line: int, field: str, expected: str
) -> None:
    error = refused(tmp_path, text)
    assert (error.line, error.field, error.expected) == (line, field, expected)
    assert expected not in error.text(load_messages(None)), "it has words"


def test_bad_toml_names_the_line(tmp_path: Path) -> None:
    error = refused(tmp_path, "[audit]\nbudget_pages = \n")
    assert (error.line, error.expected) == (2, "cfg_toml")


def test_unfinished_toml_names_the_last_line(tmp_path: Path) -> None:
    assert refused(tmp_path, "[audit]\nresolvers = [").line == 2


def test_text_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    error = refused(tmp_path, "[delivery]\ndepartment = 'Sở'\n".encode("utf-16-le"))
    assert error.expected in {"utf8", "cfg_toml"}
    error = refused(tmp_path, b"[delivery]\ndepartment = 'S\xf4'\n")
    assert (error.line, error.expected) == (2, "utf8")


def test_the_line_to_fill_in_is_found_in_the_file_that_the_user_edits(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "[delivery]\n# người nhận\nrecipients = []\n"))
    assert settings.line_of("delivery.recipients") == 3
    assert settings.line_of("delivery.sender") == 1, "a key that is not there: its table's heading"
    assert load_settings().line_of("delivery.recipients") > 3


def test_nameservers_with_and_without_port() -> None:
    assert parse_nameserver("192.0.2.1") == ("192.0.2.1", 53)
    assert parse_nameserver("[::1]:5353") == ("::1", 5353)
    assert parse_nameserver("2001:db8::1") == ("2001:db8::1", 53)
    for bad in ("", "192.0.2.1:0", "192.0.2.1:99999", "host:53", "[::1"):
        with pytest.raises(ValueError):
            parse_nameserver(bad)


def test_lines_of_quoted_and_dotted_keys() -> None:
    lines = find_lines('a.b = 1\n["c"]\n"d" = "e = f"\n')
    assert lines[("a", "b")] == 1
    assert lines[("c",)] == 2
    assert lines[("c", "d")] == 3


def test_options_replace_keys_of_the_audit_table() -> None:
    assert load_settings().with_audit(delay_seconds=0.0).audit.delay_seconds == 0.0
