import base64
import hashlib
import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from communique.serve.cli import main
from communique.serve.report_folder import ScoredFolder
from communique.serve.report_page import build_report, script_data
from communique.serve.report_words import many

Scored = Callable[..., ScoredFolder]
FAVOR, AGAINST, NEUTRAL = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05), (0.05, 0.05, 0.9)
EVIL = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\"'--><!--"


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
    (block,) = report.blocks.encoded
    articles = json.loads(zlib.decompress(base64.b64decode(block)))
    assert {article[5] for article in articles} == {None, "https://example.org/?a=1&b=2"}


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


def test_no_two_regions_have_one_name(scored: Scored) -> None:
    rows = [{"outlet": "North", "truce": (0.9, FAVOR), "truce.holder": f"holder {n}"} for n in range(9)]
    page = build_report(scored(rows)).html
    assert "1 more holder<" in page
    names = re.findall(r'role="region" aria-label="([^"]+)"', page)
    assert len(names) == len(set(names)) > 4


def test_one_of_a_thing_is_not_called_many(scored: Scored) -> None:
    row = {"outlet": "North", "truce": (0.9, FAVOR), "truce.holder": "army", "abstained": True, "guard": (0.9, FAVOR)}
    failure = {"path": "x", "record": 0, "stage": "read", "error": "InputError", "message": "m"}
    page = build_report(scored([row], failures=[failure])).html
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert re.findall(r".{0,30}(?<![\d.,–])1 \w+s\b", text) == []


@pytest.mark.parametrize(("n", "words"), [(1, "1 article"), (0, "0 articles"), (5000, "5,000 articles")])
def test_a_number_with_its_word(n: int, words: str) -> None:
    assert many(n, "article") == words
