"""Export: a tuned student as files that other applications open, each checked before it is handed over."""
