"""``zhiyin benchmark``: the contract by which models, ours and others', are compared."""

from zhiyin.pipeline.benchmark.runner import BenchmarkSettings, benchmark

__all__ = ["BenchmarkSettings", "benchmark"]
