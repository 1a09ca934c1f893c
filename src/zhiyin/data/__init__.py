"""Floor 2: events, items and users, from a file to clean columns."""
