"""Finding vectors near others: exactly by scanning, or nearly by a graph."""
