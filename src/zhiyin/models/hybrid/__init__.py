"""Family: several models as one."""
