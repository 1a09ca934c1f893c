"""Migrations of the relational schema, run when a store is opened."""
