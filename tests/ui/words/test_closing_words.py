"""What becomes of jobs when the window closes, in words."""

from orca_desk.ui.words.closing import closing_lines, stop_all_hint, unfinished_heading, will_close


def test_each_fate_has_its_line() -> None:
    fates = [("A", "resumes"), ("B", "begins"), ("C", "ends"), ("D", "begins"), ("E", "again")]
    assert closing_lines(fates).splitlines() == [  # type: ignore[arg-type]
        "Finished work is saved, and the next start offers the rest: A.",
        "Not started yet; the next start offers to start: B, D.",
        "Will be stopped; the next start offers to start it again: E.",
        "The next start does not offer the rest: C.",
    ]
    assert stop_all_hint(fates).splitlines() == [  # type: ignore[arg-type]
        "Finished work is saved, and can be resumed below: A.",
        "Not started, and taken off the queue: B, D.",
        "Will be stopped, and cannot be resumed: C, E.",
    ]


def test_many_jobs_are_counted() -> None:
    titles = [f"Job {number}" for number in range(1, 8)]
    assert unfinished_heading(titles[:1]) == "A job is not finished: Job 1."
    assert unfinished_heading(titles) == "7 jobs are not finished."
    line = closing_lines([(title, "ends") for title in titles])
    assert line.endswith("Job 1, Job 2, Job 3, Job 4 and 3 more.")


def test_what_the_window_waits_for() -> None:
    assert will_close(1, "finishes", "finish") == "Orca Desk will close when the job finishes."
    assert will_close(3, "stops", "stop") == "Orca Desk will close when all 3 jobs stop."
