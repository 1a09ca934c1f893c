"""Recipes: which models are tried, how they are chosen, and how they are blended."""
