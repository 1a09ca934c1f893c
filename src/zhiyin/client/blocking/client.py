"""The client of a service, for programs without an event loop."""

from __future__ import annotations

from zhiyin.client.blocking.administration import Administration
from zhiyin.client.blocking.answers import Answers
from zhiyin.client.blocking.catalogue import Catalogue
from zhiyin.client.blocking.chatting import Chatting
from zhiyin.client.blocking.surfaces import Surfaces


class Client(Catalogue, Answers, Chatting, Surfaces, Administration):
    """Asks a service; every route has its method.

    Made and closed as `zhiyin.client.blocking.base.Connected`. Every method raises
    `ServiceError` (see `zhiyin.client.errors`) where the service answers with a problem, or
    not at all.
    """
