"""Floor 7: what people and programs touch."""
