"""Family: people like you, things like this."""
