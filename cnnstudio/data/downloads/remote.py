"""What is known of files that lie on servers: where they are to be had, and how to tell whether they are right."""

import gzip
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cnnstudio.errors import reason

_BLOCK = 2**20

Tell = Callable[[int], None]
"""Told how many bytes are done; what it raises ends the work."""


@dataclass(frozen=True)
class RemoteFile:
    """A file that several servers have.

    Attributes:
        name: its name on disk.
        urls: where it is to be had, the one to try first in front.
        bytes: its size. With an MD5 the very size; without one that of the published file, from which a copy that
            was packed anew differs a little.
        md5: of the file itself, in hex; empty where copies that were packed anew are as good.
        unpacked_sha256: of the unpacked bytes of a `.gz` file without an MD5, in hex.
        unpacked_bytes: how many they are.
    """

    name: str
    urls: tuple[str, ...]
    bytes: int
    md5: str = ""
    unpacked_sha256: str = ""
    unpacked_bytes: int = 0

    @property
    def most_bytes(self) -> int:
        """No right file is larger: bytes that cannot be packed at all become longer by a thousandth."""
        return self.bytes if self.md5 else self.unpacked_bytes + self.unpacked_bytes // 1000 + 4096

    def seems_right(self, path: Path) -> bool:
        """Whether the file is there, of a size that may be right: a quick look, nothing is read."""
        try:
            size = path.stat().st_size
        except OSError:
            return False
        return size == self.bytes if self.md5 else 0 < size <= self.most_bytes

    def problem(self, path: Path, tell: Tell) -> str:
        """Reads the whole file and says what is wrong with it.

        Returns:
            Words that end a sentence about the file; empty where it is right.
        """
        checksum = hashlib.md5(usedforsecurity=False) if self.md5 else hashlib.sha256()
        wanted = self.bytes if self.md5 else self.unpacked_bytes
        size = 0
        try:
            with path.open("rb") as file, file if self.md5 else gzip.open(file) as content:
                while block := content.read(_BLOCK):
                    size += len(block)
                    if size > wanted:
                        return f"holds more than {wanted:,} bytes"
                    checksum.update(block)
                    tell(file.tell())
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            return f"cannot be unpacked ({reason(error)})"
        except OSError as error:
            return f"cannot be read ({reason(error)})"
        if size < wanted:
            return f"holds {size:,} bytes instead of {wanted:,}"
        return "" if checksum.hexdigest() == (self.md5 or self.unpacked_sha256) else "has a wrong checksum"


@dataclass(frozen=True)
class RemoteFolder:
    """Files that belong together, as those of one data set.

    Attributes:
        title: what they are, for the screen.
        folders: names of the folder that holds them; the first one is used in the cache, all of them are looked for
            in the user's own folders.
        files: the files.
    """

    title: str
    folders: tuple[str, ...]
    files: tuple[RemoteFile, ...]

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)
