"""What is known of a variant: a method made of any other, said once, at the end of the variant's own file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gradcam.method import Method


def any_method(method: Method) -> bool:
    """Whether there is such a variant of it: of every method."""
    return True


@dataclass(frozen=True)
class Variant:
    """A method made of another: METHODS["guided_layercam"] is the variant "guided" of LayerCAM.

    name      what stands in front of the method's name, and an underscore between them
    title     of the new method, {} in place of the old one's; paper, question: see `Method`; cost likewise
    equation  its formula, M in place of the method's map
    compute   f(method, context, **options) -> the map; options that it does not name are the method's own
    of        f(method): whether there is such a variant of it
    needs     signals that it is made from, beside the method's own; drawn: see `Method`, "" for the method's
    passes    whether it runs the network more than once; fuses, upsamples, relu: see `Method`
    """

    name: str
    title: str
    paper: str
    question: str
    equation: str
    compute: Callable[..., Any]
    cost: str
    of: Callable[[Method], bool] = any_method
    needs: tuple[tuple[str, str], ...] = ()
    drawn: str = ""
    passes: bool = False
    fuses: bool = False
    upsamples: bool = False
    relu: bool = False

    def made(self, method: Method) -> Method:
        """The variant of this method."""

        def compute(context, **options):
            return self.compute(method, context, **options)

        return replace(
            method,
            name=f"{self.name}_{method.name}",
            title=self.title.format(method.title),
            question=self.question,
            paper=f"{self.paper}; {method.paper}",
            equation=f"{self.equation}; M = {method.equation}",
            compute=compute,
            cost=self.cost,
            spellings=(),
            joint=False,
            exact=False,
            signals=tuple(dict.fromkeys((*method.signals, *self.needs))),
            weights=None,
            many_passes=method.many_passes or self.passes,
            classic=False,
            drawn=self.drawn or method.drawn,
            scaled_with="",
            relu=self.relu,
            peers={},
            base=method.base or method.name,
            fuses=self.fuses or method.fuses,
            upsamples=self.upsamples,
        )
