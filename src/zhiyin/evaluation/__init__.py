"""Floor 3: how good is it, and is the difference real? Scorers and policies are passed in."""
