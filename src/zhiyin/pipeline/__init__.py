"""Floor 6: the whole: data sets, training, artifacts, the engine, and the wiring."""
