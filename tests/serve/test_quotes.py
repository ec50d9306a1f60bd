"""Quotations over several paragraphs: conventions, apostrophes, recovery."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communique.model.texts import Paragraph
from communique.serve.quotes import MAX_RUN, quote_starts


def starts(*texts: str) -> list[int | None]:
    return quote_starts([Paragraph(n, text, 0, len(text)) for n, text in enumerate(texts, start=1)])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("“We stay.", "“We have a mandate.", "“And boots,” she said.", "Nobody laughed."), [None, 1, 1, None]),
        (('She said: "We stay.', '"We go when asked," she added.', '"When?"'), [None, 1, None]),
        (("‘We stay.", "‘It’s the soldiers’ wish.", "‘They’re tired,’ he said.", "‘Yes.’"), [None, 1, 1, None]),
        (("'We don't know.", "'They won't say,' he said.", "'No.'"), [None, 1, None]),
        (("« Nous restons.", "« Toujours », dit-elle.", "« Non »"), [None, 1, None]),
        (("„Wir bleiben.", "„Wir gehen nicht“, sagte er.", "„Nein.“"), [None, 1, None]),
        (("»Wir bleiben.", "»Wir gehen nicht«, sagte er.", "»Nein.«"), [None, 1, None]),
        (("It began. “We stay.", "“‘Stop,’ they told us. We stayed.”", "“New.”"), [None, 1, None]),
    ],
)
def test_a_quotation_goes_on_until_it_closes(texts: tuple[str, ...], expected: list[int | None]) -> None:
    assert starts(*texts) == expected


@pytest.mark.parametrize(
    "texts",
    [
        ("“We stay.” She left.", "“We go.”"),
        ("“We stay", "He left.", "“We go.”"),  # the mark was lost, and the next paragraph has none
        ("“We stay", "'We go,' he said."),  # another family
        ('A 6" gun and a 12" one.', '"We stay."'),
        ("The troops' return, the '90s, rock 'n' roll.", "'We stay.'"),
        ("The minister’s aide’s car.", "‘We stay.’"),
        ("„Wir bleiben“, sagte er.", "„Nein.“"),
        ('He said "a 6" gun is no guarantee," twice.', '"We stay."'),
        ("‘The troops’ return is near,’ he said.", "‘We stay.’"),
        (),
    ],
)
def test_nothing_is_left_open(texts: tuple[str, ...]) -> None:
    assert starts(*texts) == [None] * len(texts)


def test_a_lost_mark_ends_after_eight_paragraphs() -> None:
    found = starts(*["“We stay."] * (2 * MAX_RUN))
    assert found == [None, *[1] * (MAX_RUN - 1), None, *[MAX_RUN + 1] * (MAX_RUN - 1)]


@settings(deadline=None)
@given(st.lists(st.text("a1s “”\"'’‘«»„.— \n", max_size=20), max_size=12))
def test_any_text(texts: list[str]) -> None:
    found = starts(*texts)
    assert len(found) == len(texts)
    assert all(start is None or 0 < n - start < MAX_RUN for n, start in enumerate(found, start=1))
