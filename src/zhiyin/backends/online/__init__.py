"""Online state: in memory for one process, in SQLite for one machine, in Redis for several."""
