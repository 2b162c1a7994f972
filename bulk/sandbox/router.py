"""From a method and a path to the handler; routes are compiled once, when the server starts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote

from bulk.sandbox.api import Answer, Api, Call, Handler, RefusedCallError, Route
from bulk.sandbox.store import Store


class Router:
    """The routes of one API over one store."""

    def __init__(self, api: Api, store: Store) -> None:
        self.api = api
        self.store = store
        self._fixed: dict[str, dict[str, Handler]] = {}
        self._templates: list[tuple[re.Pattern[str], dict[str, Handler]]] = []
        self._compile(api.routes(store))

    def _compile(self, routes: Sequence[Route]) -> None:
        templates: dict[str, dict[str, Handler]] = {}
        for route in routes:
            table = templates if "{" in route.path else self._fixed
            table.setdefault(route.path, {})[route.method] = _answering(route.handler)
        for path, handlers in templates.items():
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
            self._templates.append((re.compile(pattern), handlers))

    def find(self, call: Call) -> tuple[Call, Handler | None, bool]:
        """The call with its placeholders filled, its handler, and whether the path is known at all."""
        if handlers := self._fixed.get(call.path):
            return call, handlers.get(call.method), True
        for pattern, handlers in self._templates:
            if match := pattern.fullmatch(call.path):
                params: Mapping[str, str] = {name: unquote(value) for name, value in match.groupdict().items()}
                return replace(call, params=params), handlers.get(call.method), True
        return call, None, False


def _answering(handler: Handler) -> Handler:
    """The same handler, whose refusals are answers."""

    def answered(call: Call) -> Answer:
        try:
            return handler(call)
        except RefusedCallError as refusal:
            return refusal.answer

    return answered
