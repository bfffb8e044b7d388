"""The end of a log is what is shown, whole lines of it, whatever is in there."""

from pathlib import Path

from orca_desk.library.logs import read_tail


def test_a_missing_log_is_none(tmp_path: Path) -> None:
    assert read_tail(tmp_path / "no.log") is None
    assert read_tail(tmp_path) is None


def test_a_short_log_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes("one\ntwo ü\n".encode())
    tail = read_tail(log)
    assert tail and tail.text == "one\ntwo ü\n" and not tail.cut and tail.size == 11


def test_of_a_long_log_the_last_whole_lines_come(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    tail = read_tail(log, limit=100)
    assert tail and tail.cut and tail.text.endswith("line 999\n")
    assert all(line.startswith("line ") for line in tail.text.splitlines())


def test_a_line_without_an_end_and_odd_bytes_do_no_harm(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(b"\xff\x00" * 500)
    tail = read_tail(log, limit=100)
    assert tail and len(tail.text) == 100


def test_a_progress_bar_shows_its_last_state(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(b"0%|\r50%|\r100%|\nnext\r\nlast\r")
    tail = read_tail(log)
    assert tail and tail.text == "100%|\nnext\nlast"
