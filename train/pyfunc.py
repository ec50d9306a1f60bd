"""The MLflow convenience around a bundle: what `mlflow.pyfunc.load_model` calls.

MLflow imports this module by name (`loader_module`), so a logged model holds no pickled code.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from communique.model.bundle import Bundle, load_bundle
from communique.model.predict import predict


class PyfuncModel:
    """Predicts a frame with a `text` column: one JSON string of all topics per row."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """(n,) texts in, a frame with the column `prediction` out, in the same order."""
        predictions = predict(self._bundle, [str(text) for text in model_input["text"]])
        return pd.DataFrame({"prediction": [json.dumps(prediction.as_dict()) for prediction in predictions]})


def _load_pyfunc(data_path: str) -> PyfuncModel:
    return PyfuncModel(load_bundle(Path(data_path)))
