"""The fuzzing: its changes are random, but the same for the same seed."""

import json
import random

import pytest

from tools.fuzz import changed, main


@pytest.mark.parametrize("data", [b"text, or a picture", json.dumps({"a": [1, {"b": "c"}], "d": None}).encode()])
def test_a_seed_changes_a_file_in_one_way(data: bytes) -> None:
    found = [[changed(data, random.Random(seed)) for seed in range(50)] for _ in range(2)]
    assert found[0] == found[1]
    assert len(set(found[0])) > 20


def test_a_reader_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["everything"])
    assert "there is no reader everything" in capsys.readouterr().err
