"""Models as files: which are known, where they can be had, and how they come."""
