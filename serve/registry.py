"""Where a model name leads: a bundle folder, or a version in the MLflow registry.

The one place outside `train` that imports MLflow, and only for a `models:/` name.
"""

import os
from pathlib import Path

from communique.model.errors import BundleError

SCHEME = "models:/"
SQLITE = "sqlite:///"


def resolve(name: str | Path) -> Path:
    """The folder of a bundle: the path itself, or a download of `models:/NAME@ALIAS`.

    The registry is the one of MLFLOW_TRACKING_URI, or sqlite:///mlflow.db in the working directory.

    Raises:
        BundleError: MLflow is not installed, or the registry has no such model.
    """
    if not str(name).startswith(SCHEME):
        return Path(name)
    try:
        import mlflow
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise BundleError(
            f"{name} is in an MLflow registry; install it with: pip install 'communique[train]'"
        ) from error
    uri = os.environ.get("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).is_file():
        raise BundleError(
            f"{name}: there is no MLflow store {uri}; train and promote a run first (`communique promote`), "
            "or set MLFLOW_TRACKING_URI"
        )
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        model = Path(mlflow.artifacts.download_artifacts(str(name)))
    except (MlflowException, OSError) as error:
        raise BundleError(
            f"{name} is not in the registry {uri}: {error}. Promote a run first (`communique promote`), "
            "or set MLFLOW_TRACKING_URI"
        ) from error
    manifests = sorted(model.glob("data/*/bundle.json"))
    if not manifests:
        raise BundleError(f"{name} holds no bundle; it was not logged by communique")
    return manifests[0].parent
