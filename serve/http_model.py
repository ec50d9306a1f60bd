"""What the service says about its model."""

import platform
from importlib.metadata import version
from typing import Any

from communique.model.bundle import CARD, Bundle
from communique.model.calibration import thresholds_at
from communique.serve.http_queue import Shares
from communique.serve.http_schemas import Limits
from communique.serve.http_settings import HttpSettings


def model_name(bundle: Bundle) -> dict[str, str]:
    """Which model gave an answer."""
    name, onnx = bundle.manifest.name, bundle.manifest.onnx
    if onnx is not None and onnx.precision != "fp32" and onnx.precision not in name:
        name = f"{name} ({onnx.precision})"
    return {"name": name, "sha256": bundle.sha256}


def model_answer(bundle: Bundle, settings: HttpSettings, prior: Shares | None) -> dict[str, Any]:
    """The body that `ModelAnswer` describes; `prior` (n_topics,) is the service's, None the bundle's own."""
    manifest, names = bundle.manifest, bundle.taxonomy.topic_names
    shares = manifest.calibration.prior if prior is None else prior
    card = bundle.folder / CARD
    return {
        **model_name(bundle),
        "family": manifest.family,
        "precision": None if manifest.onnx is None else manifest.onnx.precision,
        "format_version": manifest.format_version,
        "taxonomy": manifest.taxonomy.model_dump(mode="json"),
        "prior": dict(zip(names, map(float, shares), strict=True)),
        "thresholds": dict(zip(names, map(float, thresholds_at(manifest.calibration, shares)), strict=True)),
        "abstain_below": manifest.calibration.abstain_below,
        "target_risk": manifest.calibration.target_risk,
        "card": card.read_text("utf-8", "replace") if card.is_file() else "",
        "corpus": manifest.corpus,
        "libraries": manifest.libraries,
        "versions": {
            **{name: version(name) for name in ("communique", "numpy", "onnxruntime")},
            "python": platform.python_version(),
            "trained_with": manifest.libraries.get("communique", ""),
        },
        "limits": {name: getattr(settings, name) for name in Limits.model_fields},
    }
