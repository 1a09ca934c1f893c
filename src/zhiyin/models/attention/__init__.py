"""Attention recommenders over content: what items are made of decides what is read into them."""
