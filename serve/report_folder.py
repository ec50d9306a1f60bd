"""A scored folder opened for counting: its topics, and its Parquet tables as DuckDB views.

The topics and stances are those of the columns; no taxonomy file is needed to read results.
"""

import importlib
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from communique.model.errors import InputError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"
PROBABILITY = ".probability"
# The paragraphs without their copies: of each text the one of the first article.
ONCE = """SELECT * FROM paragraphs
    QUALIFY row_number() OVER (PARTITION BY coalesce(cluster, paragraph_id) ORDER BY article_id, paragraph) = 1"""

# What stands in `published` is whatever the page or feed said. A date that begins as ISO 8601 keeps its own
# day, without a shift to UTC; "Fri, 03 May 2024" and "May 3, 2024" are understood; 03/04/2024 is not, because it
# means two days. A year before 1600 or after 2199 is a default of somebody's software rather than a date.
DATE_MACRO = r"""
CREATE MACRO date_of(published) AS CASE
  WHEN NOT regexp_matches(published, '(^|\D)(1[6-9]|20|21)\d{2}') THEN NULL
  WHEN regexp_matches(trim(published), '^\d{4}-\d{2}-\d{2}') THEN
    strftime(TRY_CAST(left(trim(published), 10) AS DATE), '%Y-%m-%d')
  WHEN regexp_full_match(trim(published), '\d{4}(-(0[1-9]|1[0-2]))?') THEN trim(published)
  ELSE strftime(coalesce(
    try_strptime(regexp_extract(published, '\d{1,2} [A-Za-z]{3,9} \d{4}'), ['%d %b %Y', '%d %B %Y']),
    try_strptime(regexp_extract(published, '[A-Za-z]{3,9} \d{1,2}, \d{4}'), ['%b %d, %Y', '%B %d, %Y']),
    try_strptime(regexp_extract(published, '^\s*\d{4}/\d{1,2}/\d{1,2}'), '%Y/%m/%d'),
    try_strptime(regexp_extract(published, '^\d{8}'), '%Y%m%d')), '%Y-%m-%d')
END
"""


@dataclass(frozen=True)
class TopicColumns:
    """A topic of the tables; `stances` is empty for a topic without stance."""

    name: str
    stances: tuple[str, ...]

    def column(self, name: str) -> str:
        """The quoted SQL name of one of its columns."""
        return quoted(f"{self.name}.{name}")


@dataclass(frozen=True)
class ScoredFolder:
    """What `score` left in a folder. `run` is the content of run.json, empty where there is none."""

    path: Path
    topics: tuple[TopicColumns, ...]
    columns: frozenset[str]
    article_columns: frozenset[str]
    run: dict[str, Any]

    @property
    def stances(self) -> tuple[str, ...]:
        """Every stance of any topic, in column order."""
        return tuple(dict.fromkeys(stance for topic in self.topics for stance in topic.stances))

    def failures(self) -> Iterator[dict[str, Any]]:
        """The lines of errors.jsonl that are objects, in order."""
        path = self.path / "errors.jsonl"
        if not path.is_file():
            return
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                value = _object(line)
                if value:
                    yield value

    @contextmanager
    def connect(self) -> Iterator["DuckDBPyConnection"]:
        """A database with the views `paragraphs` and `articles`, each with a further column `date`: what could be
        read from `published`, as YYYY, YYYY-MM or YYYY-MM-DD, or NULL. What outgrows the memory goes to disk."""
        duckdb = needed("duckdb")
        with tempfile.TemporaryDirectory() as spill:
            settings = {"memory_limit": MEMORY, "temp_directory": spill, "preserve_insertion_order": False}
            connection: DuckDBPyConnection = duckdb.connect(config=settings)
            try:
                # DuckDB would draw the bar on stdout, which may be promised to one JSON object.
                connection.execute("SET enable_progress_bar = false")
                connection.execute(DATE_MACRO)
                for table in ("paragraphs", "articles"):
                    # DuckDB reads [, * and ? in a file's name as a pattern.
                    files = [re.sub(r"([\[*?])", r"[\1]", str(file)) for file in _parts(self.path, table)]
                    relation = connection.read_parquet(files, union_by_name=True)
                    relation.project("*, date_of(published) AS date").create_view(table)
                yield connection
            finally:
                connection.close()


def open_folder(path: Path) -> ScoredFolder:
    """Open the results of `communique score --out PATH`.

    Raises:
        InputError: there is no such folder, or it holds no scored tables or damaged ones.
    """
    if not path.is_dir():
        raise InputError(f"{path} is not a folder; expected the --out folder of `communique score`")
    paragraphs, articles = _schema(path, "paragraphs"), _schema(path, "articles")
    names = [name.removesuffix(PROBABILITY) for name in paragraphs.names if name.endswith(PROBABILITY)]
    if not names:
        raise InputError(f"{path}/paragraphs has no column TOPIC.probability; score the articles again")
    topics = tuple(TopicColumns(name, _stances(paragraphs, name)) for name in names)
    run_file = path / "run.json"
    run = _object(run_file.read_text("utf-8", errors="replace")) if run_file.is_file() else {}
    return ScoredFolder(path, topics, frozenset(paragraphs.names), frozenset(articles.names), run)


def quoted(name: str) -> str:
    """A column name as SQL writes it; names of topics' columns have a dot in them."""
    return '"' + name.replace('"', '""') + '"'


def needed(module: str) -> Any:
    """Import a library of the extra `report`.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise
        raise InputError(f"this command needs {module}; install it with: pip install 'communique[report]'") from error


def _parts(path: Path, table: str) -> list[Path]:
    return sorted((path / table).glob("*.parquet"))


def _schema(path: Path, table: str) -> pa.Schema:
    files = _parts(path, table)
    if not files:
        raise InputError(f"{path} has no {table}/*.parquet; expected the --out folder of `communique score`")
    schemas = []
    for file in files:
        try:
            schemas.append(pq.read_schema(file))
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"{file} is not a Parquet file ({error}); delete the folder and score again") from error
    return pa.unify_schemas(schemas)


def _stances(schema: pa.Schema, topic: str) -> tuple[str, ...]:
    """The columns between a topic's `present` and its `stance` are its stances' probabilities."""
    own = [name for name in schema.names if name.startswith(f"{topic}.")]
    if f"{topic}.stance" not in own:
        return ()
    between = own[own.index(f"{topic}.present") + 1 : own.index(f"{topic}.stance")]
    return tuple(name.removeprefix(f"{topic}.") for name in between if pa.types.is_floating(schema.field(name).type))


def _object(text: str) -> dict[str, Any]:
    """A JSON object, or an empty one where the text is none: a report does without."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
