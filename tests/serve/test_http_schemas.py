"""Requests made up from the OpenAPI description: none crashes the service, every answer is as described."""

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
OPERATIONS = [
    ("GET", "/v1/model"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("POST", "/v1/tag"),
    ("POST", "/v1/articles"),
]


def test_every_operation_is_tested(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == set(OPERATIONS)


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
def test_the_service_keeps_its_description(client: httpx.Client, method: str, path: str, mode: GenerationMode) -> None:
    description = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")
    operation = description[path][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=25 if method == "POST" else 2, deadline=None, suppress_health_check=list(HealthCheck))
    def check(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    check()


@pytest.mark.parametrize("path", ["/v1/tag", "/v1/articles"])
def test_what_tags_says_what_it_refuses(client: httpx.Client, path: str) -> None:
    about = client.get("/openapi.json").json()["paths"][path]["post"]
    assert {"401", "408", "413", "422", "429", "504"} <= set(about["responses"])
    assert about["requestBody"]["content"]["application/json"]["schema"]
