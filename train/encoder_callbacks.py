"""What looks on while the encoder trains: the log, the progress bar, the clock, and a check for collapse."""

import math
import time
from typing import Any

from transformers import ProgressCallback, TrainerCallback
from transformers.trainer_callback import ExportableState

from communique.model.errors import ConfigError
from communique.train import tracking
from communique.train.encoder_metrics import SPREAD

LEAST_SPREAD = 0.05  # of the topic logits over validation: 1 and more once trained; QuadClass collapsed had 0.007
TOGETHER = 20  # steps sent in one call: MLflow takes 30 ms for a call
STEPS = 100  # before so many the heads of a small run may still be as they started


class StepLog(TrainerCallback):
    """Sends what the Trainer logs to the run: every step, twenty at a time, none later than its checkpoint."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, float, int, int]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Called by the Trainer after each step and each evaluation."""
        step, now = int(state.global_step), int(time.time() * 1000)
        for key, value in (logs or {}).items():
            if isinstance(value, int | float):
                self.waiting.append((f"trainer/{key}", float(value), now, step))
        if step % TOGETHER == 0:
            self.send()

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the Trainer after each epoch, before it writes a checkpoint."""
        self.send()

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the Trainer."""
        self.send()

    def send(self) -> None:
        """What waits, to the run."""
        tracking.log_steps(self.waiting)
        self.waiting = []


class QuietProgress(ProgressCallback):
    """The progress bar, on stderr alone: the Trainer's own also prints its logs to stdout."""

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Nothing: `StepLog` has them."""


class Clock(TrainerCallback, ExportableState):
    """Seconds spent before the checkpoint that a killed training goes on from; checkpoints carry it along."""

    def __init__(self, before: float = 0.0) -> None:
        self.before = before
        self.began = time.monotonic()

    def state(self) -> dict[str, Any]:
        """What the Trainer writes into a checkpoint and makes this anew from."""
        return {"args": {"before": self.before + time.monotonic() - self.began}, "attributes": {}}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the Trainer, which would not write a clock into a run whose checkpoints never had one."""
        state.stateful_callbacks.setdefault(type(self).__name__, self.state())


class CollapseCheck(TrainerCallback):
    """Ends a training whose encoder says the same of every paragraph: more epochs do not bring it back.

    Happens by chance at high learning rates (Mosbach et al. 2021, "On the stability of fine-tuning BERT").
    """

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float] | None = None, **_: Any
    ) -> None:
        """Called by the Trainer after each epoch.

        Raises:
            ConfigError: the topic logits hardly vary over validation.
        """
        spread = (metrics or {}).get(f"eval_{SPREAD}", math.inf)
        if state.global_step >= STEPS and spread < LEAST_SPREAD:
            raise ConfigError(
                f"fine-tuning collapsed: after {state.global_step} steps the encoder says the same of every validation "
                f"paragraph (its topic logits vary by {spread:.1g}; expected 1 and more). The likely cause is the "
                "learning rate: halve encoder.learning_rate, double encoder.warmup, or take another seed"
            )
