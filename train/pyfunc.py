"""The MLflow convenience around a bundle: what `mlflow.pyfunc.load_model` calls.

MLflow imports this module by name (`loader_module`), so a logged model holds no pickled code.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException

from communique.model.bundle import Bundle, load_bundle
from communique.model.errors import InputError
from communique.model.predict import predict


class PyfuncModel:
    """Predicts texts, each with its title if there is one: one JSON string of all topics per text."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """(n,) texts in, a frame with the column `prediction` out, in the same order and with the same index.

        The texts are a frame or a dict with `text` and perhaps `title`, or a list, series or array of
        strings. A title may be missing, a text may not.

        Raises:
            MlflowException: a text or title is no string; MLflow's server answers 400 to it.
        """
        try:
            texts, titles = texts_and_titles(model_input)
        except InputError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from error
        found = [json.dumps(prediction.to_dict()) for prediction in predict(self._bundle, texts, titles)]
        same_rows = isinstance(model_input, (pd.DataFrame, pd.Series)) and len(model_input) == len(found)
        return pd.DataFrame({"prediction": found}, index=model_input.index if same_rows else None)


def texts_and_titles(model_input: Any) -> tuple[list[str], list[str | None]]:
    """The texts and titles (n,) of any shape that MLflow or its users hand in; None where a title is missing.

    Raises:
        InputError: there is no text, or a text or title is no string.
    """
    columns: dict[str, list[Any]]
    if isinstance(model_input, (pd.DataFrame, Mapping)):
        if "text" not in model_input:
            raise InputError(f"expected a column text, and title where there are titles; found {list(model_input)}")
        columns = {name: _values(name, model_input[name]) for name in ("text", "title") if name in model_input}
    else:
        columns = {"text": _values("text", model_input)}
    if all(len(values) == 1 and isinstance(values[0], (list, np.ndarray)) for values in columns.values()):
        # MLflow makes one row of a dict whose values are lists of strings
        columns = {name: list(values[0]) for name, values in columns.items()}
    texts = columns["text"]
    titles = columns.get("title", [None] * len(texts))
    if len(titles) != len(texts):
        raise InputError(f"{len(texts)} texts but {len(titles)} titles; give one title, or None, for each text")
    titles = [None if _is_missing(title) else title for title in titles]
    for row, (text, title) in enumerate(zip(texts, titles, strict=True)):
        if not isinstance(text, str):
            raise InputError(_refusal("text", row, text))
        if title is not None and not isinstance(title, str):
            raise InputError(_refusal("title", row, title))
    return texts, titles


def _values(name: str, column: Any) -> list[Any]:
    if isinstance(column, str):
        return [column]
    if isinstance(column, np.ndarray) and (column.ndim == 0 or column.shape[1:] == (1,)):
        column = column.reshape(-1)
    if isinstance(column, (list, tuple, pd.Series)) or (isinstance(column, np.ndarray) and column.ndim == 1):
        return list(column)
    shape = f" of shape {column.shape}" if hasattr(column, "shape") else ""
    raise InputError(
        f"{name} is {type(column).__name__}{shape}; expected a list, series or array of strings, one a row"
    )


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def _refusal(name: str, row: int, value: Any) -> str:
    found = f"missing ({value})" if _is_missing(value) else f"{type(value).__name__}, not a string"
    return (
        f"{name} of row {row} (the first is 0) is {found}; expected a string in every row. "
        f"Leave such rows out or fill them in first, as with frame.dropna(subset=['{name}'])"
    )


def _load_pyfunc(data_path: str) -> PyfuncModel:
    return PyfuncModel(load_bundle(Path(data_path)))
