import os

import pytest

from cnnstudio.cli.console import complain, engine_at_work
from cnnstudio.wording import percent


@pytest.mark.parametrize(("level", "heard"), [("3", ["python"]), ("2", ["python"]), ("0", ["native", "python"])])
def test_stdout_is_kept_for_results(capfd, monkeypatch, level, heard):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", level)
    with engine_at_work():
        os.write(1, b"native\n")
        print("python")
    print("result")
    out, err = capfd.readouterr()
    assert out == "result\n"
    assert sorted(err.split()) == heard


def test_stderr_is_kept_for_sentences(capfd, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    with engine_at_work():
        os.write(2, b"native\n")
        complain("ours")
    assert capfd.readouterr() == ("", "ours\n")
    os.write(2, b"after\n")
    assert capfd.readouterr() == ("", "after\n")


def test_stdout_comes_back_after_an_error(capfd):
    with pytest.raises(KeyError), engine_at_work():
        raise KeyError
    print("result")
    assert capfd.readouterr().out == "result\n"


def test_chatter_goes_to_stderr_where_stdout_is_no_file(capsys):
    with engine_at_work():
        print("chatter")
    print("result")
    assert capsys.readouterr() == ("result\n", "chatter\n")


def test_complaints_are_one_line(capsys):
    complain("first\n  second\tthird")
    assert capsys.readouterr() == ("", "first second third\n")


def test_percent():
    assert percent(0.98765) == "98.8 %"
    assert percent(0.9937, 2) == "99.37 %"
