"""Every method's pipeline by its name, and groups of methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradcam.verify.reference.pipeline import Pipeline


class Pipelines(dict[str, Pipeline]):
    """{name: pipeline} of the methods of papers; a variant's is made when it is first asked for."""

    def __init__(self, found: dict[str, Pipeline], made: Callable[[str], Pipeline]) -> None:
        super().__init__(found)
        self.made, self.variants = made, dict[str, Pipeline]()

    def __missing__(self, name: str) -> Pipeline:
        if name not in self.variants:
            self.variants[name] = self.made(name)
        return self.variants[name]


class Group(tuple[str, ...]):
    """The methods for which fits(name) holds, as a tuple of names; variants are in it unlisted."""

    fits: Callable[[str], bool]

    def __new__(cls, names: Iterator[str], fits: Callable[[str], bool]) -> Group:
        group = super().__new__(cls, filter(fits, names))
        group.fits = fits
        return group

    def __contains__(self, name: object) -> bool:
        return tuple.__contains__(self, name) or (isinstance(name, str) and self.fits(name))
