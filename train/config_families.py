"""Config sections of the model families: what a model reads, and how each family is fitted."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from communique.model.evaluation import METRICS


def _known_metric(name: str) -> str:
    if name not in METRICS:
        raise ValueError(f"unknown metric; expected one of {', '.join(METRICS)}")
    return name


def _metric_of_an_epoch(name: str) -> str:
    if name.startswith("holder"):
        raise ValueError("holders are read by the exported model and not after each epoch; expected another metric")
    return name


Metric = Annotated[str, AfterValidator(_known_metric)]
EpochMetric = Annotated[Metric, AfterValidator(_metric_of_an_epoch)]


class Section(BaseModel):
    """Settings only: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelConfig(Section):
    """Which family, and what it reads."""

    family: Literal["linear", "frozen", "encoder"] = Field(
        description="linear: TF-IDF; frozen: sentence embeddings; encoder: a fine-tuned transformer."
    )
    title: bool = Field(
        default=False, description="Put the title before the paragraph (off: titles mislead on real news)."
    )
    backbone: str = Field(
        default="embedded",
        description="`embedded` (all-MiniLM-L6-v2), a folder or a hub id; or an encoder's `runs/ID/encoder`.",
    )
    max_length: int = Field(default=256, ge=16, le=8192, description="Tokens a window; longer texts are windowed.")
    batch_size: int = Field(default=1, ge=1, le=512, description="Windows a batch at inference; part of the bundle.")


class LinearConfig(Section):
    """TF-IDF features of the linear family."""

    word_ngrams: tuple[int, int] = Field(default=(1, 2), description="Word n-grams from … to ….")
    char_ngrams: tuple[int, int] | None = Field(
        default=None, description="Character n-grams inside words; absent: none."
    )
    min_df: int = Field(default=2, ge=1, description="Drop terms in fewer paragraphs.")
    max_terms: int = Field(default=60_000, ge=100, description="Most frequent terms kept per block.")

    @model_validator(mode="after")
    def _ranges_rise(self) -> "LinearConfig":
        for ngrams in (self.word_ngrams, self.char_ngrams):
            if ngrams is not None and not 1 <= ngrams[0] <= ngrams[1] <= 8:
                raise ValueError("n-gram ranges are [low, high] with 1 <= low <= high <= 8")
        return self


class EncoderSettings(Section):
    """Fine-tuning of the encoder family."""

    epochs: int = Field(default=6, ge=1, le=100, description="At most, where the best one is kept.")
    keep: Literal["best", "last"] = Field(
        default="best", description="The best epoch on validation; or the last, where validation is too small to tell."
    )
    batch_size: int = Field(
        default=16, ge=1, le=1024, description="Paragraphs a step, shared by the processes of a `torchrun`."
    )
    learning_rate: float = Field(
        default=2e-4, gt=0.0, description="Of the top layer; about 2e-4 for MiniLM, 5e-5 for base sizes."
    )
    head_learning_rate: float = Field(default=5e-4, gt=0.0, description="Of everything that is new.")
    layer_decay: float = Field(
        default=0.9, gt=0.0, le=1.0, description="Factor on the learning rate per layer downwards."
    )
    weight_decay: float = Field(default=0.01, ge=0.0)
    warmup: float = Field(default=0.08, ge=0.0, lt=1.0, description="Share of the steps with a rising learning rate.")
    dropout: float = Field(default=0.1, ge=0.0, lt=1.0, description="In the heads.")
    head_size: int = Field(default=256, ge=4, description="Width of the heads' hidden layers.")
    label_smoothing: float = Field(default=0.05, ge=0.0, lt=0.5)
    class_weight: Literal["balanced", "none"] = Field(
        default="none", description="Weight topics and stances by inverse frequency, or leave it to the thresholds."
    )
    metric: EpochMetric = Field(default="joint_macro_f1", description="Validation metric that picks the epoch.")
    patience: int = Field(default=3, ge=1, description="Stop after this many epochs without a gain.")
    bf16: bool = Field(default=False, description="bfloat16 autocast: faster where the processor has it.")
    soft_labels: Literal["none", "embedded", "definitions"] | Path = Field(
        default="none",
        description="Probabilities to learn beside the labels, and from unlabelled paragraphs: a larger model's "
        "(`embedded` or a CSV), or how near a paragraph is to the definition of a topic it was not judged on.",
    )
    definition_share: float = Field(
        default=0.2, gt=0.0, lt=1.0, description="Share of the unjudged that `definitions` take as on a topic."
    )
    distillation: float = Field(default=0.5, ge=0.0, le=1.0, description="Weight of the soft labels, if there are any.")
    blend: bool = Field(default=False, description="Average with the model of [linear]; weight chosen on validation.")
    precision: Literal["fp32", "int8"] = Field(
        default="fp32", description="int8 is kept only if it passes its gate on validation."
    )
    keep_weights: bool = Field(
        default=False,
        description="Keep the trained weights in the run's `encoder/`: a `backbone` to go on from.",
    )


class HeadConfig(Section):
    """The logistic heads of linear and frozen."""

    class_weight: Literal["balanced", "none"] = Field(
        default="balanced", description="Weight classes by inverse frequency or not."
    )
    regularisation: tuple[Annotated[float, Field(gt=0.0)], ...] = Field(
        default=(0.3, 1.0, 3.0, 10.0, 30.0),
        min_length=1,
        description="Values of C tried; the best on validation is kept.",
    )
    max_iter: int = Field(default=2000, ge=10)
