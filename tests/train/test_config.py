"""The config's models: ranges, choices, and the schema."""

import json
import re

import pytest
from pydantic import BaseModel, ValidationError

from communique.train.config import (
    CalibrationConfig,
    CorpusConfig,
    PromotionConfig,
    SearchRange,
    SplitConfig,
    TrackingConfig,
    TrainingConfig,
)
from communique.train.config_families import EncoderSettings, HeadConfig, LinearConfig, ModelConfig, Section

SCHEMA = TrainingConfig.model_json_schema()


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (SplitConfig, {"validation": 0.0}),
        (SplitConfig, {"validation": 0.5, "test": 0.5}),
        (ModelConfig, {"family": "oracle"}),
        (ModelConfig, {"family": "linear", "max_length": 8}),
        (ModelConfig, {"family": "linear", "batch_size": 0}),
        (LinearConfig, {"min_df": 0}),
        (LinearConfig, {"word_ngrams": [2, 1]}),
        (LinearConfig, {"char_ngrams": [3, 9]}),
        (HeadConfig, {"regularisation": []}),
        (HeadConfig, {"regularisation": [1.0, -1.0]}),
        (HeadConfig, {"class_weight": "heavy"}),
        (CalibrationConfig, {"prior": 1.5}),
        (CalibrationConfig, {"prior": {"rail": 0.0}}),
        (CalibrationConfig, {"prior": "guess"}),
        (CalibrationConfig, {"method": "isotonic"}),
        (CalibrationConfig, {"threshold": "best"}),
        (CalibrationConfig, {"target_risk": 1.0}),
        (PromotionConfig, {"min_difference": -0.1}),
        (CorpusConfig, {"paths": ["a.jsonl"], "dataset": "json"}),
        (SearchRange, {}),
        (SearchRange, {"low": 1.0}),
        (SearchRange, {"choices": [1], "low": 1.0, "high": 2.0}),
    ],
)
def test_out_of_range_is_refused(section: type[BaseModel], values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        section.model_validate(values)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (SplitConfig, {"validation": 0.2, "test": 0.0}),
        (LinearConfig, {"char_ngrams": [3, 3]}),
        (CalibrationConfig, {"prior": "corpus"}),
        (CalibrationConfig, {"prior": {"rail": 0.1, "dam": 0.2}}),
        (CalibrationConfig, {"threshold": 0.4}),
        (CalibrationConfig, {"threshold": "topic_f1"}),
        (SearchRange, {"low": 1.0, "high": 2.0}),
        (SearchRange, {"choices": [True, 1, 0.5, "x"]}),
    ],
)
def test_edge_of_range_is_kept(section: type[BaseModel], values: dict[str, object]) -> None:
    kept = section.model_validate(values).model_dump()
    assert {key: list(kept[key]) if isinstance(kept[key], tuple) else kept[key] for key in values} == values


@pytest.mark.parametrize("threshold", [-0.1, 2.0])
def test_threshold_is_a_probability(threshold: float) -> None:
    with pytest.raises(ValidationError):
        CalibrationConfig(threshold=threshold)


@pytest.mark.parametrize(
    "values",
    [{"low": 2.0, "high": 1.0}, {"low": 0.0, "high": 1.0, "log": True}, {"choices": [1], "low": 1.0}],
    ids=["falling", "logarithm of zero", "both"],
)
def test_unsearchable_range(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SearchRange.model_validate(values)


def test_abstention_can_be_left_out() -> None:
    assert CalibrationConfig().target_risk is None


def test_character_ngrams_can_be_left_out() -> None:
    assert LinearConfig().char_ngrams is None


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SplitConfig().seed = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("corpus", "embedded"), [({}, True), ({"paths": ["a.csv"]}, False), ({"dataset": "json"}, False)]
)
def test_embedded_where_no_source_is_named(corpus: dict[str, object], embedded: bool) -> None:
    assert CorpusConfig.model_validate(corpus).embedded is embedded


def test_schema_is_a_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    good = {"name": "x", "model": {"family": "linear"}, "output": {"bundle": "b"}}
    assert validator.is_valid(good)
    assert not validator.is_valid({**good, "modle": {}})


def test_references_of_the_schema_lead_somewhere() -> None:
    references = re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(SCHEMA))
    assert set(references) == SCHEMA["$defs"].keys()
    assert all(part["additionalProperties"] is False for part in (SCHEMA, *SCHEMA["$defs"].values()))


def test_schema_names_every_section() -> None:
    sections = {
        name: field.annotation
        for name, field in TrainingConfig.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }
    assert sections.keys() >= {"corpus", "model", "calibration", "sweep", "output"}
    for name, section in sections.items():
        assert SCHEMA["properties"][name]["$ref"] == f"#/$defs/{section.__name__}"
        assert set(SCHEMA["$defs"][section.__name__]["properties"]) == set(section.model_fields)


def test_default_store_is_a_file_in_the_working_directory() -> None:
    assert TrackingConfig().uri == "sqlite:///mlflow.db"


def test_holders_do_not_pick_an_epoch() -> None:
    with pytest.raises(ValidationError, match="holders are read by the exported model"):
        EncoderSettings.model_validate({"metric": "holder_exact"})
