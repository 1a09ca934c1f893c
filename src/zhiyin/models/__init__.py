"""Floor 3: retrievers, by family; each is a config, a class, and a registration."""
