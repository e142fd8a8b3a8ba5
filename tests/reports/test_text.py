"""Numbers and dates as Vietnamese offices write them; page text made harmless."""

from datetime import UTC, date, datetime

import pytest

from reports.text import ascii_slug, clean, dmy, dmyhm, environment, href, percent, points, share


def test_points_and_percents_have_a_decimal_comma() -> None:
    assert (points(625), points(0), points(5), percent(880), percent(None)) == (
        "62,5",
        "0,0",
        "0,5",
        "88,0\u00a0%",
        "–",
    )
    assert (share(710), share(596), share(1000)) == ("71\u00a0%", "59,6\u00a0%", "100\u00a0%")


def test_moments_are_shown_in_vietnamese_time() -> None:
    assert dmy(date(2017, 3, 5)) == "05/03/2017"
    assert dmyhm(datetime(2017, 11, 19, 18, 5, tzinfo=UTC)) == "20/11/2017 01:05"
    assert dmyhm(datetime(2017, 11, 19, 18, 5)) == "20/11/2017 01:05"


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("a\u202eb\u2066c\u200bd\ufeff", "abcd"),
        ("một\r\nhai\x00\x1b[31m\tba", "một hai [31m ba"),
        ("\ud800x\U000e0041", "x"),
        ("Tie\u0302\u0301ng", "Tiếng"),
        ("a" + "\u0336" * 50 + "b", "a\u0336\u0336b"),
        ("x" * 50, "x" * 19 + "…"),
        ("\u2028\u2029", ""),
    ],
)
def test_text_from_pages_stays_on_one_line_and_cannot_hide_or_reorder(hostile: str, harmless: str) -> None:
    assert clean(hostile, 20) == harmless


@pytest.mark.parametrize("url", ["http://a.vn/", "https://a.vn/vi/?a=1&b=%20", "HTTPS://A.VN/Trang chủ.aspx"])
def test_links_that_may_stand(url: str) -> None:
    assert href(url) == url.replace(" ", "%20")


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//a.vn/", "/vi/", "http://", "http://[::bad", "java\nscript:x",
     "https://a.vn/\u202e", "https://a.vn/" + "a" * 3000, "ftp://a.vn/", "", None],
)  # fmt: skip
def test_links_that_may_not(url: str | None) -> None:
    assert href(url) == ""


def test_file_names_are_ascii_whatever_the_code() -> None:
    assert ascii_slug("Sở Nội vụ/../..\\x") == "So-Noi-vu-x"
    assert ascii_slug("Đồng Xoài") == "Dong-Xoai"
    assert ascii_slug("縣") == ""


def test_every_expression_of_a_template_is_cleaned_and_escaped() -> None:
    template = environment().from_string("<b>{{ x }}</b>")
    assert template.render(x="<i>\u202e&\x07") == "<b>&lt;i&gt;&amp;</b>"
