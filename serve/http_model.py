"""What the service says about its model."""

from importlib.metadata import version
from typing import Any

from communique.model.bundle import CARD, Bundle
from communique.model.calibration import thresholds_at
from communique.serve.http_queue import Shares
from communique.serve.http_settings import HttpSettings


def model_name(bundle: Bundle) -> dict[str, str]:
    """Which model gave an answer."""
    return {"name": bundle.manifest.name, "sha256": bundle.sha256}


def model_answer(bundle: Bundle, settings: HttpSettings, prior: Shares | None) -> dict[str, Any]:
    """The body that `ModelAnswer` describes; `prior` (n_topics,) is the service's, None the bundle's own."""
    manifest, names = bundle.manifest, bundle.taxonomy.topic_names
    shares = manifest.calibration.prior if prior is None else prior
    card = bundle.folder / CARD
    return {
        **model_name(bundle),
        "family": manifest.family,
        "taxonomy": manifest.taxonomy.model_dump(mode="json"),
        "prior": dict(zip(names, map(float, shares), strict=True)),
        "thresholds": dict(zip(names, map(float, thresholds_at(manifest.calibration, shares)), strict=True)),
        "abstain_below": manifest.calibration.abstain_below,
        "target_risk": manifest.calibration.target_risk,
        "card": card.read_text("utf-8", "replace") if card.is_file() else "",
        "versions": {"communique": version("communique"), "trained_with": manifest.libraries.get("communique", "")},
        "limits": {
            name: getattr(settings, name)
            for name in ("max_body", "max_texts", "max_characters", "max_paragraphs", "timeout")
        },
    }
