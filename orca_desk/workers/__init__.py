"""The child processes, one module per job. Each starts with `runtime.serve(work)`.

`work(channel)` reads `channel.job`, takes `channel.requests()` where the job has any, emits events, and looks
at `channel.control` now and then, to pause or to stop. `orca_desk.__main__` lists the modules by name. Each
module's docstring defines its job, its requests and its events; `orca_desk.processes` is the host's end.

Only `render` differs: it reads one JSON object and writes one, within limits of memory and time, because it
runs a stranger's template.
"""
