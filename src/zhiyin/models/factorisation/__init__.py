"""Family: users and items as vectors whose product is the score."""
