"""Progress in words."""

from orca_desk.processes.progress import Overall, Update
from orca_desk.ui.words.progress import queue_title


def test_the_queue_says_when_the_next_job_starts_as_far_as_that_is_known() -> None:
    step = Update(stage="teaching", done=20, total=80, rate=0.5)
    whole = Overall(step=2, steps=3, share=0.5, seconds_left=600)
    assert queue_title(1, None) == queue_title(1, Update(stage="loading")) == "Queue: 1 job waiting"
    assert queue_title(3, step).endswith("step of the running job has about 2 min left")
    assert queue_title(3, Update(stage="x", overall=whole)) == (
        "Queue: 3 jobs waiting. The next one starts in about 10 min"
    )
