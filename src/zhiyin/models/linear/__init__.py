"""Family: closed-form item-to-item models."""
