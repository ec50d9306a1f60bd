"""Bytes to text: marks, encodings, binary content."""

import pytest

from communique.model.errors import InputError
from communique.serve.decode import clean, declared_charset, decode, known_charset

TEXT = "“The café agrees,” she said – at last.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marked_and_plain_unicode(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)).text == TEXT


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "windows-1252"])
def test_unmarked(encoding: str) -> None:
    decoded = decode(TEXT.encode(encoding))
    assert (decoded.text, decoded.encoding) == (TEXT, encoding)
    assert not decoded.content_lost


def test_cyrillic_is_guessed_and_declared() -> None:
    text = "Министры обеих стран встретились в столице и обсудили прекращение огня. " * 5
    data = text.encode("windows-1251")
    assert decode(data).text == text
    assert decode(data, "windows-1251").text == text


@pytest.mark.parametrize(
    ("head", "charset"),
    [
        (b'<meta charset="windows-1251">', "cp1251"),
        (b"<meta http-equiv=x content='text/html; charset=ISO-8859-1'>", "windows-1252"),
        (b'<?xml version="1.0" encoding="koi8-r"?>', "koi8-r"),
        (b'<meta charset="utf-16">', None),
        (b'<meta charset="rot13">', None),
        (b"<p>none</p>", None),
    ],
)
def test_declared_charset(head: bytes, charset: str | None) -> None:
    assert declared_charset(head) == charset


def test_damaged_utf8_is_kept_and_said() -> None:
    decoded = decode(("é" * 20).encode() + b"\xff end")
    assert decoded.text == "é" * 20 + "\ufffd end"
    assert decoded.content_lost


@pytest.mark.parametrize("data", [b"abc\0\0\1def", b"%PDF-1.7 ...", b"PK\x03\x04rest", b"\x01\x02\x03\x05" * 50])
def test_binary_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not text"):
        decode(data)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("e\u0301", "é"),
        ("cease\u00adfire\ufeff", "ceasefire"),
        ("a\ud800b", "a\ufffdb"),
    ],
)
def test_clean(raw: str, text: str) -> None:
    assert clean(raw) == text


@pytest.mark.parametrize("claim", ["windows-1251", "koi8-r", "iso-8859-7", "utf-8", "euc-jp"])
def test_wrong_claims_are_seen(claim: str) -> None:
    text = "The café in Orléans agreed with the naïve señor from Malmö. " * 3
    decoded = decode(text.encode("windows-1252"), known_charset(claim))
    assert (decoded.text, decoded.content_lost) == (text, False)


def test_true_claims_are_kept() -> None:
    for text, charset in (("Ο υπουργός του NATO μίλησε.", "iso-8859-7"), ("在NATO峰会上,部长说", "gb18030")):
        assert decode(text.encode(charset), charset).text == text
