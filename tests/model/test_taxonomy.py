"""The taxonomy file: what is accepted, and what each refusal says."""

from pathlib import Path
from typing import Any

import pytest

from communique.model.errors import ConfigError
from communique.model.taxonomy import Taxonomy, load_taxonomy, pair_name, parse_taxonomy

TOPIC = {"name": "truce", "definition": "A halt to fighting."}
PLAIN = {**TOPIC, "stance": False}


def test_default_taxonomy_has_nine_pairs() -> None:
    default = load_taxonomy()
    assert default.topic_names == ("peacekeeping", "ceasefire", "security_guarantees")
    assert len(default.pairs) == 9
    assert default.pairs[1] == ("peacekeeping", "against")


def test_a_stanceless_topic_is_its_own_pair(taxonomy: Taxonomy) -> None:
    assert taxonomy.has_stance == (True, True, False)
    assert [pair_name(*pair) for pair in taxonomy.pairs][2:] == [
        "truce/neutral",
        "guard/favor",
        "guard/against",
        "guard/neutral",
        "rain",
    ]


@pytest.mark.parametrize("name", ["a", "truce", "truce_2", "x9_"])
def test_topic_names_accepted(name: str) -> None:
    assert parse_taxonomy({"topics": [{**PLAIN, "name": name}]}, "t").topic_names == (name,)


@pytest.mark.parametrize("name", ["", "Truce", "2truce", "cease-fire", "cease fire", "truce\n", "trêve", "_x"])
def test_topic_names_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"topics\.0\.name"):
        parse_taxonomy({"topics": [{**PLAIN, "name": name}]}, "t")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "topics: Field required"),
        ({"topics": []}, "topics: Tuple should have at least 1 item"),
        ({"topics": [PLAIN, PLAIN]}, "topic names must be unique; repeated: truce"),
        ({"topics": [TOPIC], "stances": ["a", "a", "b"]}, "stance names must be unique; repeated: a"),
        ({"topics": [TOPIC]}, "needs at least two names in `stances`"),
        ({"topics": [TOPIC], "stances": ["favor"]}, "needs at least two names in `stances`"),
        ({"topics": [TOPIC], "stances": ["favor", "holder", "evidence"]}, "output columns: evidence, holder"),
        ({"topics": [PLAIN], "exclusive": True}, "an exclusive taxonomy needs at least two topics"),
        ({"topics": [{"name": "truce", "stance": False}]}, r"topics\.0\.definition: Field required"),
        ({"topics": [{**PLAIN, "definition": ""}]}, r"topics\.0\.definition"),
        ({"topics": [{**PLAIN, "colour": 1}]}, r"topics\.0\.colour: Extra inputs"),
        ({"topics": [PLAIN], "Exclusive": True}, "Exclusive: Extra inputs"),
        ({"topics": [PLAIN], "stances": "favor"}, "stances: Input should be a valid tuple"),
    ],
)
def test_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_taxonomy(table, "t")


def test_every_problem_is_named_with_its_source() -> None:
    with pytest.raises(ConfigError, match=r"(?s)my\.toml.*topics\.0\.name.*topics\.1\.definition"):
        parse_taxonomy({"topics": [{**PLAIN, "name": "X"}, {**PLAIN, "definition": ""}]}, "my.toml")


def test_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text('[[topics]]\nname = "sport"\ndefinition = "Games."\nstance = false\n', encoding="utf-8")
    assert load_taxonomy(path).pairs == (("sport", None),)


@pytest.mark.parametrize(("content", "message"), [(b"topics = [", "not a TOML file"), (b"name = '\xff'", "UTF-8")])
def test_unreadable_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "t.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load_taxonomy(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a file"):
        load_taxonomy(tmp_path / "absent.toml")


def test_survives_json(taxonomy: Taxonomy) -> None:
    assert Taxonomy.model_validate(taxonomy.model_dump(mode="json")) == taxonomy
