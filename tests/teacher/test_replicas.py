"""What the replicas of an engine share."""

import threading

from orca_desk.teacher.replicas import RequestSource


def test_a_pause_holds_every_replica() -> None:
    paused, resumed = threading.Event(), threading.Event()
    asked: list[bool] = []  # whether the pause was over when a replica asked

    def cancelled() -> bool:
        asked.append(resumed.is_set())
        paused.set()
        resumed.wait(20)
        return False

    source = RequestSource((), cancelled)
    answers: list[bool] = []
    replicas = [threading.Thread(target=lambda: answers.append(source.stopped())) for _ in range(2)]
    for replica in replicas:
        replica.start()
    assert paused.wait(20)
    assert answers == []
    resumed.set()
    for replica in replicas:
        replica.join(20)
    assert answers == [False, False] and asked == [False, True]


def test_a_stop_is_final() -> None:
    says = [True, False]
    source = RequestSource((), lambda: says.pop(0))
    assert source.stopped() and source.stopped()
    assert says == [False]
