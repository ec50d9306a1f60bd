"""Splits: articles whole, copies together, pairs shared out evenly, leaks refused."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from communique.model.corpus import Corpus, corpus_from_rows, read_corpus
from communique.model.errors import DataError
from communique.model.tables import Row
from communique.model.taxonomy import Taxonomy, load_taxonomy
from communique.train.data import EMBEDDED, Splits
from communique.train.make_splits import FRACTIONS, SEED, TEST_CONFLICTS, VERSION_1, conflict_of_setting, fixed_split
from communique.train.splits import article_groups, draw_splits, pair_columns, read_splits, split_corpus, write_splits

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
COPY = "The same long paragraph stands in two articles, word for word, so that it could leak."


def corpus_of(rows: list[dict[str, Any]], taxonomy: Taxonomy) -> Corpus:
    return corpus_from_rows([Row("t", i, row) for i, row in enumerate(rows, start=1)], taxonomy, None, [])


@pytest.fixture(scope="module")
def embedded() -> Corpus:
    return read_corpus([EMBEDDED], load_taxonomy())


@pytest.fixture(scope="module")
def drawn(embedded: Corpus) -> dict[str, str]:
    return draw_splits(embedded, SHARES, seed=0)


@pytest.fixture
def copied(tiny_rows: list[dict[str, Any]], tiny_taxonomy: Taxonomy) -> Corpus:
    """Articles a00 and a01 share a paragraph, but for its last word."""
    copies = [
        {"article": article, "paragraph": 9, "text": text, "labels": []}
        for article, text in (("a00", COPY), ("a01", COPY + " Again."))
    ]
    return corpus_of([*tiny_rows, *copies], tiny_taxonomy)


def test_every_article_is_drawn_once(embedded: Corpus, drawn: dict[str, str]) -> None:
    assert drawn.keys() == set(embedded.articles)
    assert set(drawn.values()) == set(SHARES)


def test_near_duplicates_stay_together(embedded: Corpus, drawn: dict[str, str]) -> None:
    groups = article_groups(embedded)
    of_group = {(group, drawn[article]) for group, article in zip(groups, embedded.articles, strict=True)}
    assert len(of_group) == len(set(groups)) < len(set(embedded.articles))


@pytest.mark.parametrize(("name", "share"), SHARES.items())
def test_every_pair_has_its_share(embedded: Corpus, drawn: dict[str, str], name: str, share: float) -> None:
    indicators = pair_columns(embedded)
    inside = np.array([drawn[article] == name for article in embedded.articles])
    there = indicators.any(axis=0)
    np.testing.assert_allclose(
        indicators[inside][:, there].sum(axis=0) / indicators[:, there].sum(axis=0), share, atol=0.01
    )


def test_drawing_depends_on_the_seed_alone(tiny_rows: list[dict[str, Any]], tiny_taxonomy: Taxonomy) -> None:
    first, again, other = (draw_splits(corpus_of(tiny_rows, tiny_taxonomy), SHARES, seed) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("seed", range(5))
def test_copies_are_drawn_together(copied: Corpus, seed: int) -> None:
    drawn = draw_splits(copied, SHARES, seed)
    assert drawn["a00"] == drawn["a01"]


def test_groups_are_articles_but_for_copies(copied: Corpus) -> None:
    groups = article_groups(copied)
    assert len(set(groups)) == len(set(copied.articles)) - 1
    assert len({group for group, a in zip(groups, copied.articles, strict=True) if a in ("a00", "a01")}) == 1


def test_pair_columns(tiny_taxonomy: Taxonomy) -> None:
    both = [{"topic": "dam", "stance": "against"}, {"topic": "rail", "stance": "neutral"}]
    rows = [{"article": "a", "paragraph": i, "text": f"t{i}", "labels": labels} for i, labels in enumerate(([], both))]
    expected = [[0, 0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 1, 0, 0, 1, 0, 0, 0]]
    np.testing.assert_array_equal(pair_columns(corpus_of(rows, tiny_taxonomy)), expected)


def test_topics_without_judged_stances_are_shared_out(tiny_rows: list[dict[str, Any]], tiny_taxonomy: Taxonomy) -> None:
    rows = [{**row, "article": f"b{i}", "labels": [{"topic": "rail"}]} for i, row in enumerate(tiny_rows)]
    drawn = draw_splits(corpus_of(rows, tiny_taxonomy), SHARES, seed=0)
    assert set(drawn.values()) == set(SHARES)


def test_leak_is_refused_with_both_names(copied: Corpus) -> None:
    with pytest.raises(DataError, match=r"a00 \(train\) ~ a01 \(test\)"):
        split_corpus(copied, {"a01": "test"})


def test_no_leak_where_copies_share_a_split(copied: Corpus) -> None:
    parts = split_corpus(copied, {"a00": "test", "a01": "test"})
    assert set(parts["test"].articles) == {"a00", "a01"}


def test_unnamed_article_goes_to_training(tiny_rows: list[dict[str, Any]], tiny_taxonomy: Taxonomy) -> None:
    parts = split_corpus(corpus_of(tiny_rows, tiny_taxonomy), {"a03": "validation"})
    assert list(parts) == ["train", "validation"]
    assert set(parts["validation"].articles) == {"a03"}
    assert len(parts["train"]) == len(tiny_rows) - 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("article,split\na,train\nb,test\na,test\n", r"splits.csv:4: article 'a' is in two splits"),
        ("article,split\na,dev\n", r"splits.csv:2: unknown split 'dev'; expected one of train, validation"),
        ("name,part\na,train\n", "expected the columns article,split; found"),
        ("", "expected the columns article,split"),
    ],
)
def test_unusable_split_file(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "splits.csv").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_splits(tmp_path / "splits.csv")


def test_split_file_round_trip(tmp_path: Path) -> None:
    splits = {"b, with comma": "train", "ä": "test", "a": "contrast"}
    write_splits(splits, tmp_path / "splits.csv")
    assert read_splits(tmp_path / "splits.csv") == splits
    assert (tmp_path / "splits.csv").read_text("utf-8").splitlines()[1] == "a,contrast"


def test_frozen_splits_name_every_article_of_version_1(embedded: Corpus, embedded_splits: Splits) -> None:
    later = set(embedded.articles) - read_splits(EMBEDDED / "splits.csv").keys()
    assert all(article.startswith("n") for article in later)
    assert later <= set(embedded_splits.train.articles)


def test_frozen_splits_have_no_leak(embedded_splits: Splits) -> None:
    assert list(embedded_splits.parts) == ["train", "validation", "test", "test_settings", "contrast"]
    articles = [set(part.articles) for part in embedded_splits.parts.values()]
    assert len(set.union(*articles)) == sum(map(len, articles))


def test_conflicts_of_test_settings_are_absent_from_the_rest(embedded_splits: Splits) -> None:
    settings = {name: {e.setting for e in part.examples} for name, part in embedded_splits.parts.items()}
    assert settings["test_settings"] >= TEST_CONFLICTS
    for name in ("train", "validation", "test"):
        assert not settings[name] & TEST_CONFLICTS


def test_every_setting_has_a_conflict(embedded: Corpus) -> None:
    conflicts = conflict_of_setting(EMBEDDED / "settings.csv")
    assert {example.setting for example in embedded.examples} <= conflicts.keys()
    with (EMBEDDED / "settings.csv").open(encoding="utf-8", newline="") as lines:
        assert len(conflicts) == len(list(csv.DictReader(lines)))


def test_frozen_splits_are_what_make_splits_draws() -> None:
    version_1 = read_corpus(sorted(EMBEDDED.glob(VERSION_1)), load_taxonomy())
    fixed = fixed_split(version_1, conflict_of_setting(EMBEDDED / "settings.csv"))
    free = version_1.only(i for i, article in enumerate(version_1.articles) if article not in fixed)
    assert fixed | draw_splits(free, FRACTIONS, SEED) == read_splits(EMBEDDED / "splits.csv")
