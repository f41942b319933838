"""From what was handed in to what counts."""
