"""Functions of a student's, as the tests meet them: each call is a message, each answer a plain value."""

from __future__ import annotations

import builtins
import hashlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ospolab.grading import typed, wire

__all__ = ["READABLE", "Clock", "Functions"]

READABLE = "Tests can read numbers, text, dates, lists, dictionaries and tables."


@dataclass(frozen=True)
class Clock:
    """Seconds that may pass for one cell, one test, one call of a student's function, and a whole submission."""

    cell: float = 20
    test: float = 30
    call: float = 10
    submission: float = 90
    grace: float = 2  # between asking a process to stop and ending it


# What a function of the student's may raise here. An end of iteration would cut short the loop of the test around it.
RAISED = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(kind, Exception)
    and not issubclass(kind, StopIteration | StopAsyncIteration)
}


class Functions:
    """The functions of a student's, called in the copy of their process that was set aside for a test."""

    def __init__(self, handle: int, clock: Clock):
        self.handle, self.clock, self.gone = handle, clock, ""
        self.sent: dict[bytes, int] = {}

    def ask(self, order: dict) -> Any:
        if self.gone:
            raise RuntimeError(self.gone)
        try:
            wire.send(self.handle, order)
            return wire.receive(self.handle, self.clock.call + self.clock.grace)
        except wire.TooSlow:
            self.gone = f"the function did not answer within {self.clock.call:g} seconds"
        except (wire.Closed, wire.TooLarge) as error:
            self.gone = "the function ended Python" if isinstance(error, wire.Closed) else str(error)
        raise RuntimeError(self.gone)

    def proxy(self, name: str) -> Callable[[dict], Callable]:
        """Makes the functions in a value; `name` is how they call themselves in messages."""

        def made(content: dict) -> Callable:
            number = int(content["v"])

            def function(*arguments: Any, **named: Any) -> Any:
                return self._call(number, name, arguments, named)

            function.__name__ = function.__qualname__ = name
            return function

        return made

    def _call(self, number: int, name: str, arguments: tuple, named: dict) -> Any:
        order = {
            "do": "call",
            "function": number,
            "seconds": self.clock.call,
            "args": [self._argument(value) for value in arguments],
            "kwargs": {key: self._argument(value) for key, value in named.items()},
        }
        reply = self.ask(order)
        match reply:
            case {"raised": list(kinds)}:
                kind = next((RAISED[kind] for kind in kinds if isinstance(kind, str) and kind in RAISED), RuntimeError)
                message = str(reply.get("message", ""))[:2_000]
                try:
                    error = kind(message)
                except TypeError:  # some want more than a message
                    error = RuntimeError(message)
                raise error
            case {"value": content}:
                try:
                    return typed.decode(content, self.proxy(name))
                except typed.Untyped as error:
                    kind = error.kind
            case _:
                kind = str(reply.get("untyped") if isinstance(reply, dict) else "that is no answer")
        raise TypeError(f"{name} gave back a value of type {kind[:200]}. {READABLE}")

    def _argument(self, value: Any) -> Any:
        """A value for the other side. A table is sent once: tests call with the same one again and again."""
        if not hasattr(value, "iloc") or not len(value):
            return typed.encode(value)
        mark = hashlib.blake2b(pickle.dumps(value, protocol=5), digest_size=16).digest()
        if mark in self.sent:
            return {"t": "again", "v": self.sent[mark]}
        self.sent[mark] = len(self.sent)
        return {**typed.encode(value), "keep": self.sent[mark]}
