from pathlib import Path

import pytest

from communique.model.bundle import Bundle
from communique.model.errors import BundleError, ConfigError, InputError
from communique.serve import Tagger, load

ARTICLE = "The mayor had words of praise for the truce on Monday.\n\nBakeries were open and the buses ran as usual.\n"


def test_tag_gives_one_prediction_a_paragraph_with_exact_offsets(bundle_folder: Path) -> None:
    found = load(bundle_folder).tag(ARTICLE, title="A quiet day")
    assert [prediction.index for prediction in found] == [1, 2]
    assert [ARTICLE[p.start : p.end] for p in found] == [p.text for p in found]
    assert [(t.name, t.stance) for t in found[0].topics] == [("truce", "favor")]
    assert found[1].topics == ()


def test_tag_paragraphs_keeps_order_and_takes_texts_as_they_are(bundle_folder: Path) -> None:
    texts = ["We reject the truce.", "", "Subscribe", "They praise the guard."]
    found = load(bundle_folder).tag_paragraphs(texts)
    assert [p.text for p in found] == texts
    assert [[(t.name, t.stance) for t in p.topics] for p in found] == [
        [("truce", "against")],
        [],
        [],
        [("guard", "favor")],
    ]


def test_nothing_in_nothing_out(bundle_folder: Path) -> None:
    tagger = load(bundle_folder)
    assert tagger.tag("") == []
    assert tagger.tag_paragraphs([]) == []
    assert tagger.tag_articles([]) == []


@pytest.mark.parametrize(
    ("texts", "advice"), [("one text", r"tag_paragraphs\(\[text\]\)"), (["a", None], r"texts\[1\]")]
)
def test_what_is_not_a_list_of_texts_is_refused_with_advice(bundle_folder: Path, texts: list[str], advice: str) -> None:
    with pytest.raises(InputError, match=advice):
        load(bundle_folder).tag_paragraphs(texts)


def test_titles_must_match_the_texts(bundle_folder: Path) -> None:
    with pytest.raises(InputError, match="1 texts but 2 titles"):
        load(bundle_folder).tag_paragraphs(["a"], titles=["x", "y"])


def test_a_higher_prior_raises_every_probability(bundle_folder: Path) -> None:
    texts = ["The truce.", "The rain."]
    low, high = (load(bundle_folder, prior=prior).tag_paragraphs(texts) for prior in (0.2, 0.8))
    assert all(
        a.probability < b.probability
        for p, q in zip(low, high, strict=True)
        for a, b in zip(p.all_topics, q.all_topics, strict=True)
    )


def test_the_same_prior_changes_nothing(bundle_folder: Path) -> None:
    stated = load(bundle_folder, prior={"truce": 0.3, "guard": 0.3, "rain": 0.3}).tag_paragraphs(["The truce."])
    own = load(bundle_folder).tag_paragraphs(["The truce."])
    assert stated[0]["truce"].probability == pytest.approx(own[0]["truce"].probability)


def test_a_prior_that_is_no_share_is_refused(bundle_folder: Path) -> None:
    from communique.serve.tagger import shifted_prior

    with pytest.raises(ConfigError, match="between 0 and 1"):
        shifted_prior(load(bundle_folder).bundle, "1.5")


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is not a bundle"):
        load(tmp_path)


def test_an_unknown_registry_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/m.db")
    with pytest.raises(BundleError, match="communique promote"):
        load("models:/nobody@champion")


@pytest.mark.parametrize(("text", "title"), [(None, None), (["a"], None), ("a", float("nan"))])
def test_tag_takes_strings_only(bundle_folder: Path, text: str, title: str) -> None:
    with pytest.raises(InputError):
        load(bundle_folder).tag(text, title=title)


@pytest.mark.parametrize("prior", [float("nan"), 0.0, 1.5, {"truce": 2.0, "guard": 0.1, "rain": 0.1}, {"truce": 0.1}])
def test_a_prior_is_a_share_for_every_topic(bundle_folder: Path, prior: float) -> None:
    with pytest.raises(ConfigError):
        load(bundle_folder, prior=prior)


def test_a_lone_surrogate_is_tagged(bundle_folder: Path) -> None:
    assert load(bundle_folder).tag_paragraphs(["The truce \ud800."])[0]["truce"].present


def test_a_lone_surrogate_in_an_article_keeps_the_offsets(bundle_folder: Path) -> None:
    text = "They praise the truce \ud800 in town.\n\nThe rain fell all day.\n"
    found = load(bundle_folder).tag(text, title="\udfff")
    assert [(p.start, p.end) for p in found] == [(0, 32), (34, 56)]
    assert found[0].text == "They praise the truce ? in town."


def test_the_bundles_own_prior_stated_changes_no_bit(bundle: Bundle) -> None:
    texts = [f"The truce, {n} times praise, and the guard." for n in range(50)]
    shares = bundle.manifest.calibration.topics[0].prior
    own = Tagger(bundle, Tagger(bundle).prior).tag_paragraphs(texts)
    assert 0 < shares < 1
    assert list(own) == list(Tagger(bundle).tag_paragraphs(texts))
