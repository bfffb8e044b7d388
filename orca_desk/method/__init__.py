"""The Orca 2 method (arXiv 2311.11045): pure functions, no files, no models, no screen."""
