"""Spans read off token scores: who holds the stance, and the sentence that carries it."""

import re

import numpy as np
import numpy.typing as npt

from communique.model.predictions import Span

MAX_HOLDER_TOKENS = 20
SENTENCE_END = re.compile(r"""[.!?…]["'”’»)\]]*\s+(?=["'“‘«(\[]*\w)|(?:\r?\n)+""")
OPENING = "\"'“‘«(["
ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Gen|Col|Lt|Maj|Sgt|Sen|Rep|Gov|Prof|St|No|vs|Jan|Feb|Aug|Sept|Oct|Nov|Dec|[A-Z])\.$"
)
Offsets = list[tuple[int, int]]


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) code points of the sentences of a text, in order, covering all but blank edges."""
    bounds, start = [], 0
    for match in SENTENCE_END.finditer(text):
        end = match.start() + len(match.group().rstrip())
        goes_on = "\n" not in match.group() and not _opens(text, match.end())
        if goes_on or ABBREVIATION.search(text[start:end]):
            continue
        bounds.append((start, end))
        start = match.end()
    bounds.append((start, len(text)))
    return [(a, b) for a, b in ((_lstrip(text, a, b), b) for a, b in bounds) if text[a:b].strip()]


def _opens(text: str, at: int) -> bool:
    """Whether a sentence may begin here: with a capital of any alphabet or a figure."""
    first = text[at : at + 8].lstrip(OPENING)[:1]
    return first.isupper() or first.isdigit()


def _lstrip(text: str, start: int, end: int) -> int:
    return start + len(text[start:end]) - len(text[start:end].lstrip())


def holder_span(logits: npt.NDArray[np.float32], text: str, offsets: Offsets, begin: int = 0) -> Span | None:
    """The likeliest holder from start and end logits (l, 2) over [no holder, token, token, …].

    `offsets` are the tokens' code points in the text; a span lies behind `begin` and counts from there.
    None where "no holder" scores at least as high as every span of at most MAX_HOLDER_TOKENS tokens.
    """
    starts, ends = logits[1 : len(offsets) + 1, 0], logits[1 : len(offsets) + 1, 1]
    if len(starts) == 0:
        return None
    pairs = starts[:, None] + ends[None, :]
    allowed = np.triu(np.ones(pairs.shape, dtype=bool)) & ~np.triu(np.ones(pairs.shape, dtype=bool), MAX_HOLDER_TOKENS)
    allowed &= np.array([start >= begin for start, _ in offsets])[:, None]
    pairs = np.where(allowed, pairs, -np.inf)
    first, last = np.unravel_index(int(pairs.argmax()), pairs.shape)
    if logits[0].sum() >= pairs[first, last]:
        return None
    start, end = offsets[first][0], offsets[last][1]
    start = _lstrip(text, start, end)  # some tokenizers count the space before a word as its first character
    return Span(text[start:end], start - begin, end - begin)


def evidence_span(weights: npt.NDArray[np.float32], text: str, offsets: Offsets, begin: int = 0) -> Span | None:
    """The sentence with the most weight of those behind `begin`; `weights` (l,) stand for [first token, token, …]."""
    middles = np.array([(start + end) / 2 for start, end in offsets]) - begin
    mass = weights[1 : len(offsets) + 1]
    best, most = None, -1.0
    paragraph = text[begin:]
    for start, end in sentences(paragraph):
        total = float(mass[(middles >= start) & (middles < end)].sum())
        if total > most:
            best, most = Span(paragraph[start:end], start, end), total
    return best
