"""What the OpenAPI description says of this service beyond its types: its topics, its limits, its token."""

from typing import Any

from fastapi import FastAPI

from communique.model.taxonomy import Taxonomy
from communique.serve.http_examples import ANSWERS
from communique.serve.http_guard import PRIVATE
from communique.serve.http_settings import HttpSettings

SHARE = {"type": "number", "exclusiveMinimum": 0.0, "exclusiveMaximum": 1.0}


def describe(app: FastAPI, taxonomy: Taxonomy, settings: HttpSettings) -> None:
    """Complete the description that the app gives out; call it when every path is added.

    A token is described in any case: as needed where the service has one, else as something that may be sent.
    """
    api = app.openapi()
    tag = api["components"]["schemas"]["TagRequest"]["properties"]
    article = api["paths"]["/v1/articles"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    for prior in (tag["prior"], article["properties"]["prior"]):
        prior["anyOf"] = _prior(taxonomy)
    for one in tag["texts"]["anyOf"]:
        if one["type"] == "array":
            one["maxItems"] = settings.max_texts
    api["components"]["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "The token the service was started with, if any (`--token-file`, COMMUNIQUE_TOKEN).",
        }
    }
    # Set here, since FastAPI leaves nulls out of examples.
    for (path, method), answers in ANSWERS.items():
        content = api["paths"][path][method]["responses"]["200"]["content"]["application/json"]
        content["examples"] = {name: {"value": value} for name, value in answers.items()}
    needed: list[dict[str, list[str]]] = [{"token": []}]
    for path, methods in api["paths"].items():
        for about in methods.values():
            if path.startswith(PRIVATE):
                about["security"] = needed if settings.token is not None else [{}, *needed]


def _prior(taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """A share of topical paragraphs, which exclusive topics do not have; a share of each topic; or null."""
    names = list(taxonomy.topic_names)
    each = {
        "type": "object",
        "properties": dict.fromkeys(names, SHARE),
        "required": names,
        "additionalProperties": False,
    }
    return [*([] if taxonomy.exclusive else [SHARE]), each, {"type": "null"}]
