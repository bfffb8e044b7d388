"""A worker seen from the host: started, fed with requests, heard, and stopped.

A worker is a child process that does one job with model code (torch, llama.cpp), so that a native crash or a
full memory ends the job and never the app. It is the same program again: `orca_desk worker NAME`. It reads a
job and requests as JSON lines from stdin, writes events as JSON lines to stdout, and never opens the library.

`host.run_worker` runs one from start to end: start reading there. Below it are `process` (the child and its
pipes), `protocol` (the lines), `command` (how to start it) and `progress` (a job's progress, pause and stop).
`asking` puts many prompts to one model. The worker's own end is in `orca_desk.workers`.
"""
