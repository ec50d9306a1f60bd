"""Reading a config: overrides, paths, and errors that say what is wrong."""

from pathlib import Path
from typing import Any

import pytest

from communique.model.errors import ConfigError
from communique.train.config_file import known_keys, load_config

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.toml"))
MINIMAL = 'name = "m"\n[model]\nfamily = "linear"\n[output]\nbundle = "out"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_config_loads(path: Path) -> None:
    config = load_config(path)
    assert config.name == path.stem
    assert config.output.bundle == path.parents[1] / "bundles" / path.stem


def test_there_are_shipped_configs() -> None:
    assert "quick.toml" in [path.name for path in CONFIGS]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.famly=linear", "model.famly: unknown key; did you mean model.family?"),
        ("modle.title=true", "modle: unknown key; did you mean model?"),
        ("head.regularization=[1.0]", "did you mean head.regularisation?"),
        ("output.bundel=x", "did you mean output.bundle?"),
        ("sweep.space.x={choces=[1]}", "did you mean sweep.space.choices?"),
        ("corpus.mapping.txt=x", "did you mean corpus.mapping.text?"),
        ("zzzz=1", "zzzz: unknown key; known here: calibration, corpus, encoder, head"),
        ("seed=-1", "seed: .*greater than or equal to 0; found -1"),
        ("model.family=oracle", "model.family: .*'linear'.* found 'oracle'"),
        ("split.validation=0.9", "split: validation . test must be below 1"),
        ("linear.word_ngrams=[2,1]", "n-gram ranges are"),
        ("model=3", "model: .*found 3"),
        ("model.family.x=3", "family is a value, not a section"),
        ("seed", "expected section.key=value"),
        ("=3", "expected section.key=value"),
    ],
)
def test_error_says_what_is_wrong(config: Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(config, [override])


def test_every_problem_is_listed(config: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(config, ["seed=-1", "model.max_length=3", "modle.x=1"])
    lines = str(caught.value).splitlines()
    assert "3 problem(s)" in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["seed", "model.max_length", "modle"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name = ", "not a TOML file"),
        (b"name = '\xff'", "not a TOML file"),
        (b"", "name: Field required"),
        (MINIMAL.replace("name", "Name").encode(), "Name: unknown key; did you mean name?"),
    ],
)
def test_unusable_file(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "bad.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load_config(tmp_path / "bad.toml")


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_missing_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is not a file"):
        load_config(tmp_path / name)


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("model.title=true", True),
        ("model.title = false", False),
        ("split.validation=0.2", 0.2),
        ("split.validation=2e-1", 0.2),
        ("seed=7", 7),
        ("name=plain", "plain"),
        ('name="7"', "7"),
        ("name=two words = three", "two words = three"),
        ("tracking.uri=http://host:5000", "http://host:5000"),
        ("head.regularisation=[0.5, 2]", (0.5, 2.0)),
        ("linear.char_ngrams=[2,4]", (2, 4)),
        ("calibration.prior=corpus", "corpus"),
        ("calibration.prior={rail = 0.1}", {"rail": 0.1}),
        ("calibration.prior.rail=0.1", {"rail": 0.1}),
        ("corpus.mapping.label=kind", "kind"),
    ],
)
def test_override_is_typed_like_the_file(config: Path, override: str, value: Any) -> None:
    found: Any = load_config(config, [override])
    for key in override.partition("=")[0].strip().removesuffix(".rail").split("."):
        found = getattr(found, key)
    assert (found, type(found)) == (value, type(value))


def test_last_override_wins(config: Path) -> None:
    assert load_config(config, ["seed=1", "seed=2"]).seed == 2


def test_override_equals_the_same_line_in_the_file(config: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(MINIMAL + "[split]\nseed = 3\n", encoding="utf-8")
    assert load_config(config, ["split.seed=3"]) == load_config(other)


def test_paths_are_relative_to_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    overrides = ["corpus.paths=['a.jsonl', '/b.csv']", "corpus.splits=s.csv", "corpus.taxonomy=../t.toml"]
    loaded = load_config(config, overrides)
    folder = config.parent
    assert loaded.corpus.paths == (folder / "a.jsonl", Path("/b.csv"))
    assert loaded.corpus.splits == folder / "s.csv"
    assert loaded.corpus.taxonomy == folder.parent / "t.toml"
    assert loaded.output.bundle == folder / "out"
    assert loaded.output.runs == folder.parent / "runs"
    assert loaded.promotion.export == folder.parent / "bundles" / "champion"


def test_path_of_a_config_in_the_working_directory(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(config.parent)
    assert load_config(Path("config.toml")).output.bundle == config.parent / "out"


def test_local_backbone_is_relative_to_the_file(config: Path) -> None:
    (config.parent / "encoder").mkdir()
    assert load_config(config, ["model.backbone=./encoder"]).model.backbone == str(config.parent / "encoder")


def test_known_keys_reach_into_sections() -> None:
    keys = set(known_keys())
    assert {"name", "model", "model.family", "corpus.mapping.text", "sweep.space", "promotion.export"} <= keys
