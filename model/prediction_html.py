"""Predictions as a notebook shows them: the text with holders and evidence marked, beside it each topic with its
stance and who holds it.

Everything of the text is escaped. Styles are inline, since notebooks drop style sheets, and take
their colours from the page, so that they hold on a light and on a dark one.
"""

import itertools
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from communique.model.predictions import Prediction, Predictions, TopicPrediction

# The first two stances of a taxonomy are its poles; the shape tells them apart without colour.
SHAPES = ("▲", "▼")
_BLOCK = "max-width:48em;margin:0 0 1em;line-height:1.5"
_CHIP = "display:inline-block;border:1px solid currentColor;border-radius:1em;padding:0 .6em;margin:0 .4em .3em 0"
_QUIET = "opacity:.65;font-size:.85em"
_MARKS = {
    "evidence": "text-decoration:underline;text-decoration-thickness:2px;text-underline-offset:3px",
    "holder": "background:rgba(230,170,40,.32);font-weight:600",
}


def predictions_html(predictions: "Predictions") -> str:
    """The paragraphs one below the other, and what the marks mean."""
    if not predictions:
        return "<em>no paragraphs</em>"
    legend = " ".join(f'<span style="{style}">{kind}</span>' for kind, style in _MARKS.items())
    blocks = "".join(prediction_html(prediction) for prediction in predictions)
    return f'<div>{blocks}<div style="{_QUIET}">{legend}</div></div>'


def prediction_html(prediction: "Prediction") -> str:
    """One paragraph: its topics as chips, its text with holders and evidence marked."""
    chips = "".join(f'<span style="{_CHIP}">{_chip(topic)}</span>' for topic in prediction.topics)
    flags = [name for name in ("abstained", "truncated") if getattr(prediction, name)]
    sure = f"confidence {prediction.confidence:.2f}" + "".join(f" · {flag}" for flag in flags)
    text = "".join(_piece(piece, kinds) for piece, kinds in marked_pieces(prediction))
    return (
        f'<div style="{_BLOCK}"><div><span style="{_QUIET}">{prediction.index}</span> {chips}'
        f'<span style="{_QUIET}">{sure}</span></div><div style="white-space:pre-wrap">{text}</div></div>'
    )


def marked_pieces(prediction: "Prediction") -> list[tuple[str, frozenset[str]]]:
    """The text cut where marks begin and end: each piece with the kinds of mark on it."""
    marks: list[tuple[int, int, str]] = []
    for topic in prediction.topics:
        if topic.holder is not None:
            marks.append((topic.holder.start, topic.holder.end, "holder"))
        if topic.evidence and (start := prediction.text.find(topic.evidence)) >= 0:
            marks.append((start, start + len(topic.evidence), "evidence"))
    cuts = sorted({0, len(prediction.text), *(place for start, end, _ in marks for place in (start, end))})
    return [
        (prediction.text[a:b], frozenset(kind for start, end, kind in marks if start <= a and b <= end))
        for a, b in itertools.pairwise(cuts)
    ]


def _chip(topic: "TopicPrediction") -> str:
    stance = ""
    if topic.stance is not None:
        shape = _shape(topic.stance, list(topic.stances))
        stance = f" <b>{shape} {escape(topic.stance)}</b> {topic.stances[topic.stance]:.2f}"
    holder = "" if topic.holder is None else f" by {escape(topic.holder.text)}"
    return f"{escape(topic.name.replace('_', ' '))} {topic.probability:.2f}{stance}{holder}"


def _shape(stance: str, stances: Sequence[str]) -> str:
    place = stances.index(stance)
    return SHAPES[place] if place < len(SHAPES) else "●"


def _piece(text: str, kinds: frozenset[str]) -> str:
    style = ";".join(_MARKS[kind] for kind in sorted(kinds))
    return f'<span style="{style}">{escape(text)}</span>' if style else escape(text)
