"""Fixtures: files as they are read, a scored folder written by hand, a service that really listens."""

import importlib.util
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_inbox import scoring, small_inbox  # noqa: F401  # fixtures

from communique.model.bundle import Bundle, load_bundle
from communique.model.taxonomy import Taxonomy
from communique.model.texts import Article
from communique.serve.http_app import create_app
from communique.serve.http_connection import server_of
from communique.serve.http_settings import HttpSettings
from communique.serve.inputs import find_inputs
from communique.serve.items import ReadFailure, parse_item, read_items
from communique.serve.report_folder import ScoredFolder, open_folder
from communique.serve.report_page import build_report, write_report
from communique.serve.rows import article_schema, paragraph_schema
from communique.serve.serve_command import listen
from communique.serve.worker import copy_key

CHROMIUM = Path("/usr/bin/chromium")
Live = Callable[..., AbstractContextManager[httpx.Client]]
Found = list[Article | ReadFailure]


@pytest.fixture(autouse=True)
def no_log_handler_left() -> Iterator[None]:
    """The command line logs to the stderr of its test, which is closed when the test is over."""
    yield
    for handler in logging.getLogger().handlers[:]:
        if type(handler) is logging.StreamHandler:
            logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="session")
def axe() -> Callable[[Any], list[tuple[str, list[str]]]]:
    """What axe-core finds wrong on an open page: the rule and the elements, for the rules it has on and target size.

    The page's context needs `bypass_csp`. Skips where axe-playwright-python (extra dev), which holds it, is missing."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-playwright-python is not installed")
    script = Path(found.origin).with_name("axe.min.js")

    def violations(page: Any) -> list[tuple[str, list[str]]]:
        page.add_script_tag(path=str(script))
        found = page.evaluate(
            "axe.run(document, {rules: {'target-size': {enabled: true}}}).then((result) => result.violations)"
        )
        return [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found]

    return violations


@pytest.fixture
def read_bytes(tmp_path: Path) -> Callable[..., Found]:
    """Write bytes to a file of the given name and read it as a run does."""

    def read(name: str, data: bytes, columns: Mapping[str, str] | None = None, first: int = 0) -> Found:
        (tmp_path / name).write_bytes(data)
        ((file,), _) = find_inputs([str(tmp_path / name)])
        found: list[Any] = []
        for item in read_items(file, first):
            found += [item] if isinstance(item, ReadFailure) else parse_item(item, columns or {})
        return found

    return read


def paragraph(taxonomy: Taxonomy, number: int, given: dict[str, Any]) -> dict[str, Any]:
    """A row from `article`, `text`, columns of the schema, and per topic (probability, shares of the stances)."""
    article = given.get("article", f"a{number}")
    text = given.get("text", f"Paragraph {number}.")
    row = {"article_id": article, "path": f"{article}.txt", "record": 0, "title": f"Title {article}", "language": "en"}
    row |= {"paragraph": number, "paragraph_id": f"{article}-{number}", "text": text, "cluster": copy_key(text)}
    row |= {"abstained": False, "truncated": False, "content_lost": False, "confidence": 0.9}
    for topic in taxonomy.topics:
        probability, shares = given.get(topic.name, (0.0, (0.0, 0.0, 1.0)))
        row |= {f"{topic.name}.probability": probability, f"{topic.name}.present": probability >= 0.5}
        if topic.stance:
            row |= {f"{topic.name}.{stance}": share for stance, share in zip(taxonomy.stances, shares, strict=True)}
            likeliest = taxonomy.stances[max(range(len(shares)), key=lambda n: shares[n])]
            row[f"{topic.name}.stance"] = likeliest if probability >= 0.5 else None
    return row | {name: value for name, value in given.items() if name in paragraph_schema(taxonomy).names}


@pytest.fixture
def scored(tmp_path: Path, taxonomy: Taxonomy) -> Callable[..., ScoredFolder]:
    """Write paragraphs (see `paragraph`), further article rows, failures and run.json; open the folder."""

    def write(
        paragraphs: list[dict[str, Any]],
        of: Taxonomy = taxonomy,
        articles: list[dict[str, Any]] | None = None,
        failures: list[Any] | None = None,
        run: dict[str, Any] | None = None,
        name: str = "scored",
    ) -> ScoredFolder:
        rows = [paragraph(of, n, given) for n, given in enumerate(paragraphs, start=1)]
        shared = (set(article_schema(of).names) & set(paragraph_schema(of).names)) - {"abstained"}
        by_article = {row["article_id"]: {key: row.get(key) for key in shared} for row in rows}
        folder = tmp_path / name
        for table, content, schema in (
            ("paragraphs", rows, paragraph_schema(of)),
            ("articles", [*by_article.values(), *(articles or [])], article_schema(of)),
        ):
            (folder / table).mkdir(parents=True)
            pq.write_table(pa.Table.from_pylist(content, schema), folder / table / "part-00000.parquet")
        lines = [line if isinstance(line, str) else json.dumps(line) for line in failures or []]
        (folder / "errors.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        if run is not None:
            (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
        return open_folder(folder)

    return write


def strict(api: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI description whose answers may have no members that it does not name."""
    closed = json.loads(json.dumps(api))
    for schema in closed["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return closed


@contextmanager
def checked(address: str) -> Iterator[httpx.Client]:
    """A client of a service that holds each success in JSON against the service's description."""
    api = strict(httpx.get(f"{address}/openapi.json").json())

    def check(answer: httpx.Response) -> None:
        about = api["paths"].get(answer.request.url.path, {}).get(answer.request.method.lower())
        if answer.status_code == 200 and about and "application/json" in about["responses"]["200"]["content"]:
            answer.read()
            schema = about["responses"]["200"]["content"]["application/json"]["schema"]
            jsonschema.validate(answer.json(), {**schema, "components": api["components"]})

    with httpx.Client(base_url=address, timeout=30, event_hooks={"response": [check]}) as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's chromium, driven by Playwright; without them the test is skipped."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open the report of a folder from disk; any error, warning or request of the page fails the test."""
    problems: list[str] = []
    contexts: list[Any] = []

    def opened(folder: ScoredFolder, **options: Any) -> Any:
        file = tmp_path / "report.html"
        write_report(build_report(folder), file)
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda one: problems.append(one.text) if one.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda one: problems.append(one.url) if not one.url.startswith(("file:", "data:")) else None)
        page.goto(file.as_uri())
        if options.get("java_script_enabled", True):
            page.wait_for_selector("#filters:not([hidden])")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


@contextmanager
def live_service(bundle: Bundle, **settings: object) -> Iterator[httpx.Client]:
    """Serve a bundle on a free port; gives a client with the service's address (see `checked`)."""
    limits = HttpSettings(**settings)  # type: ignore[arg-type]
    server = server_of(create_app(bundle, limits), limits)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            with checked(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def strictly() -> Callable[[dict[str, Any]], dict[str, Any]]:
    return strict


@pytest.fixture(scope="session")
def live() -> Live:
    return live_service


@pytest.fixture(scope="session")
def client(shared_bundle_folder: Path) -> Iterator[httpx.Client]:
    """A client of a service with the default settings, shared by the tests that do not change it."""
    with live_service(load_bundle(shared_bundle_folder)) as client:
        yield client


@pytest.fixture
def page(browser: Any, client: httpx.Client) -> Iterator[Any]:
    """The try-it page; any message on its console, such as a breach of the policy, fails the test."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.expected = []  # pieces of messages that a test provokes
    page.goto(str(client.base_url))
    yield page
    context.close()
    assert [problem for problem in problems if not any(piece in problem for piece in page.expected)] == []
