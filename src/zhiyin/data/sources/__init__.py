"""Public data sets by name: downloaded once, checked, never packaged."""

from zhiyin.data.sources.fetching import DatasetFiles, cache_folder, dataset_names, fetch

__all__ = ["DatasetFiles", "cache_folder", "dataset_names", "fetch"]
