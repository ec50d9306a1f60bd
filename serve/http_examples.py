"""Answers as the documentation shows them: an encoder's on two paragraphs, its digits cut."""

from typing import Any

TEXT = (
    "The council voted on Tuesday to extend the peacekeeping mission by a year.\n\n"
    "“A truce without guarantees is a pause for reloading,” the minister said."
)
TITLE = "Council extends mandate"
PAGE = (
    "<html><head><title>Council extends mandate</title></head><body><article>"
    "<p>The council voted on Tuesday to extend the peacekeeping mission by a year.</p>"
    "<p>“A truce without guarantees is a pause for reloading,” the minister said.</p></article></body></html>"
)
TOPICS = ("peacekeeping", "ceasefire", "security_guarantees")
MODEL = {"name": "encoder (int8)", "sha256": "22ec4f87d0183ac1a4fd0cf030c1f3cef0640280bb8ad827c8755a0d1bbf92e9"}


def _topic(name: str, probability: float, shares: tuple[float, float, float], **found: Any) -> dict[str, Any]:
    stances = dict(zip(("favor", "against", "neutral"), shares, strict=True))
    stance = max(stances, key=lambda one: stances[one]) if found else None
    topic = {"name": name, "probability": probability, "present": bool(found), "stances": stances, "stance": stance}
    return {**topic, "holder": None, "evidence": None, **found}


def _paragraphs() -> list[dict[str, Any]]:
    first, second = TEXT.split("\n\n")
    council = {"text": "The council", "start": 0, "end": 11}
    minister = {"text": "the minister", "start": 55, "end": 67}
    found = [
        (
            _topic("peacekeeping", 0.9945, (0.8691, 0.109, 0.0219), holder=council, evidence=first),
            _topic("ceasefire", 0.0002, (0.9513, 0.0309, 0.0177)),
            _topic("security_guarantees", 0.0002, (0.8508, 0.1018, 0.0474)),
        ),
        (
            _topic("peacekeeping", 0.0029, (0.3925, 0.549, 0.0585)),
            _topic("ceasefire", 0.9085, (0.2846, 0.6862, 0.0292), holder=minister, evidence=second),
            _topic("security_guarantees", 0.0081, (0.4307, 0.4923, 0.077)),
        ),
    ]
    start, paragraphs = 0, []
    for index, (text, topics, confidence) in enumerate(zip((first, second), found, (0.8639, 0.6166), strict=True), 1):
        names = [topic["name"] for topic in topics if topic["present"]]
        place = {"index": index, "text": text, "start": start, "end": start + len(text)}
        verdict = {"confidence": confidence, "abstained": False, "truncated": False, "gated": False}
        paragraphs.append({**place, "all_topics": list(topics), **verdict, "topics": names})
        start += len(text) + 2
    return paragraphs


PARAGRAPHS = _paragraphs()
TEXT_ANSWER = {"model": MODEL, "paragraphs": PARAGRAPHS}
TEXTS_ANSWER = {
    "model": MODEL,
    "articles": [{"paragraphs": [one | {"index": 1, "start": 0, "end": len(one["text"])}]} for one in PARAGRAPHS],
}
ARTICLE_ANSWER = {
    "model": MODEL,
    "article": {
        "url": "https://news.example/mandate",
        "title": TITLE,
        "outlet": None,
        "published": None,
        "language": "en",
        "content_lost": False,
        "text": TEXT,
    },
    "paragraphs": PARAGRAPHS,
}
MODEL_ANSWER = {
    **MODEL,
    "family": "encoder",
    "precision": "int8",
    "format_version": 1,
    "taxonomy": {
        "name": "communique",
        "exclusive": False,
        "stances": ["favor", "against", "neutral"],
        "topics": [
            {"name": name, "definition": definition, "stance": True}
            for name, definition in zip(
                TOPICS,
                (
                    "Third-party personnel sent, proposed, criticised or withdrawn to keep a peace.",
                    "A halt to fighting between armed parties, sought, agreed, kept, broken or refused.",
                    "Commitments meant to deter or answer a future attack on a state or party.",
                ),
                strict=True,
            )
        ],
    },
    "prior": dict(zip(TOPICS, (0.1018, 0.0892, 0.087), strict=True)),
    "thresholds": dict(zip(TOPICS, (0.365, 0.415, 0.43), strict=True)),
    "abstain_below": 0.3148,
    "target_risk": 0.1,
    "card": "# encoder\n\nA `encoder` model that says which topics a paragraph is about and where it stands on each.\n",
    "corpus": {"sha256": "a93a1c66618368a96699bc363dd4241dc0cc831c3b6d1b6e771cbf21984b5581", "n_train": 7680},
    "libraries": {"communique": "0.1.0", "numpy": "2.4.6", "onnxruntime": "1.32.0", "python": "3.11.7"},
    "versions": {
        "communique": "0.1.0",
        "python": "3.11.7",
        "numpy": "2.4.6",
        "onnxruntime": "1.32.0",
        "trained_with": "0.1.0",
    },
    "limits": {
        "max_body": 2_000_000,
        "max_texts": 256,
        "max_characters": 400_000,
        "max_paragraphs": 2_000,
        "timeout": 30.0,
        "page_timeout": 10.0,
        "header_timeout": 10.0,
    },
}

# (path, method) to the successes of the operation, by name.
ANSWERS: dict[tuple[str, str], dict[str, Any]] = {
    ("/v1/tag", "post"): {"text": TEXT_ANSWER, "texts": TEXTS_ANSWER},
    ("/v1/articles", "post"): {"page": ARTICLE_ANSWER},
    ("/v1/model", "get"): {"model": MODEL_ANSWER},
    ("/healthz", "get"): {"alive": {"status": "ok"}},
    ("/readyz", "get"): {"ready": {"status": "ready"}},
}
