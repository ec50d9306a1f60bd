import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from communique.model.bundle import Bundle, OnnxSettings
from communique.model.classifier import Scores
from communique.model.texts import Article
from communique.serve.http_queue import BATCH_PARAGRAPHS, Job, TaggingQueue, independent_of_batch
from communique.serve.tagger import Tagger

TEXTS = ["They praise the truce.", "We reject the guard.\n\nRain fell.", "", "Nothing of note."]


class Gate:
    """A classifier that waits for `open`, remembers its batches and cannot read one text."""

    def __init__(self, bundle: Bundle) -> None:
        self._inner = bundle.classifier
        self.open = threading.Event()
        self.reached = threading.Event()
        self.batches: list[list[str]] = []

    def scores(self, texts: Sequence[str]) -> Scores:
        self.reached.set()
        assert self.open.wait(10)
        self.batches.append(list(texts))
        if "poison" in texts:
            raise RuntimeError("cannot be read")
        return self._inner.scores(texts)


def article(text: str) -> Article:
    return Article(path="", text=text)


def test_answers_are_those_of_tag(bundle: Bundle) -> None:
    queue = TaggingQueue(bundle, workers=2)
    futures = [queue.submit(Job([article(text)])) for text in TEXTS]
    together = queue.submit(Job([article(text) for text in TEXTS]))
    alone = [Tagger(bundle).tag(text) for text in TEXTS]
    assert [future.result(10)[0] for future in futures] == alone
    assert together.result(10) == alone
    queue.close()


def test_texts_as_they_are_and_another_prior(bundle: Bundle) -> None:
    queue = TaggingQueue(bundle)
    shares = np.array([0.5, 0.2, 0.1])
    found = queue.submit(Job([article(TEXTS[1])], cut=False, prior=shares)).result(10)
    expected = Tagger(bundle, {"truce": 0.5, "guard": 0.2, "rain": 0.1}).tag_paragraphs([TEXTS[1]])
    assert found == [expected]
    queue.close()


def test_requests_that_wait_are_tagged_together_and_a_long_one_gives_way(bundle: Bundle) -> None:
    gate = Gate(bundle)
    queue = TaggingQueue(replace(bundle, classifier=gate))
    long = queue.submit(Job([article(f"Line {n}.") for n in range(BATCH_PARAGRAPHS + 10)], cut=False))
    assert gate.reached.wait(10)
    short = [queue.submit(Job([article("The truce.")])) for _ in range(3)]
    assert queue.depth == 3
    gate.open.set()
    assert [len(future.result(10)) for future in (long, *short)] == [BATCH_PARAGRAPHS + 10, 1, 1, 1]
    assert [len(batch) for batch in gate.batches] == [BATCH_PARAGRAPHS, 13]
    queue.close()


def test_cancelled_work_is_dropped(bundle: Bundle) -> None:
    gate = Gate(bundle)
    queue = TaggingQueue(replace(bundle, classifier=gate))
    running = queue.submit(Job([article(f"Line {n}.") for n in range(5 * BATCH_PARAGRAPHS)], cut=False))
    assert gate.reached.wait(10)
    waiting = queue.submit(Job([article("Never tagged.")]))
    running.cancel()
    waiting.cancel()
    gate.open.set()
    queue.close()
    assert [len(batch) for batch in gate.batches] == [BATCH_PARAGRAPHS]


def test_one_text_that_fails_takes_no_other_along(bundle: Bundle) -> None:
    gate = Gate(bundle)
    queue = TaggingQueue(replace(bundle, classifier=gate))
    first = queue.submit(Job([article("First.")]))
    assert gate.reached.wait(10)
    good, bad = queue.submit(Job([article("The truce.")])), queue.submit(Job([article("poison")], cut=False))
    gate.open.set()
    assert first.result(10)
    assert good.result(10)[0][0]["truce"].present
    with pytest.raises(RuntimeError, match="cannot be read"):
        bad.result(10)
    assert queue.alive
    queue.close()


def test_scores_that_depend_on_the_batch_are_taken_article_by_article(bundle: Bundle) -> None:
    gate = Gate(bundle)
    onnx = OnnxSettings(max_length=64, batch_size=8, pad_id=0)
    dependent = replace(bundle, classifier=gate, manifest=bundle.manifest.model_copy(update={"onnx": onnx}))
    assert not independent_of_batch(dependent)
    queue = TaggingQueue(dependent)
    futures = [
        queue.submit(Job([article("One truce.\n\nTwo rains."), article("Three.")])),
        queue.submit(Job([article("Four.")])),
    ]
    gate.open.set()
    assert [[len(found) for found in future.result(10)] for future in futures] == [[2, 1], [1]]
    assert sorted(map(len, gate.batches)) == [1, 1, 2]
    queue.close()


def test_closing_finishes_what_waits(bundle: Bundle) -> None:
    gate = Gate(bundle)
    queue = TaggingQueue(replace(bundle, classifier=gate))
    futures = [queue.submit(Job([article("The truce.")])) for _ in range(5)]
    threading.Timer(0.05, gate.open.set).start()
    queue.close()
    assert all(future.done() for future in futures)
    assert not queue.alive
    with pytest.raises(RuntimeError, match="closed"):
        queue.submit(Job([]))
