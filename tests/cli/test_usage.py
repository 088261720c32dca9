"""Help and wrong usage.

What these catch: a subcommand that the table names and help does not, exit codes that scripts rely
on, an error that does not name the remedy, results on the wrong stream.
"""
import re
import subprocess

import pytest

from conftest import BINARY, run


def subcommands():
    text = run("--help").stdout
    part = text.split("Subcommands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\S+)", part, re.M)


def test_the_subcommands_are_those_of_the_specification():
    assert subcommands() == [
        "serve", "demo", "import", "export", "train", "evaluate", "fit", "predict",
        "features", "embed", "recommend", "similar", "map", "models", "keys", "migrate", "backup", "restore", "config", "tensorboard", "health", "help",
    ]


@pytest.mark.parametrize("name", subcommands())
def test_every_subcommand_has_help_with_each_of_its_options(name):
    outcome = run(name, "--help")
    assert outcome.stdout.startswith(f"Usage: tastevin {name}")
    assert "\nOptions:\n" in outcome.stdout and "--help" in outcome.stdout
    assert outcome.stderr == ""
    assert run("help", name).stdout == outcome.stdout
    assert max(map(len, outcome.stdout.splitlines())) <= 100


def test_the_manual_and_the_completion_name_every_subcommand():
    manual = run("help", "--man").stdout
    completion = run("help", "--bash-completion").stdout
    for name in subcommands():
        assert f".SS tastevin {name} " in manual
        assert f"    {name}) words=" in completion
    subprocess.run(["bash", "-n"], input=completion, text=True, check=True)


def test_completion_offers_subcommands_and_options():
    script = run("help", "--bash-completion").stdout + """
COMP_WORDS=(tastevin ev); COMP_CWORD=1; _tastevin; echo "${COMPREPLY[*]}"
COMP_WORDS=(tastevin evaluate --per); COMP_CWORD=2; _tastevin; echo "${COMPREPLY[*]}"
COMP_WORDS=(tastevin models act); COMP_CWORD=2; _tastevin; echo "${COMPREPLY[*]}"
"""
    outcome = subprocess.run(["bash"], input=script, text=True, capture_output=True, check=True)
    assert outcome.stdout.split() == ["evaluate", "--per-user", "activate"]


@pytest.mark.parametrize(
    "words, said",
    [
        (["evalute"], "unknown subcommand 'evalute'; did you mean 'evaluate'?"),
        (["evaluate", "--modl", "ials"], "unknown option --modl; did you mean --model?"),
        (["import", "--dryrun", "csv", "x"], "unknown option --dryrun; did you mean --dry-run?"),
        (["import", "movielense", "x"], "unknown format 'movielense'; did you mean 'movielens'?"),
        (["models", "activat"], "models knows no 'activat'; did you mean 'activate'?"),
        (["evaluate", "--model", "ialz"], "unknown model 'ialz'; did you mean 'ials'?"),
        (["evaluate", "--model", "ials", "--set", "epoch=3"], "did you mean 'epochs'?"),
        (["serve", "--json"], "unknown option --json"),
        (["--json", "serve"], "serve takes no option --json"),
        (["serve", "extra"], "'extra' is one argument too many for serve"),
        (["serve", "--port"], "--port needs a value"),
        (["serve", "--port", "abc"], "--port is 'abc'; it takes a whole number"),
        (["health", "--port", "70000"], "--port is 70000; it must be from 0 to 65535"),
        (["evaluate", "--model", "isla"], "unknown model 'isla'; the models are popular, ials"),
        (["evaluate", "--set", "epochs=3", "--model", "ials"], "after its --model"),
        (["evaluate", "--set", "epochs=3"], "after its --model"),
        (["serve", "--insecure=yes"], "--insecure takes no value"),
        (["import", "csv"], "import needs more"),
        (["recommend"], "name a user, or say --all"),
        (["recommend", "-n", "0", "1"], "--number is 0; it must be from 1 to 1000"),
        (["recommend", "-n", "many", "1"], "whole number"),
        (["recommend", "--seen", "maybe", "1"], "hide, include"),
        (["recommend", "-n", "5", "-n", "6", "1"], "--number is given twice"),
        (["evaluate", "--test", "x"], "--test needs --train"),
        (["evaluate", "--k", "0", "--train", "x"], "--k takes"),
        (["-q"], "unknown option -q"),
        (["models", "show"], "show takes a version"),
    ],
)
def test_wrong_usage_exits_with_2_and_names_the_remedy(words, said):
    outcome = run(*words, status=2)
    assert said in outcome.stderr
    assert "--help'." in outcome.stderr
    assert outcome.stdout == ""


def test_without_a_subcommand_the_help_goes_to_standard_error():
    outcome = run(status=2)
    assert "Subcommands:" in outcome.stderr and outcome.stdout == ""


def test_two_dashes_end_the_options(tmp_path):
    outcome = run("import", "csv", "--data", tmp_path / "d", "--", "--absent", status=1)
    assert "--absent" in outcome.stderr and "unknown option" not in outcome.stderr


def test_letters_join_their_values_and_each_other(demo):
    outcome = run("recommend", "-n3", f"-d{demo}", "1")
    assert len(outcome.stdout.splitlines()) == 4


def test_a_reader_that_leaves_hears_no_complaint(demo):
    process = subprocess.Popen([BINARY, "export", "interactions", "--data", demo],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 1


def test_a_full_disk_is_a_failure():
    with open("/dev/full", "w") as full:
        outcome = subprocess.run(
            [BINARY, "--help"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert outcome.returncode == 1 and "standard output" in outcome.stderr
