"""What was asked of a run comes back from the library as it was, and else is refused."""

import json

import pytest

from orca_desk.errors import UserError
from orca_desk.method.records import Sampling
from orca_desk.steps.grow.documents import DocumentsRequest
from orca_desk.steps.grow.like import LikeRequest
from orca_desk.steps.grow.procedural import ProceduralRequest
from orca_desk.steps.instruct.request import GenerateRequest
from orca_desk.steps.pair.request import ProbeRequest
from orca_desk.steps.stored_request import StoredRequest
from orca_desk.steps.train.base_request import BaseRequest

REQUESTS: list[StoredRequest] = [
    GenerateRequest(model="a.gguf", own=False, sampling=Sampling(stop=("end",))),
    ProbeRequest(model="a.gguf", families=["sums"], by="agreement"),
    BaseRequest(model="a.gguf", families=("sums", "belief")),
    ProceduralRequest(generators=("gcd",), levels=(1, 2)),
    DocumentsRequest(model="a.gguf", places=("a.pdf",), family="manual"),
    LikeRequest(model="a.gguf", changes=("harder",)),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: type(one).__name__)
def test_a_request_comes_back_as_it_was(request_: StoredRequest) -> None:
    stored = json.loads(json.dumps(request_.to_json()))
    assert type(request_).from_json(stored) == request_
    assert type(request_).from_json({**stored, "of a newer version": 1}) == request_


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: type(one).__name__)
def test_what_is_no_such_request_is_refused(request_: StoredRequest) -> None:
    stored = request_.to_json()
    odd = {**stored, "levels": 1} if "levels" in stored else {**stored, "sampling": {"warmth": 1}}
    for one in (odd, {}):
        with pytest.raises(UserError, match="Another version of Orca Desk"):
            type(request_).from_json(one)
