"""Write the pages that are made from something else; tests/test_docs_pages.py checks that they are up to date.

    python docs/generate.py

- reference/cli.md: the help of every command.
- reference/config.md: every key of the training config, with type, default and meaning.
- notebooks/NAME.md: the notebook's text, code and stored outputs; its pictures beside it.
"""

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
MARK = "<!-- Made by docs/generate.py from {}: change that instead. -->"
WIDTH = 100


def generated() -> dict[Path, bytes]:
    """The content of every generated file."""
    files = {
        DOCS / "reference" / "cli.md": cli_page().encode(),
        DOCS / "reference" / "config.md": config_page().encode(),
    }
    for notebook in sorted((DOCS / "notebooks").glob("*.ipynb")):
        text, pictures = notebook_page(notebook)
        files[notebook.with_suffix(".md")] = text.encode()
        files |= {notebook.with_name(name): data for name, data in pictures.items()}
    return files


def cli_page() -> str:
    """The help texts, as the terminal shows them at a fixed width."""
    import typer

    from communique.serve.cli import build_app

    root: Any = typer.main.get_command(build_app())
    os.environ.pop("MLFLOW_TRACKING_URI", None)  # it would be shown as a default
    parts = [
        MARK.format("the commands' own help"),
        "# Commands",
        "Progress and logs go to stderr. Exit status: 0 all went well; 1 finished, and some inputs failed and were\n"
        "recorded; 2 bad usage, config or input, and nothing was written; 3 unexpected failure; 4 promotion refused;\n"
        "130 interrupted. `--json` prints exactly one JSON object on stdout.",
    ]
    with root.make_context("communique", [], resilient_parsing=True) as context:
        parts.append(f"```text\n{_help(root, context)}\n```")
        for name in sorted(root.commands):
            command = root.commands[name]
            with command.make_context(name, [], parent=context, resilient_parsing=True) as inner:
                parts.append(f"## communique {name}\n\n```text\n{_help(command, inner)}\n```")
    return "\n\n".join(parts) + "\n"


def _help(command: Any, context: Any) -> str:
    formatter = context.formatter_class(width=WIDTH, max_width=WIDTH)
    command.format_help(context, formatter)
    return "\n".join(line.rstrip() for line in formatter.getvalue().strip().splitlines())


def config_page() -> str:
    """A table for each section of the training config, from its JSON Schema."""
    from communique.train.config import TrainingConfig

    schema = TrainingConfig.model_json_schema()
    parts = [
        MARK.format("train/config.py"),
        "# Config keys",
        "One TOML file is one experiment. Paths in it are relative to the file, unknown keys are refused with the\n"
        "nearest known name, and `--set section.key=value` overrides a key. `communique schema` prints the same as\n"
        "JSON Schema, for editors.",
    ]
    top = {name: field for name, field in schema["properties"].items() if not _section(field)}
    parts.append(_keys(top, schema["required"]))
    for name, field in schema["properties"].items():
        if section := _section(field):
            parts += [f"## [{name}]", *_table(schema, section)]
    for title in ("ColumnMapping", "SearchRange"):
        name = {"ColumnMapping": "[corpus.mapping]", "SearchRange": "[sweep.space] entries"}[title]
        parts += [f"## {name}", *_table(schema, title)]
    return "\n\n".join(parts) + "\n"


def _section(field: dict[str, Any]) -> str | None:
    reference = field.get("$ref")
    return reference.rpartition("/")[2] if reference else None


def _table(schema: dict[str, Any], title: str) -> Iterator[str]:
    section = schema["$defs"][title]
    yield " ".join(section["description"].split())
    yield _keys(section["properties"], section.get("required", []))


def _keys(fields: dict[str, Any], required: list[str]) -> str:
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for name, field in fields.items():
        default = "required" if name in required else f"`{json.dumps(field.get('default'), ensure_ascii=False)}`"
        default = {"`null`": "absent", "`{}`": "empty", "`[]`": "empty"}.get(default, default)
        lines.append(f"| `{name}` | {_type(field)} | {default} | {field.get('description', '')} |")
    return "\n".join(lines)


def _type(field: dict[str, Any]) -> str:
    """A JSON Schema type in a few words."""
    if "anyOf" in field:
        return " or ".join(_type(one) for one in field["anyOf"] if one.get("type") != "null")
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "$ref" in field:
        return "a table"
    kind = {"string": "text", "boolean": "true or false", "integer": "whole number", "object": "a table"}
    if field.get("type") == "array":
        items = field.get("prefixItems") or [field.get("items", {})]
        return f"list of {_type(items[0])}"
    name = "path" if field.get("format") == "path" else kind.get(field.get("type", ""), field.get("type", "value"))
    low, high = (field.get(f"{end}imum", field.get(f"exclusive{end.title()}imum")) for end in ("min", "max"))
    within = f"{low:g} to {high:g}" if None not in (low, high) else f"from {low:g}" if low is not None else ""
    return f"{name}, {within}" if within else name


def notebook_page(path: Path) -> tuple[str, dict[str, bytes]]:
    """A notebook as Markdown, and its pictures by file name."""
    content = json.loads(path.read_text("utf-8"))
    parts, pictures = [MARK.format(f"notebooks/{path.name}")], {}
    for number, cell in enumerate(content["cells"]):
        source = "".join(cell["source"]).removesuffix(";")  # which in a notebook hides a cell's value
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                name = f"{path.stem}-{number}.png"
                pictures[name] = base64.b64decode("".join(data["image/png"]))
                parts.append(f"![What the cell above drew]({name})")
            elif "text/html" in data:
                parts.append("".join(data["text/html"]))
            elif text := "".join(output.get("text") or data.get("text/plain", [])):
                parts.append(f"```text\n{_plain(text)}\n```")
    return "\n\n".join(parts) + "\n", pictures


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).rstrip().splitlines())


def main() -> None:
    for path, data in generated().items():
        path.write_bytes(data)
        print(path.relative_to(DOCS))


if __name__ == "__main__":
    main()
