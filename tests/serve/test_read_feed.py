"""Feeds to articles."""

from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., list[Any]]

RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>The Valley Post</title><language>en-gb</language>
<item><title>Ferry sails</title><link>https://post.example/1</link><dc:creator>Ada Writer</dc:creator>
<pubDate>Tue, 04 Mar 2025 05:06:07 +0100</pubDate><description>Teaser.</description>
<content:encoded><![CDATA[<p>The ferry sailed.</p><p>Nobody waved &amp; nobody wept.</p>]]></content:encoded></item>
<item><title>No text</title></item>
<item><description>It came back.</description></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Post</title><entry><title>Ferry</title>
<link href="https://post.example/2"/><updated>2025-03-04T05:06:07Z</updated><author><name>Ada</name></author>
<content type="html">&lt;p&gt;The ferry sailed.&lt;/p&gt;</content></entry></feed>"""


@pytest.mark.parametrize("name", ["a.rss", "a.xml", "a.xml.gz"])
def test_rss(read_bytes: Read, name: str) -> None:
    first, second, third = read_bytes(name, RSS.encode())
    assert first.text == "The ferry sailed.\n\nNobody waved & nobody wept."
    assert (first.record, first.title, first.outlet, first.language) == (0, "Ferry sails", "The Valley Post", "en")
    assert (first.published, first.url, first.author) == (
        "2025-03-04T04:06:07+00:00", "https://post.example/1", "Ada Writer",
    )  # fmt: skip
    assert (second.record, second.message[:24]) == (1, "the entry has no text: n")
    assert (third.record, third.text, third.title, third.content_lost) == (2, "It came back.", None, False)


def test_atom(read_bytes: Read) -> None:
    (found,) = read_bytes("a.atom", ATOM.encode())
    assert (found.text, found.author, found.url) == ("The ferry sailed.", "Ada", "https://post.example/2")
    assert found.published == "2025-03-04T05:06:07+00:00"
    (undated,) = read_bytes("b.atom", ATOM.replace("updated", "x").encode())
    assert (undated.text, undated.published) == ("The ferry sailed.", None)


def test_a_feed_that_breaks_off(read_bytes: Read) -> None:
    first, *_, last = read_bytes("a.rss", RSS[: RSS.find("came back")].encode())
    assert first.title == "Ferry sails"
    assert "the feed breaks off" in last.message
    assert len(read_bytes("b.xml", RSS.replace('"1.0"', '"1.0" encoding="utf-16"').encode("utf-16"))) == 3


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    + "]><rss><channel><item><description>&a11;</description></item></channel></rss>"
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("<urlset><url><loc>https://x.org</loc></url></urlset>", "the XML is no RSS or Atom feed; expected"),
        ('<rss version="2.0"><channel><title>T</title></channel></rss>', "the feed has no entries"),
        ("no markup at all", "found: no markup at all"),
        ("", "the file is empty"),
    ],
)
def test_no_feed(read_bytes: Read, data: str, message: str) -> None:
    (found,) = read_bytes("a.xml", data.encode())
    assert message in found.message


def test_hostile_feeds(read_bytes: Read) -> None:
    (bomb,) = read_bytes("a.xml", BOMB.encode())
    assert len(getattr(bomb, "text", "")) < 1000
    (outside,) = read_bytes(
        "b.xml",
        b'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel>'
        b"<item><description>Said: &f;</description></item></channel></rss>",
    )
    assert "root:" not in getattr(outside, "text", "")
    deep = (
        "<rss><channel><item><description>" + "&lt;div&gt;" * 5000 + "Deep." + "</description></item></channel></rss>"
    )
    (found,) = read_bytes("c.xml", deep.encode())
    assert found.text == "Deep."
