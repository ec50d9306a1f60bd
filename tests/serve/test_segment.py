"""Text to paragraphs: offsets, joined lines, lists, surroundings."""

import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communique.model.texts import Article
from communique.serve.segment import MAX_PARAGRAPH, segment

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


THIRD = "Nobody knew who would keep the bridge open."


def test_lines_of_one_sentence_are_joined_between_blank_lines() -> None:
    first = f"{FIRST}\n{SECOND}\n{THIRD}"
    second = f"Gen. Berg of the U.S. Army left.\n{THIRD}\n{QUOTE}"
    assert texts(f"A heading\n{first}\n\n{second}\n\nShare this article\nThe ferry sailed.") == [
        "A heading",
        first,
        second,
        "The ferry sailed.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"{FIRST}\n{SECOND}\n{THIRD}",  # no blank line: each line is a paragraph
        f"{FIRST}\n{SECOND}\n\n{THIRD} {QUOTE}\n{THIRD} It is so.",  # lines of several sentences
        "\n\n".join("\n".join(f"Truce {n} of {m} held." for n in range(9)) for m in range(3)),  # a page with sections
    ],
)
def test_lines_that_are_paragraphs_stay(text: str) -> None:
    assert texts(text) == [line for line in text.split("\n") if line]


@pytest.mark.parametrize(
    "bullets", [("- a force", "- a line of credit"), ("1. A force", "2) A line"), ("• one;", "• two.")]
)
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_a_short_list_stays_with_its_lead_in(bullets: tuple[str, str], between: str) -> None:
    whole = between.join(("The ministers offered:", *bullets))
    assert texts(between.join((FIRST, whole, SECOND))) == [FIRST, whole, SECOND]


@pytest.mark.parametrize("bullets", [["- a guarantee"] * 13, ["- " + "so it is, " * 30] * 5])
def test_a_long_list_is_cut_by_its_lines(bullets: list[str]) -> None:
    bullets = [f"{bullet.strip()} {n}." for n, bullet in enumerate(bullets)]
    assert texts("\n".join(["They offered:", *bullets])) == ["They offered:", *bullets]


def test_headings_stay_paragraphs_of_their_own() -> None:
    assert texts(f"{FIRST}\n\nWhat next\n\n{SECOND}") == [FIRST, "What next", SECOND]


WRAPPED = textwrap.wrap(f"{FIRST} {SECOND}", 60)
OTHERS = ["", "", "Share", "14 hours ago", "A heading", "They said:", "- one", "Related:", "x" * 90]
LINES = st.sampled_from([FIRST, SECOND, THIRD, QUOTE, *OTHERS, *WRAPPED])


@given(
    st.lists(LINES, max_size=30).map("\n".join) | st.text("aA1 .:-\n\r\t“”|·•(/", max_size=300) | st.text(max_size=80)
)
def test_offsets_order_and_what_is_left_out(text: str) -> None:
    paragraphs = segment(Article("a.txt", text))
    end = 0
    for n, p in enumerate(paragraphs, start=1):
        assert (p.index, p.text) == (n, text[p.start : p.end])
        assert end <= p.start < p.end
        assert p.text == p.text.strip()
        end = p.end
    for line in (FIRST, SECOND, THIRD):  # a sentence is left out only where it stands a second time
        assert line not in text or any(line in " ".join(p.text.split()) for p in paragraphs)


@settings(deadline=None)
@given(st.lists(LINES, max_size=20), st.sampled_from(["", "  ", "\t", "        "]))
def test_line_ends_and_indentation_change_nothing(lines: list[str], indent: str) -> None:
    plain, other = "\n".join(lines), "\r\n".join(indent + line for line in lines)
    assert [p.split() for p in texts(plain)] == [p.split() for p in texts(other)]


@pytest.mark.parametrize(
    "line",
    [
        "Truce {n}.",
        "same words at the start of every line {n}",
        "Related stories",
        "“Truce {n}",
        "- truce {n}:",
        "1:{n}",
    ],
)
def test_many_short_lines_take_no_quadratic_time(line: str) -> None:
    text = "\n".join(line.format(n=n) for n in range(20_000))
    begun = time.process_time()
    segment(Article("a.txt", text, title="A title"))
    assert time.process_time() - begun < 20  # about 1 s; quadratic work is minutes
