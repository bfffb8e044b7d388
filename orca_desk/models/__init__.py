"""Model files on this machine: what they are, where they are, whether they fit, and how to get more."""
