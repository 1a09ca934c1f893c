"""Family: filters over the graph of users and items, without training."""
