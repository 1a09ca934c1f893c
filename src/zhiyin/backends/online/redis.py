"""Online state of several machines, in Redis. Needs the extra ``redis``.

Every change is one Lua script, which Redis runs alone: nobody sees half of it. All keys of an
owner carry the owner in braces, so that a Redis Cluster keeps them on one node, and a set
beside them knows their names, so that an owner can be forgotten without a search.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from zhiyin.core.errors import ConfigError, StoreError, StoreFullError, StoreUnreachableError

_SECONDS = 5.0
_KEPT, _COUNTER, _LIST = "v", "n", "l"

# Remembers a name of the owner at least as long as the name lives. ARGV[1]: milliseconds, 0
# for ever; KEYS[1]: the name; KEYS[2]: the owner's names.
_REMEMBER = """
local names, ttl = KEYS[2], tonumber(ARGV[1])
local before = redis.call('EXISTS', names) == 1 and redis.call('PTTL', names) or 0
redis.call('SADD', names, KEYS[1])
if ttl == 0 then redis.call('PERSIST', names)
elseif before >= 0 and before < ttl then redis.call('PEXPIRE', names, ttl) end
"""
_PUT = (
    """
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[1] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
"""
    + _REMEMBER
    + "return 1"
)
_INCREMENT = (
    """
local value, by = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[2])
if ARGV[3] ~= '' and value + by > tonumber(ARGV[3]) then return false end
if by == 0 then return value end
local fresh = redis.call('EXISTS', KEYS[1]) == 0
redis.call('INCRBY', KEYS[1], ARGV[2])
if fresh and ARGV[1] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
"""
    + _REMEMBER
    + "return value + by"
)
_PUSH = (
    """
redis.call('RPUSH', KEYS[1], ARGV[2])
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[3]), -1)
if ARGV[1] == '0' then redis.call('PERSIST', KEYS[1])
else redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
"""
    + _REMEMBER
)
_FORGET = """
local gone = 0
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do gone = gone + redis.call('DEL', name) end
redis.call('DEL', KEYS[1])
return gone
"""


class RedisState:
    """Keeps everything in a Redis server.

    Args:
        url: ``redis://HOST:PORT/DATABASE``, ``rediss://`` with TLS.
        prefix: First part of every key, so that several workspaces share a server.

    Raises:
        ConfigError: The address cannot be read.
    """

    def __init__(self, url: str, *, prefix: str = "zhiyin") -> None:
        try:
            self._client: Any = redis.Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
                url,
                socket_timeout=_SECONDS,
                socket_connect_timeout=_SECONDS,
                # A connection that died is replaced at once; a server that is away is told.
                retry=Retry(NoBackoff(), 1),
                health_check_interval=30,
            )
        except ValueError as error:
            raise ConfigError(
                f"the address of the online state cannot be read: {error}",
                hint="redis://HOST:6379/0",
            ) from error
        where: dict[str, Any] = self._client.connection_pool.connection_kwargs
        self.where = f"redis://{where.get('host', where.get('path', ''))}:{where.get('port', '')}"
        self._prefix = prefix
        script = self._client.register_script
        self._put, self._increment = script(_PUT), script(_INCREMENT)
        self._push, self._forget = script(_PUSH), script(_FORGET)

    def get(self, owner: str, name: str) -> bytes | None:
        """See `OnlineState.get`."""
        with self._translated():
            return self._client.get(self._keys(owner, _KEPT, name)[0])

    def put(
        self, owner: str, name: str, value: bytes, *, ttl: float | None = None, new: bool = False
    ) -> bool:
        """See `OnlineState.put`."""
        with self._translated():
            keys = self._keys(owner, _KEPT, name)
            return self._put(keys=keys, args=[_milliseconds(ttl), value, int(new)]) == 1

    def increment(
        self,
        owner: str,
        name: str,
        by: int = 1,
        *,
        ttl: float | None = None,
        limit: int | None = None,
    ) -> int | None:
        """See `OnlineState.increment`."""
        arguments = [_milliseconds(ttl), by, "" if limit is None else limit]
        with self._translated():
            return self._increment(keys=self._keys(owner, _COUNTER, name), args=arguments)

    def push(
        self, owner: str, name: str, value: bytes, *, keep: int, ttl: float | None = None
    ) -> None:
        """See `OnlineState.push`."""
        with self._translated():
            keys = self._keys(owner, _LIST, name)
            self._push(keys=keys, args=[_milliseconds(ttl), value, keep])

    def recent(self, owner: str, name: str) -> list[bytes]:
        """See `OnlineState.recent`."""
        with self._translated():
            return self._client.lrange(self._keys(owner, _LIST, name)[0], 0, -1)

    def forget(self, owner: str) -> int:
        """See `OnlineState.forget`."""
        with self._translated():
            return cast("int", self._forget(keys=[self._names(owner)]))

    def close(self) -> None:
        """Closes every connection."""
        self._client.close()

    def _keys(self, owner: str, kind: str, name: str) -> list[str]:
        """The key of a name, and that of the owner's names."""
        return [f"{self._prefix}:{{{_safe(owner)}}}:{kind}:{name}", self._names(owner)]

    def _names(self, owner: str) -> str:
        return f"{self._prefix}:{{{_safe(owner)}}}:names"

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Turns a client's complaint into one of ours."""
        try:
            yield
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise StoreUnreachableError(
                f"{self.where} does not answer: {error}",
                hint="it is used again as soon as it does",
            ) from error
        except redis.RedisError as error:
            if str(error).startswith("OOM"):
                raise StoreFullError(f"{self.where}: {error}", hint="raise maxmemory") from error
            raise StoreError(f"{self.where}: {error}") from error


def _safe(owner: str) -> str:
    """An owner between braces: none of its own may end them."""
    return owner.replace("%", "%25").replace("{", "%7B").replace("}", "%7D")


def _milliseconds(ttl: float | None) -> int:
    return 0 if ttl is None else max(1, round(ttl * 1000))
