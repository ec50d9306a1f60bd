import base64
import hashlib
import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from communique.model.bundle import MANIFEST
from communique.serve.cli import main
from communique.serve.report_articles import article_blocks
from communique.serve.report_facts import failures, headline, reference, skipped
from communique.serve.report_folder import ScoredFolder
from communique.serve.report_page import build_report, script_data
from communique.serve.report_passages import contested, holders, pieces, surest

Scored = Callable[..., ScoredFolder]
FAVOR, AGAINST, NEUTRAL = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05), (0.05, 0.05, 0.9)
EVIL = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\"'--><!--"


def unpacked(blocks: list[str]) -> list[Any]:
    return [article for block in blocks for article in json.loads(zlib.decompress(base64.b64decode(block)))]


def test_the_page_names_topics_and_numbers(scored: Scored) -> None:
    rows = [{"published": f"2024-0{n}-01", "outlet": "North", "truce": (1.0, FAVOR)} for n in range(1, 6)]
    page = build_report(scored(rows), "My page").html
    assert "<title>My page</title>" in page
    assert page.count('role="img"') == 8
    assert "about 5.0 paragraphs, 100\N{NO-BREAK SPACE}% of all" in page


def test_nothing_from_an_article_is_markup(scored: Scored) -> None:
    row = dict.fromkeys(("text", "title", "outlet", "published", "path", "truce.holder", "truce.evidence"), EVIL)
    folder = scored(
        [{**row, "truce": (1.0, FAVOR)}] * 2,
        articles=[{"article_id": "s", "skipped": EVIL}],
        failures=[{"path": EVIL, "stage": EVIL, "error": EVIL, "message": EVIL}],
        run={"bundle": {"name": EVIL, "folder": EVIL}, "finished": EVIL, "settings": {"communique": EVIL}},
    )
    page = build_report(folder, EVIL).html
    assert "<script>window" not in page
    assert "<img" not in page
    assert page.count("<script") == page.count("</script>") == 3
    assert page.count("<!--") == 0


def test_the_policy_allows_this_script_and_style_and_nothing_else(scored: Scored) -> None:
    page = build_report(scored([{}])).html
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    allowed = policy[1].replace("&#39;", "'")
    assert allowed.startswith("default-src 'none'; ")
    assert "unsafe" not in allowed
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in allowed
    assert not re.search(r"\s(style|on\w+)=", page)


def test_script_data_cannot_leave_its_element() -> None:
    text = script_data({"name": EVIL})
    assert "<" not in text
    assert json.loads(text) == {"name": EVIL}


def test_the_blocks_hold_text_and_places_as_javascript_counts(scored: Scored) -> None:
    text = "\N{SLEUTH OR SPY} said: the army refused. Rain."
    columns = {"truce.holder": "the army", "truce.holder_start": 8, "truce.evidence": "Rain."}
    folder = scored([{"text": text, "outlet": "North", "truce": (0.934, AGAINST), "abstained": True, **columns}])
    with folder.connect() as connection:
        blocks = article_blocks(connection, folder, None)
    ((title, outlet, date, published, path, url, language, total, ((number, kept, flags, sure, tags),)),) = unpacked(
        blocks.encoded
    )
    assert (title, blocks.outlets[outlet], date, published, path, url) == (
        "Title a1",
        "North",
        None,
        None,
        "a1.txt",
        None,
    )
    assert (language, total, number, kept, flags, sure) == ("en", 1, 1, text, 1, 90)
    assert tags == [[0, 93, 1, [5, 90, 5], [9, 17], [27, 32]]]


def test_what_does_not_fit_is_counted(scored: Scored) -> None:
    rows = [{"article": f"a{n // 2}", "text": f"{n} " * 100, "truce": (n % 2, FAVOR)} for n in range(20)]
    folder = scored(rows)
    with folder.connect() as connection:
        topical = article_blocks(connection, folder, None, most_bytes=1000)
        few = article_blocks(connection, folder, 3)
        none = article_blocks(connection, folder, 0)
    assert topical.topical_only
    assert (topical.paragraphs, topical.total_paragraphs) == (10, 20)
    assert (few.articles, few.paragraphs, few.total_articles, few.topical_only) == (3, 6, 10, False)
    assert (none.articles, none.encoded) == (0, [])


def test_the_bytes_are_never_exceeded(scored: Scored) -> None:
    folder = scored([{"text": hashlib.sha512(str(n).encode()).hexdigest(), "truce": (1, FAVOR)} for n in range(50)])
    with folder.connect() as connection:
        blocks = article_blocks(connection, folder, None, most_bytes=500)
    assert (blocks.articles, blocks.encoded) == (0, [])


def test_a_link_is_http_or_none(scored: Scored) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from communique.serve.report_folder import open_folder

    rows = [{"text": f"Text {n}.", "title": f"T{n}", "truce": (1.0, FAVOR)} for n in range(2)]
    file = scored(rows).path / "paragraphs" / "part-00000.parquet"
    table = pq.read_table(file)
    urls = pa.array(["javascript:window.hacked=1", "https://example.org/?a=1&b=2"])
    at = table.schema.get_field_index("url")
    table = table.append_column("url", urls) if at < 0 else table.set_column(at, "url", urls)
    pq.write_table(table, file)
    report = build_report(open_folder(file.parent.parent))
    assert "javascript:" not in report.html
    assert 'href="https://example.org/?a=1&amp;b=2"' in report.html
    assert {article[5] for article in unpacked(report.blocks.encoded)} == {None, "https://example.org/?a=1&b=2"}


def test_holders_with_their_counts_and_the_surest_sentence(scored: Scored) -> None:
    held = [("The Army", 0.7, AGAINST), ("the army", 0.9, FAVOR), ("He", 0.9, FAVOR), (None, 0.9, NEUTRAL)]
    rows = [
        {"truce.holder": name, "truce": (p, shares), "truce.evidence": f"Sentence {p}."} for name, p, shares in held
    ]
    folder = scored(rows)
    with folder.connect() as connection:
        found = holders(connection, folder.topics[0])
    (army,) = found.shown
    assert army.name.casefold() == "the army"
    assert army.counts == {"favor": 1, "against": 1, "neutral": 0}
    assert army.example == "Sentence 0.9."
    assert (found.names, found.pronouns, found.nobody) == (1, 1, 1)


def test_the_surest_and_the_most_contested_passages(scored: Scored) -> None:
    shares = [(0.9, 0.05, 0.05), (0.6, 0.3, 0.1), (0.46, 0.44, 0.1), (0.1, 0.8, 0.1)]
    folder = scored([{"truce": (0.9, one)} for one in shares])
    with folder.connect() as connection:
        sure = surest(connection, folder, folder.topics[0])
        torn = contested(connection, folder, folder.topics[0])
    assert [(one.title, one.stance) for one in sure] == [
        ("Title a1", "favor"),
        ("Title a2", "favor"),
        ("Title a4", "against"),
    ]
    assert torn[0].title == "Title a3"


def test_pieces_of_overlapping_spans() -> None:
    spans = [("evidence", 0, 8), ("holder", 4, 10)]
    assert pieces("The army said.", spans) == [
        ("The ", "evidence"),
        ("army", "evidence holder"),
        (" s", "holder"),
        ("aid.", ""),
    ]


def test_the_headline_counts(scored: Scored) -> None:
    rows = [
        {"article": "a", "text": "One.", "outlet": "North", "published": "2024-05-03", "abstained": True},
        {"article": "b", "text": "one", "outlet": " ", "published": "soon", "truncated": True, "content_lost": True},
    ]
    folder = scored(rows, articles=[{"article_id": "s", "skipped": "language: fr"}] * 2)
    with folder.connect() as connection:
        facts = headline(connection, folder)
        left_out = skipped(connection)
    assert (facts.articles, facts.paragraphs, facts.copies, facts.abstained, facts.truncated) == (2, 2, 1, 1, 1)
    assert (facts.outlets, facts.without_outlet, facts.undated, facts.content_lost) == (1, 1, 1, 1)
    assert (facts.first, facts.last, facts.confidence) == ("2024-05-03", "2024-05-03", pytest.approx(0.9))
    assert left_out == [("language: fr", 2)]


def test_failures_are_counted_and_odd_lines_ignored(scored: Scored) -> None:
    one = {"path": "x", "record": 0, "stage": "read", "error": "InputError", "message": "m"}
    found = failures(scored([{}], failures=[*[one] * 120, "nonsense", "[1]"]))
    assert (found.total, found.counts, len(found.first)) == (120, [("read", "InputError", 120)], 100)


def test_drift_against_the_bundle(scored: Scored, bundle_folder: Path) -> None:
    digest = hashlib.sha256((bundle_folder / MANIFEST).read_bytes()).hexdigest()
    settings = {"model": digest, "prior": {"truce": 0.5, "guard": 0.1, "rain": 0.3}}
    run = {"settings": settings, "bundle": {"folder": str(bundle_folder)}}
    folder = scored([{"truce": (0.6, FAVOR), "guard": (0.9, FAVOR)}], run=run)
    with folder.connect() as connection:
        found = reference(connection, folder)
    assert [(one.topic, one.share, one.prior, one.far) for one in found.drifts] == [
        ("truce", 0.6, 0.5, False),
        ("guard", 0.9, 0.1, True),
        ("rain", 0.0, 0.3, False),
    ]
    assert found.missing == [
        "The bundle keeps no coverage on validation data.",
        "The bundle keeps no mean confidence of its training data; the one found here stands alone.",
    ]


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (None, "names no bundle"),
        ({"bundle": {"folder": "/nowhere"}}, "not at /nowhere any more"),
        ({"bundle": {"folder": "BUNDLE"}, "settings": {"model": "other"}}, "not the one that scored"),
        ({"bundle": "odd", "settings": 3}, "names no prior"),
    ],
)
def test_a_missing_reference_is_said(scored: Scored, bundle_folder: Path, run: Any, message: str) -> None:
    if run and run["bundle"] == {"folder": "BUNDLE"}:
        run["bundle"]["folder"] = str(bundle_folder)
    assert message in build_report(scored([{}], run=run)).html


def test_a_slow_query_draws_no_bar_on_stdout(scored: Scored) -> None:
    with scored([{}]).connect() as connection:
        assert connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]


def test_a_folder_without_paragraphs_still_gives_a_page(scored: Scored) -> None:
    report = build_report(scored([]))
    assert "No paragraph." in report.html
    assert report.blocks.encoded == []


def test_the_command_prints_one_json_object(scored: Scored, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.html"
    options = ["--out", str(out), "--max-articles", "1", "--json"]
    assert main(["report", str(scored([{}, {}]).path), *options]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["articles"], shown["articles_left_out"], shown["bytes"]) == (1, 1, out.stat().st_size)


@pytest.mark.parametrize(
    ("out", "message"), [("r.pdf", "expected the name of an .html file"), ("no/r.html", "cannot be written")]
)
def test_bad_usage_exits_with_2(
    scored: Scored, tmp_path: Path, out: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(scored([{}]).path), "--out", str(tmp_path / out)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err
