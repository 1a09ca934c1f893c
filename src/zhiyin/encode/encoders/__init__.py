"""Text encoders; each is loaded by name through the registry."""
