"""A topic the encoder never saw labels of: by its definition alone, and from 8, 32 and 128 labelled paragraphs.

`make bench-new-topic`, into benchmarks.md. For each topic an encoder is trained on the corpus without that topic's
labels (cached), then goes on from there with its definition (`encoder.soft_labels = "definitions"`) on unlabelled
paragraphs and with n labelled ones, half of them on the topic. Beside it, on the same labelled paragraphs: the same
MiniLM frozen under logistic regression, TF-IDF under logistic regression, and for no labels at all the cosine between
paragraph and definition. Measured on both test splits pooled, at thresholds of one half.
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from cells import CACHE, ROOT
from few_shot import Found, cosine, draw, evaluate_found, frozen_heads, tfidf_heads
from report import markdown, replace_section

from communique.model.corpus import Corpus, Example
from communique.model.taxonomy import Taxonomy
from communique.train import definitions
from communique.train.config import TrainingConfig
from communique.train.config_file import load_config
from communique.train.data import Splits, load_splits
from communique.train.encoder import fine_tune
from communique.train.encoder_start import save_encoder

COUNTS = (0, 8, 32, 128)
DRAWS = 3
UNLABELLED = 2000
BASE = ["encoder.soft_labels=none", "encoder.epochs=2"]
FEW = [
    "encoder.soft_labels=definitions",
    "encoder.distillation=1.0",
    "encoder.epochs=3",
    "encoder.keep=last",
    "encoder.learning_rate=1e-4",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="*", help="the topics to leave out in turn; all of them by default")
    options = parser.parse_args()
    splits = load_splits(load_config(ROOT / "configs" / "encoder.toml"))
    topics = options.topics or list(splits.taxonomy.topic_names)
    cells = {name: dict(measured(name, splits)) for name in topics}
    replace_section(ROOT / "benchmarks.md", "new-topic", "\n" + "\n".join(table(name, cells[name]) for name in topics))


def measured(name: str, splits: Splits) -> Iterator[tuple[str, list[Found]]]:
    """(row, results of its draws) for one left-out topic; each cell is kept in the cache."""
    target = narrowed(splits.taxonomy, [name])
    pool, held_out = only_topic(splits.train, target), pooled(splits, target)
    chosen = np.random.default_rng(0).permutation(len(pool))[:UNLABELLED]
    unlabelled = tuple(replace(pool.examples[row], labels=None) for row in chosen)
    base = base_encoder(name, splits)
    config = load_config(ROOT / "configs" / "encoder.toml", [*FEW, f"model.backbone={base}"])
    sources = [Path(__file__), Path(__file__).with_name("few_shot.py"), Path(definitions.__file__)]
    code = "".join(path.read_text("utf-8") for path in sources) + config.encoder.model_dump_json()
    key = hashlib.sha256(f"{splits.sha256} {name} {code}".encode()).hexdigest()[:16]
    store = CACHE / "new-topic" / f"{key}.json"
    done: dict[str, list[list[float]]] = json.loads(store.read_text("utf-8")) if store.is_file() else {}
    for n in COUNTS:
        for draw_number in range(DRAWS if n else 1):
            few = draw(pool, n, draw_number)
            rows = {"ours": lambda few=few: few_shot(few, unlabelled, held_out, config)}
            if n:
                rows |= {"frozen MiniLM": lambda few=few: frozen_heads(few, held_out)}
                rows |= {"TF-IDF": lambda few=few: tfidf_heads(few, held_out)}
            else:
                rows |= {"cosine to the definition": lambda: cosine(target.topics[0].definition, held_out)}
            for row, run in rows.items():
                results = done.setdefault(f"{row}|{n}", [])
                if len(results) <= draw_number:
                    results.append(list(evaluate_found(*run(), held_out)))
                    store.parent.mkdir(parents=True, exist_ok=True)
                    store.write_text(json.dumps(done), encoding="utf-8")
    for row, results in done.items():
        yield row, [Found(*one) for one in results]


def base_encoder(name: str, splits: Splits) -> Path:
    """An encoder trained on the corpus without one topic's labels."""
    config = load_config(ROOT / "configs" / "encoder.toml", BASE)
    key = hashlib.sha256(f"{splits.sha256} {name} {config.encoder.model_dump_json()}".encode()).hexdigest()[:16]
    folder = CACHE / "new-topic" / f"base-{key}"
    if not (folder / "model.safetensors").is_file():
        others = narrowed(splits.taxonomy, [one for one in splits.taxonomy.topic_names if one != name])
        parts = {part: only_topic(splits.parts[part], others) for part in ("train", "validation")}
        with tempfile.TemporaryDirectory() as checkpoints:
            encoder, tokenizer, _ = fine_tune(replace(splits, parts=parts, taxonomy=others), config, Path(checkpoints))
        save_encoder(encoder, tokenizer, folder)
    return folder


def few_shot(
    few: Corpus, unlabelled: tuple[Example, ...], held_out: Corpus, config: TrainingConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Topic scores (n,), above 0 where it says yes, and stance probabilities (n, s) of an encoder that went on with a
    few labelled paragraphs."""
    taxonomy = held_out.taxonomy
    validation = Corpus(unlabelled[:100], taxonomy)  # picks nothing: the last epoch is kept
    parts = {"train": few, "validation": validation}
    splits = Splits(parts, taxonomy, with_title=False, sha256=few.sha256, unlabelled=unlabelled)
    with tempfile.TemporaryDirectory() as checkpoints:
        encoder, tokenizer, _ = fine_tune(splits, config, Path(checkpoints))
    topic, stance = definitions.own_scores(encoder, tokenizer, held_out.texts, config.model.max_length)
    return topic[:, 0] - 0.5, stance[:, 0]


def narrowed(taxonomy: Taxonomy, names: list[str]) -> Taxonomy:
    """The taxonomy with some of its topics."""
    topics = tuple(topic for topic in taxonomy.topics if topic.name in names)
    return Taxonomy(name=taxonomy.name, stances=taxonomy.stances, topics=topics)


def only_topic(corpus: Corpus, taxonomy: Taxonomy) -> Corpus:
    """The corpus as if nobody had asked for other topics than the taxonomy's."""
    examples = tuple(
        replace(
            example,
            labels=tuple(label for label in example.labels or () if label.topic in taxonomy.topic_names),
            labelled=None
            if example.labelled is None
            else tuple(name for name in example.labelled if name in taxonomy.topic_names),
        )
        for example in corpus.examples
    )
    return Corpus(examples, taxonomy)


def pooled(splits: Splits, taxonomy: Taxonomy) -> Corpus:
    """Both test splits."""
    parts = [only_topic(splits.parts[name], taxonomy).examples for name in ("test", "test_settings")]
    return Corpus((*parts[0], *parts[1]), taxonomy)


def table(name: str, cells: dict[str, list[Found]]) -> str:
    """One topic's rows: average precision, F1 and stance macro-F1, mean and range of the draws."""
    rows = []
    for key, found in cells.items():
        row, n = key.split("|")
        rows.append([n, row, *(spread([getattr(one, field) for one in found]) for field in Found._fields)])
    titles = ["labelled paragraphs", "model", "average precision", "F1 at one half", "stance macro-F1, topic given"]
    return f"**{name}**\n\n" + markdown(titles, rows)


def spread(values: list[float]) -> str:
    if any(np.isnan(values)):
        return "–"
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.3f}–{max(values):.3f})"


if __name__ == "__main__":
    main()
