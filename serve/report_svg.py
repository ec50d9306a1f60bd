"""A chart declared with Altair as an SVG that can stand inside the report's page.

The chart is drawn by vl-convert while the report is made, from the Vega-Lite that the wheel itself carries: neither
making nor reading the report needs a network, and the page runs no JavaScript for its charts. Vega's own names for
the parts of a picture are taken off, because they would meet the classes of the page and be read out mark by mark.
"""

import re
from typing import Any

from lxml import etree

from communique.serve.report_folder import needed

SVG = "{http://www.w3.org/2000/svg}"
# Characters that XML cannot hold: vl-convert ends the whole process on them.
INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The variables are those of the page's style sheet, so that a chart follows the reader's colour scheme. They stand
# in attributes of their own: the page's policy lets no `style` attribute through.
CONFIG = {
    "background": "transparent",
    "autosize": "none",
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "aria": False,
        "domain": False,
        "ticks": False,
        "title": None,
        "gridColor": "var(--line)",
        "labelColor": "var(--soft)",
        "labelFontSize": 13,
        "labelLimit": 0,
        "labelPadding": 6,
    },
}


def drawable(text: str) -> str:
    """A text as a chart can hold it; every text that came from an article's record must pass here."""
    return INVALID.sub("\N{REPLACEMENT CHARACTER}", text)


def inline_svg(chart: Any, words: str) -> str:
    """Draw an Altair chart; `words` is what a listener is told in its place.

    A mark with a `description` keeps it as the text that appears under the pointer. The picture scales to the width
    that the page gives it.

    Raises:
        InputError: vl-convert is missing.
    """
    converter = needed("vl_convert")
    drawn = converter.vegalite_to_svg(chart.to_dict(), config=CONFIG, allowed_base_urls=[])
    root = etree.fromstring(drawn.encode())
    for element in list(root.iter()):
        if element.get("class") in ("background", "foreground"):
            element.getparent().remove(element)
            continue
        description = element.get("aria-label")
        for name in [name for name in element.attrib if name in ("class", "role") or name.startswith("aria-")]:
            del element.attrib[name]
        if description:
            etree.SubElement(element, f"{SVG}title").text = description
    size = root.get("viewBox")
    root.attrib.clear()
    root.attrib.update({"viewBox": size, "role": "img", "aria-label": drawable(words)})
    etree.cleanup_namespaces(root)
    return str(etree.tostring(root, encoding="unicode"))
