"""The league table: who is ranked, how, and who never is."""

from __future__ import annotations

from dataclasses import replace

from bs4 import BeautifulSoup, Tag

from auditor.model import AgencyAudit, Score, SiteState
from reports.league import league_of, mail_blocks, render_league
from tests.reports.builders import (
    GRADE_WORDS,
    agency,
    audit,
    findings,
    hostile,
    mail,
    messages,
    not_declared,
    province,
    scores,
    site,
)

MESSAGES = messages()


def scored(code: str, earned: int, f: int = 200, grade: str | None = "B") -> AgencyAudit:
    return audit(
        code, code.upper(), scores=replace(scores(), total=Score(earned, 500, 500), f=Score(f, 400, 400), grade=grade)
    )


def test_ranked_by_share_earned_with_equal_ranks_for_equal_shares() -> None:
    league = league_of([scored("a", 300), scored("b", 450), scored("c", 300, f=300), scored("d", 100)])
    assert [(row.code, row.rank) for row in league.ranked] == [("b", 1), ("c", 2), ("a", 2), ("d", 4)]


def test_the_share_counts_and_not_the_sum() -> None:
    small = audit("nho", "Nhỏ", scores=replace(scores(), total=Score(90, 100, 500), grade="A"))
    assert [row.code for row in league_of([scored("lon", 400), small]).ranked] == ["nho", "lon"]


def test_without_a_grade_or_an_address_nobody_is_ranked() -> None:
    league = league_of([scored("a", 500, grade=None), scored("b", 10), not_declared()])
    assert [row.code for row in league.ranked] == ["b"]
    assert [row.code for row in league.unranked] == ["a"] and league.unranked[0].rank is None
    assert [row.code for row in league.not_declared] == ["bandantoc"]


def test_a_graded_agency_that_the_registry_says_has_no_site_is_ranked() -> None:
    none = replace(scored("a", 80, grade="E"), site=site(SiteState.NONE))
    assert [row.code for row in league_of([none]).ranked] == ["a"]


def test_the_page() -> None:
    made = [*province(12), not_declared()]
    page = render_league(made, MESSAGES, department="Sở X", failures=["Một cơ quan lỗi."], grade_words=GRADE_WORDS)
    soup = BeautifulSoup(page, "lxml")
    text = " ".join(soup.get_text(" ").split())
    assert "20/11/2017" in text and "3fa9c1d27be8" in text and "Một cơ quan lỗi." in text and "Sở X" in text
    assert "13 (11 xếp hạng, 1 chưa xếp loại, 1 chưa khai báo địa chỉ)" in text
    assert text.count("Hạ tầng thư điện tử dùng chung") == 1 and "không tính vào thứ hạng" in text
    links = [str(a["href"]) for a in soup.find_all("a")]
    assert len(links) == 13 and "huyen-000-2017-11-20.html" in links
    first = soup.find("tbody")
    assert isinstance(first, Tag)
    assert len(first.find_all("tr")) == 11 and "Ban Dân tộc" not in first.get_text()


def test_links_to_cards_stay_inside_the_folder() -> None:
    bad = {"a": "../../etc/passwd.html", "b": "javascript:alert(1).html", "c": "phieu/c.html"}
    page = render_league([scored(code, 100) for code in bad], MESSAGES, cards=bad)
    assert [str(a["href"]) for a in BeautifulSoup(page, "lxml").find_all("a")] == ["phieu/c.html"]


def test_hostile_names_are_text() -> None:
    page = render_league([hostile()], MESSAGES, cards={"snv": '"><script>.html'})
    soup = BeautifulSoup(page, "lxml")
    assert not soup.find_all(["script", "img", "a"]) and "onerror=alert" in soup.get_text()


def test_an_empty_run_still_gives_a_page() -> None:
    assert "Chưa có cơ quan nào đủ điều kiện xếp hạng" in render_league([], MESSAGES)


def test_one_mail_block_per_domain_with_the_points_of_its_operator() -> None:
    unscored = tuple(replace(f, counts=False, max=0, points=0) if f.item == "mail" else f for f in findings())
    user = audit("a", "A", findings=unscored)
    operator = audit("b", "B", agency=agency("b", "B", operates_mail=True))
    other = audit("c", "C", mail=replace(mail(), domain="khac.example"), findings=unscored)
    blocks = mail_blocks([user, operator, other])
    assert [(block.domain, block.lines.earned) for block in blocks] == [("example.gov.vn", 450), ("khac.example", 0)]
    text = BeautifulSoup(render_league([user, operator, other], MESSAGES), "lxml").get_text()
    assert "45,0/100,0 điểm đo được, loại E" in text
