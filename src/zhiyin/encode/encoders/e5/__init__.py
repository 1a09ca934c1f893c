"""multilingual-e5-small: the package's weights, a forward pass of our own."""
