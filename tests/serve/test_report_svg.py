import re
import sys
from typing import Any

import altair as alt
import pytest
from lxml import etree

from communique.model.errors import InputError
from communique.serve.report_svg import SVG, drawable, inline_svg

EVIL = "</svg><script>window.hacked = 1</script>\"'><img src=x onerror='window.hacked = 1'>&amp;<!--"


def bars(name: str) -> Any:
    chart = alt.Chart(alt.Data(values=[{"name": name, "value": 3}]))
    bar = chart.mark_bar(color="currentColor").encode(x="value:Q", y="name:N", description="name:N")
    return alt.layer(bar).properties(width=400, height=20, padding=5)


def test_an_image_with_words_whose_parts_say_nothing() -> None:
    svg = inline_svg(bars("North"), "North: 3")
    root = etree.fromstring(svg)
    assert dict(root.attrib) == {"viewBox": "0 0 410 30", "role": "img", "aria-label": "North: 3"}
    inner = {name for element in root.iterdescendants() for name in element.attrib}
    assert not {name for name in inner if name.startswith("aria") or name in ("role", "class", "id", "style", "href")}
    assert [title.text for title in root.iter(f"{SVG}title")] == ["North"]
    assert "url(" not in svg


def test_colours_are_those_of_the_page() -> None:
    svg = inline_svg(bars("North"), "")
    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg)) <= {
        "none",
        "currentColor",
        "var(--line)",
        "var(--soft)",
    }


@pytest.mark.parametrize("name", [EVIL, "a\x00b\x1b\ufffe", "__proto__", "شمال", "\N{SLEUTH OR SPY}", "datum.value"])
def test_any_name_is_text(name: str) -> None:
    svg = inline_svg(bars(drawable(name)), name)
    root = etree.fromstring(svg)
    (title,) = root.iter(f"{SVG}title")
    assert title.text == root.get("aria-label") == re.sub("[\x00\x1b\ufffe]", "\N{REPLACEMENT CHARACTER}", name)
    assert "<script" not in svg
    assert "<img" not in svg


def test_a_chart_fetches_nothing() -> None:
    chart = alt.layer(alt.Chart(alt.UrlData("https://example.org/data.json")).mark_bar())
    with pytest.raises(ValueError, match="External data url not allowed"):
        inline_svg(chart, "")


def test_the_missing_converter_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(InputError, match=r"needs vl_convert; .*communique\[report\]"):
        inline_svg(bars("North"), "")
