"""What a run was made with: library versions and machine."""

import importlib.metadata
import os
import platform
from typing import Any

LIBRARIES = ("communique", "numpy", "onnxruntime", "tokenizers", "scikit-learn", "torch", "transformers", "mlflow")


def library_versions() -> dict[str, str]:
    """Versions of the libraries a run depends on, and of Python; libraries not installed are left out."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def environment() -> dict[str, Any]:
    """Library versions, platform and number of processors."""
    return {"libraries": library_versions(), "platform": platform.platform(), "cpus": os.cpu_count()}
