"""Search of the catalogue: by meaning, by words, and by the taste of who asks."""
