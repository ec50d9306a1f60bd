"""Gold labels as arrays, with "not judged" kept apart from "absent"."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from communique.model.corpus import Corpus

NOT_JUDGED = -1


@dataclass(frozen=True, slots=True)
class Gold:
    """topic: (n, n_topics) in {1 present, 0 absent, -1 not judged}. stance: (n, n_topics), the
    index of the gold stance, -1 where the topic is absent, has no stance or was not judged.
    holder: for each paragraph and topic, (judged, span text or None)."""

    topic: npt.NDArray[np.int8]
    stance: npt.NDArray[np.int8]
    holder: tuple[tuple[tuple[bool, str | None], ...], ...]

    def __len__(self) -> int:
        return len(self.topic)

    @property
    def judged(self) -> npt.NDArray[np.bool_]:
        """(n, n_topics): whether the topic was judged on the paragraph."""
        return np.asarray(self.topic != NOT_JUDGED)

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.topic == 1)


def gold_arrays(corpus: Corpus) -> Gold:
    """The gold arrays of a corpus, in its order."""
    taxonomy = corpus.taxonomy
    position = {name: column for column, name in enumerate(taxonomy.topic_names)}
    stance_index = {name: index for index, name in enumerate(taxonomy.stances)}
    topic = np.full((len(corpus), taxonomy.n_topics), NOT_JUDGED, dtype=np.int8)
    stance = np.full_like(topic, NOT_JUDGED)
    holders = []
    for row, example in enumerate(corpus.examples):
        spans: list[tuple[bool, str | None]] = [(False, None)] * taxonomy.n_topics
        if example.labels is not None:
            judged = taxonomy.topic_names if example.labelled is None else example.labelled
            topic[row, [position[name] for name in judged]] = 0
            for label in example.labels:
                column = position[label.topic]
                topic[row, column] = 1
                if label.stance is not None:
                    stance[row, column] = stance_index[label.stance]
                spans[column] = (label.holder_judged, label.holder)
        holders.append(tuple(spans))
    return Gold(topic, stance, tuple(holders))
