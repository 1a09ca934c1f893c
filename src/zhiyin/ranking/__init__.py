"""Floor 3: from candidates to an order: learning to rank, calibration, utility."""
