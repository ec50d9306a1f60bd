"""Topic priors: the share of paragraphs with a topic, stated, and data reweighted to it.

The share differs by source (a corpus of conflict reports, a newspaper's front page), so every
probability is for a stated prior. Moving from one prior to another is label shift: P(text | topic)
stays, P(topic) moves (Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a
classifier to new a priori probabilities").
"""

import numpy as np
import numpy.typing as npt

from communique.model.errors import ConfigError
from communique.model.taxonomy import Taxonomy

NEWTON_STEPS = 50
RIDGE = 1e-9
SMALLEST, LARGEST = 0.001, 0.999


def observed_prior(topic: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    """The share of judged paragraphs with each topic, (n_topics,), kept inside (0, 1)."""
    judged = (topic >= 0).sum(axis=0)
    shares = (topic == 1).sum(axis=0) / np.maximum(judged, 1)
    return np.asarray(np.clip(shares, SMALLEST, LARGEST))


def topical_share(topic: npt.NDArray[np.int8]) -> float:
    """The share of paragraphs with any topic, among those it is known of."""
    judged = (topic >= 0).all(axis=1) | (topic == 1).any(axis=1)
    share = (topic == 1).any(axis=1).sum() / max(1, judged.sum())
    return float(np.clip(share, SMALLEST, LARGEST))


def prior_weights(topic: npt.NDArray[np.int8], prior: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Paragraph weights, (n,) with mean one, under which each topic has the given share.

    The weights closest to uniform in relative entropy that meet every topic's share (raking:
    Deming and Stephan 1940), found by Newton's method on the convex dual. A topic without a
    positive or without a negative cannot be moved and is left as it is; an unjudged topic does
    not pull on its paragraph.
    """
    movable = (topic == 1).any(axis=0) & (topic == 0).any(axis=0)
    residual = np.where(topic >= 0, (topic == 1) - prior, 0.0)[:, movable]
    tilt = np.zeros(residual.shape[1])
    for _ in range(NEWTON_STEPS):
        weights = _tilted(residual, tilt)
        gradient = weights @ residual
        centred = residual - gradient
        hessian = (centred * weights[:, None]).T @ centred + RIDGE * np.eye(len(tilt))
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        tilt -= step * min(1.0, 2.0 / max(float(np.abs(step).max(initial=0.0)), 1e-12))
        if np.abs(gradient).max(initial=0.0) < 1e-10:
            break
    return np.asarray(_tilted(residual, tilt) * len(topic))


def _tilted(residual: npt.NDArray[np.float64], tilt: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    exponent = residual @ tilt
    weights = np.exp(exponent - exponent.max(initial=0.0))
    return np.asarray(weights / weights.sum())


def shift_logits(
    logits: npt.NDArray[np.float64],
    old: npt.NDArray[np.float64],
    new: npt.NDArray[np.float64],
    exclusive: bool,
) -> npt.NDArray[np.float64]:
    """Calibrated logits (n, n_topics) moved from one prior to another; bit for bit the same if they are equal."""
    if exclusive:
        return np.asarray(logits + (np.log(new) - np.log(old)))
    return np.asarray(logits + (_logit(new) - _logit(old)))


def _logit(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.log(share) - np.log1p(-share))


def parse_prior(text: str, taxonomy: Taxonomy) -> float | dict[str, float]:
    """Read `--prior`: a share of topical paragraphs ("0.25") or "topic=share,…" for every topic.

    Raises:
        ConfigError: not a number in (0, 1), or topics unknown or missing.
    """
    advice = f"write a share such as 0.25, or {','.join(f'{name}=0.1' for name in taxonomy.topic_names)}"
    try:
        if "=" not in text:
            return _share(text)
        parts = [part.partition("=") for part in text.split(",")]
        shares = {name.strip(): _share(value) for name, _, value in parts}
    except ValueError as error:
        raise ConfigError(f"prior {text!r}: {error}; {advice}") from error
    if set(shares) != set(taxonomy.topic_names) or len(parts) > len(shares):
        raise ConfigError(f"prior {text!r} must name every topic once; {advice}")
    return shares


def _share(text: str) -> float:
    share = float(text)
    if not 0.0 < share < 1.0:
        raise ValueError(f"{share} is not between 0 and 1")
    return share


def resolve_prior(
    prior: float | dict[str, float], base: npt.NDArray[np.float64], base_topical: float, taxonomy: Taxonomy
) -> tuple[npt.NDArray[np.float64], float]:
    """Per-topic shares (n_topics,) and the topical share, from a stated prior.

    A single number is the share of paragraphs with any topic; the topics keep the proportions of
    `base`, whose topical share is `base_topical`.
    """
    stated = list(prior.values()) if isinstance(prior, dict) else [prior]
    if not all(0.0 < share < 1.0 for share in stated):
        raise ConfigError(f"a prior is a share between 0 and 1; found {prior}")
    if isinstance(prior, dict):
        if wrong := sorted(set(prior) ^ set(taxonomy.topic_names)):
            raise ConfigError(f"a prior by topic must name each topic once; missing or unknown: {', '.join(wrong)}")
        shares = np.array([prior[name] for name in taxonomy.topic_names])
        if taxonomy.exclusive:
            return shares / shares.sum(), 1.0
        topical = base_topical * float(shares.sum() / base.sum())
        return np.clip(shares, SMALLEST, LARGEST), float(np.clip(topical, SMALLEST, LARGEST))
    if taxonomy.exclusive:
        raise ConfigError("the topics are exclusive: state a share for each topic, or prior = 'corpus'")
    return np.clip(base * prior / base_topical, SMALLEST, LARGEST), prior
