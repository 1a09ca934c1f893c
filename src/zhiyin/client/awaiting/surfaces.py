"""What surfaces do: read and changed.

Written by scripts/async_client.py from zhiyin/client/blocking: change that, and run the script.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhiyin.client.awaiting.base import Connected
from zhiyin.client.calls import Call, at, changing, removing, storing
from zhiyin.core.messages import SettingsView, SurfaceRemoved, SurfaceView


class Surfaces(Connected):
    """What surfaces do: read and changed."""

    async def read_settings(self) -> SettingsView:
        """All settings in force; needs an admin key."""
        return await self._transport.send(
            Call("GET", "/v1/settings", SettingsView, repeatable=True)
        )

    async def read_surfaces(self) -> list[SurfaceView]:
        """What each surface does, the built-in ones first."""
        return await self._transport.send(
            Call("GET", "/v1/surfaces", list[SurfaceView], repeatable=True)
        )

    async def read_surface(self, name: str) -> SurfaceView:
        """What a surface does, with its ETag."""
        return await self._transport.send(
            Call("GET", at("/v1/surfaces", name), SurfaceView, repeatable=True)
        )

    async def patch_surface(
        self, name: str, changes: Mapping[str, Any], *, if_match: str | None = None
    ) -> SurfaceView:
        """Changes some settings of a surface; None gives one back to what is built in.

        Args:
            name: Which.
            changes: Settings by name, sections as mappings.
            if_match: The ETag that it must still have.
        """
        return await self._transport.send(
            changing(at("/v1/surfaces", name), SurfaceView, changes, if_match=if_match)
        )

    async def put_surface(
        self,
        name: str,
        settings: Mapping[str, Any],
        *,
        if_match: str | None = None,
        only_new: bool = False,
    ) -> SurfaceView:
        """Gives a surface these settings, and no others.

        Args:
            name: Which; one that is not there is made.
            settings: Settings by name, sections as mappings.
            if_match: The ETag that it must still have.
            only_new: Whether it must not be there yet.
        """
        return await self._transport.send(
            storing(
                at("/v1/surfaces", name),
                SurfaceView,
                settings,
                if_match=if_match,
                only_new=only_new,
            )
        )

    async def delete_surface(self, name: str, *, if_match: str | None = None) -> SurfaceRemoved:
        """Takes a surface's section out; a built-in one is as built in again.

        Args:
            name: Which.
            if_match: The ETag that it must still have.
        """
        return await self._transport.send(
            removing(at("/v1/surfaces", name), SurfaceRemoved, if_match=if_match)
        )
