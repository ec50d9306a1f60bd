"""Which files are found, under folders and URLs."""

import os
from pathlib import Path

import fsspec
import pytest

from communique.model.errors import InputError
from communique.serve.inputs import find_inputs


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def paths(*given: Path | str, **options: object) -> list[str]:
    files, _ = find_inputs([str(path) for path in given], **options)  # type: ignore[arg-type]
    return [file.path for file in files]


def test_folders_are_walked_in_order_each_file_once(tmp_path: Path) -> None:
    touch(
        tmp_path, "b/2.txt", "b/1.json", "a.html", "README.md", ".git/x.txt", ".x.txt", "c.png", "z.md.gz", "d.tar.gz"
    )
    files, ignored = find_inputs([str(tmp_path), str(tmp_path / "a.html"), str(tmp_path / "c.png")])
    assert [file.path for file in files] == ["a.html", "b/1.json", "b/2.txt", "z.md.gz", "c.png"]
    assert {file.root for file in files} == {str(tmp_path)}
    assert files[1].location == str(tmp_path / "b" / "1.json")
    assert ignored == [str(tmp_path / "c.png"), str(tmp_path / "d.tar.gz")]


def test_size_and_time_show_a_change(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("One.")
    os.utime(file, ns=(1, 5))
    ((found,), _) = find_inputs([str(file)])
    assert (found.size, found.mtime_ns) == (4, 5)


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("*.html", ["a.html", "x/b.html", "x/y/c.html"]),
        ("**/*.html", ["a.html", "x/b.html", "x/y/c.html"]),
        ("x/**/*.html", ["x/b.html", "x/y/c.html"]),
        ("x/?.html", ["x/b.html"]),
        ("[ab].*", ["a.html"]),
        ("none", []),
    ],
)
def test_glob(tmp_path: Path, glob: str, expected: list[str]) -> None:
    touch(tmp_path, "a.html", "x/b.html", "x/y/c.html", "x/d.txt")
    assert paths(tmp_path, glob=glob) == expected
    assert paths(tmp_path / "x" / "d.txt", glob=glob) == ["d.txt"]


def test_output_folder_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.txt", "out/b.txt", "out/errors.jsonl", "outside.txt")
    assert paths(tmp_path, exclude=tmp_path / "out" / ".." / "out") == ["a.txt", "outside.txt"]
    assert paths(tmp_path / "out" / "b.txt", exclude=tmp_path / "out") == []
    (tmp_path / "link.txt").symlink_to(tmp_path / "out" / "b.txt")
    assert paths(tmp_path, exclude=tmp_path / "out") == ["a.txt", "outside.txt"]


def test_what_does_not_exist_or_collides_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        paths(tmp_path / "none")
    touch(tmp_path, "1/a.txt", "2/a.txt")
    with pytest.raises(InputError, match="the same path below their roots"):
        paths(tmp_path / "1", tmp_path / "2")
    assert paths(tmp_path) == ["1/a.txt", "2/a.txt"]


def test_odd_folders(tmp_path: Path) -> None:
    touch(tmp_path, "saved.html/page.html", "two\nlines.txt")
    (tmp_path / "saved.html" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    (tmp_path / "twice.txt").symlink_to(tmp_path / "two\nlines.txt")
    assert paths(tmp_path) == ["saved.html/page.html", "self.txt", "twice.txt"]
    assert paths(tmp_path / "saved.html") == ["page.html"]
    assert paths(tmp_path / "two\nlines.txt") == ["two\nlines.txt"]


def test_names_that_differ_only_in_what_is_no_utf8(tmp_path: Path) -> None:
    names = [os.fsdecode(b"a\xfe.txt"), os.fsdecode(b"a\xff.txt")]
    touch(tmp_path, *names)
    files, _ = find_inputs([str(tmp_path)])
    assert [file.path for file in files] == ["a\ufffd.txt", "a\\xff.txt"]
    assert [file.location for file in files] == [str(tmp_path / name) for name in names]


@pytest.fixture
def crawl() -> str:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    for name in ("crawl/b/2.txt", "crawl/1.html", "crawl/.x.txt", "crawl/c.png"):
        memory.pipe(name, b"The ferry sailed.")
    return "memory://crawl"


def test_urls(crawl: str) -> None:
    files, ignored = find_inputs([crawl + "/"])
    assert [(file.root, file.path, file.size) for file in files] == [(crawl, "1.html", 17), (crawl, "b/2.txt", 17)]
    assert ignored == [f"{crawl}/c.png"]
    (file,), _ = find_inputs([f"{crawl}/b/2.txt"])
    assert (file.root, file.path, file.location) == (f"{crawl}/b", "2.txt", f"{crawl}/b/2.txt")
    assert paths(crawl, glob="**/*.txt") == ["b/2.txt"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://none", "cannot be opened (FileNotFoundError"),
        ("nosuch://x", "cannot be opened (ValueError: Protocol not known: nosuch"),
        ("zip://a.html::file:///a.zip", "is a chain of URLs"),
    ],
)
def test_urls_that_cannot_be_opened(url: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        find_inputs([url])
    assert message in str(caught.value)


def test_a_checksum_stands_for_the_time(tmp_path: Path) -> None:
    from communique.serve.inputs import _remote_status

    one, same, other = (_remote_status({"size": 3, "ETag": tag}) for tag in ("x", "x", "y"))
    assert one == same != other
    assert one[0] == 3
