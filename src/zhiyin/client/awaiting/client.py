"""The client of a service, for event loops.

Written by scripts/async_client.py from zhiyin/client/blocking: change that, and run the script.
"""

from __future__ import annotations

from zhiyin.client.awaiting.administration import Administration
from zhiyin.client.awaiting.answers import Answers
from zhiyin.client.awaiting.catalogue import Catalogue
from zhiyin.client.awaiting.chatting import Chatting
from zhiyin.client.awaiting.surfaces import Surfaces


class AsyncClient(Catalogue, Answers, Chatting, Surfaces, Administration):
    """Asks a service; every route has its method.

    Made and closed as `zhiyin.client.awaiting.base.Connected`. Every method raises
    `ServiceError` (see `zhiyin.client.errors`) where the service answers with a problem, or
    not at all.
    """
