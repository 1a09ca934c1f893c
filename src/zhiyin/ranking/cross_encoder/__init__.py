"""Query and item read together by a transformer: for the few that stand first."""
