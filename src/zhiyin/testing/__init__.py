"""Shipped conformance suites and data for the authors of plug-ins."""
