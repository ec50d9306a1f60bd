"""The site: pages made from something else are up to date, it builds without a warning, and it loads nothing."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from communique.model.bundle import Manifest
from communique.model.calibration import Calibration, TopicCalibration
from communique.model.taxonomy import load_taxonomy
from communique.train.card import model_card

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
FETCHED = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\ssrc=.?(?:https?:)?//|<link[^>]*\shref=.?(?:https?:)?//|url\(.?https?:"
)

# What programs call, by the page of the reference that must have it.
PUBLIC = {
    "serve.html": ["serve.tagger.Tagger", "serve.report_page.build_report", "serve.http_app.create_app"],
    "model.html": ["model.predictions.Prediction.to_dict", "model.bundle.load_bundle"],
    "train.html": ["train.run.train", "train.data.load_splits", "train.promote.promote", "train.pyfunc.PyfuncModel"],
}


def test_made_pages_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    old = [str(path) for path, data in generate.generated().items() if not path.is_file() or path.read_bytes() != data]
    assert old == [], "run: python docs/generate.py"


def test_notebooks_hold_small_outputs_and_nothing_of_the_machine_they_ran_on() -> None:
    for path in (DOCS / "notebooks").glob("*.ipynb"):
        text = path.read_text("utf-8")
        assert len(text) < 60_000, path
        outputs = [output for cell in json.loads(text)["cells"] for output in cell.get("outputs", [])]
        assert [output for output in outputs if output["output_type"] == "error"] == []
        assert not re.search(r"/(home|root|tmp|work|Users)/", text), path


def test_the_site_builds_without_a_warning_and_loads_nothing(tmp_path: Path) -> None:
    for package in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(package)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 20
    files = [*pages, *(tmp_path / "site").rglob("*.css")]
    assert [file.name for file in files if FETCHED.search(file.read_text("utf-8"))] == []
    for page, names in PUBLIC.items():
        shown = (tmp_path / "site" / "reference" / page).read_text("utf-8")
        assert [name for name in names if f'id="communique.{name}"' not in shown] == [], page


def test_every_page_is_in_the_navigation() -> None:
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    assert set(re.findall(r": (\S+\.md)$", nav, re.M)) == {
        page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_example_card_has_the_form_of_a_card() -> None:
    """Every heading and every row of the table that a card of today has; the figures are those of the model shown."""
    taxonomy = load_taxonomy()
    one = TopicCalibration(slope=1.0, intercept=0.0, prior=0.1, thresholds=((0.0, 0.5),))
    calibration = Calibration(topics=(one,) * taxonomy.n_topics, topical_share=0.25)
    corpus = {"embedded": True, "n_train": 1}
    manifest = Manifest(name="x", family="linear", taxonomy=taxonomy, calibration=calibration, config={}, corpus=corpus)
    card, page = model_card(manifest, ["- one"]), (DOCS / "model-card.md").read_text("utf-8")
    assert [h for h in re.findall(r"^## (.+)$", card, re.M) if f"### {h}" not in page] == []
    assert [line for line in re.findall(r"^- .+$", card, re.M)[:3] if line not in page] == []


# Numbers that the prose of docs repeats; where they are measured is README.md or benchmarks.md.
FIGURE = re.compile(r"(?<![\w.,/-])(?:0?\.\d{2,3}|\d{1,3}(?:,\d{3})+|\d{4,5})(?![\w.,]*\d)")
# Settings and sizes of the program, ports, years, and what the plan of cluster.md computes (tested below).
OTHERS = {2000, 20000, 200000, 400000, 2000000, 1000, 8000, 2016, 5910, 2453, 0.04, 67900, 270000}


def test_figures_in_the_pages_are_those_of_readme_and_benchmarks() -> None:
    sources = ("README.md", "benchmarks.md", "train/corpus/README.md")
    known = {_figure(found) for name in sources for found in FIGURE.findall((ROOT / name).read_text("utf-8"))} | OTHERS
    strange = []
    for page in [*(DOCS / "how-to").glob("*.md"), *(DOCS / "explanation").glob("*.md"), DOCS / "quickstart.md"]:
        prose = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)
        strange += [f"{page.name}: {found}" for found in FIGURE.findall(prose) if _figure(found) not in known]
    assert strange == []


def _figure(text: str) -> float:
    return float(text.replace(",", ""))


def test_the_plan_for_a_billion_paragraphs_is_computed_from_its_rates() -> None:
    page = " ".join((DOCS / "how-to" / "cluster.md").read_text("utf-8").split())
    linear, encoder = 1e9 / 3139 / 3600, 1e9 / 47 / 3600
    gated = linear + 0.4 * encoder
    articles = 1e9 / (36_825 / 5000)
    for said in (
        f"| 0.3 million core seconds | {linear:,.0f} |",
        f"| {encoder:,.0f} |",
        f"| {gated:,.0f} |",
        f"takes {gated / 200:.0f} hours and the one above it {encoder / 200:.0f}",
        f"they cost {gated * 0.04:.0f} and {encoder * 0.04:.0f}",
        f"has {4_084_374 / 12_538:.0f} characters",
        f"{articles / 1e6:.0f} million articles",
        f"{round(articles / 500, -4):,.0f} parts of 500",
        f"{round(articles / 2000, -2):,.0f} slices",
        f"about {articles / 1e8:.1f} million articles in {articles / 100 / 20_000:.0f} files",
        f"{1e7 * 264 / 1e9:.1f} GB of sketches",
        f"{1e7 * 120 / 1e9:.1f} GB of memory",
    ):
        assert said in page, said
