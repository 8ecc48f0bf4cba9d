"""The web application as ASGI. Needs the observation store to be open in the process: ``ecoledger serve``.

Every view and middleware is plain Python, so a request runs whole in one of a few threads. Each thread keeps its
database connection with what that has read and prepared; and a request does not hop between threads at every
middleware, which costs a wait for the interpreter each time. Only what streams (server-sent events, exports) is
sent from the event loop, and ends when its reader leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import django
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.urls import get_resolver, set_script_prefix

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecoledger.settings")
django.setup(set_prefix=False)

from ecoledger.web.bodies import bounded  # noqa: E402 - Django must be set up before

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

# More would only take the interpreter from each other; while one waits for the database, another goes on.
THREADS = int(os.environ.get("ECOLEDGER_PAGE_THREADS", "6"))


class Pages(ASGIHandler):
    """Django's ASGI handler with its middleware run synchronously, in threads that stay."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        get_resolver().reverse_dict  # noqa: B018 - loads every view now, not in front of the first visitor
        self.threads = ThreadPoolExecutor(THREADS, "page")

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Receive,
        send: Send,
    ) -> None:
        if scope["type"] != "http":
            raise ValueError(f"only HTTP is served, not {scope['type']}")
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()
        try:
            response = await loop.run_in_executor(
                self.threads, copy_context().run, self._answer, scope, body
            )
            if not response.streaming:
                await self.send_response(response, send)
                return
            try:
                await _until_either(self.send_response(response, send), self._left(receive))
            finally:
                await loop.run_in_executor(self.threads, response.close)
        finally:
            body.close()

    def _answer(self, scope: dict[str, Any], body: Any) -> Any:
        """The whole of a request, in one thread. What streams is closed once it has been sent."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        response: Any = refused if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if not response.streaming:
            response.close()
        return response

    async def _left(self, receive: Receive) -> None:
        """Returns when the reader has gone."""
        with contextlib.suppress(RequestAborted):
            await self.listen_for_disconnect(receive)


async def _until_either(*works: Awaitable[None]) -> None:
    """Run side by side until the first has ended; the others are broken off."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result


django_application = Pages()
application = bounded(django_application)
