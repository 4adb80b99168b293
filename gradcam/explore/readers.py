"""Several readers of one network: a session each, as long as there are not too many."""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict
from typing import Any

from gradcam.explore.session import Session

MOST_READERS = 3  # whose picture and signals are kept; the next one takes the place of who asked longest ago


class Readers:
    """first: the network's session, of which every reader gets a copy; one question at a time."""

    def __init__(self, first: Session) -> None:
        self.first, self.engine = first, threading.Lock()
        self.kept: OrderedDict[str, Session] = OrderedDict()

    def answers(self, reader: str, questions: list[Any], seconds: float = -1) -> list[dict[str, Any]]:
        """What the engine says to a reader's questions, one after the other.

        seconds: how long one waits for others.  LookupError: the reader's picture is not kept (any more);
        TimeoutError: the engine is busy.
        """
        if not self.engine.acquire(timeout=seconds):
            raise TimeoutError
        try:
            session = self.kept.get(reader)
            if session is None:
                if questions[0][0] not in ("look", "randomise", "own"):
                    raise LookupError
                session = copy.copy(self.first)
                session.lock = threading.Lock()
                session.net = session.original
                self.kept[reader] = session
            self.kept.move_to_end(reader)
            while len(self.kept) > MOST_READERS:
                self.kept.popitem(last=False)
            return [session.ask(question, arguments) for question, arguments in questions]
        finally:
            self.engine.release()
