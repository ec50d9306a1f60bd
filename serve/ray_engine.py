"""Score on a Ray cluster: the same parts, the same rows, the model loaded once in each actor.

The input and the output folder must be where every machine of the cluster sees them under the same
path: a shared file system, or URLs for the input.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from communique.model.errors import InputError
from communique.serve.copies import KnownTexts
from communique.serve.parts import Part
from communique.serve.piece import score_part
from communique.serve.pool import ParserPool
from communique.serve.score import Engine, Progress, ScoreOptions
from communique.serve.tagger import Tagger, load
from communique.serve.worker import ParseOptions

ACTOR_CPUS = 1


class PartScorer:
    """An actor: a tagger with as many threads as the actor has CPUs, and one process that parses for it."""

    def __init__(self, bundle: str, prior: dict[str, float] | None, out: str, options: ScoreOptions) -> None:
        self._texts = KnownTexts(load(bundle, prior, threads=ACTOR_CPUS), options.gate)
        self._out = Path(out)
        self._options = options

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Score the parts of a batch; a part that was finished before the task was retried is kept."""
        sidecars = []
        for part in batch["part"]:
            options = ParseOptions(self._options.language, self._options.columns)
            with ParserPool(1, options, self._options.seconds) as pool:
                done = score_part(part, self._texts, pool, self._out, self._options.formats, lambda _: None)
            sidecars.append([*part.done, *done])
        return {"number": [part.number for part in batch["part"]], "sidecars": sidecars}


def ray_engine(address: str | None, workers: int | None) -> Engine:
    """An engine on the cluster at `address`, or on a cluster of this machine started for the run, with
    `workers` actors (None: as many as the cluster has CPUs).

    Raises:
        InputError: Ray is not installed.
    """
    try:
        import ray.data  # noqa: F401
    except ImportError as error:
        raise InputError("--engine ray needs Ray; install it with: pip install 'communique[ray]'") from error
    return partial(_score_with_ray, address, workers)


def _score_with_ray(
    address: str | None,
    workers: int | None,
    parts: Sequence[Part],
    tagger: Tagger,
    out: Path,
    options: ScoreOptions,
    progress: Progress,
) -> list[dict[str, Any]]:
    import ray

    found = {part.number: list(part.done) for part in parts}
    waiting = [part for part in parts if not part.complete]
    total = sum(len(part.files) for part in parts)
    done = total - sum(len(part.files) for part in waiting)
    progress(done, total)
    if waiting:
        os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
        started = not ray.is_initialized()
        if started:
            ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        try:
            actors = workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // ACTOR_CPUS)
            files = {part.number: len(part.files) for part in waiting}
            for row in _rows(waiting, tagger, out, options, min(actors, len(waiting))):
                found[row["number"]] = list(row["sidecars"])
                done += files[row["number"]]
                progress(done, total)
        except ray.exceptions.RayTaskError as error:
            cause = getattr(error, "cause", None)
            raise cause if isinstance(cause, OSError) else error from error
        finally:
            if started:
                ray.shutdown()
    return [content for part in parts for content in found[part.number]]


def _rows(waiting: list[Part], tagger: Tagger, out: Path, options: ScoreOptions, actors: int) -> Iterator[Any]:
    """What `PartScorer` says of each part, in the order in which they are done."""
    import ray.data

    parts = ray.data.from_items([{"part": part} for part in waiting], override_num_blocks=len(waiting))
    constructed = (str(tagger.bundle.folder.resolve()), tagger.prior, str(out.resolve()), options)
    scored = parts.map_batches(
        PartScorer,
        fn_constructor_args=constructed,
        batch_size=1,
        num_cpus=ACTOR_CPUS,
        concurrency=actors,
        max_restarts=3,
        max_task_retries=3,
    )
    yield from scored.iter_rows()
