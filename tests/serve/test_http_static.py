"""The files behind the pages."""

import httpx
import pytest


def test_pages_are_files_that_a_browser_may_keep(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/", headers={"if-none-match": page.headers["etag"]}).status_code == 304
    assert client.get("/static/page.js").headers["content-type"].startswith("text/javascript")
    assert {client.get(path).status_code for path in ("/static/nothing.js", "/static/..%2fcli.py", "/static/")} == {404}


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_hold_no_inline_script_or_style_and_load_nothing_from_elsewhere(client: httpx.Client, path: str) -> None:
    page = client.get(path).text
    assert "<style" not in page
    assert " style=" not in page
    assert "://" not in page
    assert page.count("<script") == page.count("<script src=")
