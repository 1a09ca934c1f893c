"""Floor 1: where things are kept and carried; one interface each, drivers by URL prefix."""
