"""Load and side-by-side measurements; nothing here is a test."""
