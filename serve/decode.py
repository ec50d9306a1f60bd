"""Bytes to clean text: byte-order marks, UTF-8, the declared charset, a guess, windows-1252."""

import codecs
import re
import unicodedata
from dataclasses import dataclass

from communique.model.errors import InputError

REPLACEMENT = "\ufffd"

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"PAR1", "a Parquet file"),
)
_DECLARED = re.compile(rb"""(?:<meta[^>]+charset|<\?xml[^>]+encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.I)
# Codecs a page may name; not UTF-16: were it true, the declaration could not have been read.
_ALLOWED = re.compile(
    r"utf-?8|(us-)?ascii|iso-?8859-?\d+|latin-?\d|(windows|cp|ibm)-?\d+|koi8-?[ru]|gb\w+|big5[\w-]*|"
    r"euc-?\w+|shift[-_]?jis|mac\w*|tis-?620",
    re.I,
)
# The web's rule: pages that declare one of these are written in windows-1252.
_REALLY_1252 = re.compile(r"(us-)?ascii|iso-?8859-?1|latin-?1", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
# Invisible characters that split or pad words: byte-order mark, zero-width space, soft hyphen.
_INVISIBLE = re.compile("[\ufeff\u200b\u2060\u00ad]")
_NEWLINE = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# NFC takes quadratic time over a run of combining marks (never word characters); Unicode's own limit.
_MAX_COMBINING = 30
_MARK_RUN = re.compile(rf"[^\w\s\x00-\x7f]{{{_MAX_COMBINING + 1},}}")
_GUESS_BYTES = 65536
# Letters from Greek on, and those beside a small Latin letter.
_FOREIGN = re.compile("[\u0370-\u1dff\u2e80-\uffdc]")
_MIXED = re.compile("[a-z][\u0370-\u1dff\u2e80-\uffdc]|[\u0370-\u1dff\u2e80-\uffdc][a-z]")
# A detector guesses badly from a handful of accents, and such text is nearly always windows-1252.
_FEW_HIGH_BYTES, _FEW_HIGH_SHARE = 20, 0.03


@dataclass(frozen=True, slots=True)
class Decoded:
    """Clean text, the encoding it was read with, and whether characters had to be replaced."""

    text: str
    encoding: str
    content_lost: bool


def clean(text: str) -> str:
    """Any string to NFC with plain newlines, no control characters and no lone surrogates."""
    text = _SURROGATE.sub(REPLACEMENT, _NEWLINE.sub("\n", text))
    return unicodedata.normalize("NFC", _MARK_RUN.sub(_limit_marks, _INVISIBLE.sub("", _CONTROL.sub("", text))))


def _limit_marks(run: re.Match[str]) -> str:
    kept: list[str] = []
    n_marks = 0
    for character in run[0]:
        n_marks = n_marks + 1 if unicodedata.combining(character) else 0
        if n_marks <= _MAX_COMBINING:
            kept.append(character)
    return "".join(kept)


def declared_charset(data: bytes) -> str | None:
    """The charset an HTML or XML page names in its first 4,096 bytes, if Python knows it."""
    found = _DECLARED.search(data[:4096])
    if not found:
        return None
    return known_charset(found[1].decode("ascii", "ignore"))


def known_charset(name: str | None) -> str | None:
    """A charset as a page or an HTTP header names it to Python's name for it; None for others."""
    if not name or not _ALLOWED.fullmatch(name):
        return None
    if _REALLY_1252.fullmatch(name):
        return "windows-1252"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 in which a file begins, with a mark or, UTF-16, without; None for others.

    `head` is its first bytes, a multiple of four. Raises `InputError` when its NULs say binary.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return None if encoding == "utf-8" else encoding
    return _unmarked_utf16(head) if b"\0" in head else None


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Bytes to clean text; raises `InputError` for binary content.

    `declared` is a charset named by the document, tried when the bytes are not UTF-8 and left when
    it gives letters of two scripts within words.
    """
    encoding, text = _decode(data, declared)
    n_control = sum(1 for _ in _CONTROL.finditer(text[:_GUESS_BYTES]))
    if n_control > 8 and n_control > len(text[:_GUESS_BYTES]) / 100:
        raise InputError(f"the file is binary, not text: {n_control} control characters at its start")
    text = clean(text)
    return Decoded(text, encoding, REPLACEMENT in text)


def _decode(data: bytes, declared: str | None) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, data[len(mark) :].decode(encoding, "replace")
    _refuse_binary(data)
    if b"\0" in data:
        wide = _unmarked_utf16(data)
        return wide, data.decode(wide, "replace")
    return decode_narrow(data, declared)


def decode_narrow(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """The encoding and text of bytes in no UTF-16 or UTF-32, such as a line of a file; not cleaned."""
    for candidate in filter(None, ("utf-8", declared)):
        try:
            text = data.decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
        if candidate == "utf-8" or not _is_wrong_claim(text):
            return candidate, text
    damaged = data.decode("utf-8", "replace")
    n_bad = damaged.count(REPLACEMENT)
    if sum(1 for c in damaged if c > "\x7f") > 2 * n_bad:  # UTF-8, with a few damaged characters
        return "utf-8", damaged
    encoding = _guess(data)
    return encoding, data.decode(encoding, "replace")


def _is_wrong_claim(text: str) -> bool:
    """Whether a text decoded as declared has its few letters of another script within Latin words.

    So "café" looks in windows-1251, "cafй"; text truly in another script has few such neighbours.
    """
    sample = text[:_GUESS_BYTES]
    n_foreign = len(_FOREIGN.findall(sample))
    n_mixed = len(_MIXED.findall(sample))
    return n_mixed > n_foreign / 2 and n_foreign < len(sample) / 10


def _refuse_binary(data: bytes) -> None:
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise InputError(f"the file is {what}, not text; convert it to text or HTML first")


def _unmarked_utf16(data: bytes) -> str:
    """The byte order of UTF-16 without a mark; raises `InputError` when the NULs say binary."""
    sample = data[:_GUESS_BYTES]
    half = len(sample) / 2
    n_even, n_odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if n_odd > 0.7 and n_even < 0.05:
        return "utf-16-le"
    if n_even > 0.7 and n_odd < 0.05:
        return "utf-16-be"
    raise InputError(f"the file is binary, not text: it has {data.count(0)} NUL bytes")


def _guess(data: bytes) -> str:
    sample = data[:_GUESS_BYTES]
    n_high = sum(byte > 127 for byte in sample)
    if n_high < max(_FEW_HIGH_BYTES, _FEW_HIGH_SHARE * len(sample)):
        return "windows-1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_exclusion=["utf_16", "utf_32", "utf_7"]).best()
    return best.encoding if best else "windows-1252"
