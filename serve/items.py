"""Files cut into items, cheaply, and items parsed to articles, by whichever process.

A document is one item; a file of many records is one for each. Neither step raises for what a file
holds: what cannot be read is a `ReadFailure` in its place.
"""

from communique.serve.cut import Item, ReadFailure, read_items
from communique.serve.formats import is_stream
from communique.serve.parse import parse_item

__all__ = ["Item", "ReadFailure", "is_stream", "parse_item", "read_items"]
