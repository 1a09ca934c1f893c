"""Conversation over a workspace: sessions, tools over the engine, and what is remembered."""
