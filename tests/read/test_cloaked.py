"""Joomla's e-mail cloak: what a reader with scripts sees is what is read."""

from __future__ import annotations

import pytest

from auditor.read.cloaked import uncloak

NEW = (
    "<p>Thư: <span id='cloak8f1e'>Địa chỉ email này đang được bảo vệ.</span><script type='text/javascript'>"
    "document.getElementById('cloak8f1e').innerHTML = ''; var prefix = '&#109;a' + 'i&#108;' + '&#116;o';"
    "var addy8f1e = '&#117;bnd' + '&#64;'; addy8f1e = addy8f1e + 'b&#105;nhphuoc' + '&#46;' + 'gov.vn';"
    "var addy_text8f1e = '';document.getElementById('cloak8f1e').innerHTML += 'x';</script></p>"
)
OLD = (
    "<p>Thư: <script type='text/javascript'><!-- var prefix = 'mailto'; var addy74 = 'snv' + '&#64;';"
    " addy74 = addy74 + 'binhphuoc' + '&#46;' + 'gov' + '&#46;' + 'vn'; document.write(addy74); //--></script></p>"
)


def test_the_address_stands_where_the_script_writes_it() -> None:
    assert "<span id='cloak8f1e'>ubnd@binhphuoc.gov.vn</span>" in uncloak(NEW)
    assert "bảo vệ" not in uncloak(NEW)
    assert uncloak(OLD) == "<p>Thư: snv@binhphuoc.gov.vn</p>"


@pytest.mark.parametrize(
    "markup",
    [
        "<p>không có gì</p>",
        "<script>var addy = 'a' + 'b'; document.write(addy);</script>",
        "<script>var addy1 = '<b>' + '@x.vn';</script>",
        "<script>var addy1 = 'x'",
    ],
)
def test_what_is_no_address_is_left_alone(markup: str) -> None:
    assert uncloak(markup) == markup
