import json
import sys

import pytest

from communique.model.errors import InputError
from communique.model.prediction_html import marked_pieces
from communique.model.predictions import Prediction, Predictions, Span, TopicPrediction
from communique.model.taxonomy import Taxonomy

TEXT = "<b>The mayor</b> & others want a truce. It rains."


@pytest.fixture
def found(taxonomy: Taxonomy) -> Predictions:
    stances = {"favor": 0.9, "against": 0.05, "neutral": 0.05}
    truce = TopicPrediction(
        "truce", 0.8, True, stances, "favor", Span("The mayor", 3, 12), "<b>The mayor</b> & others want a truce."
    )
    rest = (TopicPrediction("guard", 0.1, False, stances, None), TopicPrediction("rain", 0.7, True, {}, None))
    return Predictions([Prediction(1, TEXT, 0, len(TEXT), (truce, *rest), 0.5, True, False)], taxonomy)


def test_dicts_name_the_topics_present(found: Predictions) -> None:
    row = found[0].to_dict()
    assert row["topics"] == ["truce", "rain"]
    assert [row] == found.to_dict() == json.loads(json.dumps(found.to_dict()))


def test_sums_and_slices_are_predictions_other_operations_lists(found: Predictions, taxonomy: Taxonomy) -> None:
    both = found + found[:1]
    assert isinstance(both, Predictions)
    assert both.to_arrow().num_rows == 2
    assert type(sorted(both, key=lambda prediction: prediction.confidence)) is list
    other = Predictions([], taxonomy.model_copy(update={"topics": taxonomy.topics[:1]}))
    with pytest.raises(InputError, match=r"list\(a\) \+ list\(b\)"):
        found + other


def test_the_table_has_the_columns_of_scored_folders(found: Predictions) -> None:
    from communique.serve.rows import paragraph_schema

    table = found.to_arrow()
    scored = {field.name: field.type for field in paragraph_schema(found.taxonomy)}
    assert all(scored[field.name] == field.type for field in table.schema)
    assert {name for name in scored if "." in name} <= set(table.column_names)
    (row,) = table.to_pylist()
    assert (row["truce.stance"], row["truce.holder_end"], row["guard.stance"]) == ("favor", 12, None)
    assert "rain.favor" not in row


def test_an_empty_list_has_the_same_columns(found: Predictions) -> None:
    empty = found[:0]
    assert isinstance(empty, Predictions)
    assert empty.to_arrow().schema == found.to_arrow().schema
    assert "no paragraphs" in empty._repr_html_()


def test_pandas_only_where_it_is(found: Predictions, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(pytest.importorskip("pandas").DataFrame(found.to_pandas())["rain.present"]) == [True]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match="pip install pandas"):
        found.to_pandas()


def test_html_escapes_the_text_and_says_stances_in_words(found: Predictions) -> None:
    shown = found._repr_html_()
    assert "<b>The" not in shown
    assert "&lt;b&gt;" in shown
    assert "▲ favor</b> 0.90 by The mayor</span>" in shown
    assert "abstained" in shown
    assert "guard" not in shown


def test_pieces_keep_the_text_and_overlapping_marks(found: Predictions) -> None:
    pieces = marked_pieces(found[0])
    assert "".join(text for text, _ in pieces) == TEXT
    assert ("The mayor", frozenset({"holder", "evidence"})) in pieces
    assert pieces[-1] == (" It rains.", frozenset())
