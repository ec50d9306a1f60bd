"""Requests made up from the OpenAPI description: none crashes the service, every answer is as described, and what the
description allows is answered."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from communique.model.bundle import load_bundle
from communique.serve.http_examples import ANSWERS, PAGE

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.ignored_auth,
]
OPERATIONS = [
    ("GET", "/v1/model"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("POST", "/v1/tag"),
    ("POST", "/v1/articles"),
]
TOPICS = ("truce", "guard", "rain")
QUIETLY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
Strictly = Callable[[dict[str, Any]], dict[str, Any]]

share = st.floats(0.001, 0.999)
priors = st.none() | share | st.fixed_dictionaries(dict.fromkeys(TOPICS, share))
words = st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12), min_size=8, max_size=30)
sentences = st.lists(words.map(" ".join).map("They praise the {}.".format), min_size=1, max_size=4).map(" ".join)


@pytest.fixture(scope="module")
def api(client: httpx.Client, strictly: Strictly) -> dict[str, Any]:
    return strictly(client.get("/openapi.json").json())


def test_every_operation_is_tested(api: dict[str, Any]) -> None:
    assert {(method.upper(), path) for path, methods in api["paths"].items() for method in methods} == set(OPERATIONS)


# What takes no input cannot be asked wrongly.
@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        (*operation, mode)
        for operation in OPERATIONS
        for mode in GenerationMode
        if mode.is_positive or operation[0] == "POST"
    ],
)
def test_the_service_keeps_its_description(
    client: httpx.Client, api: dict[str, Any], method: str, path: str, mode: GenerationMode
) -> None:
    operation = schemathesis.openapi.from_dict(api)[path][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(QUIETLY, max_examples=25 if method == "POST" else 2)
    def check(case: schemathesis.Case) -> None:
        # A JSON Schema cannot say that two lists are of one length; and a page of noise may have no text.
        if mode.is_positive and isinstance(case.body, dict) and case.body.get("titles") is not None:
            case.body["titles"] = (case.body["titles"] + [None] * 256)[: len(case.body["texts"])]
        accepted = [checks.positive_data_acceptance] if path != "/v1/articles" else []
        case.call_and_validate(base_url=str(client.base_url), checks=CHECKS + accepted)

    check()


@given(
    texts=st.lists(st.text(max_size=200) | sentences, max_size=4),
    one=st.booleans(),
    segment=st.booleans(),
    prior=priors,
)
@QUIETLY
def test_good_texts_are_tagged(
    client: httpx.Client, texts: list[str], one: bool, segment: bool, prior: float | dict[str, float] | None
) -> None:
    body = {"text": texts[0], "title": "Title"} if one and texts else {"texts": texts, "titles": [None] * len(texts)}
    answer = client.post("/v1/tag", json={**body, "segment": segment, "prior": prior})
    assert answer.status_code == 200, answer.text
    found = [answer.json()] if "text" in body else answer.json()["articles"]
    assert len(found) == (1 if "text" in body else len(texts))
    if not segment:
        assert [len(one["paragraphs"]) for one in found] == [1] * len(found)


@given(paragraphs=st.lists(sentences, min_size=1, max_size=4), as_json=st.booleans(), prior=priors)
@QUIETLY
def test_good_pages_are_tagged(
    client: httpx.Client, paragraphs: list[str], as_json: bool, prior: float | dict[str, float] | None
) -> None:
    markup = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    page = f"<html><head><title>Calm</title></head><body><article>{markup}</article></body></html>"
    if as_json:
        answer = client.post("/v1/articles", json={"html": page, "prior": prior})
    else:
        answer = client.post("/v1/articles", content=page.encode(), headers={"content-type": "text/html"})
    assert answer.status_code == 200, answer.text
    assert "They praise the" in answer.json()["article"]["text"]


@pytest.mark.parametrize(("path", "method"), ANSWERS)
def test_examples_of_answers_are_answers(api: dict[str, Any], path: str, method: str) -> None:
    content = api["paths"][path][method]["responses"]["200"]["content"]["application/json"]
    assert content["examples"]
    for example in content["examples"].values():
        jsonschema.validate(example["value"], {**content["schema"], "components": api["components"]})


def test_examples_of_requests_are_answered(client: httpx.Client, api: dict[str, Any]) -> None:
    for path in ("/v1/tag", "/v1/articles"):
        for kind, about in api["paths"][path]["post"]["requestBody"]["content"].items():
            schema = about["schema"]
            named = api["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
            for example in named.get("examples") or [about["example"]]:
                sent = {"json": example} if kind == "application/json" else {"content": example}
                answer = client.post(path, headers={"content-type": kind}, **sent)
                assert answer.status_code == 200, answer.text


def test_an_answer_with_a_member_that_is_not_described_is_found(api: dict[str, Any]) -> None:
    content = api["paths"]["/v1/tag"]["post"]["responses"]["200"]["content"]["application/json"]
    answer = {**content["examples"]["text"]["value"], "more": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer, {**content["schema"], "components": api["components"]})


@pytest.mark.parametrize("path", sorted({path for _, path in OPERATIONS}))
def test_methods_that_a_path_does_not_take_are_refused(client: httpx.Client, path: str) -> None:
    taken = {method for method, one in OPERATIONS if one == path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - taken:
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
        assert set(answer.headers["allow"].split(", ")) == taken


@pytest.fixture(scope="module")
def guarded(live: Callable, shared_bundle_folder: Any) -> Iterator[httpx.Client]:
    with live(load_bundle(shared_bundle_folder), token="s3cret") as client:
        yield client


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_token_is_asked_for_where_the_description_says_so(
    guarded: httpx.Client, api: dict[str, Any], method: str, path: str
) -> None:
    about = guarded.get("/openapi.json").json()["paths"][path][method.lower()]
    private = about.get("security") == [{"token": []}]
    assert private == (path.startswith("/v1/") or path == "/metrics")
    assert api["paths"][path][method.lower()].get("security") == ([{}, {"token": []}] if private else None)
    body = {"/v1/tag": {"text": "Rain."}, "/v1/articles": {"html": PAGE}}.get(path)
    statuses = [
        guarded.request(method, path, json=body, headers=headers).status_code
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer s3cret"})
    ]
    assert statuses == ([401, 401, 200] if private else [200, 200, 200])


@pytest.mark.parametrize("path", ["/v1/tag", "/v1/articles"])
def test_what_tags_says_what_it_refuses(api: dict[str, Any], path: str) -> None:
    about = api["paths"][path]["post"]
    assert {"401", "408", "413", "422", "429", "504"} <= set(about["responses"])
    assert about["requestBody"]["content"]["application/json"]["schema"]
