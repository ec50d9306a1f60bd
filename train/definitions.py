"""What a definition says about paragraphs that nobody judged: `encoder.soft_labels = "definitions"`.

For a topic without labels the cosine of a sentence encoder between paragraph and definition is the best guess there is
(Reimers & Gurevych 2019). It becomes a soft label: the nearest paragraphs, as many as the share the config expects, are
more likely on the topic than not. Where the encoder goes on from an earlier one, that one's stances are the soft labels
of the stance, so that learning to find a topic does not unlearn them (Li & Hoiem 2016).
"""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from communique.model.classifier import sigmoid, softmax
from communique.model.corpus import Corpus
from communique.model.gold import gold_arrays
from communique.train.backbone import load_backbone
from communique.train.config import TrainingConfig
from communique.train.encoder_data import Collator
from communique.train.encoder_model import Encoder
from communique.train.encoder_start import is_encoder
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
    """
    judged = gold_arrays(corpus).judged
    topic = np.full(judged.shape, np.nan, dtype=np.float32)
    stance = np.full((*judged.shape, corpus.taxonomy.n_stances), np.nan, dtype=np.float32)
    if not judged.all():
        nearness = cosines(corpus.texts, [one.definition for one in corpus.taxonomy.topics])
        topic = np.where(judged, np.nan, likely(nearness, config.encoder.definition_share)).astype(np.float32)
        if is_encoder(config.model.backbone) and corpus.taxonomy.n_stances:
            own = own_stances(encoder, tokenizer, texts, config.model.max_length)
            stance = np.where(judged[..., None], np.nan, own).astype(np.float32)
    log.info("definitions stand for labels on %d of %d paragraphs", int((~judged).any(axis=1).sum()), len(corpus))
    return SoftLabels(topic, stance)


def cosines(texts: list[str], definitions: list[str]) -> npt.NDArray[np.float32]:
    """How near each text is to each definition, (n, t)."""
    backbone, tokenizer = load_backbone(SENTENCES)
    encoder = SentenceEncoder(backbone).eval()
    paragraphs, topics = (embed(rows, encoder, tokenizer, 256, SENTENCES) for rows in (texts, definitions))
    return np.asarray(paragraphs @ topics.T)


def likely(nearness: npt.NDArray[np.float32], share: float) -> npt.NDArray[np.float64]:
    """Probabilities that rise with the cosine (n, t) and pass one half for the nearest `share` of each topic."""
    bar = np.quantile(nearness, 1 - share, axis=0)
    spread = nearness.std(axis=0) + 1e-6
    return sigmoid(SLOPE * (nearness - bar) / spread)


@torch.no_grad()
def own_stances(encoder: Encoder, tokenizer: Any, texts: Sequence[str], max_length: int) -> npt.NDArray[np.float32]:
    """The encoder's stance distributions (n, t, s) before it learns on; texts are cut as in training."""
    encoder.eval()
    rows = [{"input_ids": ids} for ids in tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]]
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]["input_ids"]))
    collate = Collator(tokenizer.pad_token_id)
    found = np.zeros((len(rows), encoder.config.n_topics, encoder.config.n_stances), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        found[chosen] = softmax(encoder(**collate([rows[row] for row in chosen])).stance_logits.float().numpy())
    return found
