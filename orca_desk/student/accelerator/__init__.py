"""Training on a graphics card or another accelerator: what differs there from training on a CPU."""
