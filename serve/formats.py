"""Which files are read, by their suffixes, and the libraries that only some of them need."""

import importlib
from typing import Any

from communique.model.errors import InputError

# One document, parsed as a whole in a worker.
DOCUMENTS = {
    ".txt": "text",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".json": "json",
    ".pdf": "pdf",
    ".xml": "feed",
    ".rss": "feed",
    ".atom": "feed",
    ".eml": "mail",
}
# Many records, read one by one.
STREAMS = {
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".warc": "warc",
    ".zip": "zip",
}
KINDS = DOCUMENTS | STREAMS
SUPPORTED = f"{' '.join(sorted(KINDS))}, each also as .gz"


def suffix_of(name: str) -> str:
    """The last suffix of a file name in lower case; of "a.html.gz" it is ".html.gz"."""
    base = name.rpartition("/")[2].lower()
    inner = base.removesuffix(".gz")
    dot = inner.rfind(".")
    suffix = inner[dot:] if dot > 0 else ""
    return suffix + base[len(inner) :]


def kind_of(name: str) -> str | None:
    """What a file holds by its name: a value of `KINDS`, or None when it is not read."""
    return KINDS.get(suffix_of(name).removesuffix(".gz"))


def is_stream(name: str) -> bool:
    """Whether a file holds many records that are read one by one."""
    return kind_of(name) in STREAMS.values()


def unsupported(name: str) -> InputError:
    """The error for a file that was named but is of no kind that is read."""
    return InputError(f"unsupported file type {suffix_of(name) or '(no suffix)'}; supported: {SUPPORTED}")


def load_library(name: str, purpose: str) -> Any:
    """Import a library of the extra `formats`; raises `InputError` naming the extra without it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(f"reading {purpose} needs {name}: pip install 'communique[formats]' ({error})") from error
