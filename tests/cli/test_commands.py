"""The command line: help with examples, JSON, exit codes, and errors that say what to do."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click import Command, Group
from click.testing import CliRunner
from command_line import run_command as orca

from orca_desk.cli import COMMANDS, commands


def orca_process(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own."""
    env = dict(os.environ)
    if folder:
        env["ORCA_DESK_LIBRARY"] = str(folder)
    return subprocess.run(
        [sys.executable, "-m", "orca_desk", *arguments], capture_output=True, text=True, env=env, timeout=120
    )


def all_commands() -> list[tuple[str, Command]]:
    """Every command and subcommand, by its words."""
    found: list[tuple[str, Command]] = []

    def walk(words: str, command: Command) -> None:
        found.append((words, command))
        if isinstance(command, Group):
            for name, child in command.commands.items():
                walk(f"{words} {name}", child)

    context = commands.make_context("orca-desk", ["tasks"], resilient_parsing=True)
    for name in COMMANDS:
        command = commands.get_command(context, name)
        assert command is not None
        walk(name, command)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name: str) -> None:
    result = CliRunner().invoke(commands, [name, "--help"])
    assert result.exit_code == 0
    assert f"orca-desk {name}" in result.output.split("Examples:")[1]


def test_every_command_and_option_is_explained_and_every_command_speaks_json() -> None:
    for words, command in all_commands():
        assert command.help, words
        names = [parameter.name for parameter in command.params]
        on_screen = words == "desktop"
        assert isinstance(command, Group) or on_screen or "as_json" in names, words
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert parameter.help, f"{words} {parameter.name}"  # type: ignore[attr-defined]


def test_the_readme_names_every_command() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"orca-desk {name}" in readme


def test_examples_name_real_commands_and_options() -> None:
    known = dict(all_commands())
    for _, command in all_commands():
        for line in (command.epilog or "").splitlines():
            if "orca-desk " not in line:
                continue
            words = line.split("orca-desk ", 1)[1].split()
            starts = (" ".join(words[:count]) for count in (3, 2, 1))  # a group can be a command itself
            name = next(start for start in starts if start in known)
            options = {
                text
                for parameter in known[name].params
                for text in (*parameter.opts, *parameter.secondary_opts)
            }
            used = {word.split("=")[0] for word in words if word.startswith("--")}
            assert used <= options, line


def test_wrong_usage_exits_with_2(tmp_path: Path) -> None:
    assert orca_process("no-such-command").returncode == 2
    assert orca("tasks", "list", "--limit", "none", folder=tmp_path).returncode == 2
    assert orca("chat", "--model", "missing.gguf").returncode == 2


def test_known_errors_exit_with_1_and_a_remedy(tmp_path: Path) -> None:
    result = orca_process("tasks", "show", "abc", folder=tmp_path)
    assert result.returncode == 1
    assert "There is no task 'abc'" in result.stderr
    assert "List the tasks" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_import_reports_bad_rows_and_keeps_good_ones(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text('{"query": "2+2?", "answer": 4, "family": "sums"}\nnot json\n', encoding="utf-8")
    result = orca("tasks", "import", str(file), "--json", folder=tmp_path / "library")
    assert result.returncode == 0
    outcome = json.loads(result.stdout)
    assert (outcome["added"], outcome["unreadable"]) == (1, 1)
    assert "Line 2" in result.stderr
    again = json.loads(orca("tasks", "import", str(file), "--json", folder=tmp_path / "library").stdout)
    assert (again["added"], again["already_there"]) == (0, 1)


def test_an_import_can_be_tried_out_and_its_refused_rows_kept(tmp_path: Path) -> None:
    file, library, refused = tmp_path / "quiz.csv", tmp_path / "library", tmp_path / "refused.csv"
    file.write_bytes("Question,A,B,Correct,Note\nOù ?,là,ici,B,x\n,1,2,A,y\n".encode("cp1252"))
    words = ("tasks", "import", str(file), "--refused", str(refused))
    tried = orca(*words, "--dry-run", folder=library)
    assert "quiz.csv would add 1 task." in tried.stdout
    read = "Read 2 rows of CSV in Windows-1252 (Western) (recognised, not certain), 1 refused."
    assert read in tried.stdout
    assert "Columns not read: Note." in tried.stdout
    assert refused.read_text() == "Question,A,B,Correct,Note\n,1,2,A,y\n"
    assert json.loads(orca("tasks", "list", "--json", "--text", "ici", folder=library).stdout)["total"] == 0
    done = json.loads(orca(*words, "--json", "--encoding", "cp1252", folder=library).stdout)
    assert (done["added"], done["unreadable"], done["read_as"]["unread"]) == (1, 1, ["Note"])
    assert (done["read_as"]["encoding"], done["read_as"]["guessed"]) == ("cp1252", False)
    (task,) = json.loads(orca("tasks", "list", "--json", "--text", "ici", folder=library).stdout)["tasks"]
    assert (task["query"], task["answer"]) == ("Où ?\n(A) là\n(B) ici", "B")


def test_the_samples_can_be_deleted_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"query": "mine?"}\n')
    orca("tasks", "import", str(file), folder=tmp_path / "library")
    result = orca("tasks", "delete", "--samples", "--yes", folder=tmp_path / "library")
    assert result.returncode == 0
    left = json.loads(orca("tasks", "list", "--json", folder=tmp_path / "library").stdout)
    assert [task["query"] for task in left["tasks"]] == ["mine?"]


def test_hold_out_and_export_round_trip(tmp_path: Path) -> None:
    file, library = tmp_path / "tasks.jsonl", tmp_path / "library"
    rows = [{"query": f"{n}+1?", "answer": n + 1, "family": "sums"} for n in range(200)]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert orca("tasks", "import", str(file), "--heldout", "25", folder=library).returncode == 0
    families = json.loads(orca("tasks", "families", "--json", folder=library).stdout)
    sums = next(each for each in families if each["family"] == "sums")
    assert sums["train"] + sums["heldout"] == 200
    assert sums["heldout"] == 50
    out = tmp_path / "out.jsonl"
    assert orca("tasks", "export", str(out), "--family", "sums", folder=library).returncode == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 200


def test_a_strategy_edit_makes_a_version(tmp_path: Path) -> None:
    before = json.loads(orca("strategies", "show", "direct", "--json", folder=tmp_path).stdout)
    edited = orca(
        "strategies",
        "edit",
        "direct",
        "--instruction",
        'One word after "Answer:".',
        "--json",
        folder=tmp_path,
    )
    assert json.loads(edited.stdout)["version"] == before["version"] + 1
    old = orca("strategies", "show", "direct", "--version", "1", "--json", folder=tmp_path)
    assert json.loads(old.stdout)["instruction"] == before["instruction"]


def test_grade_prints_one_verdict_a_row(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    rows = [
        {"response": "The answer is 4.", "reference": "4"},
        {"response": "So it is (B).", "reference": "(C)", "kind": "choice"},
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = orca("grade", str(file), "--json")
    verdicts = [json.loads(line)["verdict"] for line in result.stdout.splitlines()]
    assert [verdict["correct"] for verdict in verdicts] == [True, False]
    assert all(verdict["reason"] for verdict in verdicts)


def test_a_text_with_markup_is_printed_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text(json.dumps({"query": "[red]What is[/red] [link=file:///x]2[/link]?"}), encoding="utf-8")
    assert orca("tasks", "import", str(file), folder=tmp_path / "library").returncode == 0
    shown = orca("tasks", "list", "--family", "general", folder=tmp_path / "library").stdout
    assert "[red]What is[/red]" in shown


def test_no_command_imports_model_code() -> None:
    code = (
        "import sys, orca_desk.cli as cli\n"
        "context = cli.commands.make_context('orca-desk', ['tasks'], resilient_parsing=True)\n"
        "for name in cli.COMMANDS: cli.commands.get_command(context, name)\n"
        "heavy = {'torch', 'transformers', 'peft', 'llama_cpp', 'mlx'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


def test_a_blank_text_does_not_delete_every_task(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text('{"query": "What is one and one?", "answer": "2"}\n')
    library = tmp_path / "library"
    orca("tasks", "import", str(tasks), folder=library)
    before = json.loads(orca("library", "info", "--json", folder=library).stdout)["tasks"]
    result = orca("tasks", "delete", "--text", " ", "--yes", folder=library)
    assert result.returncode == 2
    assert "Select the tasks" in result.stderr
    assert json.loads(orca("library", "info", "--json", folder=library).stdout)["tasks"] == before > 0


def test_outside_text_neither_commands_the_terminal_nor_breaks_the_output(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"response": "[red]\\u001b[2J \\ud800", "reference": "b"}\n')
    result = orca_process("grade", str(rows))
    assert result.returncode == 0
    assert r"[red]\x1b[2J \ud800" in result.stdout


def test_a_strategy_that_was_shown_into_a_file_can_be_added_again(tmp_path: Path) -> None:
    library = tmp_path / "library"
    file = tmp_path / "mine.toml"
    file.write_text(orca("strategies", "show", "recall-reason-generate", folder=library).stdout)
    result = orca("strategies", "add", str(file), folder=library)
    assert result.stdout == "recall-reason-generate is now at version 1.\n", result.stderr


@pytest.mark.parametrize("words", [("strategies", "add"), ("tasks", "export")])
def test_files_that_cannot_be_used_are_told_in_a_sentence(words: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xff\xfe")
    target = file if words[1] == "add" else file / "below"
    result = orca(*words, str(target), folder=tmp_path / "library")
    assert result.returncode == 1
    (error,) = (line for line in result.stderr.splitlines() if line.startswith("Error: "))
    assert str(file) in error
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode, and links differ")
def test_names_and_links_that_lead_nowhere_are_told_in_a_sentence(tmp_path: Path) -> None:
    tasks = tmp_path / os.fsdecode(b"caf\xe9.jsonl")
    tasks.write_text('{"query": "What is 2 + 2?"}\n')
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    for folder, arguments, said in (
        ("library", ("tasks", "import", str(tasks)), r"caf\xe9.jsonl is not valid UTF-8"),
        ("one", ("tasks", "list"), "leads back to itself"),
        ("/".join(["deep" * 50] * 3), ("tasks", "list"), "is too long"),
    ):
        result = orca_process(*arguments, folder=tmp_path / folder)
        assert result.returncode == 1, said
        assert said in result.stderr
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize("words", [("library", "check"), ("library", "backup", "copy.db")])
def test_a_mistyped_library_is_not_made_in_order_to_be_checked(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    result = orca(*words, folder=tmp_path / "mistyped")
    assert result.returncode == 1
    assert "There is no library" in result.stderr
    assert not (tmp_path / "mistyped").exists()


def test_a_row_that_contradicts_the_library_is_told_and_replaced_only_when_asked(tmp_path: Path) -> None:
    file, library = tmp_path / "tasks.jsonl", tmp_path / "library"
    file.write_text('{"query": "2+2?", "answer": 4}\n{"query": "2+2?", "answer": 5}\n', encoding="utf-8")
    first = orca("tasks", "import", str(file), folder=library)
    assert "In the library with different content, left unchanged: 1 task." in first.stdout

    def answer() -> str:
        found = json.loads(
            orca("tasks", "list", "--text", "2", "--family", "general", "--json", folder=library).stdout
        )
        return str(found["tasks"][0]["answer"])

    assert answer() == "4"
    file.write_text('{"query": "2+2?", "answer": 5}\n', encoding="utf-8")
    again = orca("tasks", "import", str(file), "--update", "--json", folder=library)
    assert json.loads(again.stdout)["differing"] == 1
    assert answer() == "5"


@pytest.mark.parametrize(
    "option",
    [
        ("--temperature", "-1"),
        ("--temperature", "nan"),
        ("--temperature", "inf"),
        ("--top-k", "-1"),
        ("--top-p", "0"),
        ("--min-p", "2"),
        ("--seed", "-1"),
        ("--max-tokens", "0"),
        ("--stop", ""),
    ],
)
def test_sampling_that_means_nothing_is_wrong_usage(option: tuple[str, str], tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF")
    found = CliRunner().invoke(commands, ["chat", "--model", str(model), "--message", "Hi", *option])
    assert found.exit_code == 2
    assert option[0] in found.output


def test_an_unknown_evaluation_is_told_before_the_model_is_asked(tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"no model: asking it would fail")
    found = orca("evaluate", "--model", str(model), "--compare", "nonsense", folder=tmp_path / "library")
    assert found.returncode == 1
    assert "no evaluation nonsense" in found.stderr


def test_a_table_in_a_pipe_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    student = Path(__file__).resolve().parents[2] / "models" / "mini-student"
    shutil.copytree(student, folder / "student")
    found = orca_process("models", "list", str(folder))
    assert str(folder / "student") in found.stdout
