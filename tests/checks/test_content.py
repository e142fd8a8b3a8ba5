from __future__ import annotations

import pytest

from auditor.model import DetectorFacts, Item, SectionState, Verdict
from tests.factories import SITE, judge, make_facts, make_items, make_section, make_site

CONTENT = {
    "f.content.organisation": "organisation",
    "f.content.legal_documents": "legal_documents",
    "f.content.procedures": "procedures",
    "f.content.legal_dissemination": "legal_dissemination",
    "f.content.strategy_planning": "strategy_planning",
    "f.content.email_directory": "email_directory",
    "f.content.projects_procurement": "projects_procurement",
    "f.content.online_services": "online_services",
    "f.content.feedback": "feedback",
}
STATES = [
    (SectionState.PRESENT, True, Verdict.PASS),
    (SectionState.PARTIAL, True, Verdict.PARTIAL),
    (SectionState.EMPTY, True, Verdict.FAIL),
    (SectionState.BROKEN, True, Verdict.FAIL),
    (SectionState.ABSENT, True, Verdict.FAIL),
    (SectionState.UNVERIFIABLE, True, Verdict.UNVERIFIED),
    (SectionState.BROKEN, False, Verdict.UNVERIFIED),
    (SectionState.EMPTY, False, Verdict.UNVERIFIED),
]


@pytest.mark.parametrize(("state", "confirmed", "verdict"), STATES)
@pytest.mark.parametrize(("check_id", "detector"), CONTENT.items())
def test_state_gives_verdict(
    check_id: str, detector: str, state: SectionState, confirmed: bool, verdict: Verdict
) -> None:
    section = make_section(detector, state, confirmed=confirmed, why="no_link")
    finding = judge(check_id, make_facts(make_site(**{detector: section})))
    assert finding.verdict is verdict
    assert finding.points == {Verdict.PASS: finding.max, Verdict.PARTIAL: (finding.max + 1) // 2}.get(verdict, 0)


@pytest.mark.parametrize(("check_id", "detector"), CONTENT.items())
def test_only_the_parent_portal_has_it(check_id: str, detector: str) -> None:
    section = make_section(detector, SectionState.PARENT_ONLY)
    finding = judge(check_id, make_facts(make_site(**{detector: section})))
    lawful = detector == "online_services"
    assert finding.verdict is (Verdict.NOT_APPLICABLE if lawful else Verdict.FAIL)


def documents(complete: int, rows: int, found: tuple[str, ...] = ()) -> DetectorFacts:
    items = make_items(complete, "number", "date", "abstract", "file")
    items += make_items(rows - complete, "number", "date", "abstract")
    return make_section("legal_documents", label="Văn bản", items=items, found=found)


@pytest.mark.parametrize(
    ("complete", "rows", "verdict"),
    [(5, 5, Verdict.PASS), (4, 5, Verdict.PASS), (3, 5, Verdict.PARTIAL), (0, 5, Verdict.PARTIAL)],
)
def test_documents_are_graded_by_complete_rows(complete: int, rows: int, verdict: Verdict) -> None:
    finding = judge("f.content.legal_documents", make_facts(make_site(legal_documents=documents(complete, rows))))
    assert finding.verdict is verdict
    assert f"{complete}/{rows}" in finding.seen


def test_the_attribute_that_is_missing_is_named() -> None:
    finding = judge("f.content.legal_documents", make_facts(make_site(legal_documents=documents(0, 5))))
    assert "hay thiếu nhất: tệp tải về" in finding.seen


def test_files_on_the_documents_own_pages_are_files() -> None:
    section = documents(0, 5, found=("number", "date", "abstract", "file"))
    finding = judge("f.content.legal_documents", make_facts(make_site(legal_documents=section)))
    assert finding.verdict is Verdict.PASS
    assert "tệp" not in finding.seen


def test_items_without_attributes_are_not_document_rows() -> None:
    section = make_section("legal_documents", items=(Item("Tin", SITE + "tin.html"),))
    finding = judge("f.content.legal_documents", make_facts(make_site(legal_documents=section)))
    assert finding.verdict is Verdict.PASS
    assert finding.seen_key == "section.present"


def test_a_negative_finding_says_where_it_looked() -> None:
    section = make_section("feedback", SectionState.EMPTY, label="Góp ý", why="placeholder")
    finding = judge("f.content.feedback", make_facts(make_site(feedback=section)))
    assert "Góp ý" in finding.seen
    assert "đang cập nhật" in finding.seen
    assert finding.evidence[0].url == section.sections[0].url
    assert "  " not in finding.seen
