import io
from pathlib import Path

import pytest

from communique.model.errors import InputError
from communique.serve.output import clear_partial_files, keep_stdin, locked


def test_one_run_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "manifest").mkdir()
    with locked(tmp_path), pytest.raises(InputError, match="another run"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_only_our_unfinished_files_are_removed(tmp_path: Path) -> None:
    (tmp_path / "paragraphs").mkdir()
    ours, done = tmp_path / "paragraphs" / ".part-00001.parquet.tmp", tmp_path / "paragraphs" / "part-00000.parquet"
    theirs = tmp_path / ".mine.tmp"
    for file in (ours, done, theirs):
        file.touch()
    clear_partial_files(tmp_path)
    assert (ours.exists(), done.exists(), theirs.exists()) == (False, True, True)


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"The truce.", "stdin.txt"), (b' {"text": "x"}', "stdin.jsonl"), (b"\xef\xbb\xbf<html>", "stdin.html")],
)
def test_stdin_is_kept_under_the_name_of_its_kind(tmp_path: Path, data: bytes, name: str) -> None:
    file = keep_stdin(io.BytesIO(data), tmp_path)
    assert (file.path, Path(file.location).read_bytes()) == (name, data)


def test_an_empty_stdin_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing came"):
        keep_stdin(io.BytesIO(b" \n"), tmp_path)
