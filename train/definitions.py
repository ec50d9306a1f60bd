"""What a definition says about paragraphs that nobody judged: `encoder.soft_labels = "definitions"`.

For a topic without labels the cosine of a sentence encoder between paragraph and definition is the best guess there is
(Reimers & Gurevych 2019). It becomes a soft label: the nearest paragraphs, as many as the share the config expects, are
more likely on the topic than not. Where the encoder goes on from an earlier one, what that one says is the soft label
of the topics it knows and of every stance, so that learning a new topic does not unlearn them (Li & Hoiem 2016).
"""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from communique.model.classifier import sigmoid, softmax
from communique.model.corpus import Corpus
from communique.model.errors import ConfigError
from communique.model.gold import gold_arrays
from communique.train.backbone import load_backbone
from communique.train.config import TrainingConfig
from communique.train.encoder_data import Collator
from communique.train.encoder_model import Encoder
from communique.train.encoder_start import earlier_topics
from communique.train.frozen import SentenceEncoder, embed
from communique.train.soft_labels import SoftLabels

log = logging.getLogger(__name__)
SENTENCES = "embedded"  # all-MiniLM-L6-v2, whatever the backbone: a fine-tuned one is no sentence encoder any more
SLOPE = 3.0  # logits a standard deviation of the cosine: one above the bar is .95
BATCH = 32


def definition_labels(
    corpus: Corpus, texts: Sequence[str], encoder: Encoder, tokenizer: Any, config: TrainingConfig
) -> SoftLabels:
    """Soft labels for the (paragraph, topic) pairs that nobody judged, NaN for the others.

    Args:
        corpus: the paragraphs, unlabelled ones among them; `texts` are theirs as the encoder reads them.
        encoder: as it starts its training, with its tokenizer.

    Raises:
        ConfigError: the topics exclude each other, which a topic's nearness alone cannot respect.
    """
    taxonomy = corpus.taxonomy
    if taxonomy.exclusive:
        raise ConfigError('encoder.soft_labels = "definitions" is for topics that may stand together; the taxonomy '
                          'is exclusive: expected "none", or a CSV of a larger model')  # fmt: skip
    open_pairs = ~gold_arrays(corpus).judged
    topic = np.full(open_pairs.shape, np.nan, dtype=np.float32)
    stance = np.full((*open_pairs.shape, taxonomy.n_stances), np.nan, dtype=np.float32)
    if open_pairs.any():
        nearness = cosines(corpus.texts, [one.definition for one in taxonomy.topics])
        topic = likely(nearness, open_pairs, config.encoder.definition_share)
        known = earlier_topics(config.model.backbone)
        if known:
            own_topic, own_stance = own_scores(encoder, tokenizer, texts, config.model.max_length)
            kept = open_pairs & np.isin(taxonomy.topic_names, known)
            topic[kept] = own_topic[kept]
            taught = open_pairs & np.array(taxonomy.has_stance)
            stance[taught] = own_stance[taught]
    log.info("definitions stand for labels on %d of %d paragraphs", int(open_pairs.any(axis=1).sum()), len(corpus))
    return SoftLabels(topic, stance)


def cosines(texts: list[str], definitions: list[str]) -> npt.NDArray[np.float32]:
    """How near each text is to each definition, (n, t)."""
    backbone, tokenizer = load_backbone(SENTENCES)
    encoder = SentenceEncoder(backbone).eval()
    paragraphs, topics = (embed(rows, encoder, tokenizer, 256, SENTENCES) for rows in (texts, definitions))
    return np.asarray(paragraphs @ topics.T)


def likely(
    nearness: npt.NDArray[np.float32], open_pairs: npt.NDArray[np.bool_], share: float
) -> npt.NDArray[np.float32]:
    """Probabilities that rise with the cosine (n, t) and pass one half for the nearest `share` of each topic's
    unjudged paragraphs; NaN for the judged."""
    found = np.full(nearness.shape, np.nan, dtype=np.float32)
    for column in np.flatnonzero(open_pairs.any(axis=0)):
        rows = open_pairs[:, column]
        near = nearness[rows, column]
        found[rows, column] = sigmoid(SLOPE * (near - np.quantile(near, 1 - share)) / (near.std() + 1e-6))
    return found


@torch.no_grad()
def own_scores(
    encoder: Encoder, tokenizer: Any, texts: Sequence[str], max_length: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The encoder's topic probabilities (n, t) and stance distributions (n, t, s) before it learns on; texts are cut
    as in training."""
    encoder.train(False)
    rows = [{"input_ids": ids} for ids in tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]]
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]["input_ids"]))
    collate = Collator(tokenizer.pad_token_id)
    n_topics, n_stances = encoder.config.n_topics, encoder.config.n_stances
    topic = np.zeros((len(rows), n_topics), dtype=np.float32)
    stance = np.zeros((len(rows), n_topics, n_stances), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        output = encoder(**collate([rows[row] for row in chosen]))
        topic[chosen] = sigmoid(output.topic_logits.float().numpy())
        if n_stances:
            stance[chosen] = softmax(output.stance_logits.float().numpy())
    return topic, stance
