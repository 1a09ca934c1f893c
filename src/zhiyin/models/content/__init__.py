"""Models of what items are: likeness, and scores carried over to items nobody took."""
