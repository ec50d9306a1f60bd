"""Any family exported to ONNX at inference: tokenise, bucket by length, run, put windows together.

The graph takes `input_ids` and `attention_mask` (batch, length) and returns `topic_logits`
(batch, n_topics), `stance_logits` (batch, n_topics, n_stances) and, if it has them,
`holder_logits` (batch, n_topics, length, 2) and `evidence` (batch, n_topics, length).
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from communique.model.classifier import Scores, softmax
from communique.model.predictions import Span
from communique.model.spans import evidence_span, holder_span
from communique.model.taxonomy import Taxonomy
from communique.model.texts import TitledText
from communique.model.windows import Window, windows_of

GRAPH_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"


class OnnxClassifier:
    """An ONNX Runtime session of one thread with its tokenizer, run on several batches at a time.

    `batch_size` windows run together, sorted by length; `max_length` counts tokens with the
    special ones. Batches depend on the order of the texts alone. With a batch size of 1 nothing is
    padded and the scores of a text depend on that text alone, bit for bit; on two cores it is as
    fast as batches of 8, because each core has a batch of its own.
    """

    def __init__(
        self,
        session: Any,
        tokenizer: Any,
        taxonomy: Taxonomy,
        max_length: int,
        batch_size: int,
        pad_id: int,
        threads: int = 1,
    ) -> None:
        self._session = session
        self._pool = ThreadPoolExecutor(threads, "onnx")
        self._tokenizer = tokenizer
        self._taxonomy = taxonomy
        self._batch_size = batch_size
        self._pad_id = pad_id
        self._spans = {"holder_logits", "evidence"} <= {output.name for output in session.get_outputs()}
        self._prefix, self._suffix = special_tokens(tokenizer)
        self._room = max_length - len(self._prefix) - len(self._suffix)

    def scores(self, texts: Sequence[str]) -> Scores:
        """Score texts. A text over several windows takes, for each topic, the window that is surest
        of the topic, and stance, holder and evidence from that window."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        windows, truncated = windows_of([len(encoding.ids) for encoding in encodings], self._room)
        run = self._run([encodings[w.text].ids[w.start : w.end] for w in windows])
        chosen = surest_windows(windows, run.topic_logits, len(texts))
        columns = np.arange(self._taxonomy.n_topics)
        holders: list[tuple[Span | None, ...]] = []
        evidence: list[tuple[Span | None, ...]] = []
        for row, text in enumerate(texts) if self._spans else ():
            begin = text.start if isinstance(text, TitledText) else 0
            places = [windows[number] for number in chosen[row]]
            offsets = [encodings[row].offsets[place.start : place.end] for place in places]
            found = list(zip(range(len(places)), chosen[row], offsets, strict=True))
            holders.append(tuple(holder_span(run.holder[n][t], text, spans, begin) for t, n, spans in found))
            evidence.append(tuple(evidence_span(run.evidence[n][t], text, spans, begin) for t, n, spans in found))
        return Scores(
            run.topic_logits[chosen, columns],
            softmax(run.stance_logits[chosen, columns]).astype(np.float32),
            np.array(truncated, dtype=np.bool_),
            tuple(holders) if self._spans else None,
            tuple(evidence) if self._spans else None,
        )

    def _run(self, sequences: list[list[int]]) -> "_Outputs":
        n_topics, n_stances = self._taxonomy.n_topics, self._taxonomy.n_stances
        outputs = _Outputs(
            np.zeros((len(sequences), n_topics), dtype=np.float32),
            np.zeros((len(sequences), n_topics, n_stances), dtype=np.float32),
            [np.zeros(0, dtype=np.float32)] * len(sequences),
            [np.zeros(0, dtype=np.float32)] * len(sequences),
        )
        names = ["topic_logits", *(["stance_logits"] if n_stances else [])]
        names += ["holder_logits", "evidence"] if self._spans else []
        # The longest first, so that no long batch is left for one thread at the end.
        order = sorted(range(len(sequences)), key=lambda i: -len(sequences[i]))
        batches = [order[start : start + self._batch_size] for start in range(0, len(order), self._batch_size)]
        runs = self._pool.map(
            lambda batch: self._session.run(names, self._feed([sequences[i] for i in batch])), batches
        )
        for batch, arrays in zip(batches, runs, strict=True):
            results = dict(zip(names, arrays, strict=True))
            outputs.topic_logits[batch] = results["topic_logits"]
            if n_stances:
                outputs.stance_logits[batch] = results["stance_logits"]
            for row, number in enumerate(batch) if self._spans else ():
                outputs.holder[number] = results["holder_logits"][row]
                outputs.evidence[number] = results["evidence"][row]
        return outputs

    def _feed(self, sequences: list[list[int]]) -> dict[str, npt.NDArray[np.int64]]:
        framed = [self._prefix + sequence + self._suffix for sequence in sequences]
        width = max(len(sequence) for sequence in framed)
        ids = np.full((len(framed), width), self._pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, sequence in enumerate(framed):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        return {"input_ids": ids, "attention_mask": mask}


@dataclass(frozen=True)
class _Outputs:
    """The graph's outputs for m windows; holder and evidence keep the padding of their batch."""

    topic_logits: npt.NDArray[np.float32]
    stance_logits: npt.NDArray[np.float32]
    holder: list[npt.NDArray[np.float32]]
    evidence: list[npt.NDArray[np.float32]]


def special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The tokens that the tokenizer puts before and after a text."""
    probe = tokenizer.encode("a")
    content = [i for i, special in enumerate(probe.special_tokens_mask) if not special]
    if not content:
        return probe.ids, []
    return probe.ids[: content[0]], probe.ids[content[-1] + 1 :]


def surest_windows(windows: list[Window], topic_logits: npt.NDArray[np.float32], n_texts: int) -> npt.NDArray[np.int64]:
    """For each text and topic the number of the window with the highest logit, (n_texts, n_topics)."""
    chosen = np.full((n_texts, topic_logits.shape[1]), -1, dtype=np.int64)
    columns = np.arange(topic_logits.shape[1])
    for number, window in enumerate(windows):
        current = chosen[window.text]
        better = (current < 0) | (topic_logits[number] > topic_logits[current, columns])
        chosen[window.text] = np.where(better, number, current)
    return chosen


def usable_cores() -> int:
    """The cores that this process may use: a container, or Spark and Ray through OMP_NUM_THREADS, may give
    it fewer than there are."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, max(1, int(told))) if told.isdecimal() else cores


def load_onnx(
    folder: Path, taxonomy: Taxonomy, max_length: int, batch_size: int, pad_id: int, threads: int | None
) -> OnnxClassifier:
    """Open the graph and the tokenizer of a bundle; `threads` None uses every core the process may use."""
    import onnxruntime as ort
    from tokenizers import Tokenizer

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(folder / GRAPH_FILE), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return OnnxClassifier(session, tokenizer, taxonomy, max_length, batch_size, pad_id, threads or usable_cores())
