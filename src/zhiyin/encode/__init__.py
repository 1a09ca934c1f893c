"""Text becomes tokens and vectors; vectors become neighbours."""
