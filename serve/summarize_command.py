"""`communique summarize`: counts and stance shares of a scored folder, by group."""

import json
import logging
from pathlib import Path
from typing import Annotated

import typer

from communique.model.errors import InputError

logger = logging.getLogger(__name__)
SUFFIXES = (".csv", ".png", ".json")


def summarize(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The --out folder of `communique score`.")],
    by: Annotated[
        str,
        typer.Option("--by", help="Comma-separated: topic, stance, outlet, month, year, week, day, language, holder."),
    ] = "topic",
    form: Annotated[str, typer.Option("--format", help="On stdout: table, csv or json.")] = "table",
    out: Annotated[Path | None, typer.Option("--out", help="Also write a file: .csv, .json or .png.")] = None,
    topic: Annotated[str | None, typer.Option("--topic", help="This topic only.")] = None,
    keep_copies: Annotated[
        bool, typer.Option("--keep-copies", help="Count every copy of a paragraph; otherwise once in a group.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As --format json: one JSON object on stdout.")] = False,
) -> None:
    """Count paragraphs by topic and group, with stance shares and 95 % intervals from the probabilities."""
    from communique.serve.report_folder import open_folder
    from communique.serve.summarize_groups import chosen_topics, parse_keys
    from communique.serve.summarize_groups import summarize as count
    from communique.serve.summarize_tables import csv_text, group_records, table_text

    if form not in ("table", "csv", "json"):
        raise typer.BadParameter(f"--format {form}: expected table, csv or json")
    if out is not None and out.suffix.lower() not in SUFFIXES:
        raise typer.BadParameter(f"--out {out}: expected a file name that ends in {', '.join(SUFFIXES)}")
    keys = parse_keys(by)
    scored = open_folder(folder)
    topics = chosen_topics(scored, topic)
    with scored.connect() as connection:
        groups = count(connection, topics, keys, keep_copies)
    stances = [stance for stance in scored.stances if any(stance in one.stances for one in topics)]
    as_object = {"by": list(keys), "keep_copies": keep_copies, "groups": group_records(groups, keys)}
    if out is not None:
        if out.suffix.lower() == ".png":
            from communique.serve.summarize_plot import draw_groups

            left_out = draw_groups(groups, keys, stances, out)
            logger.info("%s written%s", out, f"; left out: {', '.join(left_out)}" if left_out else "")
        else:
            whole = json.dumps(as_object, ensure_ascii=False, indent=1) + "\n"
            _write(out, csv_text(groups, keys, stances) if out.suffix.lower() == ".csv" else whole)
    if as_json or form == "json":
        print(json.dumps(as_object, ensure_ascii=False))
    elif form == "csv":
        print(csv_text(groups, keys, stances), end="")
    else:
        print(table_text(groups, keys, stances))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error}; choose another --out") from error
    logger.info("%s written", path)
