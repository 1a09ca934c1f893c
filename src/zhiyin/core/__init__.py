"""Floor 0: entities, columnar shapes, protocols, rank metrics, errors, registry, clock, rng."""
