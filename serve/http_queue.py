"""Requests waiting for the model: tagged together, a few paragraphs of each at a time.

Threads take paragraphs from the requests at the front of the queue, so that requests that come at
the same time share a batch, and put a request that is not done at the back, so that a long one
does not hold up short ones. Where a model's scores depend on the batch, each article is tagged
alone: whoever asks, and whatever else is asked, the answer is that of `Tagger.tag`.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from communique.model.bundle import Bundle
from communique.model.errors import InputError
from communique.model.predict import predict_paragraphs
from communique.model.predictions import Prediction, Predictions
from communique.model.texts import Article, Paragraph
from communique.serve.segment import segment

# Paragraphs of a batch, and the characters from which no further request is looked at.
BATCH_PARAGRAPHS = 64
BATCH_CHARACTERS = 40_000

Shares = npt.NDArray[np.float64]


@dataclass(eq=False)
class Job:
    """The texts of one request. `cut` False: each text is a paragraph as it is; more than `at_most`
    paragraphs are refused.

    `future` gets one list of predictions a text; cancelling it drops what is left of the work.
    """

    articles: Sequence[Article]
    cut: bool = True
    prior: Shares | None = None
    at_most: int | None = None
    future: "Future[list[Predictions]]" = field(default_factory=Future)
    paragraphs: list[tuple[int, Paragraph]] | None = None  # (number of the article, paragraph)
    done: list[Prediction] = field(default_factory=list)
    submitted: float = field(default_factory=time.monotonic)
    waited: float = 0.0

    @property
    def characters(self) -> int:
        return sum(len(article.text) for article in self.articles)

    def prepare(self) -> list[tuple[int, Paragraph]]:
        """The paragraphs, cut on first use; raises `InputError` when there are too many."""
        if self.paragraphs is None:
            self.waited = time.monotonic() - self.submitted
            paragraphs = [
                (number, paragraph)
                for number, article in enumerate(self.articles)
                for paragraph in (segment(article) if self.cut else [Paragraph(1, article.text, 0, len(article.text))])
            ]
            if self.at_most is not None and len(paragraphs) > self.at_most:
                raise InputError(f"{len(paragraphs):,} paragraphs in one request; at most {self.at_most:,} are taken")
            self.paragraphs = paragraphs
        return self.paragraphs

    def same_prior(self, other: "Job") -> bool:
        if self.prior is None or other.prior is None:
            return self.prior is other.prior
        return bool(np.array_equal(self.prior, other.prior))


def independent_of_batch(bundle: Bundle) -> bool:
    """Whether a text's scores are the same whatever it is tagged with: one text a run, or no runtime."""
    return bundle.manifest.onnx is None or bundle.manifest.onnx.batch_size == 1


class TaggingQueue:
    """The threads that tag, and the jobs that wait for them.

    `observe` is told the number of paragraphs of each batch. `merge` False tags jobs one by one.
    """

    def __init__(
        self, bundle: Bundle, workers: int = 1, merge: bool = True, observe: Callable[[int], None] = lambda _: None
    ) -> None:
        self._bundle = bundle
        self._alone = not independent_of_batch(bundle)
        self._merge = merge and not self._alone
        self._observe = observe
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._threads = [threading.Thread(target=self._work, name=f"tag-{n}", daemon=True) for n in range(workers)]
        for thread in self._threads:
            thread.start()

    @property
    def depth(self) -> int:
        """Jobs that no thread is working on."""
        return len(self._waiting)

    @property
    def alive(self) -> bool:
        return not self._closing and all(thread.is_alive() for thread in self._threads)

    def submit(self, job: Job) -> "Future[list[Predictions]]":
        """Queue a job; its future gets the predictions of each article."""
        with self._changed:
            if self._closing:
                raise RuntimeError("the queue is closed")
            self._waiting.append(job)
            self._changed.notify()
        return job.future

    def close(self) -> None:
        """Finish what waits, then stop the threads."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while jobs := self._take():
            unfinished = self._run(jobs)
            with self._changed:
                self._waiting.extend(unfinished)
                self._changed.notify(len(unfinished))

    def _take(self) -> list[Job]:
        """The jobs of the next batch; none when there will be no more."""
        with self._changed:
            while True:
                jobs: list[Job] = []
                while self._waiting and (not jobs or self._may_join(jobs)):
                    job = self._waiting.popleft()
                    if not job.future.cancelled():
                        jobs.append(job)
                if jobs or self._closing:
                    return jobs
                self._changed.wait()

    def _may_join(self, jobs: list[Job]) -> bool:
        small = sum(job.characters for job in jobs) < BATCH_CHARACTERS
        return self._merge and small and len(jobs) < BATCH_PARAGRAPHS and self._waiting[0].same_prior(jobs[0])

    def _run(self, jobs: list[Job]) -> list[Job]:
        """Tag a stretch of each job; returns the jobs that have more."""
        try:
            stretches = self._stretches(jobs)
            found = iter(self._tag([paragraph for stretch in stretches for paragraph in stretch], jobs[0].prior))
            for job, stretch in zip(jobs, stretches, strict=True):
                job.done += [next(found) for _ in stretch]
        except Exception as error:  # whatever one text makes the runtime raise must not take others along
            if len(jobs) > 1:
                return [left for job in jobs for left in self._run([job])]
            if jobs[0].future.set_running_or_notify_cancel():
                jobs[0].future.set_exception(error)
            return []
        return [job for job in jobs if not self._finish(job)]

    def _stretches(self, jobs: list[Job]) -> list[list[tuple[str | None, Paragraph]]]:
        """The next paragraphs of each job with their titles: as many as fit, at least one; where scores
        depend on the batch, the whole next article."""
        stretches = []
        room = BATCH_PARAGRAPHS
        for job in jobs:
            paragraphs = job.prepare()
            start = len(job.done)
            if self._alone:
                chosen = [pair for pair in paragraphs[start:] if pair[0] == paragraphs[start][0]]
            else:
                chosen = paragraphs[start : start + max(1, room)]
            room -= len(chosen)
            stretches.append([(job.articles[number].title, paragraph) for number, paragraph in chosen])
        return stretches

    def _tag(self, stretch: list[tuple[str | None, Paragraph]], prior: Shares | None) -> list[Prediction]:
        if not stretch:
            return []
        self._observe(len(stretch))
        titles = [title for title, _ in stretch]
        return predict_paragraphs(self._bundle, [paragraph for _, paragraph in stretch], titles, prior)

    def _finish(self, job: Job) -> bool:
        paragraphs = job.prepare()
        if len(job.done) < len(paragraphs):
            return False
        found: list[list[Prediction]] = [[] for _ in job.articles]
        for (number, _), prediction in zip(paragraphs, job.done, strict=True):
            found[number].append(prediction)
        if job.future.set_running_or_notify_cancel():
            job.future.set_result([Predictions(one, self._bundle.taxonomy) for one in found])
        return True
