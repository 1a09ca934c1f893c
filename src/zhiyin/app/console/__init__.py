"""The console: pages that show what the recommender does, and why.

A process of its own, behind the same address as the service, which it asks through
`zhiyin.client` alone.
"""
