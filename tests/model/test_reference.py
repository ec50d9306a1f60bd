"""The reference of a bundle: weighted sums over validation, and the index that tells a shift."""

from collections.abc import Callable

import numpy as np
import pytest

from communique.model.calibration import Decisions
from communique.model.gold import Gold
from communique.model.reference import make_reference, stability_index


def test_the_reference_follows_the_weights(
    make_gold: Callable[..., Gold], make_decisions: Callable[..., Decisions]
) -> None:
    training = make_gold([[1], [0], [0], [0], [-1]], [[0], [-1], [-1], [-1], [-1]])
    found = make_reference(
        training,
        make_decisions([[0], [1]], [[0], [0]], confidence=[0.4, 0.9], abstained=[True, False]),
        np.array([0.5, 1.5]),
    )
    assert found.training_shares == (0.25,)
    assert found.probability == (0.75,)
    assert found.confidence == pytest.approx(0.775)
    assert found.confidence_deciles == (0.4, 0.4, *[0.9] * 7)
    assert (found.abstained, found.paragraphs) == (0.25, 2)


def test_the_index_is_zero_without_a_shift_and_large_with_one() -> None:
    assert stability_index(np.full(10, 0.1)) == pytest.approx(0.0)
    moderate = np.array([0.13] * 5 + [0.07] * 5)
    assert 0.05 < stability_index(moderate) < 0.25
    assert stability_index(np.eye(10)[0]) > 0.25
