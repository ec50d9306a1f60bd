"""The model card says what the manifest says."""

from typing import Any

import pytest

from communique.model.bundle import Manifest, OnnxSettings
from communique.model.calibration import Calibration, TopicCalibration
from communique.model.taxonomy import Taxonomy, Topic
from communique.train.card import model_card

TOPIC = TopicCalibration(slope=1.0, intercept=0.0, prior=0.125, thresholds=((0.0, 0.5), (1.0, 0.5)))
TAXONOMY = Taxonomy(stances=("pro", "contra"), topics=(Topic(name="rail", definition="Building a railway."),))
METRICS = {
    "validation": {"joint_macro_f1": 0.51234, "exact_match": 0.75, "intervals": {"joint_macro_f1": [0.4, 0.6]}},
    "test": {"joint_macro_f1": None, "exact_match": 0.5, "intervals": {"joint_macro_f1": None}},
}


def card(stances: tuple[str, ...] = ("pro", "contra"), **fields: Any) -> str:
    topic = Topic(name="rail", definition="Building a railway.", stance=bool(stances))
    manifest = Manifest(
        name="tiny",
        family="linear",
        taxonomy=Taxonomy(stances=stances, topics=(topic,)),
        calibration=Calibration(topics=(TOPIC,), topical_share=0.2),
        config={},
        training_seconds=1440.0,
        training_cores=3,
        **fields,
    )
    return model_card(manifest)


@pytest.mark.parametrize(
    "line",
    [
        "family: linear",
        "# tiny",
        "- `rail`: Building a railway.",
        "rail 0.125",
        "Trained on 37 paragraphs (corpus 0123456789ab)",
        "in 1440 seconds on 3 cores: at most 12 Wh at 10 W a core",
        "| | validation | test |",
        "| joint macro-F1 | 0.512 [0.400, 0.600] | – |",
        "| exact match | 0.750 | 0.500 |",
    ],
)
def test_card_says(line: str) -> None:
    assert line in card(metrics=METRICS, corpus={"n_train": 37, "sha256": "0123456789abcdef"})


def test_metric_nobody_measured_has_no_row() -> None:
    assert "calibration error, topic" not in card(metrics=METRICS)


@pytest.mark.parametrize(
    ("stances", "sentence"), [(("pro", "contra"), "Stances per topic: pro, contra."), ((), "No stances.")]
)
def test_stances(stances: tuple[str, ...], sentence: str) -> None:
    assert sentence in card(stances)


@pytest.mark.parametrize("embedded", [True, False])
def test_limits_of_the_embedded_corpus(embedded: bool) -> None:
    text = card(corpus={"embedded": embedded})
    assert ("invented articles" in text) is embedded
    assert ("The language of the training data" in text) is not embedded


def test_an_encoder_says_what_it_is_made_of() -> None:
    onnx = OnnxSettings(max_length=8, batch_size=1, pad_id=0, precision="int8", blend=0.25)
    manifest = Manifest(
        name="tiny",
        family="encoder",
        taxonomy=TAXONOMY,
        calibration=Calibration(topics=(TOPIC,), topical_share=0.2),
        config={"model": {"backbone": "/home/someone/backbones/all-mpnet-base-v2"}},
        corpus={"soft_labels_sha256": "0123456789abcdef"},
        onnx=onnx,
    )
    made_of = "Backbone: all-mpnet-base-v2; taught by soft labels too (file 0123456789ab); weights in int8; "
    assert f"{made_of}a TF-IDF model of the same paragraphs has 25% of the say." in model_card(manifest)
    assert "Backbone" not in card()


def test_front_matter_comes_first() -> None:
    head = card().split("---\n")
    assert head[0] == ""
    assert [line.partition(":")[0] for line in head[1].splitlines()] == ["library_name", "family", "tags", "metrics"]


def test_failure_cases_have_a_section() -> None:
    assert "Failure cases" not in card()
    manifest = Manifest(
        name="tiny",
        family="linear",
        taxonomy=TAXONOMY,
        calibration=Calibration(topics=(TOPIC,), topical_share=0.2),
        config={},
    )
    assert "## Failure cases" in model_card(manifest, ["- “It rained.” Labelled none; the model said rail."])
