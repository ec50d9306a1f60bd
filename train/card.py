"""The model card: the README.md of a bundle."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from communique.model.bundle import Manifest

WATTS_A_CORE = 10
HEADLINE = (
    ("joint_macro_f1", "joint macro-F1"),
    ("topic_macro_f1", "topic macro-F1"),
    ("stance_macro_f1", "stance macro-F1, topic given"),
    ("stance_favg", "F_avg of the first two stances"),
    ("exact_match", "exact match"),
    ("holder_exact", "holder, exact"),
    ("holder_token_f1", "holder, token F1"),
    ("ece_topic", "calibration error, topic"),
    ("ece_topic_uncalibrated", "the same before calibration"),
    ("ece_stance", "calibration error, stance"),
    ("ece_stance_uncalibrated", "the same before calibration"),
    ("coverage", "coverage after abstention"),
    ("selective_exact_match", "exact match of the rest"),
)


def model_card(manifest: Manifest, failures: Sequence[str] = ()) -> str:
    """Markdown with front matter; `failures` are list items of paragraphs the model got wrong."""
    taxonomy = manifest.taxonomy
    topics = "\n".join(f"- `{topic.name}`: {topic.definition}" for topic in taxonomy.topics)
    stances = f"Stances per topic: {', '.join(taxonomy.stances)}." if taxonomy.stances else "No stances."
    prior = ", ".join(
        f"{topic.name} {calibrated.prior:.3f}"
        for topic, calibrated in zip(taxonomy.topics, manifest.calibration.topics, strict=True)
    )
    corpus = manifest.corpus
    limits = ["- The language of the training data; other languages are out of scope."]
    if corpus.get("embedded"):
        limits = [
            "- English only. The training text is synthetic: invented articles in the style of news.",
            "- The labels were made by language models that agree with each other; no person has checked them.",
            "- Real news has fewer topical paragraphs and other wording than the corpus. On 236 paragraphs of it the "
            "models of this project had 0.17 to 0.23 less joint macro-F1 than on held-out articles (benchmarks.md): "
            "check a sample of your own.",
        ]
    return f"""---
library_name: communique
family: {manifest.family}
tags: [text-classification, stance-detection]
metrics: [joint_macro_f1, topic_macro_f1, stance_macro_f1]
---
# {manifest.name}

A `{manifest.family}` model that says which topics a paragraph is about and where it stands on each.

**Intended use.** Monitoring and analysis of news, paragraph by paragraph, with a person reading what matters.
Not for judging single persons or texts without review.

## Labels
{topics}

{stances} Probabilities are for these shares of paragraphs: {prior} (`--prior` shifts them).

## Measured
{_metrics_table(manifest.metrics)}

95 % intervals by bootstrap over articles. Calibration error is taken at the shares above.
Trained on {corpus.get("n_train", "?")} paragraphs (corpus {str(corpus.get("sha256", ""))[:12]}){_cost(manifest)}.
{_made_of(manifest)}
{_failures(failures)}
## Limits
{chr(10).join(limits)}
- An abstention flag marks paragraphs whose label set is unsure: read those.
"""


def _made_of(manifest: Manifest) -> str:
    """What an encoder started from and learned from besides labels, and what speaks beside it."""
    if manifest.family == "linear":
        return ""
    backbone = str(manifest.config.get("model", {}).get("backbone", ""))
    parts = [f"Backbone: {'all-MiniLM-L6-v2' if backbone == 'embedded' else PurePath(backbone).name}"]
    if teacher := manifest.corpus.get("soft_labels_sha256"):
        parts.append(f"taught by soft labels too (file {teacher[:12]})")
    if manifest.onnx is not None:
        parts.append(f"weights in {manifest.onnx.precision}")
        if manifest.onnx.blend is not None:
            parts.append(f"a TF-IDF model of the same paragraphs has {manifest.onnx.blend:.0%} of the say")
    return f"{'; '.join(parts)}.\n"


def _cost(manifest: Manifest) -> str:
    """Time, and energy at most: every core that could be used, busy at WATTS_A_CORE."""
    seconds, cores = manifest.training_seconds, manifest.training_cores
    if seconds is None:
        return ""
    if cores is None:
        return f"\nin {seconds:.0f} seconds"
    energy = seconds / 3600 * cores * WATTS_A_CORE
    on = f"{cores} core{'s' if cores > 1 else ''}"
    return f"\nin {seconds:.0f} seconds on {on}: at most {energy:.0f} Wh at {WATTS_A_CORE} W a core"


def _failures(failures: Sequence[str]) -> str:
    if not failures:
        return ""
    return "\n## Failure cases\nWhere it was surest and wrong, on held-out articles:\n\n" + "\n".join(failures) + "\n"


def _metrics_table(metrics: dict[str, Any]) -> str:
    splits = list(metrics)
    lines = [f"| | {' | '.join(splits)} |", f"|---|{'---|' * len(splits)}"]
    for key, title in HEADLINE:
        if any(metrics[split].get(key) is not None for split in splits):
            lines.append(f"| {title} | {' | '.join(_cell(metrics[split], key) for split in splits)} |")
    return "\n".join(lines)


def _cell(report: dict[str, Any], key: str) -> str:
    value, ends = report.get(key), report.get("intervals", {}).get(key)
    if value is None:
        return "–"
    return f"{value:.3f}" + (f" [{ends[0]:.3f}, {ends[1]:.3f}]" if ends else "")
