"""The way out: tasks, records, snapshots, pairs and answers as data sets for other programs."""
