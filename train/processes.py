"""Training in several processes: `torchrun` starts them, the Trainer divides the batches.

The first process does everything else: it tracks, exports and prints.
"""

import os
from pathlib import Path

from communique.model.errors import ConfigError


def rank() -> int:
    """This process' number among those `torchrun` started; 0 without it."""
    return int(os.environ.get("RANK", "0"))


def count() -> int:
    """How many processes `torchrun` started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def share_of(batch_size: int) -> int:
    """Paragraphs of a step that fall to each process.

    Raises:
        ConfigError: the batch cannot be divided evenly.
    """
    if batch_size % count():
        raise ConfigError(
            f"encoder.batch_size = {batch_size} cannot be divided over {count()} processes; "
            "choose a multiple of their number"
        )
    return batch_size // count()


def shared_folder(folder: Path | None) -> Path:
    """The folder the first process names, in every process."""
    if count() == 1:
        assert folder is not None
        return folder
    import torch
    from torch import distributed
    from transformers import TrainingArguments

    use_cpu = not torch.cuda.is_available()
    TrainingArguments(output_dir=str(folder), use_cpu=use_cpu).device  # noqa: B018 (joins the process group)
    names: list[str] = [str(folder)]
    distributed.broadcast_object_list(names)
    return Path(names[0])
