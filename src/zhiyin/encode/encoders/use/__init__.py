"""Universal Sentence Encoder, multilingual v3, through a forward pass of our own."""
