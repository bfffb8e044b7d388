"""The machine, and the peak of its matrix products by number format: what shares of the peak refer to."""

from dataclasses import asdict

from benchmarks.gpu.sections import Section


def measure(section: Section) -> None:
    """Describe the machine as the app does, and measure the CPU and the device that training uses."""
    import torch

    from orca_desk.machine.resources import processor_name, total_memory, usable_cores
    from orca_desk.student.accelerator.choice import choose_device
    from orca_desk.student.speed import cpu_speed, device_speed

    chosen = choose_device()
    torch.set_num_threads(usable_cores())
    section.note(
        device=chosen.title,
        note=chosen.note,
        is_gpu=section.scale.is_gpu,
        processor=processor_name(),
        cores=usable_cores(),
        memory_bytes=total_memory(),
        torch=torch.__version__,
        cuda=torch.version.cuda,
    )
    speeds = {"cpu": asdict(cpu_speed())}
    section.note(speeds=speeds)
    if chosen.name != "cpu":
        section.note(speeds=speeds | {chosen.name: asdict(device_speed(chosen.name))})
