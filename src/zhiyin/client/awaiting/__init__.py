"""The client for event loops.

Written by scripts/async_client.py from zhiyin/client/blocking: change that, and run the script.
"""
