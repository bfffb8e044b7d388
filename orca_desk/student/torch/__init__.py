"""Training with torch: the engine, the model and its adapter, the fast kernels, the loss."""
