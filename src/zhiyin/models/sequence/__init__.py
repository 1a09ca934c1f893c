"""Neural sequence models: the history as a sentence, the next item as its next word."""
