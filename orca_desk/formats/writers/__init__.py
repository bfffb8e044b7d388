"""Writing data sets: rows in the shapes that trainers, hubs and benchmarks read."""
