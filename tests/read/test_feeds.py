"""Feeds as sites serve them, well-formed and not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.read.feeds import MAX_ITEMS, read_feed

URL = "https://stttt.example/rss/tin-tuc/"
ITEM = "<item><title>{}</title><link>{}</link><pubDate>Thu, 16 Nov 2017 11:11:00 GMT</pubDate></item>"


def rss(items: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
    return f'{head}<rss version="2.0"><channel><title>Tin tức</title><link>/</link>{items}</channel></rss>'.encode()


def test_rss2() -> None:
    feed = read_feed(rss(ITEM.format("Một", "/tin/mot-1.html")), "application/rss+xml", URL)
    assert (feed.kind, feed.title, feed.problem) == ("rss", "Tin tức", "")
    assert feed.items[0].title == "Một"
    assert feed.items[0].url == "https://stttt.example/tin/mot-1.html"
    assert feed.items[0].raw_date == "Thu, 16 Nov 2017 11:11:00 GMT"


def test_rss1() -> None:
    body = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>T</title></channel>
      <item rdf:about="http://a.vn/1"><title>A</title><dc:date>2017-11-16</dc:date></item></rdf:RDF>"""
    feed = read_feed(body, "text/xml", URL)
    assert (feed.kind, feed.title) == ("rss", "T")
    assert [(i.title, i.url, i.raw_date) for i in feed.items] == [("A", "http://a.vn/1", "2017-11-16")]


def test_atom() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>
      <entry><title type="html">&lt;b&gt;A&lt;/b&gt; B</title>
      <link rel="self" href="/self"/><link href="/a"/><id>tag:x</id><updated>2017-12-01T00:00:00Z</updated>
      <published>2017-11-16T18:14:00+07:00</published></entry></feed>"""
    feed = read_feed(body, "application/atom+xml", URL)
    assert feed.kind == "atom"
    assert [(i.title, i.url, i.raw_date) for i in feed.items] == [
        ("A B", "https://stttt.example/a", "2017-11-16T18:14:00+07:00")
    ]


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b"\n\n  " + rss(ITEM.format("A", "/1")), "A"),
        (b"\xef\xbb\xbf" + rss(ITEM.format("A", "/1")), "A"),
        (b"Warning: x in y.php\n" + rss(ITEM.format("A", "/1")), "A"),
        (rss(ITEM.format("A&nbsp;B &ndash; C", "/1")), "A B – C"),
        (rss(ITEM.format("A &bogus; B & C", "/1")), "A &bogus; B & C"),
        (rss(ITEM.format("<![CDATA[<b>A</b> & B]]>", "/1")), "A & B"),
        (rss(ITEM.format("&amp;quot;A&amp;quot;", "/1")), '"A"'),
        (rss(ITEM.format("A\x0bB\x00", "/1")), "AB"),
        (rss(ITEM.format("A", "/1")).replace(b"</channel></rss>", b""), "A"),
        (rss(ITEM.format("A", "/1"), '<?xml version="1.0" encoding="utf-16"?>'), "A"),
    ],
)
def test_tolerance(body: bytes, title: str) -> None:
    feed = read_feed(body, "text/html", URL)
    assert feed.kind == "rss"
    assert [i.title for i in feed.items] == [title]


def test_bare_ampersand_in_a_link_is_kept() -> None:
    for link in (
        "/index.php?nv=news&op=x&id=3",
        "/index.php?nv=news&amp;op=x&amp;id=3",
        "<![CDATA[/index.php?nv=news&op=x&id=3]]>",
    ):
        assert (
            read_feed(rss(ITEM.format("A", link)), "", URL).items[0].url
            == "https://stttt.example/index.php?nv=news&op=x&id=3"
        )


def test_link_from_guid() -> None:
    for guid, url in [
        ("<guid>http://a.vn/1</guid>", "http://a.vn/1"),
        ('<guid isPermaLink="false">http://a.vn/1</guid>', ""),
        ("<guid>abc</guid>", ""),
    ]:
        assert read_feed(rss(f"<item><title>A</title>{guid}</item>"), "", URL).items[0].url == url


def test_nothing_is_fetched_or_expanded() -> None:
    doctype = (
        '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">'
        '<!ENTITY % p SYSTEM "http://127.0.0.1:1/x">]>'
    )
    feed = read_feed(rss(ITEM.format("x&b;y&f;z", "/1"), doctype), "", URL)
    assert [i.title for i in feed.items] == ["x&b;y&f;z"]


def test_bounds() -> None:
    assert len(read_feed(rss(ITEM.format("A", "/1") * (MAX_ITEMS + 50)), "", URL).items) == MAX_ITEMS


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "not_xml"), (b"hello", "not_xml"), (b"<!DOCTYPE html><html><body><p>rss</p></body></html>", "not_feed"),
        (b"<urlset></urlset>", "not_feed"),
    ],
)  # fmt: skip
def test_not_a_feed(body: bytes, problem: str) -> None:
    feed = read_feed(body, "application/rss+xml", URL)
    assert (feed.kind, feed.items, feed.problem) == ("", (), problem)


def test_a_feed_without_items() -> None:
    feed = read_feed(rss(""), "text/xml", URL)
    assert (feed.kind, feed.problem) == ("rss", "no_items")


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(), st.text().map(lambda text: rss(ITEM.format(text, text)))))
def test_never_fails(body: bytes) -> None:
    assert read_feed(body, "text/xml", URL).kind in ("", "rss", "atom")


@pytest.mark.parametrize("piece", ["<", "<?", "&", "<![CDATA[", "<!DOCTYPE x [", "<a>", "&lt;a "])
def test_hostile_repetition_ends(piece: str) -> None:
    assert read_feed(b"<rss>" + piece.encode() * 100_000, "", URL).items == ()
