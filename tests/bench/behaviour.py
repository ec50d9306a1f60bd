"""What a user relies on beyond F1, for one bundle, into its section: `make bench-behaviour BUNDLE=bundles/encoder`.

Names swapped, contrast sets, whole articles as one paragraph, evidence against leaving each sentence out, the confident
half, calibration on the pooled test splits, holders. Targets stand beside what was found; intervals are 95 %, by
bootstrap over articles.
"""

import argparse
from pathlib import Path

import numpy as np
from cells import ROOT
from report import markdown, replace_section
from swaps import KINDS, swap

from communique.model.assess import assess
from communique.model.bundle import Bundle, load_bundle
from communique.model.corpus import Corpus, read_corpus
from communique.model.evaluation import bootstrap_weights, evaluate, interval
from communique.model.predict import predict
from communique.model.spans import sentences
from communique.model.texts import Example
from communique.train.config_file import load_config
from communique.train.data import load_splits

SAMPLE = 150
SEED = 0
WORDS = 180  # of a long article


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks.md")
    parser.add_argument(
        "--data", action="append", default=[], type=lambda text: tuple(text.split("=", 1)), metavar="NAME=FILE"
    )
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    parts = load_splits(load_config(ROOT / "configs" / "encoder.toml")).parts
    pooled = Corpus(parts["test"].examples + parts["test_settings"].examples, bundle.taxonomy)
    sets = {"test": parts["test"], **{name: read_corpus([Path(path)], bundle.taxonomy) for name, path in options.data}}
    rows = [
        *swaps(bundle, pooled),
        contrast(bundle, parts["contrast"]),
        *run_together(bundle, pooled),
        evidence(bundle, parts["test"]),
        *calibration(bundle, pooled),
    ]
    for name, corpus in sets.items():
        rows += [confident_half(bundle, corpus, name), *holders(bundle, corpus, name)]
    table = markdown(["measure", "data", "found", "target"], [list(row) for row in rows])
    print(table)
    replace_section(options.out, f"behaviour-{bundle.manifest.name}", f"_{bundle.manifest.name}_\n\n{table}")


def label_sets(bundle: Bundle, texts: list[str]) -> list[dict[str, str | None]]:
    return [{topic.name: topic.stance for topic in prediction.topics} for prediction in predict(bundle, texts)]


def swaps(bundle: Bundle, corpus: Corpus) -> list[tuple[str, ...]]:
    """How often the prediction stays when persons, countries and missions get other names, all or one kind alone."""
    rows = []
    before = label_sets(bundle, corpus.texts)
    for kinds in (KINDS, *((kind,) for kind in KINDS)):
        swapped = [swap(one.text, holders=named_holders(one), kinds=kinds) for one in corpus.examples]
        changed = [row for row, text in enumerate(swapped) if text != corpus.examples[row].text]
        after = label_sets(bundle, [swapped[row] for row in changed])
        both = [(corpus.articles[row], before[row], labels) for row, labels in zip(changed, after, strict=True)]
        stances = [(article, a[topic] == b[topic]) for article, a, b in both for topic in a.keys() & b.keys()]
        what = "names" if kinds == KINDS else kinds[0]
        tags = f"test splits, {len(stances)} tags"
        target = "≥ 95 %" if kinds == KINDS else "–"
        rows.append((f"{what} swapped: stance unchanged where the topic stays", tags, share(stances), target))
        if kinds == KINDS:
            whole, n = share([(article, a == b) for article, a, b in both]), f"test splits, {len(both)} paragraphs"
            rows.append(("names swapped: whole label set unchanged", n, whole, "–"))
    return rows


def named_holders(example: Example) -> list[str]:
    """Whom the labels name."""
    return [label.holder for label in example.labels or () if label.holder]


def contrast(bundle: Bundle, corpus: Corpus) -> tuple[str, ...]:
    """Sets of paragraphs that share most words and differ in stance: all members right."""
    predicted = label_sets(bundle, corpus.texts)
    right: dict[str, bool] = {}
    for example, labels in zip(corpus.examples, predicted, strict=True):
        gold = {label.topic: label.stance for label in example.labels or ()}
        right[example.article] = right.get(example.article, True) and gold == labels
    return ("contrast sets, all members right", f"contrast, {len(right)} sets", share(list(right.items())), "≥ 40 %")


def run_together(bundle: Bundle, corpus: Corpus) -> list[tuple[str, ...]]:
    """Articles as a text without line breaks, as some scraped files have them: their topics, by the labels of all their
    paragraphs, and the stances of the topics on which these have one."""
    texts, gold = long_articles(corpus)
    found, right, stance = [], [], []
    for (article, labels), predicted in zip(gold.items(), label_sets(bundle, texts), strict=True):
        found += [(article, topic in predicted) for topic in labels]
        right += [(article, topic in labels) for topic in predicted]
        stance += [
            (article, {predicted[topic]} == labels[topic])
            for topic in labels.keys() & predicted.keys()
            if len(labels[topic]) == 1
        ]
    where = f"articles of more than {WORDS} words as one paragraph"
    return [
        (f"{where}: topics found", f"test splits, {len(found)} topics", share(found), "–"),
        (f"{where}: right where a topic is tagged", f"test splits, {len(right)} tags", share(right), "–"),
        (f"{where}: stance, where its paragraphs agree on one", f"test splits, {len(stance)}", share(stance), "–"),
    ]


def long_articles(corpus: Corpus) -> tuple[list[str], dict[str, dict[str, set[str | None]]]]:
    """The texts of the long articles, and for each the stances that its paragraphs take on each of its topics."""
    articles: dict[str, list[Example]] = {}
    for example in sorted(corpus.examples, key=lambda example: example.paragraph):
        articles.setdefault(example.article, []).append(example)
    texts: list[str] = []
    gold: dict[str, dict[str, set[str | None]]] = {}
    for article, paragraphs in articles.items():
        text = " ".join(example.text for example in paragraphs)
        if len(text.split()) > WORDS:
            texts.append(text)
            gold[article] = {}
            for label in (label for example in paragraphs for label in example.labels or ()):
                gold[article].setdefault(label.topic, set()).add(label.stance)
    return texts, gold


def evidence(bundle: Bundle, corpus: Corpus) -> tuple[str, ...]:
    """Is the evidence sentence the one whose removal costs the predicted (topic, stance) most?"""
    tags = [
        (example.article, prediction.text, topic)
        for example, prediction in zip(corpus.examples, predict(bundle, corpus.texts), strict=True)
        for topic in prediction.topics
        if topic.evidence and topic.stance and len(sentences(prediction.text)) >= 3
    ]
    chosen = np.random.default_rng(SEED).permutation(len(tags))[:SAMPLE]
    agree, chance = [], []
    for article, text, topic in (tags[i] for i in chosen):
        pieces = [text[start:end] for start, end in sentences(text)]
        without = [" ".join(pieces[:i] + pieces[i + 1 :]) for i in range(len(pieces))]
        left = [p[topic.name].probability * p[topic.name].stances[topic.stance] for p in predict(bundle, without)]
        agree.append((article, pieces[int(np.argmin(left))].strip() == topic.evidence.strip()))
        chance.append(1 / len(pieces))
    found = f"{share(agree)}, by chance {100 * np.mean(chance):.0f} %"
    return (
        "evidence is the sentence whose removal costs most",
        f"test, {len(agree)} tags of ≥ 3 sentences",
        found,
        "–",
    )


def calibration(bundle: Bundle, pooled: Corpus) -> list[tuple[str, ...]]:
    report = evaluate(assess(bundle, pooled))
    return [
        (f"calibration error, {kind}", "test splits pooled", value(report, f"ece_{kind}"), target)
        for kind, target in (("topic", "≤ .03"), ("stance", "≤ .05"))
    ]


def confident_half(bundle: Bundle, corpus: Corpus, name: str) -> tuple[str, ...]:
    """Exact match on the half of the paragraphs the model is surest of."""
    predictions = predict(bundle, corpus.texts, [example.title for example in corpus.examples])
    keep = np.argsort([-prediction.confidence for prediction in predictions])[: len(corpus) // 2]
    right = [(corpus.articles[i], exact(predictions[i], corpus.examples[i])) for i in keep]
    return ("exact match on the most confident half", f"{name}, {len(keep)}", share(right), "≥ 90 %")


def exact(prediction, example) -> bool:
    return {t.name: t.stance for t in prediction.topics} == {
        label.topic: label.stance for label in example.labels or ()
    }


def holders(bundle: Bundle, corpus: Corpus, name: str) -> list[tuple[str, ...]]:
    report = evaluate(assess(bundle, corpus))
    aims = ("≥ .60", "≥ .75") if name == "test" else ("–", "–")
    return [
        ("holder, exact", name, value(report, "holder_exact"), aims[0]),
        ("holder, token F1", name, value(report, "holder_token_f1"), aims[1]),
    ]


def value(report: dict, metric: str) -> str:
    if report[metric] is None:
        return "–"
    low, high = report["intervals"][metric]
    return f"{report[metric]:.3f} [{low:.3f}, {high:.3f}]"


def share(outcomes: list[tuple[str, bool]]) -> str:
    """The share of (article, outcome) that came out, with its interval."""
    if not outcomes:
        return "–"
    articles, right = zip(*outcomes, strict=True)
    _, article = np.unique(articles, return_inverse=True)
    weights = bootstrap_weights(article.max() + 1)[:, article]
    low, high = interval(100 * (weights * right).sum(axis=1) / weights.sum(axis=1)) or (0.0, 100.0)
    return f"{100 * np.mean(right):.1f} % [{low:.1f}, {high:.1f}]"


if __name__ == "__main__":
    main()
