"""The documentation names what exists: every command, every config, every make target."""

import re
import tomllib
from pathlib import Path

import pytest
import typer

from communique.serve.cli import build_app
from communique.train.config_file import known_keys

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = sorted(typer.main.get_command(build_app()).commands)  # type: ignore[attr-defined]
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"communique {command}" in README


def test_the_readme_names_no_command_that_does_not_exist() -> None:
    named = set(re.findall(r"^(?:\$ )?(?:\.venv/bin/)?communique (?:--?\w+ )*([a-z]+)", README, re.M))
    assert named <= set(COMMANDS)


def test_the_readme_names_only_make_targets_that_exist() -> None:
    assert set(re.findall(r"(?:^|`)make ([a-z]+(?:-[a-z]+)*)", README, re.M)) <= set(TARGETS)


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.toml")), ids=lambda path: path.stem)
def test_configs_are_in_the_readme(path: Path) -> None:
    assert f"configs/{path.name}" in README


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", README, re.S))
def test_toml_in_the_readme_has_only_known_keys(block: str) -> None:
    table = tomllib.loads(block)
    if "topics" in table:
        return
    sections = {key.partition(".")[0] for key in known_keys()}
    assert set(table) <= sections


def test_links_to_files_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_no_number_is_left_to_fill_in() -> None:
    assert "@@" not in README
