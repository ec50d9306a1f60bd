"""The try-it page as tests use it."""

from typing import Any

ARTICLE = "The mayor had words of praise for the truce on Monday.\n\nThey reject the guard.\n\nBuses ran as usual.\n"


def tag(page: Any, text: str = ARTICLE) -> None:
    page.fill("#text", text)
    page.click("#tag")
    page.wait_for_selector(".paragraph")
