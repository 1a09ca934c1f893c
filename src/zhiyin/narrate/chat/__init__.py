"""Conversation: wishes, corrections and questions over several turns, by typed tools."""

from zhiyin.narrate.chat.catalogue import CatalogueTools
from zhiyin.narrate.chat.conversation import ChatReply, converse
from zhiyin.narrate.chat.greeting import Opening, begin
from zhiyin.narrate.chat.occasions import Deed
from zhiyin.narrate.chat.state import ChatState, Wish, fits
from zhiyin.narrate.chat.table import WishTable
from zhiyin.narrate.chat.tools import Tools

__all__ = [
    "CatalogueTools",
    "ChatReply",
    "ChatState",
    "Deed",
    "Opening",
    "Tools",
    "Wish",
    "WishTable",
    "begin",
    "converse",
    "fits",
]
