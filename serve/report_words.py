"""Numbers and names as the report writes them."""

from communique.serve.summarize_interval import Share


def percent(share: float | None) -> str:
    """A share in per cent, with one decimal below ten."""
    if share is None:
        return "–"
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%" if 0 < share < 0.0995 else f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def interval(share: Share) -> str:
    """The ends of a share's interval in per cent, without the sign; empty where there is none."""
    return "" if share.low is None or share.high is None else f"{100 * share.low:.0f}–{100 * share.high:.0f}"


def count(number: float) -> str:
    """A number with thousands separated; expected numbers below ten keep a decimal."""
    return f"{number:.1f}" if isinstance(number, float) and number < 10 else f"{number:,.0f}"


def label(name: str) -> str:
    """A topic's or stance's name as a reader sees it."""
    return name.replace("_", " ")


def many(number: float, word: str) -> str:
    """A number with its word: "1 article", "5,000 articles"."""
    return f"{count(number)} {word}{'' if number == 1 else 's'}"
