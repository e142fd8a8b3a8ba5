"""The tag=value list (RFC 6376 section 3.2)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.read.records.tags import parse_tags


def test_names_and_values() -> None:
    tags = parse_tags(" v = DKIM1 ;k=rsa;p=AB=\t;")
    assert tags.tags == (("v", "DKIM1"), ("k", "rsa"), ("p", "AB="))
    assert (tags.malformed, tags.repeated) == (0, ())


def test_what_is_no_tag_is_counted_and_repetition_is_told() -> None:
    tags = parse_tags("v=1;;x y=2;=3;4;p=a;P=b")
    assert (tags.malformed, tags.repeated, tags.get("p"), tags.get("q")) == (4, ("p",), "a", None)


@given(st.text())
def test_no_text_crashes_it(text: str) -> None:
    assert len(parse_tags(text).tags) + parse_tags(text).malformed <= text.count(";") + 1
