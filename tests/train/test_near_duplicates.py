"""Which paragraphs count as the same text."""

import numpy as np
import pytest

from communique.train.near_duplicates import near_duplicate_groups

BASE = "The council agreed on Monday to send two hundred observers to the border before the winter sets in"


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (BASE, True),
        (BASE.upper().replace(" ", "  "), True),
        (BASE + " again", True),
        (BASE.replace("Monday", "Tuesday"), True),
        (BASE.replace("Monday", "Tuesday").replace("border", "coast"), False),
        (" ".join(BASE.split()[:9]), False),
        (" ".join(reversed(BASE.split())), False),
        ("Nothing to do with it at all, this is another sentence of some length", False),
    ],
)
def test_pair(other: str, same: bool) -> None:
    first, second = near_duplicate_groups([BASE, other])
    assert (first == second) is np.bool_(same)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Yes.", "yes.", True), ("We  will", "we will", True), ("Yes.", "No.", False), ("a b", "a c", False)],
)
def test_short_texts(one: str, other: str, same: bool) -> None:
    first, second, _ = near_duplicate_groups([one, other, BASE])
    assert (first == second) is np.bool_(same)


@pytest.mark.parametrize(("one", "other"), [("Yes.", "Oh yes."), ("we stay here", "they stay here")])
def test_short_texts_are_linked_only_when_equal(one: str, other: str) -> None:
    first, second = near_duplicate_groups([one, other])
    assert first != second


def test_links_chain() -> None:
    words = BASE.split()
    middle = [*words[3:], "x", "y", "z"]
    chain = [" ".join(words), " ".join(middle), " ".join([*middle[3:], "p", "q", "r"])]
    assert len(set(near_duplicate_groups([chain[0], chain[2]]))) == 2
    assert len(set(near_duplicate_groups(chain))) == 1


def test_one_number_per_text_in_order() -> None:
    groups = near_duplicate_groups([BASE, "x y z", BASE])
    assert groups.shape == (3,)
    assert groups[0] == groups[2] != groups[1]
