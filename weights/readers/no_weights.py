"""What people meet in place of a file of weights, told from its first bytes, for the error that says so."""

from __future__ import annotations

import re

from weights.readers import zip_directory
from weights.readers.mapped_file import MappedFile

MEANINGS = [  # first bytes: what such a file is
    (rb"\s*<(!DOCTYPE|html|\?xml)", "a web page: the download was answered by a page, not by the file"),
    (rb"version https://git-lfs", "a Git LFS pointer: the weights themselves were not fetched"),
    (rb"\x1f\x8b", "compressed by gzip: unpack it first"),
    (rb"BZh", "compressed by bzip2: unpack it first"),
    (rb"\xfd7zXZ", "compressed by xz: unpack it first"),
    (
        rb'\s*name: *"',
        "a network described in text (.prototxt?): its weights stand in another file, such as a .caffemodel",
    ),
    (rb"GGUF", "a GGUF file, which these readers do not know"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture"),
    (rb"#!|import |from |def ", "a program text"),
]


def described(file: MappedFile) -> str:
    """A mapped file that no reader knows, in words."""
    head = bytes(file.map[:512])
    if zip_directory.is_zip(file):
        members = ", ".join(list(zip_directory.members(file))[:5]) or "nothing"
        return f"this is no file of weights but a zip of something else; it holds {members}"
    for pattern, meaning in MEANINGS:
        if re.match(pattern, head):
            return f"this is no file of weights but {meaning}"
    if head[257:262] == b"ustar":
        tar = "a tar archive (PyTorch before 0.2 wrote such files; save it again with a newer one)"
        return f"unknown format: {tar}"
    return f"unknown format: first bytes {head[:16]!r}"
