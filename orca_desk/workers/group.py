"""The `group` worker: groups tasks that are worded alike."""

from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Group the texts that the host sends."""
    serve(group)


def group(channel: Channel) -> None:
    """Group the {"texts"} of all requests into the job's "groups", or as many as there are.

    Emits `stage` with what is done next, a `cluster` for each group, and `grouped` with the separation.
    """
    from orca_desk.workers.clusters import find_clusters

    texts = [text for request in channel.requests(ahead=4) for text in request["texts"]]

    def report(stage: str) -> None:
        if not channel.control.proceed():
            raise _NotWantedError
        channel.emit({"event": "stage", "stage": stage})

    try:
        found = find_clusters(texts, channel.job["groups"], report)
    except _NotWantedError:
        return
    for one in found.clusters:
        channel.emit({
            "event": "cluster",
            "members": one.members,
            "terms": one.terms,
            "examples": one.examples,
            "cohesion": one.cohesion,
            "is_rest": one.is_rest,
        })  # fmt: skip
    channel.emit({"event": "grouped", "separation": found.separation, "is_clear": found.is_clear})


class _NotWantedError(Exception):
    """The host no longer wants the groups."""
