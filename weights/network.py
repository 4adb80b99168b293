"""One object for all that is known of a network: how it is built, what it is told about itself, whose files
fit it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from minicnn.layer import Layer
from weights.cards import Card, Preprocessing


@dataclass(frozen=True)
class PublishedFile:
    """A file of weights as its publisher gives it.  What is not known is None.

    shipped: its name in weights/shipped, if it is part of the package.  address: where it is fetched from.
    sha256: its sum, or the first digits of it; md5: where its publisher states no other sum.  size: bytes;
    mebibytes: where the publisher states only those, rounded.  accuracy: as stated, not measured by us.
    """

    shipped: str | None = None
    address: str | None = None
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None
    mebibytes: float | None = None
    licence: str | None = None
    accuracy: str | None = None

    @property
    def sum(self) -> tuple[str, str] | None:
        """Its published sum, or the first digits of it, and of which kind; None if none is."""
        return (self.sha256, "sha256") if self.sha256 else (self.md5, "md5") if self.md5 else None

    @property
    def bytes(self) -> int | None:
        """Its size in bytes, as exactly as it is known."""
        return self.size or (None if self.mebibytes is None else round(self.mebibytes * 2**20))


@dataclass(frozen=True)
class Network:
    """A network that is published, or ships with the package: an entry of zoo.toml.

    build: makes it, with zero weights.  kind: "classifier", or what else it is.  names: the table that
    leads from the names in published files to ours (see weights.names); None: only files with our own names
    are read.  prepared: {source: how its pictures are prepared}, where sources differ ("PyTorch", "Keras",
    "Caffe").  convolutions: makes the part that files without the last layers hold ("notop").
    convolutions_of, head: the network whose files hold the convolutions of this one, and the file in
    weights/shipped with its last layers, which were trained on them, and the first numbers of each of their
    arrays, by which they are known.
    """

    name: str
    build: Callable[[], Layer]
    card: Card
    names: str | None = None
    file: PublishedFile = PublishedFile()
    kind: str = "classifier"
    prepared: Mapping[str, Preprocessing] = field(default_factory=dict)
    convolutions: Callable[[], Layer] | None = None
    convolutions_of: str | None = None
    head: str | None = None

    def card_from(self, source: str | None) -> Card:
        """Its card when its weights come from `source`."""
        return replace(
            self.card, source=source, preprocessing=self.prepared.get(source or "", self.card.preprocessing)
        )
