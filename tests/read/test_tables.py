"""Tables with several dates in a row: the column that counts decides."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.model import SectionState
from tests.read.pages import site

HEAD = "<tr><th>Số ký hiệu</th><th>{}</th><th>{}</th><th>Trích yếu</th><th>Tải về</th></tr>"
ROW = (
    '<tr><td>{n}/2026/QĐ-UBND</td><td>{a}</td><td>{b}</td><td><a href="/vb/{n}">Quy định về quản lý trật tự xây dựng {n}</a></td>'
    '<td><a href="/f/{n}.pdf">Tải về</a></td></tr>'
)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("Ngày ban hành", "Ngày có hiệu lực", date(2026, 10, 5)),
        ("Ngày có hiệu lực", "Ngày ban hành", date(2026, 11, 1)),
        ("Ngày ban hành", "Ngày đăng", date(2026, 11, 1)),
    ],
)
def test_the_header_says_which_date_counts(first: str, second: str, expected: date) -> None:
    rows = ROW.format(n=15, a="05/10/2026", b="01/11/2026") + ROW.format(n=9, a="02/03/2026", b="01/04/2026")
    table = f"<table>{HEAD.format(first, second)}{rows}</table>"
    facts = site({"/": "<p>x</p>", "/vb": table}, {"/vb": "Văn bản"}).section("legal_documents")
    assert facts.state is SectionState.PRESENT
    assert facts.newest is not None and facts.newest.date == expected


def test_a_deadline_column_is_no_date_of_posting() -> None:
    table = (
        "<table><tr><th>Tên dự thảo</th><th>Ngày đăng</th><th>Hạn góp ý</th></tr>"
        '<tr><td><a href="/dt/1">Dự thảo quy chế quản lý kiến trúc</a></td><td>02/09/2026</td><td>02/11/2026</td></tr></table>'
    )
    newest = site({"/": "<p>x</p>", "/dt": table}, {"/dt": "Lấy ý kiến góp ý"}).section("feedback").newest
    assert newest is not None and newest.date == date(2026, 9, 2)


def test_two_rows_that_open_one_file_bear_the_newer_day() -> None:
    rows = "".join(
        f"<tr><td><a href='/f/quy-che.pdf'>{title}</a></td><td>{issued}</td><td>{effective}</td></tr>"
        for title, issued, effective in (
            ("Quy chế quản lý kiến trúc đô thị", "02/10/2026", "15/10/2026"),
            ("Quy chế quản lý kiến trúc (bản cũ)", "02/03/2026", "15/03/2026"),
        )
    )
    table = f"<table><tr><th>Trích yếu</th><th>Ngày ban hành</th><th>Ngày có hiệu lực</th></tr>{rows}</table>"
    newest = site({"/": "<p>x</p>", "/kh": table}, {"/kh": "Quy hoạch, kế hoạch"}).section("strategy_planning").newest
    assert newest is not None and newest.date == date(2026, 10, 2)
