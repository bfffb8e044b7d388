"""How each column of a chat is asked."""

import pytest

from orca_desk.errors import UserError
from orca_desk.method.records import Sampling
from orca_desk.steps.chat.asking import Asking

COLD, WARM = Sampling(), Sampling(temperature=0.7)


def test_a_column_with_its_own_sampling_is_asked_with_that() -> None:
    asking = Asking(sampling=COLD, own={1: WARM})
    assert asking.samplings(3, range(3)) == (COLD, WARM, COLD)
    assert asking.of(1) == WARM


def test_only_the_columns_that_are_asked_must_be_able_to_vote() -> None:
    asking = Asking(sampling=WARM, votes=3, own={0: COLD})
    assert asking.samplings(2, [1]) == (COLD, WARM)
    with pytest.raises(UserError, match="cannot vote"):
        asking.samplings(2, [0, 1])
