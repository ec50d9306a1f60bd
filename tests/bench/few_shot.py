"""Few labels: which paragraphs are drawn, what simple models make of them, and how a result is measured."""

import functools
from typing import NamedTuple

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score

from communique.model.corpus import Corpus
from communique.model.gold import gold_arrays
from communique.train.backbone import load_backbone
from communique.train.frozen import SentenceEncoder

Scored = tuple[np.ndarray, np.ndarray | None]


class Found(NamedTuple):
    """Average precision and F1 of the topic, and macro-F1 of the stance where the topic is (NaN: none is given)."""

    average_precision: float
    f1: float
    stance: float


def draw(pool: Corpus, n: int, number: int) -> Corpus:
    """n paragraphs of a one-topic corpus: half on the topic, its stances by turns, half not."""
    generator = np.random.default_rng(number)
    gold = gold_arrays(pool)
    by_stance = [generator.permutation(np.flatnonzero(gold.stance[:, 0] == s)) for s in range(pool.taxonomy.n_stances)]
    positive = [rows[turn] for turn in range(n) for rows in by_stance if turn < len(rows)][: n // 2]
    negative = generator.permutation(np.flatnonzero(gold.topic[:, 0] == 0))[: n - n // 2]
    return pool.only([*positive, *negative])


def evaluate_found(topic: np.ndarray, stance: np.ndarray | None, held_out: Corpus) -> Found:
    """Measure scores of the topic (n,), above 0 where it is said to be, and probabilities of its stances (n, s)."""
    gold = gold_arrays(held_out)
    judged, on = gold.judged[:, 0], gold.stance[:, 0] >= 0
    precision = average_precision_score(gold.present[judged, 0], topic[judged])
    f1 = f1_score(gold.present[judged, 0], topic[judged] > 0)
    if stance is None:
        return Found(float(precision), float("nan"), float("nan"))
    macro = f1_score(gold.stance[on, 0], stance[on].argmax(axis=1), average="macro")
    return Found(float(precision), float(f1), float(macro))


def cosine(definition: str, held_out: Corpus) -> Scored:
    """No labels: how near the definition a paragraph is, for the same MiniLM."""
    return embedded(tuple(held_out.texts)) @ embedded((definition,))[0], None


def frozen_heads(few: Corpus, held_out: Corpus) -> Scored:
    """Logistic regression on sentence embeddings."""
    return heads(embedded(tuple(few.texts)), embedded(tuple(held_out.texts)), few)


def tfidf_heads(few: Corpus, held_out: Corpus) -> Scored:
    """Logistic regression on TF-IDF of words and word pairs."""
    vectoriser = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return heads(vectoriser.fit_transform(few.texts), vectoriser.transform(held_out.texts), few)


def heads(train: np.ndarray, test: np.ndarray, few: Corpus) -> Scored:
    """One regression for the topic and one for the stance."""
    gold = gold_arrays(few)
    on = np.flatnonzero(gold.stance[:, 0] >= 0)
    topic = LogisticRegression(C=10.0, class_weight="balanced").fit(train, gold.topic[:, 0])
    stance = LogisticRegression(C=10.0, class_weight="balanced").fit(train[on], gold.stance[on, 0])
    probability = np.zeros((test.shape[0], few.taxonomy.n_stances))
    probability[:, stance.classes_] = stance.predict_proba(test)
    return topic.decision_function(test), probability


@functools.cache
def embedded(texts: tuple[str, ...]) -> np.ndarray:
    """Sentence embeddings of the embedded MiniLM, (n, d), of length one."""
    backbone, tokenizer = load_backbone("embedded")
    encoder = SentenceEncoder(backbone).train(False)
    parts = []
    for start in range(0, len(texts), 32):
        batch = tokenizer(
            list(texts[start : start + 32]), padding=True, truncation=True, max_length=256, return_tensors="pt"
        )
        with torch.no_grad():
            parts.append(encoder(batch["input_ids"], batch["attention_mask"]).numpy())
    return np.concatenate(parts)
