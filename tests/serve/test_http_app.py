from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from communique.model.bundle import OnnxSettings
from communique.serve import load
from communique.serve.read_html import read_page

ARTICLE = "The mayor had words of praise for the truce on Monday.\n\nBakeries were open and the buses ran as usual.\n"
PAGE = (Path(__file__).resolve().parents[2] / "serve/samples/06-kharkiv-depot.html").read_bytes()
HTML = {"content-type": "text/html; charset=utf-8"}


def tag(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/tag", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_one_text(client: httpx.Client, shared_bundle_folder: Path) -> None:
    answer = tag(client, text=ARTICLE, title="A quiet day")
    tagger = load(shared_bundle_folder)
    assert answer["paragraphs"] == tagger.tag(ARTICLE, "A quiet day").to_dict()
    assert answer["paragraphs"][0]["topics"] == ["truce"]
    assert answer["model"] == {"name": "tiny", "sha256": tagger.bundle.sha256}


def test_a_list_of_texts(client: httpx.Client, shared_bundle_folder: Path) -> None:
    texts = [ARTICLE, "", "We reject the guard."]
    articles = tag(client, texts=texts)["articles"]
    assert [one["paragraphs"] for one in articles] == [load(shared_bundle_folder).tag(text).to_dict() for text in texts]


def test_texts_as_they_are(client: httpx.Client, shared_bundle_folder: Path) -> None:
    texts = ["Subscribe", ARTICLE, "Rain."]
    found = [one["paragraphs"][0] for one in tag(client, texts=texts, segment=False)["articles"]]
    expected = load(shared_bundle_folder).tag_paragraphs(texts).to_dict()
    assert found == [{**one, "index": 1} for one in expected]


def test_a_title_for_each_text(live: Callable, bundle: Any) -> None:
    titled = replace(bundle, manifest=bundle.manifest.model_copy(update={"title": True}))
    texts, titles = ["It held.", "It held.", "It held."], ["The truce", None, "Rain"]
    with live(titled) as client:
        articles = tag(client, texts=texts, titles=titles, segment=False)["articles"]
        cut = tag(client, texts=texts, titles=titles)["articles"]
    expected = load(bundle.folder).tag_paragraphs(["The truce\n\nIt held.", "It held.", "Rain\n\nIt held."])
    found = [[topic["probability"] for topic in one["paragraphs"][0]["all_topics"]] for one in articles]
    assert found == [[topic.probability for topic in one.all_topics] for one in expected]
    assert [one["paragraphs"][0]["topics"] for one in cut] == [["truce"], [], ["rain"]]


@pytest.mark.parametrize("prior", [0.9, {"truce": 0.7, "guard": 0.2, "rain": 0.1}])
def test_another_prior(client: httpx.Client, shared_bundle_folder: Path, prior: float | dict[str, float]) -> None:
    expected = load(shared_bundle_folder, prior=prior).tag(ARTICLE).to_dict()
    assert tag(client, text=ARTICLE, prior=prior)["paragraphs"] == expected


def test_concurrent_requests_get_their_own_answers(client: httpx.Client, shared_bundle_folder: Path) -> None:
    tagger = load(shared_bundle_folder)
    texts = [
        f"They {verb} the {noun} for the {n}th time."
        for n in range(20)
        for verb in ("praise", "reject")
        for noun in ("truce", "rain")
    ]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda text: tag(client, text=text)["paragraphs"], texts))
    assert answers == [tagger.tag(text).to_dict() for text in texts]


def test_a_page_as_html_and_as_json(client: httpx.Client, shared_bundle_folder: Path) -> None:
    page = read_page(PAGE)
    as_html = client.post("/v1/articles", content=PAGE, headers=HTML).json()
    as_json = client.post("/v1/articles", json={"html": PAGE.decode(), "url": "https://news.example/1"}).json()
    assert as_html["article"] == {"url": None, "text": page.text} | {
        name: getattr(page, name) for name in ("title", "outlet", "published", "language", "content_lost")
    }
    assert as_html["paragraphs"] == load(shared_bundle_folder).tag(page.text, page.title).to_dict()
    assert as_json["article"]["url"] == "https://news.example/1"
    assert as_json["paragraphs"] == as_html["paragraphs"]


def test_a_page_in_the_character_set_of_its_header(client: httpx.Client) -> None:
    page = "<html><body><p>Жители хвалят перемирие, которое держится с понедельника.</p></body></html>"
    header = {"content-type": "text/html; charset=windows-1251"}
    answer = client.post("/v1/articles", content=page.encode("windows-1251"), headers=header).json()
    assert answer["article"]["text"].startswith("Жители хвалят")


@pytest.mark.parametrize(
    ("body", "where", "message"),
    [
        ({"text": 3}, "text", "expected a valid string, found a number"),
        ({"texts": ["a", None]}, "texts[1]", "found null"),
        ({"texts": "a"}, "texts", "expected a valid list, found a string"),
        ({}, "", 'either "text"'),
        ({"text": "a", "texts": ["b"]}, "", 'either "text"'),
        ({"texts": ["a", "b"], "titles": ["c"]}, "", "2 texts but 1 titles; give one title (or null) for each text"),
        ({"texts": ["a"], "titles": ["c"], "title": "d"}, "", 'either "title"'),
        ({"text": "a", "titles": ["c"]}, "", 'the title of one text is "title"'),
        ({"text": "a", "txet": "b"}, "txet", "not permitted"),
        ({"text": "a", "segment": "no"}, "segment", "boolean"),
        ({"text": "a", "prior": 1.5}, "prior", "less than 1"),
        ({"text": "a", "prior": {"truce": -1}}, "prior.truce", "greater than 0"),
        (["a"], "", "expected a JSON object"),
        (None, "", "required"),
    ],
)
def test_wrong_bodies_are_told_what_is_wrong(client: httpx.Client, body: Any, where: str, message: str) -> None:
    answer = client.post("/v1/tag", json=body)
    assert answer.status_code == 422
    problems = answer.json()["problems"]
    assert any(problem["where"] == where and message in problem["message"] for problem in problems), problems
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"text": "\xff"}',
        b"[" * 100_000,
        b'{"text": NaN}',
        b'{"text": "a", "prior": NaN}',
        b"\x00",
        b"",
        b'{"\\ud800": 1}',
    ],
)
@pytest.mark.parametrize("path", ["/v1/tag", "/v1/articles"])
def test_what_is_no_json_is_refused(client: httpx.Client, path: str, content: bytes) -> None:
    answer = client.post(path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["message"]


def test_an_article_is_not_repeated_in_an_error(client: httpx.Client) -> None:
    assert "secret" not in client.post("/v1/tag", json={"text": ["secret words"]}).text


@pytest.mark.parametrize(
    "text", ['"\\ud800 the truce \\u0000"', '"\\udfff\\udfff"', '"\\u202e\\ufeff truce"', '"' + "a\\u0301" * 999 + '"']
)
@pytest.mark.parametrize("segment", ["true", "false"])
def test_odd_characters_are_tagged(client: httpx.Client, text: str, segment: str) -> None:
    content = f'{{"text": {text}, "title": {text}, "segment": {segment}}}'.encode()
    answer = client.post("/v1/tag", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["paragraphs"] is not None


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"\x89PNG\r\n", HTML, 422),
        (b"", HTML, 422),
        (PAGE, {}, 415),
        (PAGE, {"content-type": "text/plain"}, 415),
        (PAGE, {"content-type": "text/html; charset=klingon"}, 415),
        (b'{"html": "<p>x</p>", "page": 1}', {"content-type": "application/json"}, 422),
    ],
)
def test_pages_that_are_none(client: httpx.Client, content: bytes, headers: dict[str, str], status: int) -> None:
    answer = client.post("/v1/articles", content=content, headers=headers)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "message", "problems"})


def test_limits_on_texts_and_characters(live: Callable, bundle: Any) -> None:
    with live(bundle, max_texts=2, max_characters=60, max_paragraphs=8) as client:
        assert "at most 2" in client.post("/v1/tag", json={"texts": ["a"] * 3}).json()["message"]
        refused = client.post("/v1/tag", json={"texts": ["a" * 31] * 2})
        assert (refused.status_code, "at most 60" in refused.json()["message"]) == (422, True)
        assert "9 paragraphs" in client.post("/v1/tag", json={"text": "Rain.\n" * 9}).json()["message"]
        page = f"<html><body><article><p>{'The truce held. ' * 20}</p></article></body></html>"
        refused = client.post("/v1/articles", content=page, headers=HTML)
        assert (refused.status_code, "in parts to /v1/tag" in refused.json()["message"]) == (422, True)
        assert tag(client, texts=["a" * 25] * 2)


def test_the_model_says_what_it_is(client: httpx.Client, shared_bundle_folder: Path) -> None:
    answer = client.get("/v1/model").json()
    assert answer["thresholds"] == {"truce": 0.5, "guard": 0.5, "rain": 0.5}
    assert answer["prior"] == load(shared_bundle_folder).prior
    assert answer["card"] == "# Tiny\n"
    assert [topic["name"] for topic in answer["taxonomy"]["topics"]] == ["truce", "guard", "rain"]
    assert {"communique", "python", "numpy", "onnxruntime"} <= set(answer["versions"])
    assert answer["limits"].items() >= {"max_paragraphs": 2000, "page_timeout": 10.0, "header_timeout": 10.0}.items()
    assert (answer["precision"], answer["format_version"]) == (None, 1)


def test_an_int8_bundle_says_so(live: Callable, bundle: Any) -> None:
    onnx = OnnxSettings(max_length=8, batch_size=1, pad_id=0, precision="int8")
    facts = {"onnx": onnx, "corpus": {"sha256": "a9", "n_train": 3}, "libraries": {"torch": "2", "communique": "0.1"}}
    with live(replace(bundle, manifest=bundle.manifest.model_copy(update=facts))) as client:
        answer = client.get("/v1/model").json()
        assert tag(client, text="Rain.")["model"]["name"] == "tiny (int8)"
    assert (answer["name"], answer["precision"], answer["corpus"]) == ("tiny (int8)", "int8", facts["corpus"])
    assert (answer["libraries"], answer["versions"]["trained_with"]) == (facts["libraries"], "0.1")


def test_health_and_readiness(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nope", 404), ("GET", "/v1/tag", 405), ("POST", "/", 405)]
)
def test_other_paths_and_methods(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "message", "problems"})
