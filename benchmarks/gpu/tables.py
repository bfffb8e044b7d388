"""Prints what the sections found."""

from typing import Any

GOAL = 1.0  # our tokens/s over the faster of TRL's settings
SIZES = {"1.5b": "the large model, random weights", "smollm": "the small model"}
QUIET = {"wall_seconds", "limit_seconds", "failed", "ways"}


def show(results: dict[str, Any]) -> None:
    """Print the tables."""
    if speed := results.get("speed"):
        _show_machine(speed)
    for size, title in SIZES.items():
        _show_training(f"Training, {title}", _ways(results, size), results)
        if (ratio := speedup(size, results)) is not None:
            print(f"  Orca Desk over TRL: {ratio:.2f} (goal: at least {GOAL:.1f})")
    _show_training("Training, the small model on the CPU", _ways(results, "cpu"), results)
    for name in ("resume", "parity", "generation"):
        if facts := {key: value for key, value in results.get(name, {}).items() if key not in QUIET}:
            print(f"\n{name.capitalize()}")
            for key, value in facts.items():
                print(f"  {key.replace('_', ' '):<28}{_short(value)}")
    sections = {name: one for name, one in results.items() if isinstance(one, dict)}
    print(f"\nTime: {results.get('seconds', 0):.0f} s")
    for name, one in sections.items():
        spent = f"{one.get('wall_seconds', 0):4.0f} of {one.get('limit_seconds', 0):4.0f} s"
        print(f"  {name:<12}{spent}  {one.get('failed', '')}")


def _show_machine(speed: dict[str, Any]) -> None:
    print(f"{speed.get('processor', 'unknown')}, {speed.get('cores', '?')} cores; training uses ", end="")
    print(f"{speed.get('device', 'unknown')}; torch {speed.get('torch', 'unknown')}")
    for name, one in speed.get("speeds", {}).items():
        for dtype, rate in one["products"].items():
            print(f"  products on {name} in {dtype:<9}{rate / 1e12:8.2f} TFLOPS")
    if not speed.get("is_gpu"):
        print("  No GPU was found: small models on the CPU; the figures for devices are open.")


def _ways(results: dict[str, Any], size: str) -> dict[str, Any]:
    """Return all rows of a size, ours first."""
    sides = (("Orca Desk", "ours"), ("TRL", "trl"))
    return {
        f"{title}, {way}": one
        for title, side in sides
        for way, one in results.get(f"{side}-{size}", {}).get("ways", {}).items()
    }


def _show_training(title: str, rows: dict[str, Any], results: dict[str, Any]) -> None:
    if not rows:
        return
    print(f"\n{title:<46}{'tokens/s':>10}{'MiB':>10}{'of peak':>9}  format")
    for name, one in rows.items():
        if "failed" in one:
            print(f"  {name:<44}{one['failed'][:90]}")
            continue
        memory = f"{one['memory_bytes'] / 2**20:10.0f}"
        share = share_of_peak(one, results.get("speed", {}))
        of_peak = "-" if share is None else f"{share:.0%}"
        print(f"  {name:<44}{one['tokens_per_second']:10.0f}{memory}{of_peak:>9}  {one['dtype']}")


def share_of_peak(one: dict[str, Any], speed: dict[str, Any]) -> float | None:
    """Return the share of the measured products' speed, in the same format on the same device."""
    speeds = speed.get("speeds", {})
    device = one.get("device") or next(reversed(speeds), "cpu")  # TRL uses the last: the device, if any
    peak = speeds.get(device, {}).get("products", {}).get(one.get("dtype"))
    return float(one["flops_per_second"] / peak) if peak else None


def speedup(size: str, results: dict[str, Any]) -> float | None:
    """Return our best tokens/s over TRL's best; None where one of them is missing."""
    best = [
        max(
            (
                one["tokens_per_second"]
                for one in results.get(f"{side}-{size}", {}).get("ways", {}).values()
                if "failed" not in one
            ),
            default=0.0,
        )
        for side in ("ours", "trl")
    ]
    return best[0] / best[1] if all(best) else None


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
