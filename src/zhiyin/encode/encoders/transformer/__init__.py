"""Transformers from a folder or a hub, through ONNX Runtime or torch."""
