"""Text files of any encoding as a stream of UTF-8; whatever is no text is refused with its line."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from bulk.contracts import ReadOptions
from bulk.errors import SourceError
from bulk.formats import files, sniffing
from bulk.model import shorten

_PIECE = 4 << 20
_HEAD = 64 << 10
_AROUND = 30
"""Bytes shown on each side of one that is no text."""


class LineCounter:
    """Counts line ends of every kind (LF, CR LF, CR) over pieces of UTF-8."""

    def __init__(self) -> None:
        self.ends = 0
        self._after_return = False

    def feed(self, piece: bytes) -> None:
        """Count the ends in the next piece."""
        if not piece:
            return
        self.ends += piece.count(b"\n")
        if b"\r" in piece:
            self.ends += piece.count(b"\r") - piece.count(b"\r\n")
        if self._after_return and piece.startswith(b"\n"):
            self.ends -= 1
        self._after_return = piece.endswith(b"\r")


@dataclass(frozen=True, kw_only=True, slots=True)
class TextFile:
    """A file of text whose encoding is known."""

    path: str
    called: str
    encoding: sniffing.Encoding
    gzip: bool
    sample: str
    """How the text begins."""

    @property
    def facts(self) -> dict[str, str]:
        """What was found out, for showing."""
        facts = {"encoding": self.encoding.name, "bom": "yes" if self.encoding.bom else "no"}
        return facts | {"compression": "gzip"} if self.gzip else facts

    def pieces(self) -> Iterator[bytes]:
        """The text as UTF-8 without its byte order mark, cut anywhere; raises `SourceError` with the line."""
        decoder = codecs.getincrementaldecoder(self.encoding.name)()
        as_it_is = self.encoding.name == "utf-8"
        count = 0
        with files.open_bytes(self.path, called=self.called) as stream:
            for raw in chain(iter(lambda: stream.read(_PIECE), b""), (b"",)):
                piece = raw
                if not (as_it_is and raw.isascii() and not decoder.getstate()[0]):
                    try:
                        text = decoder.decode(raw, final=not raw)
                    except UnicodeDecodeError as error:
                        raise self._undecodable(error, self._lines(count)) from error
                    piece = raw if as_it_is else text.encode()
                if not count:
                    piece = piece.removeprefix(codecs.BOM_UTF8)
                if (place := piece.find(0)) >= 0:
                    raise self._nul(piece[:place], self._lines(count))
                if piece:
                    yield piece
                    count += 1

    def _lines(self, pieces: int) -> LineCounter:
        """The line ends in the first so many pieces, counted only where something has to be said of a line."""
        lines = LineCounter()
        for piece in islice(self.pieces(), pieces):
            lines.feed(piece)
        return lines

    def _undecodable(self, error: UnicodeDecodeError, lines: LineCounter) -> SourceError:
        lines.feed(error.object[: error.start].decode(self.encoding.name, "replace").encode())
        advice = "say with --encoding how the file was saved"
        if self.encoding.name == "utf-8":
            before = error.object[max(error.start - _AROUND, 0) : error.start]
            after = error.object[error.start : error.start + _AROUND]
            around = (before.splitlines() or [b""])[-1] * (not before.endswith((b"\r", b"\n"))) + after.splitlines()[0]
            read = shorten(around.decode("cp1252", "replace"))
            advice = f"save it as UTF-8, or say --encoding cp1252 (this place would then read: {read})"
        return SourceError(
            f"bytes that are not {self.encoding.name.upper()} text",
            path=self.called,
            line=lines.ends + 1,
            advice=advice,
        )

    def _nul(self, before: bytes, lines: LineCounter) -> SourceError:
        lines.feed(before)
        return SourceError(
            "a NUL byte: the file is damaged, or is no text",
            path=self.called,
            line=lines.ends + 1,
            advice="save it again as CSV UTF-8, or name its --format or its --encoding, such as utf-16-le",
        )


def open_text(path: str, *, called: str, options: ReadOptions) -> TextFile:
    """Look at how a file begins; raises `SourceError` for an empty file and for one that is no text."""
    with files.open_bytes(path, called=called) as stream:
        head = stream.read(_HEAD)
    sniffing.refuse_binary(head, called=called)
    encoding = sniffing.chosen_encoding(head, options.encoding)
    sample = codecs.getincrementaldecoder(encoding.name)("replace").decode(head).removeprefix("\ufeff")
    if not sample.strip():
        raise SourceError("the file is empty", path=called)
    return TextFile(path=path, called=called, encoding=encoding, gzip=files.is_gzip(path), sample=sample)
