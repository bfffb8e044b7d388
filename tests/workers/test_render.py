"""The worker that runs chat templates: its limits hold where the system has none to offer."""

import json
import subprocess
import sys

WITHOUT_LIMITS = (
    "import sys, psutil; from orca_desk.workers.render import main; sys.modules['resource'] = None; main()"
)


def render(template: str) -> subprocess.CompletedProcess[bytes]:
    """Run the worker as on Windows, which cannot limit a process's memory."""
    job = {"template": template, "variables": {}, "conversations": [{"messages": []}]}
    command = [sys.executable, "-c", WITHOUT_LIMITS]
    return subprocess.run(command, input=json.dumps(job).encode(), capture_output=True, timeout=60)


def test_memory_is_limited_without_the_systems_help() -> None:
    done = render(
        "{% set n = namespace(a='a' * 1000000) %}"
        "{% for i in range(2000) %}{% set n.a = n.a ~ n.a[:50000000] %}{% endfor %}"
    )
    assert done.returncode == 1
    assert b"512 MiB" in done.stderr


def test_it_works_without_the_systems_help() -> None:
    done = render("{% for i in range(50) %}{% set x = 'a' * 100000000 %}{% endfor %}{{ strftime_now('%Y') }}")
    assert json.loads(done.stdout) == {"rendered": [{"text": "2024"}], "clock": True, "asks": []}
