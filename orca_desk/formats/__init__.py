"""Files in and out: tasks from the user's files, detected and mapped; bad rows are reported."""
