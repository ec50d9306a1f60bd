"""Failure cases for the model card: what the model got wrong while it was sure."""

import textwrap

import numpy as np

from communique.model.calibration import Decisions, decide
from communique.model.taxonomy import Taxonomy
from communique.model.texts import Example
from communique.train.assessment import Assessment

EXCERPT = 240


def failure_cases(assessment: Assessment, count: int = 4) -> list[str]:
    """The `count` most confident wrong paragraphs of a split, an article once, as Markdown list items."""
    judged, corpus = assessment.judged, assessment.corpus
    decisions = decide(assessment.scores, assessment.calibration, corpus.taxonomy)
    lines: list[str] = []
    articles: set[str] = set()
    for row in np.argsort(-judged.confidence):
        example = corpus.examples[row]
        if not judged.error[row] or not judged.countable[row] or example.article in articles:
            continue
        articles.add(example.article)
        text = textwrap.shorten(example.text, EXCERPT, placeholder=" …")
        said = _said(decisions, int(row), corpus.taxonomy)
        lines.append(
            f"- “{text}” Labelled {_labelled(example)}; the model said {said}, sure to {judged.confidence[row]:.2f}."
        )
        if len(lines) == count:
            break
    return lines


def _labelled(example: Example) -> str:
    return ", ".join(f"{label.topic} {label.stance or ''}".strip() for label in example.labels or ()) or "none"


def _said(decisions: Decisions, row: int, taxonomy: Taxonomy) -> str:
    names = [
        f"{topic.name} {taxonomy.stances[decisions.stance_index[row, column]] if topic.stance else ''}".strip()
        for column, topic in enumerate(taxonomy.topics)
        if decisions.present[row, column]
    ]
    return ", ".join(names) or "none"
