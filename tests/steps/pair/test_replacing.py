"""A pairing on firmer grounds than a measurement is not replaced without permission."""

from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import set_pairings
from orca_desk.library.tasks import add_tasks
from orca_desk.method.evidence import Basis, Evidence
from orca_desk.method.pairing import Pairing
from orca_desk.method.records import Task
from orca_desk.steps.pair.choice import choose_strategy
from orca_desk.steps.pair.replacing import pairings_at_stake
from orca_desk.steps.pair.request import ProbeRequest


def pair(library: Library, family: str, basis: Basis) -> None:
    evidence = Evidence(family=family, strategy="direct", n=4, correct=4, mean_tokens=3, basis=basis)
    pairing = Pairing(family=family, strategy="direct", evidence=(evidence,), reason="only")
    set_pairings(library, [pairing], source="measured")


def test_a_measurement_may_replace_what_rests_on_no_more_than_it(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        asked = {"references": "1", "agreement": "2", "judge": "3", "hand": "4", "unasked": "5", "open": None}
        add_tasks(
            library,
            [
                Task(
                    family=family,
                    query=f"What is it, {family}?",
                    answer=answer,
                    split="heldout" if family == "unasked" else "train",
                )
                for family, answer in asked.items()
            ],
        )
        pair(library, "references", Basis.REFERENCE)
        pair(library, "agreement", Basis.AGREEMENT)
        pair(library, "judge", Basis.JUDGE)
        for family in ("hand", "unasked", "open"):
            choose_strategy(library, family, "direct")

        def at_stake(basis: Basis, families: list[str] | None = None) -> list[str]:
            return [one.pairing.family for one in pairings_at_stake(library, families, basis)]

        assert at_stake(Basis.REFERENCE) == ["hand"]  # the others by hand have no task to measure on
        assert at_stake(Basis.AGREEMENT) == at_stake(Basis.JUDGE) == ["hand", "open", "references"]
        assert at_stake(Basis.JUDGE, ["references", "agreement"]) == ["references"]
        assert at_stake(Basis.AGREEMENT, ["agreement", "judge"]) == []
        request = ProbeRequest(model="absent.gguf", samples=3, by="agreement")
        with pytest.raises(UserError, match=r"references \(direct, by references\)") as refused:
            request.probe(library)
        assert "--replace" in refused.value.hint
