"""Family: what everybody likes."""
