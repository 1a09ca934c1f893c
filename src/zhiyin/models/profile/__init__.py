"""Interest profiles: what a user wants, in tags that can be read and in a vector."""
