"""Text to paragraphs: offsets, wrapped lines, clutter."""

import textwrap

import pytest

from communique.model.texts import Article
from communique.serve.segment import MAX_PARAGRAPH, is_clutter, segment

FIRST = "The harbour reopened on Monday after eleven weeks, and the first ship to dock carried flour."
SECOND = "Two ministers asked the council to extend the truce, which ends at midnight on Thursday next."
QUOTE = '"We must learn," she added.'


def texts(text: str, title: str | None = None) -> list[str]:
    article = Article("a.txt", text, title=title)
    paragraphs = segment(article)
    assert all(text[p.start : p.end] == p.text == p.text.strip() for p in paragraphs)
    assert [p.index for p in paragraphs] == list(range(1, len(paragraphs) + 1))
    return [p.text for p in paragraphs]


@pytest.mark.parametrize("separator", ["\n", "\n\n", "\n \t\n", "\n\n\n   "])
def test_lines_and_blank_lines(separator: str) -> None:
    parts = [FIRST, "🕊 " + SECOND, QUOTE]
    assert texts("\n" + separator.join(parts) + "\n ") == parts


@pytest.mark.parametrize("between", ["\n\n", "\n"])
@pytest.mark.parametrize("width", [62, 72, 80])
def test_hard_wrapped_text_is_joined(width: int, between: str) -> None:
    paragraphs = [f"{FIRST} {SECOND} It is so.", f"{SECOND} {FIRST} So.", QUOTE]
    wrapped = [textwrap.fill(p, width) for p in paragraphs]
    found = texts(between.join(wrapped))
    assert found == wrapped
    assert [" ".join(p.split()) for p in found] == paragraphs


def test_indented_wrapped_paragraphs_and_bullets() -> None:
    wrapped = [textwrap.fill(f"{a} {b}", 66) for a, b in ((FIRST, SECOND), (SECOND, FIRST))]
    assert texts("    " + "\n    ".join(wrapped) + "\n- one\n- two.") == [
        *wrapped,
        "- one",
        "- two.",
    ]


@pytest.mark.parametrize("filler", ["A short sentence. ", "word ", "x"])
def test_long_paragraphs_are_split(filler: str) -> None:
    found = texts(filler * (6000 // len(filler)))
    assert len(found) == 3
    assert max(map(len, found)) <= MAX_PARAGRAPH
    assert sum(len(p.replace(" ", "")) for p in found) == len((filler * (6000 // len(filler))).replace(" ", ""))


def test_long_white_space_makes_no_paragraph() -> None:
    assert texts("word" + " " * 60_000 + FIRST) == ["word", FIRST]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"Ferry sails again\n\n{FIRST}", [FIRST]),
        (f"Premium Only Content\n\nFERRY  sails again\n{FIRST}", [FIRST]),
        (f"{FIRST}\nRead more: Ferry sails again\n{SECOND}", [FIRST, SECOND]),
        (f"Regions\nEurope\nArchives\n{FIRST}\nWhat next\n{SECOND}", [FIRST, "What next", SECOND]),
        (f"{FIRST}\nRelated stories\nBees return\nWho pays?\n{SECOND}", [FIRST, SECOND]),
        (f"{FIRST}\n-\nLIVE\nLake Radio\n2 hours agoHow to bake\n12 watching -", [FIRST]),
        (f"{FIRST}\nAdvertisement\nThermal baths, 45 a night", [FIRST]),
        (f"{FIRST} {QUOTE}\n“We must learn,” she added\n{SECOND}", [f"{FIRST} {QUOTE}", SECOND]),
        (f"Advertisement\n{QUOTE}\nAdvertisement\n{QUOTE}\nShare", [QUOTE, QUOTE]),
        ("Ferry sails again", []),
        ("", []),
    ],
)
def test_surroundings(text: str, kept: list[str]) -> None:
    assert texts(text, title="Ferry sails again") == kept


@pytest.mark.parametrize(
    "line",
    """-
* * *
LIVE
Premium Only Content
14 hours ago
3 hours agoHow to bake a cake that lasts
14 hours ago"They knew": the inside story
855 watching -
148K75 -
7.93K -
1:04:35
12,481 views
3 min read
Advertisement
ADVERTISEMENT - SCROLL TO CONTINUE
Story continues below
Skip to main content
Read more
Read more »
Read more: Bees return to the park
See also: “Nobody asked us”, by a baker
Share this article:
Facebook WhatsApp Email Print
Share on Facebook
Follow us on X
Join our Telegram channel
Subscribe to our newsletter
Sign up for our morning briefing
Enter your email address
By signing up you agree to our terms of use and privacy notice.
We use cookies to improve your experience. Accept all
Already a subscriber? Log in
This content is for subscribers only
Photo: Anna Berg / Lake Pictures
Smoke over the quay on Sunday. (AP Photo/Anna Berg)
Reuters
Anna Berg/AFP via Getty Images
By Anna Berg
By Anna Berg and Ivo Lind in Riga
(Reporting by Anna Berg in Riga; editing by Ivo Lind)
Additional reporting by Anna Berg
Anna Berg in Riga contributed to this report.
Tuesday 11 November 2025 · 4 min read
Published: October 22, 2025 at 6:12 pm | Updated: October 23, 2025
© 2025 The Lake Post. All rights reserved.
Tags: lake, ferry, flour
#lake #ferry
Home | World | Europe
Home > World > Lakes
Home News Sport Weather
Privacy Policy
Related:
Most read
You may also like
Leave a comment
238 comments
https://example.org/story
editor@example.org""".split("\n"),
)
def test_clutter(line: str) -> None:
    assert is_clutter(line)


@pytest.mark.parametrize(
    "line",
    """"We must learn," she added.
“Read more history,” he said.
"No."
'Share the burden' was the motto.
Kyiv waited.
No deal was signed.
The ministry declined to comment.
What happens next
Who will guard the road?
Fourteen hours ago the shelling stopped.
14 hours ago, the last convoy crossed the bridge.
A year ago the war seemed far away.
By then it was too late.
By Monday the troops had left Riga.
By all accounts, Berg kept her word.
Read the treaty again and the promise is plain.
Share prices fell in London on Monday.
Follow the money and you will find the generals.
Sign up to the treaty or face sanctions, the envoy told them.
Subscribers to the theory that guns bring peace were few.
Related to this is the question of guarantees.
More from Washington is expected this week.
Live fire was heard across the river.
Source close to the talks: no ceasefire before spring, he said.
Video of the attack shows two men running towards the bridge.
Photographs of the missing hang in the station.
Copyright law is no reason to delay the treaty.
Reporting by the agency showed that the troops had stayed.
Updated rules of engagement allow the peacekeepers to fire.
Germany has contributed to the mission since 2006.
Cookies and tea were served as the generals argued.
World leaders meet in Paris.
Home at last, the soldiers wept.
Comment was not available from the palace.
On 12 March 2025 the truce was signed.
Topics ranged from guarantees to grain.
Support for the mission is falling.
Get out, the crowd shouted, and the newsletter of the union printed it.""".split("\n"),
)
def test_article_lines_are_kept(line: str) -> None:
    assert not is_clutter(line)
