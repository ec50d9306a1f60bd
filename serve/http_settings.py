"""What a running service was asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Limits of the service, the same for everybody.

    `max_body` counts bytes of a request's body; `max_characters` and `max_paragraphs` are for all its
    texts together, the latter since an answer is much longer than a short paragraph.
    `queue` is how many requests may be in work or waiting; `timeout` the seconds from a request's
    arrival to its answer, `page_timeout` those for reading an HTML page within them, and
    `header_timeout` those in which a connection must have sent the whole head of a request. `workers`
    threads tag and as many processes read pages. `batch` False tags one request at a time.
    """

    max_body: int = 2_000_000
    max_texts: int = 256
    max_characters: int = 400_000
    max_paragraphs: int = 2_000
    queue: int = 64
    timeout: float = 30.0
    page_timeout: float = 10.0
    header_timeout: float = 10.0
    workers: int = 1
    batch: bool = True
    token: str | None = None
