"""A form that a WebForms link sends is one that can be sent."""

from __future__ import annotations

import pytest

from auditor.read.page import read_page
from tests.read.pages import look

FORM = '<form action="/gop-y" method="post"><textarea name="noidung"></textarea>{}</form>'


@pytest.mark.parametrize(
    ("ending", "sent"),
    [
        ("<a href=\"javascript:__doPostBack('gui','')\">Gửi</a>", True),
        ('<a href="javascript:WebForm_DoPostBackWithOptions(x)">Gửi</a>', True),
        ('<a href="javascript:void(0)">Gửi</a>', False),
        ('<a href="/gui">Gửi</a>', False),
    ],
)
def test_a_link_that_posts_back_sends_the_form(ending: str, sent: bool) -> None:
    (form,) = read_page(look("/gop-y", FORM.format(ending))).forms
    assert form.has_submit is sent
