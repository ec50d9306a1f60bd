import numpy as np
import pytest

from communique.serve.clusters import near_copies
from communique.serve.sketches import RECORD
from communique.serve.worker import copy_key, sketch

WIRE = (
    "The mission's mandate was extended by a year on Tuesday after the council had argued for nine hours over its "
    "size, its cost and whether the two battalions in the north should be allowed to leave their camps alone, "
    "diplomats who were in the room said."
)
EDITED = WIRE.replace("on Tuesday", "late on Tuesday").replace("nine hours", "hours")
OTHER = (
    "Bakeries in the port opened for the first time in a month and queues of people stood along the harbour wall, "
    "while the ferry company said that it would run again as soon as the two piers that burned have been repaired."
)


def records(*texts: str) -> np.ndarray:
    found = sorted((copy_key(text), sketch(text)) for text in set(texts))
    table = np.zeros(len(found), dtype=RECORD)
    for row, (key, digest) in enumerate(found):
        table[row] = int(key, 16), np.frombuffer(digest, dtype="<u4")
    return table


def opened(tables: list[np.ndarray]) -> list:
    return [lambda table=table: table for table in tables]


@pytest.mark.parametrize("split", [False, True])
def test_an_edited_copy_joins_the_smallest_key_across_pieces(split: bool) -> None:
    pieces = [records(WIRE, OTHER), records(EDITED)] if split else [records(WIRE, OTHER, EDITED)]
    low, high = sorted((copy_key(WIRE), copy_key(EDITED)))
    assert near_copies(opened(pieces)) == {high: low}


def test_the_order_of_the_pieces_does_not_matter() -> None:
    pieces = [records(WIRE), records(OTHER), records(EDITED, OTHER)]
    assert near_copies(opened(pieces)) == near_copies(opened(pieces[::-1]))


def test_different_texts_stay_apart_and_nothing_is_fine() -> None:
    assert near_copies(opened([records(WIRE, OTHER)])) == {}
    assert near_copies([]) == {}
    assert near_copies(opened([np.zeros(0, dtype=RECORD)])) == {}


def test_case_spacing_and_punctuation_make_no_copy_another() -> None:
    assert copy_key("The  truce, again!") == copy_key("the truce again")
    assert copy_key("The truce") != copy_key("A truce")
    assert sketch("Too short to compare.") is None
