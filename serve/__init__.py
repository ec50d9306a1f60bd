"""How a classifier is used: reading articles, tagging, scoring folders, the command line."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from communique.serve.tagger import Tagger, load

__all__ = ["Tagger", "load"]


def __getattr__(name: str) -> object:
    """Import the tagger on first use, so that the command line starts without the runtime."""
    if name in __all__:
        from communique.serve import tagger

        return getattr(tagger, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
