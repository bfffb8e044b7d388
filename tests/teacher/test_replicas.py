"""What the replicas of an engine share."""

import threading

from orca_desk.teacher.replicas import RequestSource


def test_a_pause_holds_every_lane() -> None:
    paused, go_on = threading.Event(), threading.Event()

    def cancelled() -> bool:
        paused.set()
        go_on.wait(20)
        return False

    source = RequestSource((), cancelled)
    answers: list[bool] = []
    replicas = [threading.Thread(target=lambda: answers.append(source.stopped())) for _ in range(2)]
    for replica in replicas:
        replica.start()
    assert paused.wait(20)
    replicas[1].join(0.2)
    assert answers == []
    go_on.set()
    for replica in replicas:
        replica.join(20)
    assert answers == [False, False]


def test_a_stop_is_for_good() -> None:
    says = [True, False]
    source = RequestSource((), lambda: says.pop(0))
    assert source.stopped() and source.stopped()
    assert says == [False]
