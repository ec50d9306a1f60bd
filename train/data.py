"""The data of one run: the corpus the config names, checked and split, unlabelled paragraphs apart."""

import csv
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from communique.model.bundle import input_text
from communique.model.corpus import Corpus, corpus_from_rows, read_corpus
from communique.model.errors import DataError
from communique.model.gold import gold_arrays
from communique.model.tables import Problem, Row
from communique.model.taxonomy import Taxonomy
from communique.model.texts import Example
from communique.train.config import CorpusConfig, TrainingConfig
from communique.train.splits import article_groups, draw_splits, read_splits, split_corpus

log = logging.getLogger(__name__)
LABELLED_SHARE = 0.15  # labelled paragraphs for each unlabelled one in an epoch, at least: a few would drown
EMBEDDED = Path(__file__).parent / "corpus"
SOFT_LABELS = EMBEDDED / "soft-labels.csv"


@dataclass(frozen=True)
class Splits:
    """The corpora of a run by split name; `train` and `validation` are always there. The `unlabelled` paragraphs are
    of no split; soft labels teach with them, those of the file that hashes to `teacher_sha256`."""

    parts: dict[str, Corpus]
    taxonomy: Taxonomy
    with_title: bool
    sha256: str
    unlabelled: tuple[Example, ...] = ()
    teacher_sha256: str | None = None

    @property
    def train(self) -> Corpus:
        return self.parts["train"]

    @property
    def validation(self) -> Corpus:
        return self.parts["validation"]

    @property
    def held_out(self) -> dict[str, Corpus]:
        """Every split that nothing is fitted to."""
        return {name: part for name, part in self.parts.items() if name not in ("train", "validation")}

    @property
    def with_unlabelled(self) -> "Splits":
        """The same with the unlabelled paragraphs in the training split; labelled ones are repeated if need be."""
        times = max(1, round(LABELLED_SHARE * len(self.unlabelled) / max(1, len(self.train))))
        train = Corpus((*(self.train.examples * times), *self.unlabelled), self.taxonomy)
        return replace(self, parts={**self.parts, "train": train})

    def inputs(self, name: str) -> list[str]:
        """A split's texts as the classifier reads them."""
        return [input_text(example.text, example.title, self.with_title) for example in self.parts[name].examples]


def load_splits(config: TrainingConfig) -> Splits:
    """Read, check and split the corpus of a config.

    Raises:
        DataError: the labelled data break the contract, or a split is empty.
    """
    taxonomy = config.corpus.load_taxonomy()
    corpus = judged_on(config.corpus.labelled, load_corpus(config.corpus, taxonomy))
    warn_of_topics_without_labels(corpus)
    labelled = corpus.only(i for i, example in enumerate(corpus.examples) if example.labels is not None)
    if not len(labelled):
        raise DataError("no paragraph has labels: expected some for training and validation (`labels: []` is none)")
    split_file = EMBEDDED / "splits.csv" if config.corpus.embedded else config.corpus.splits
    if split_file is not None:
        assignment = read_splits(split_file)
    else:
        held_out = {"validation": config.split.validation, "test": config.split.test}
        fractions = {
            "train": 1.0 - sum(held_out.values()),
            **{name: share for name, share in held_out.items() if share},
        }
        assignment = draw_splits(labelled, fractions, config.split.seed)
    parts = split_corpus(labelled, assignment)
    for needed in ("train", "validation"):
        if needed not in parts:
            raise DataError(f"the {needed} split is empty: label more articles, or correct {split_file or '[split]'}")
    log.info("corpus: %s", ", ".join(f"{name} {len(part)}" for name, part in parts.items()))
    unlabelled = free_of_held_out(corpus, assignment) if len(labelled) < len(corpus) else ()
    return Splits(parts, taxonomy, config.model.title, corpus.sha256, unlabelled, teacher_sha256(config))


def soft_label_file(config: TrainingConfig) -> Path | None:
    """The CSV of a teacher's soft labels that a config names, if it names one."""
    source = config.encoder.soft_labels
    if config.model.family != "encoder" or source in ("none", "definitions"):
        return None
    return SOFT_LABELS if source == "embedded" else Path(source)


def teacher_sha256(config: TrainingConfig) -> str | None:
    """The hash of that file; None also where it is missing, which is refused when it is read."""
    path = soft_label_file(config)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path is not None and path.is_file() else None


def judged_on(topics: tuple[str, ...] | None, corpus: Corpus) -> Corpus:
    """The corpus with labelled paragraphs that do not say what they were judged on judged on these topics alone.

    Raises:
        DataError: a topic is not in the taxonomy, or the topics exclude each other.
    """
    if topics is None:
        return corpus
    known = corpus.taxonomy.topic_names
    if unknown := sorted(set(topics) - set(known)):
        raise DataError(f"[corpus] labelled names {', '.join(unknown)}; expected topics among {', '.join(known)}")
    if corpus.taxonomy.exclusive:
        raise DataError("[corpus] labelled is for topics that may stand together; the taxonomy is exclusive")

    def said(example: Example) -> Example:
        if example.labels is None or example.labelled is not None:
            return example
        of_labels = {label.topic for label in example.labels}
        return replace(example, labelled=tuple(name for name in known if name in topics or name in of_labels))

    return Corpus(tuple(said(example) for example in corpus.examples), corpus.taxonomy)


def warn_of_topics_without_labels(corpus: Corpus) -> None:
    """A topic that nobody was asked about, and one that is nowhere, look alike in files that do not say `labelled`."""
    gold = gold_arrays(corpus)
    for column, name in enumerate(corpus.taxonomy.topic_names):
        judged = int(gold.judged[:, column].sum())
        if judged and not gold.present[:, column].any():
            log.warning(
                "no paragraph is labelled %s: all %d labelled ones count as off it. If nobody asked about "
                "it, name the topics that were judged in [corpus] labelled", name, judged,
            )  # fmt: skip


def free_of_held_out(corpus: Corpus, assignment: dict[str, str]) -> tuple[Example, ...]:
    """The unlabelled paragraphs that stand in no held-out article, nor in one that shares a text with one."""
    groups = article_groups(corpus)
    held_out = {
        group
        for group, example in zip(groups, corpus.examples, strict=True)
        if assignment.get(example.article, "train") != "train"
    }
    unlabelled = [i for i, example in enumerate(corpus.examples) if example.labels is None]
    kept = tuple(corpus.examples[i] for i in unlabelled if groups[i] not in held_out)
    log.info("%d unlabelled paragraphs, %d of them far from held-out articles: only soft labels teach with these",
             len(unlabelled), len(kept))  # fmt: skip
    return kept


def load_corpus(config: CorpusConfig, taxonomy: Taxonomy) -> Corpus:
    """The corpus a config names: the embedded one, files, or a `datasets` source."""
    if config.embedded:
        return _with_conflicts(read_corpus([EMBEDDED], taxonomy))
    if config.dataset is None:
        return read_corpus(list(config.paths), taxonomy, config.mapping)
    problems: list[Problem] = []
    return corpus_from_rows(_dataset_rows(config), taxonomy, config.mapping, problems)


def _dataset_rows(config: CorpusConfig) -> Iterator[Row]:
    from datasets import Dataset, DatasetDict, load_dataset

    try:
        loaded = load_dataset(config.dataset, **config.dataset_options)
    except Exception as error:  # datasets raises its own errors, OSError and ValueError alike
        raise DataError(
            f"datasets could not load {config.dataset!r}: {error}. Expected a hub name or a local path; "
            "further arguments go into [corpus.dataset_options]"
        ) from error
    parts: dict[str, Dataset] = dict(loaded) if isinstance(loaded, DatasetDict) else {"data": loaded}
    for name, part in parts.items():
        for line, values in enumerate(part, start=1):
            yield Row(f"{config.dataset}[{name}]", line, dict(values))


def _with_conflicts(corpus: Corpus) -> Corpus:
    """Replace the corpus' many spellings of `setting` by the conflicts of settings.csv."""
    with (EMBEDDED / "settings.csv").open(encoding="utf-8", newline="") as lines:
        conflicts = {row["setting"]: row["conflict"] for row in csv.DictReader(lines)}
    examples = tuple(
        replace(example, setting=conflicts.get(example.setting, example.setting)) for example in corpus.examples
    )
    return Corpus(examples, corpus.taxonomy)
