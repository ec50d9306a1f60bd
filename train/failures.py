"""Failure cases for the model card: what the model got wrong while it was sure."""

import textwrap

import numpy as np

from communique.model.calibration import Decisions, decide
from communique.model.taxonomy import Taxonomy
from communique.model.texts import Example
from communique.train.assessment import Assessment

EXCERPT = 240


def failure_cases(assessment: Assessment, count: int = 4) -> list[str]:
    """The most confident wrong paragraphs of a split, `count` of them, as Markdown list items: one of each kind of
    error first (a topic missed, one invented, a wrong stance), then others of further articles."""
    judged, corpus = assessment.judged, assessment.corpus
    decisions = decide(assessment.scores, assessment.calibration, corpus.taxonomy)
    wrong = [int(row) for row in np.argsort(-judged.confidence) if judged.error[row] and judged.countable[row]]
    kinds = {row: _kind(corpus.examples[row], decisions, row, corpus.taxonomy) for row in wrong}
    chosen = [row for rank, row in enumerate(wrong) if kinds[row] not in [kinds[one] for one in wrong[:rank]]][:count]
    for row in wrong:
        if len(chosen) < count and corpus.examples[row].article not in {corpus.examples[one].article for one in chosen}:
            chosen.append(row)
    lines = []
    for row in sorted(chosen, key=wrong.index):
        text = textwrap.shorten(corpus.examples[row].text, EXCERPT, placeholder=" …")
        said, labelled = _said(decisions, row, corpus.taxonomy), _labelled(corpus.examples[row])
        lines.append(f"- “{text}” Labelled {labelled}; the model said {said}, sure to {judged.confidence[row]:.2f}.")
    return lines


def _kind(example: Example, decisions: Decisions, row: int, taxonomy: Taxonomy) -> str:
    labelled = {label.topic for label in example.labels or ()}
    said = {name for column, name in enumerate(taxonomy.topic_names) if decisions.present[row, column]}
    if labelled - said:
        return "missed"
    return "invented" if said - labelled else "stance"


def _labelled(example: Example) -> str:
    return ", ".join(f"{label.topic} {label.stance or ''}".strip() for label in example.labels or ()) or "none"


def _said(decisions: Decisions, row: int, taxonomy: Taxonomy) -> str:
    names = [
        f"{topic.name} {taxonomy.stances[decisions.stance_index[row, column]] if topic.stance else ''}".strip()
        for column, topic in enumerate(taxonomy.topics)
        if decisions.present[row, column]
    ]
    return ", ".join(names) or "none"
