"""Bodies unpacked with a bound, so that two megabytes of zeros in a kilobyte cost a kilobyte."""

from __future__ import annotations

import zlib

ACCEPTED = "gzip, deflate"  # what the client asks for
_BOMB_RATIO = 150  # HTML packs 5 to 40 times; zlib's limit is about 1030
_GZIP = b"\x1f\x8b"


class BadEncoding(Exception):
    """The body is not what its Content-Encoding says, or the encoding was not asked for."""


class Bomb(Exception):
    """The body unpacks beyond every page's measure."""


class Body:
    """Collects one body: feed it what the wire brings, until `full`. `data` never grows beyond `limit` bytes."""

    def __init__(self, encoding: str, limit: int) -> None:
        """`encoding` is the Content-Encoding header. Raises BadEncoding for one that was not asked for."""
        self.data = bytearray()
        self.truncated = False
        self._limit = limit
        self._used = 0  # packed bytes that were unpacked
        self._encoding = _normal(encoding)
        self._inflate = _decompressor(self._encoding)
        self._replay = b""  # deflate only: what came before the first output, to try it again without zlib's header

    @property
    def full(self) -> bool:
        return self.truncated

    def feed(self, chunk: bytes) -> None:
        """Add what was received. Raises BadEncoding, Bomb."""
        if self._inflate is None:
            self._keep(chunk)
        else:
            self._unpack(chunk)
        if self.truncated and self._inflate is not None and len(self.data) > _BOMB_RATIO * self._used:
            raise Bomb(f"{self._used} bytes unpack to more than {len(self.data)}")

    def _unpack(self, chunk: bytes) -> None:
        while chunk and not self.truncated and self._inflate is not None:
            try:
                out = self._inflate.decompress(chunk, self._limit - len(self.data) + 1)
            except zlib.error as error:
                if self._encoding != "deflate" or self.data:
                    raise BadEncoding(f"{self._encoding}: {error}") from error
                self._encoding, self._inflate = "raw deflate", zlib.decompressobj(-zlib.MAX_WBITS)  # as IIS sends it
                chunk, self._replay = self._replay + chunk, b""
                continue
            if self._encoding == "deflate" and not out:
                self._replay += chunk
            self._used += len(chunk) - len(self._inflate.unconsumed_tail)
            self._keep(out)
            if self._inflate.eof:
                chunk = self._inflate.unused_data
                if not chunk.startswith(_GZIP):  # rubbish behind the last member is ignored, as browsers do
                    return
                self._inflate = _decompressor(self._encoding)
            else:
                chunk = self._inflate.unconsumed_tail

    def _keep(self, data: bytes) -> None:
        room = self._limit - len(self.data)
        self.data += data[:room]
        self.truncated = self.truncated or len(data) > room


def _normal(encoding: str) -> str:
    name = encoding.strip().lower().removeprefix("x-")
    return "" if name in ("identity", "none", "utf-8") else name


def _decompressor(encoding: str) -> zlib._Decompress | None:
    if not encoding:
        return None
    if encoding == "gzip":
        return zlib.decompressobj(16 + zlib.MAX_WBITS)
    if encoding == "deflate":
        return zlib.decompressobj()
    raise BadEncoding(f"content-encoding {encoding} was not asked for")
