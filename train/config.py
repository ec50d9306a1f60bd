"""The experiment's config: one TOML file into frozen models; unknown keys are refused.

Paths in the file are relative to the file. Every key has its meaning beside it; `communique
schema` prints the JSON Schema for editors.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from communique.model.columns import ColumnMapping
from communique.model.taxonomy import Taxonomy, load_taxonomy
from communique.train.config_families import EncoderSettings, HeadConfig, LinearConfig, Metric, ModelConfig, Section

Share = Annotated[float, Field(gt=0.0, lt=1.0)]


class CorpusConfig(Section):
    """Where the labelled paragraphs are. Without `paths` and `dataset`: the embedded corpus."""

    paths: tuple[Path, ...] = Field(default=(), description="Files or folders: JSON Lines, CSV, Parquet.")
    dataset: str | None = Field(default=None, description="Anything `datasets.load_dataset` takes: a name or a path.")
    dataset_options: dict[str, str] = Field(
        default_factory=dict, description="Its further arguments, e.g. name, split, data_files."
    )
    taxonomy: Path | None = Field(default=None, description="Taxonomy file; default: the three topics.")
    labelled: tuple[str, ...] | None = Field(
        default=None,
        description="The topics that lines without `labelled` were judged on, besides those they are labelled with; "
        "default: all.",
    )
    mapping: ColumnMapping | None = Field(default=None, description="Column mapping for data of another shape.")
    splits: Path | None = Field(
        default=None, description="Split file (CSV article,split); default: drawn, see [split]."
    )

    @model_validator(mode="after")
    def _one_source(self) -> "CorpusConfig":
        if self.paths and self.dataset:
            raise ValueError("give either paths or dataset, not both")
        return self

    @property
    def embedded(self) -> bool:
        return not self.paths and self.dataset is None

    def load_taxonomy(self) -> Taxonomy:
        return load_taxonomy(self.taxonomy)


class SplitConfig(Section):
    """How to draw splits by article where the corpus has no split file."""

    validation: Share = Field(default=0.15, description="Share of the paragraphs for tuning.")
    test: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        default=0.15, description="Share for the final report; 0: none."
    )
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _leaves_training(self) -> "SplitConfig":
        if self.validation + self.test >= 1.0:
            raise ValueError("validation + test must be below 1, so that something is left to train on")
        return self


class CalibrationConfig(Section):
    """Probabilities, thresholds and abstention, learned on validation at a stated prior."""

    prior: Share | dict[str, Share] | Literal["corpus"] = Field(
        default=0.25,
        description="Share of topical paragraphs, or a share per topic, or `corpus`: as in the training data.",
    )
    method: Literal["platt", "temperature"] = Field(
        default="platt", description="Platt fits slope and intercept, temperature a slope."
    )
    threshold: Share | Literal["joint_f1", "topic_f1"] = Field(
        default="joint_f1", description="What the thresholds maximise on validation, or one fixed probability."
    )
    target_risk: Share | None = Field(
        default=None, description="Abstain so that at most this share of the rest is wrong; absent: never."
    )


class TrackingConfig(Section):
    """Where MLflow keeps runs."""

    uri: str = Field(
        default="sqlite:///mlflow.db",
        description="Any MLflow tracking URI; SQLite in the working directory by default.",
    )
    experiment: str = "communique"
    model_name: str = Field(default="communique", description="Name in the model registry.")
    log_model: bool = Field(default=True, description="Log the bundle as a model of the run.")


class PromotionConfig(Section):
    """The gate of `communique promote`."""

    metric: Metric = Field(default="joint_macro_f1", description="Metric compared on validation.")
    min_difference: float = Field(default=0.0, ge=0.0, description="The run must beat the champion by more than this.")
    min_share_better: Share = Field(
        default=0.5, description="Share of paired bootstrap replicates in which it must be better."
    )
    export: Path = Field(default=Path("../bundles/champion"), description="Folder the champion is exported to.")


class SearchRange(Section):
    """One dimension of a sweep: choices, or a range (optionally logarithmic)."""

    choices: tuple[bool | int | float | str | list[int] | list[float], ...] = ()
    low: float | None = None
    high: float | None = None
    log: bool = Field(default=False, description="Search on a logarithmic scale.")
    integer: bool = Field(default=False, description="Whole numbers only.")

    @model_validator(mode="after")
    def _choices_or_range(self) -> "SearchRange":
        if bool(self.choices) == (self.low is not None or self.high is not None):
            raise ValueError("give either choices = […], or low and high")
        if not self.choices and (self.low is None or self.high is None or self.low >= self.high):
            raise ValueError("a range needs low and high, low below high")
        if self.log and self.low is not None and self.low <= 0:
            raise ValueError("a logarithmic range starts above 0")
        return self


class SweepConfig(Section):
    """The search of `communique sweep`: `space` maps "section.key" to what to try."""

    trials: int = Field(default=20, ge=1)
    metric: Metric = Field(default="joint_macro_f1", description="Validation metric to improve (errors are minimised).")
    storage: str = Field(
        default="sqlite:///sweep.db", description="Optuna storage; a sweep of the same name resumes there."
    )
    space: dict[str, SearchRange] = Field(default_factory=dict)


class OutputConfig(Section):
    """Where the run and the bundle go."""

    bundle: Path = Field(description="Folder the bundle is exported to.")
    runs: Path = Field(
        default=Path("../runs"), description="Folder of run folders (resolved config, evaluation, plots)."
    )


class TrainingConfig(Section):
    """One experiment."""

    name: str = Field(min_length=1, description="Name of the experiment's runs.")
    seed: int = Field(default=0, ge=0)
    corpus: CorpusConfig = Field(default_factory=CorpusConfig)
    split: SplitConfig = Field(default_factory=SplitConfig)
    model: ModelConfig
    linear: LinearConfig = Field(default_factory=LinearConfig)
    head: HeadConfig = Field(default_factory=HeadConfig)
    encoder: EncoderSettings = Field(default_factory=EncoderSettings)
    calibration: CalibrationConfig = Field(default_factory=CalibrationConfig)
    tracking: TrackingConfig = Field(default_factory=TrackingConfig)
    promotion: PromotionConfig = Field(default_factory=PromotionConfig)
    sweep: SweepConfig = Field(default_factory=SweepConfig)
    output: OutputConfig
