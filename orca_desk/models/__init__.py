"""Model files: what they are (headers, folders, hashes), whether they fit in memory, and downloads."""
