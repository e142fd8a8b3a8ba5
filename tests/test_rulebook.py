"""The rulebook is whole: each criterion has a check, each check a criterion, no text is missing, the sums are right."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

import auditor.read
import checks
from auditor.configuration import ConfigError
from auditor.model import (
    AddressClass,
    AgencyKind,
    DateSource,
    Place,
    Reason,
    SectionState,
    SiteState,
    Verdict,
)
from auditor.rulebook import load_calendar, load_messages, load_rulebook, official_date, template_fields
from config import shipped_folder
from tests.factories import DETECTORS, rulebook

BOOK = rulebook()
ROWS = BOOK.data.criteria
PROFILES = BOOK.profiles
DAYS = [
    date(2014, 6, 1),
    date(2017, 11, 20),
    date(2022, 8, 15),
    date(2025, 3, 12),
    date(2026, 7, 1),
    date(2026, 11, 23),
]


# ---- criteria and checks ----


def test_every_criterion_has_a_check_and_each_check_a_criterion() -> None:
    assert set(checks.collect()) == set(BOOK.criterion_ids)


def test_points() -> None:
    sums: dict[str, int] = defaultdict(int)
    for row in ROWS:
        sums[row.item] += row.points
        sums[".".join(row.id.split(".")[:2])] += row.points
    assert {item: sums[item] for item in ("f", "g", "mail")} == {"f": 800, "g": 200, "mail": 1000}
    groups = {name: sums[f"f.{name}"] for name in ("content", "freshness", "access", "functions", "standards")}
    assert groups == {"content": 400, "freshness": 200, "access": 100, "functions": 50, "standards": 50}


def test_who_judges_and_who_answers() -> None:
    for row in ROWS:
        assert (row.by == "person") == (".person." in row.id)
        assert row.by == "program" or row.points == 0
        assert (row.responsible == "operator") == (row.item == "mail")


def test_only_what_the_portal_may_lawfully_share_is_not_applicable() -> None:
    shared = {row.id for row in ROWS if row.parent_only is Verdict.NOT_APPLICABLE}
    assert shared == {"f.content.online_services", "f.functions.search", "f.functions.sitemap"}


# ---- law profiles ----


@pytest.mark.parametrize(
    ("day", "profile"),
    [
        (date(2014, 5, 19), "chi-thi-2014"),
        (date(2022, 8, 14), "chi-thi-2014"),
        (date(2022, 8, 15), "nd42-2022"),
        (date(2026, 6, 30), "nd42-2022"),
        (date(2026, 7, 1), "cds-2026"),
        (date(2031, 1, 1), "cds-2026"),
    ],
)
def test_auto_follows_the_law_in_force(day: date, profile: str) -> None:
    ruleset, _ = BOOK.for_audit(day)
    assert (ruleset.profile, ruleset.requested) == (profile, "auto")
    assert ruleset.version == BOOK.digest


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_can_be_forced(profile: str) -> None:
    ruleset, criteria = BOOK.for_audit(date(2026, 11, 23), profile)
    assert (ruleset.profile, ruleset.requested) == (profile, profile)
    assert len(criteria) == len(ROWS)


def test_an_unknown_profile_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError) as error:
        BOOK.for_audit(date(2025, 1, 1), "luat-2099")
    assert "chi-thi-2014" in error.value.text(BOOK.messages)


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("profile", PROFILES)
def test_citations(profile: str, day: date) -> None:
    """The Directive first; a lapsed law never without saying so; an unconfirmed place always with its mark and note."""
    recommended = {row.id for row in ROWS if not row.directive and (row.item == "mail" or row.points == 0)}
    _, criteria = BOOK.for_audit(day, profile)
    for criterion in criteria:
        if criterion.id not in recommended:
            point = "f" if criterion.item == "f" else "g"
            assert criterion.citations[0] == f"Chỉ thị 12/2014/CT-UBND, mục 1 điểm {point}"
        assert criterion.citations
        for line in criterion.basis:
            assert line.from_ is None or line.from_ <= day
            lapsed = line.to is not None and line.to < day
            assert ("hết hiệu lực từ" in line.rendered) == lapsed
            assert line.rendered.endswith("(*)") == (not line.confirmed)
        marked = any(text.endswith("(*)") for text in criterion.citations)
        assert criterion.citation_notes == (("(*) cần đối chiếu văn bản gốc",) if marked else ())


def test_a_lapsed_law_names_the_day_after_its_last() -> None:
    _, criteria = BOOK.for_audit(date(2026, 11, 23))
    organisation = next(row for row in criteria if row.id == "f.content.organisation")
    assert organisation.citations == (
        "Chỉ thị 12/2014/CT-UBND, mục 1 điểm f",
        "Luật Tiếp cận thông tin 104/2016/QH13, Điều 19 khoản 1 điểm đ",
        "Luật Công nghệ thông tin 67/2006/QH11, Điều 28 khoản 2 điểm a (hết hiệu lực từ 01/7/2026) (*)",
    )


def test_dates_as_administrative_documents_write_them() -> None:
    assert official_date(date(2026, 7, 1)) == "01/7/2026"
    assert official_date(date(2024, 2, 15)) == "15/02/2024"
    assert official_date(date(2024, 12, 9)) == "09/12/2024"


def test_the_operators_thresholds_are_named_as_such() -> None:
    _, criteria = BOOK.for_audit(date(2025, 3, 12))
    for criterion in criteria:
        if criterion.id.startswith("f.freshness.") or criterion.id == "f.access.response_time":
            assert "ngưỡng do đơn vị vận hành đặt" in criterion.passes_when
        assert "{" not in criterion.passes_when + criterion.advice


# ---- texts ----


def test_every_word_of_the_model_has_a_text() -> None:
    wanted = {
        "verdict": Verdict, "reason": Reason, "section": SectionState, "section_state": SectionState, "site": SiteState,
        "site_state": SiteState, "source": DateSource, "place": Place, "address_class": AddressClass,
        "agency_kind": AgencyKind, "detector": DETECTORS,
    }  # fmt: skip
    missing = [f"{group}.{name}" for group, names in wanted.items() for name in names]
    assert [key for key in missing if not BOOK.messages.get(key)] == []


def test_every_message_that_a_check_says_exists() -> None:
    groups = sorted({key.split(".")[0] for key in BOOK.messages})
    literal = re.compile(rf'"((?:{"|".join(groups)})\.[a-z_.]+)"')
    said = {key for path in sources(checks) for key in literal.findall(path.read_text("utf-8"))}
    assert len(said) > 30
    prefixes = {key.rpartition(".")[0] for key in BOOK.messages}  # f"{prefix}.valid"
    assert sorted(said - BOOK.messages.keys() - prefixes) == []


def test_every_reader_s_word_for_what_it_saw_has_a_text() -> None:
    seen = {key for path in sources(auditor.read) for key in re.findall(r'why="([a-z0-9_]+)"', path.read_text("utf-8"))}
    assert sorted(key for key in seen if f"why.{key}" not in BOOK.messages) == []


def test_traps_and_places_have_a_text() -> None:
    text = "\n".join(path.read_text("utf-8") for path in sources(auditor.read))
    traps = {f"trap.{kind}" for kind in re.findall(r'Trap\(\s*"([a-z_0-9]+)"', text)}
    places = {f"place.{where}" for where in re.findall(r'AddressPlace\(\s*"([a-z_]+)"', text)}
    assert sorted((traps | places) - BOOK.messages.keys()) == []


def test_what_a_place_ended_in_is_found_under_either_name() -> None:
    for reason in Reason:
        assert BOOK.messages[f"why.{reason}"]
    assert BOOK.messages["reason.hash_link"] == BOOK.messages["why.hash_link"]


def test_messages_use_only_fields_that_are_filled_in() -> None:
    section = {"label", "url", "missing", "found", "count", "why", "reason_text"}
    for state in SectionState:
        assert template_fields(BOOK.messages[f"section.{state}"]) <= section  # type: ignore[operator]
    for state in SiteState:
        assert template_fields(BOOK.messages[f"site.{state}"]) <= {"detail", "reason_text"}  # type: ignore[operator]


def sources(package: object) -> list[Path]:
    return sorted(Path(package.__path__[0]).rglob("*.py"))  # type: ignore[attr-defined]


def test_criteria_titles_and_advice_are_there_in_both_languages_where_demanded() -> None:
    for row in ROWS:
        assert row.title.vi and row.title.en and row.passes_when.vi and row.advice.vi, row.id


# ---- digest ----


def copied(tmp_path: Path) -> Path:
    for name in ("criteria.yaml", "messages.yaml", "abolished.yaml", "vocabulary.yaml", "dates.yaml", "mail.yaml"):
        (tmp_path / name).write_text((shipped_folder() / name).read_text("utf-8"), "utf-8")
    return tmp_path


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    text = (folder / name).read_text("utf-8")
    assert text.count(old) >= 1
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")
    return folder


def test_the_digest_is_of_the_rules_not_of_the_layout(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    assert load_rulebook(folder).digest == BOOK.digest
    edited(folder, "criteria.yaml", "# The law:", "# A remark. The law:")
    edited(folder, "messages.yaml", "utf8: tệp lưu bằng mã UTF-8", "utf8: tệp UTF-8")
    edited(folder, "abolished.yaml", "bodies:\n", "# A remark.\nbodies:\n\n")
    assert load_rulebook(folder).digest == BOOK.digest


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("criteria.yaml", "points: 50", "points: 49"),
        ("criteria.yaml", "pass_days: 5,", "pass_days: 6,"),
        ("criteria.yaml", "renewal_days: 7,", "renewal_days: 8,"),
        ("messages.yaml", "  pass: Đạt\n", "  pass: Tốt\n"),
        ("abolished.yaml", "names: [Bộ Thủy sản]", "names: [Bộ Thủy sản, Bộ TS]"),
        ("abolished.yaml", "last_day: 2007-07-31", "last_day: 2007-08-31"),
        ("abolished.yaml", "đã hợp nhất thành Bộ Xây dựng", "nay là Bộ Xây dựng"),
        ("abolished.yaml", "  former: [trước đây, ", "  former: ["),
        ("vocabulary.yaml", "form_words: [biểu mẫu, ", "form_words: ["),
        ("dates.yaml", "day: [", "day: [ngày thứ, "),
        ("mail.yaml", "free:\n", "free:\n  - thu.example\n"),
    ],
)
def test_the_digest_changes_with_the_rules(tmp_path: Path, name: str, old: str, new: str) -> None:
    assert load_rulebook(edited(copied(tmp_path), name, old, new)).digest != BOOK.digest


def test_an_older_copy_that_lacks_lists_is_the_rules_with_the_shipped_ones(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    edited(folder, "criteria.yaml", "redating: {", "# redating: {")
    assert load_rulebook(folder).redating == BOOK.redating
    for name, line in (("vocabulary.yaml", r"form_words: .*"), ("dates.yaml", r"hour: .*"), ("abolished.yaml", r"  history: .*")):
        text, count = re.subn(rf"(?m)^{line}\n", "", (folder / name).read_text("utf-8"))
        assert count == 1
        (folder / name).write_text(text, "utf-8")
    assert load_rulebook(folder).digest == BOOK.digest
    with pytest.raises(ConfigError) as caught:
        load_rulebook(edited(folder, "abolished.yaml", "bodies:\n", "bodies:\n  - [\n"))
    assert caught.value.file == str(folder / "abolished.yaml")


def test_a_folder_may_hold_only_what_it_changes(tmp_path: Path) -> None:
    (tmp_path / "messages.yaml").write_text("verdict:\n  pass: Hoàn thành\n", "utf-8")
    book = load_rulebook(tmp_path)
    assert book.messages["verdict.pass"] == "Hoàn thành"
    assert book.messages["verdict.fail"] == "Không đạt"
    assert book.criterion_ids == BOOK.criterion_ids


# ---- bad files ----


BY_PERSON = next(n for n, row in enumerate(BOOK.data.criteria) if row.by == "person")
BAD = [
    ("    points: 50", "    points: nhiều", "criteria[0].points", "integer"),
    ("    points: 50", "    point: 50", "criteria[0].points", "present"),
    ("  - id: f.content.legal_documents", "  - id: f.content.organisation", "criteria[1].id", "cfg_unique"),
    ("  - id: f.content.organisation", "  - id: g.content.organisation", "criteria[0].id", "cfg_item"),
    ("document: 67/2006/QH11, at", "document: 67/2099/QH11, at", "criteria[0].basis[0].document", "cfg_known"),
    ("[chi-thi-2014, nd42-2022, cds-2026]", "[luat-moi]", "criteria[0].basis[0].profile", "cfg_known"),
    ("    to: 2026-06-30\n", "    to: 2026-05-30\n", "-", "cfg_profiles"),
    ("    to: 2022-08-14", "    to: 2022-08-34", "profiles[0].to", "date"),
    ("{attribute_share:.0%}", "{share:.0%}", "criteria[1].passes_when.vi", "cfg_missing_field"),
    ("from_percent: 80", "from_percent: 95", "scoring", "cfg_grades"),
    ("likely_nights: 2", "likely_nights: 0", "redating.likely_nights", "at_least"),
    ("minimum_percent: 60", "minimum_percent: 160", "scoring.minimum_percent", "at_most"),
    ("    parent_only: not_applicable", "    parent_only: pass", "criteria[7].parent_only", "one_of"),
    ("    by: person", "    by: machine", f"criteria[{BY_PERSON}].by", "one_of"),
]


@pytest.mark.parametrize(("old", "new", "field", "expected"), BAD)
def test_a_bad_file_names_line_field_and_what_was_expected(
    tmp_path: Path, old: str, new: str, field: str, expected: str
) -> None:
    folder = edited(copied(tmp_path), "criteria.yaml", old, new)
    with pytest.raises(ConfigError) as caught:
        load_rulebook(folder)
    error = caught.value
    assert (error.field or "-", error.expected) == (field, expected)
    assert error.file == str(folder / "criteria.yaml")
    text = error.text(BOOK.messages)
    assert f"dòng {error.line}" in text
    assert "cần" in text
    assert "{" not in text.replace(error.found, "")


def test_a_bad_value_is_found_on_its_line(tmp_path: Path) -> None:
    folder = edited(copied(tmp_path), "criteria.yaml", "    points: 50", "    points: nhiều")
    with pytest.raises(ConfigError) as caught:
        load_rulebook(folder)
    lines = (folder / "criteria.yaml").read_text("utf-8").splitlines()
    assert lines[caught.value.line - 1] == "    points: nhiều"
    assert caught.value.found == "nhiều"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("verdict:\n  pass: 'Đạt {'\n", "cfg_template"),
        ("verdict:\n  pass: '{0}'\n", "cfg_template"),
        ("verdict:\n  pass: 3\n", "text"),
        ("verdict:\n  pass: a\n  pass: b\n", "key_once"),
        ("verdict: [\n", "yaml"),
        ("- a\n", "mapping"),
    ],
)
def test_a_bad_message_file(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "messages.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_messages(tmp_path)
    assert caught.value.expected == expected
    assert caught.value.text(BOOK.messages)


# ---- holidays ----


def test_the_shipped_calendar_covers_the_directives_years() -> None:
    assert load_calendar().years == frozenset(range(2014, 2027))


@pytest.mark.parametrize("year", range(2014, 2027))
def test_fixed_days_and_new_year_are_off(year: int) -> None:
    calendar = load_calendar()
    fixed = {date(year, 1, 1), date(year, 4, 30), date(year, 5, 1), date(year, 9, 2)}
    assert fixed <= calendar.holidays
    in_year = [day for day in calendar.holidays if day.year == year]
    assert 12 <= len(in_year) <= 25


def test_giỗ_tổ_follows_new_year_by_two_lunar_months_and_nine_days() -> None:
    """1/1 to 10/3 of the lunar year is 67 to 69 days, or a leap month more (2023)."""
    days = load_calendar().holidays
    new_year = {2014: (1, 31), 2018: (2, 16), 2020: (1, 25), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17)}
    ancestors = {2014: (4, 9), 2018: (4, 25), 2020: (4, 2), 2023: (4, 29), 2024: (4, 18), 2025: (4, 7), 2026: (4, 26)}
    for year, (month, day) in new_year.items():
        first = date(year, month, day)
        assert {first, first + timedelta(days=1), first + timedelta(days=2)} <= days
        tenth = date(year, *ancestors[year])
        assert tenth in days
        assert (tenth - first).days in (range(96, 99) if year == 2023 else range(67, 70))


def test_unconfirmed_days_off_count_and_unconfirmed_working_saturdays_do_not(tmp_path: Path) -> None:
    folder = tmp_path / "holidays"
    folder.mkdir()
    (folder / "2030.yaml").write_text(
        "year: 2030\n"
        "days_off:\n"
        "  - {from: 2030-02-04, to: 2030-02-05, name: Nghỉ, confirmed: false}\n"
        "working_weekends:\n"
        "  - {date: 2030-02-09, name: Làm bù, confirmed: false}\n"
        "  - {date: 2030-02-16, name: Làm bù}\n",
        "utf-8",
    )
    calendar = load_calendar(tmp_path)
    assert calendar.years == {2030}
    assert not calendar.is_working_day(date(2030, 2, 4))
    assert not calendar.is_working_day(date(2030, 2, 9))
    assert calendar.is_working_day(date(2030, 2, 16))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("year: 2031\ndays_off: []\n", "cfg_year"),
        ("year: 2030\ndays_off:\n  - {date: 2029-01-01, name: a}\n", "cfg_year"),
        ("year: 2030\ndays_off:\n  - {date: 2030-02-30, name: a}\n", "date"),
        ("year: 2030\ndays_off:\n  - {from: 2030-02-03, name: a}\n", "cfg_day_or_range"),
        ("year: 2030\ndays_off:\n  - {from: 2030-02-03, to: 2030-01-03, name: a}\n", "cfg_order"),
        ("year: 2030\n", "present"),
        ("days_off: []\n", "present"),
    ],
)
def test_a_bad_holiday_file(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "holidays").mkdir()
    (tmp_path / "holidays" / "2030.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_calendar(tmp_path)
    assert caught.value.expected == expected
