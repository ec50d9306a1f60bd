"""Evaluate bundles on labelled data from the command line: read, score, judge, tabulate."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from communique.model.assess import assess, check_taxonomy, evaluation_report
from communique.model.bundle import Bundle, load_bundle
from communique.model.columns import ColumnMapping
from communique.model.corpus import Corpus, read_corpus
from communique.model.errors import DataError
from communique.model.evaluation import METRICS, paired_differences
from communique.model.gold import gold_arrays
from communique.model.prior import observed_prior
from communique.model.tables import data_files, read_rows
from communique.serve.registry import resolve
from communique.serve.tagger import shifted_prior

DATA_PRIOR = "data"


def evaluate_bundle(name: str, data: Path, prior: str | None) -> dict[str, Any]:
    """The evaluation of one bundle, as `communique.model.assess.evaluation_report` gives it."""
    bundle = load_bundle(resolve(name))
    corpus = labelled_data(data, bundle)
    titles = [example.title for example in corpus.examples]
    scores = bundle.classifier.scores(bundle.inputs(corpus.texts, titles))
    return evaluation_report(scores, bundle.manifest.calibration, corpus, _prior(bundle, corpus, prior))


def compare_bundles(name_a: str, name_b: str, data: Path, prior: str | None) -> dict[str, Any]:
    """Metric differences A − B on the same paragraphs."""
    a, b = load_bundle(resolve(name_a)), load_bundle(resolve(name_b))
    check_taxonomy(a.taxonomy, b)
    corpus = labelled_data(data, a)
    judged_a, judged_b = (assess(bundle, corpus, _prior(bundle, corpus, prior)) for bundle in (a, b))
    return {
        "a": str(name_a),
        "b": str(name_b),
        "n_paragraphs": len(corpus),
        "n_articles": judged_a.n_articles,
        "metrics": paired_differences(judged_a, judged_b),
    }


def labelled_data(data: Path, bundle: Bundle) -> Corpus:
    """Read labelled data by the bundle's taxonomy; data shaped as the training data were are
    translated by the column mapping the bundle was trained with. Unlabelled paragraphs are left out."""
    stored = bundle.manifest.config.get("corpus", {}).get("mapping")
    mapping = ColumnMapping.model_validate(stored) if stored else None
    if mapping is not None:
        first = next(read_rows(data_files([data])[0], []), None)
        if first is None or "labels" in first.values or not mapping.fits(first.values):
            mapping = None
    corpus = read_corpus([data], bundle.taxonomy, mapping)
    labelled = corpus.only(i for i, example in enumerate(corpus.examples) if example.labels is not None)
    if len(labelled) == 0:
        raise DataError(f"{data} has no labelled paragraph among {len(corpus)}; `labels: []` says none of the topics")
    return labelled


def _prior(bundle: Bundle, corpus: Corpus, prior: str | None) -> npt.NDArray[np.float64] | None:
    if prior == DATA_PRIOR:
        return observed_prior(gold_arrays(corpus).topic)
    return shifted_prior(bundle, prior)


def table(report: dict[str, Any]) -> str:
    """An evaluation as aligned text."""
    lines = [f"{report['n_paragraphs']} paragraphs of {report['n_articles']} articles"]
    if report["truncated"]:
        lines[0] += f", {report['truncated']} of them longer than the model reads"
    for name in METRICS:
        if report[name] is not None:
            low, high = report["intervals"][name]
            lines.append(f"{name:24}{report[name]:7.3f}  [{low:.3f}, {high:.3f}]")
    lines += ["", f"{'pair':34}{'precision':>10}{'recall':>8}{'f1':>8}{'support':>9}"]
    for pair, row in report["per_pair"].items():
        cells = "".join(
            f"{'–' if row[key] is None else format(row[key], '.3f'):>{width}}"
            for key, width in (("precision", 10), ("recall", 8), ("f1", 8))
        )
        lines.append(f"{pair:34}{cells}{row['support']:>9}")
    return "\n".join(lines)


def difference_table(report: dict[str, Any]) -> str:
    """A comparison as aligned text."""
    lines = [
        f"{report['n_paragraphs']} paragraphs of {report['n_articles']} articles; A = {report['a']}, B = {report['b']}",
        f"{'':24}{'A':>8}{'B':>8}{'A − B':>9}  95 % interval",
    ]
    for name, row in report["metrics"].items():
        if row["difference"] is not None:
            low, high = row["interval"]
            lines.append(f"{name:24}{row['a']:8.3f}{row['b']:8.3f}{row['difference']:+9.3f}  [{low:+.3f}, {high:+.3f}]")
    return "\n".join(lines)
