"""What every neural model shares: one training loop, batches, losses, export, serving.

Only `zhiyin.neural.settings`, `.batches`, `.memory`, `.extra` and `.session` are free of
torch; serving needs these alone (the session runs on ONNX Runtime).
"""
