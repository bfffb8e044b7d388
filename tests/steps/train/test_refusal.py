"""What is said of an adapter that fails the gate."""

from typing import Any

import pytest
from gate_tables import make_table

from orca_desk.errors import FinalError, UserError
from orca_desk.steps.train.refusal import require_passed


def test_an_adapter_that_passes_is_used() -> None:
    require_passed(make_table())


@pytest.mark.parametrize(
    ("changes", "says", "kind"),
    [
        ({"prompts_differ": 32}, "reads 32 of 32 prompts as other tokens", UserError),
        ({"vocabulary_differs": True}, "as many tokens as the student", UserError),
        ({"end_known": False}, "does not stop at the token that ends an answer", UserError),
        ({"tokens_equal": 337, "largest": 25.3}, "337 of 1,600 tokens are equal", UserError),
        ({"base_largest": 25.3}, "not even without the adapter: logits differ by 2530%", UserError),
        ({"tokens_equal": 0, "largest": None}, "infinite or undefined numbers", FinalError),
        ({"effect": 0.0, "strength": None}, "The adapter changes nothing", FinalError),
        ({"strength": 0.1}, "acts at 10% of its strength", UserError),
    ],
)
def test_why_an_adapter_is_not_used_is_said(
    changes: dict[str, Any], says: str, kind: type[UserError]
) -> None:
    with pytest.raises(UserError, match=says) as refused:
        require_passed(make_table(**changes))
    assert type(refused.value) is kind
    assert "is not used" in refused.value.message and refused.value.hint


def test_an_adapter_that_differs_where_its_base_does_not_blames_the_training() -> None:
    with pytest.raises(UserError) as refused:
        require_passed(make_table(tokens_equal=337, largest=25.3))
    assert "lower learning rate" in refused.value.hint
    with pytest.raises(UserError) as unknown:
        require_passed(make_table(tokens_equal=337, largest=25.3, base_largest=None))
    assert "Remove the GGUF file" in unknown.value.hint
