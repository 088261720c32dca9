"""Configuration, health, tensorboard, demo: what surrounds the daemon.

What these catch: mistakes in a file that pass, a precedence that differs from the documented one,
a daemon that a health check cannot see, a demo whose own instructions do not work.
"""
import json
import os
import re
import shlex
import shutil
import signal
import subprocess

import pytest

from conftest import BINARY, FAST, RATINGS, ROOT, run


@pytest.mark.parametrize(
    "text, line, said",
    [
        ("server:\n  ports: 80\n", 2, "server.port"),
        ("server:\n  port: many\n", 2, "whole number"),
        ("server:\n  port: 70000\n", 2, "65535"),
        ("server:\n  port: 1\n  port: 2\n", 3, "port"),
        ("sever:\n  port: 1\n", 1, "server"),
        ("models:\n  ialz:\n    epochs: 3\n", "[23]", "ials"),
        ("models:\n  ials:\n    epoch: 3\n", 3, "epochs"),
        ("server: [\n", "[12]", "not valid YAML"),
        ("interactions:\n  types:\n    view: {hides: sometimes}\n", 3, "or never, or forever"),
        ("models:\n  retrievers: [als]\n", 2, "did you mean 'ials'?"),
        ("models:\n  retrievers: [something]\n", 2, "the models are popular, ials"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_line(text, line, said, tmp_path):
    file = tmp_path / "tastevin.yaml"
    file.write_text(text)
    outcome = run("config", "check", file, status=1)
    assert re.search(rf"{re.escape(str(file))}:{line}\b|tastevin\.yaml:{line}\b", outcome.stderr)
    assert said in outcome.stderr
    assert "tastevin.yaml" in run("serve", "--config", file, "--data", tmp_path / "d",
                                  status=1).stderr


def test_the_shipped_example_is_right():
    assert "all is well" in run("config", "check", ROOT / "config" / "tastevin.yaml").stdout


def test_the_parameters_in_force_of_every_model_are_printed():
    text = run("config", "print", "--set", "models.ials.epochs=7").stdout
    assert re.search(r"^# +epochs: 7\b", text, re.M)
    assert re.search(r"^# +dimensions: \d+ # ", text, re.M)


def test_what_is_printed_reads_back_the_same(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text(run("config", "print", "--set", "server.port=1234").stdout)
    run("config", "check", file)
    plain = lambda text: [line.split("#")[0].rstrip() for line in text.splitlines()]
    assert plain(run("config", "print", "--config", file).stdout) == plain(file.read_text())


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("server:\n  port: 1111\n  threads: 3\n  workers: 5\n")
    environment = dict(os.environ, TASTEVIN_SERVER_PORT="2222", TASTEVIN_SERVER_THREADS="4")
    environment.pop("TASTEVIN_BIN", None)
    environment.pop("TASTEVIN_BUILD_DIR", None)
    text = subprocess.run(
        [BINARY, "config", "print", "--config", file, "--set", "server.port=3333"],
        capture_output=True, text=True, env=environment, check=True,
    ).stdout
    for value, place in (("port: 3333", "--set"), ("threads: 4", "TASTEVIN_SERVER_THREADS"),
                         ("workers: 5", "c.yaml:4")):
        assert re.search(rf"{value}\b.*{re.escape(place)}", text, re.S)


def test_health_fails_where_nothing_listens():
    assert "no daemon answers" in run("health", "--port", "1", status=1).stderr


def test_tensorboard_prints_the_command_where_it_is_not_installed(tmp_path):
    outcome = subprocess.run(
        [BINARY, "tensorboard", "--data", tmp_path], capture_output=True, text=True,
        env={"PATH": str(tmp_path)},
    )
    assert outcome.returncode == 1
    assert "pip install tensorboard" in outcome.stdout
    assert str(tmp_path / "tensorboard") in outcome.stdout


def test_the_command_for_tensorboard_is_one_that_a_shell_takes(tmp_path):
    """Catches a path that ends its quotes: a shell would run what follows."""
    folder = tmp_path / "l'été $(id) \"x"
    text = subprocess.run([BINARY, "tensorboard", "--data", folder], capture_output=True, text=True,
                          env={"PATH": str(tmp_path)}).stdout
    words = shlex.split(text)
    assert words[words.index("--logdir") + 1] == str(folder / "tensorboard")
    assert words[words.index("--port") + 1:] == ["6006"]
    assert "setuptools<81" in words  # and not a file that is read


def test_an_installed_tensorboard_is_started_on_the_directory(tmp_path):
    """Catches another directory or port than those asked for."""
    (tmp_path / "tensorboard").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "tensorboard").chmod(0o755)
    outcome = subprocess.run([BINARY, "tensorboard", "--data", tmp_path / "data", "--port", "7007"],
                             capture_output=True, text=True, env={"PATH": str(tmp_path)})
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.splitlines() == ["--logdir", str(tmp_path / "data" / "tensorboard"), "--port", "7007"]


@pytest.mark.parametrize("body, mode", [("#!/bin/sh\n", 0o644), ("#!/no/such\n", 0o755)])
def test_a_tensorboard_that_cannot_be_run_leaves_the_command(tmp_path, body, mode):
    """Catches an error without a remedy where a file of that name is no program."""
    (tmp_path / "tensorboard").write_text(body)
    (tmp_path / "tensorboard").chmod(mode)
    outcome = subprocess.run([BINARY, "tensorboard", "--data", tmp_path], capture_output=True, text=True,
                             env={"PATH": str(tmp_path)})
    assert outcome.returncode == 1
    assert "pip install tensorboard" in outcome.stdout


def start_demo(folder):
    """Starts the demo on any free port; gives back the process and what it printed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TASTEVIN_")}
    process = subprocess.Popen(
        [BINARY, "demo", "--port", "0", "--data", str(folder), *FAST],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )
    printed = ""
    for line in process.stdout:
        printed += line
        if line.startswith("Ctrl-C"):
            return process, printed
    raise AssertionError(process.stderr.read()[-2000:])


def stop(process):
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0


def curl(command):
    """Runs one of the printed curl commands."""
    outcome = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
    return json.loads(outcome.stdout)


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_demo_and_every_command_that_it_prints(tmp_path):
    folder = tmp_path / "demo"
    process, printed = start_demo(folder)
    try:
        commands = re.findall(r"^    (curl (?:.*\\\n)?.*)", printed, re.M)
        first = curl(commands[0])
        assert len(first["items"]) == 5 and all(item["title"] for item in first["items"])
        accepted = curl(commands[1].replace("\\\n", " "))
        assert accepted["accepted"] == 1
        after = curl(commands[2])
        liked = first["items"][0]["id"]
        assert f'"item": "{liked}"' in commands[1]
        assert liked not in [item["id"] for item in after["items"]]
        curl(commands[3])
        assert curl(commands[4])["state"]
        port = re.search(r"127\.0\.0\.1:(\d+)", printed).group(1)
        run("health", "--port", port)
        busy = run("serve", "--data", folder, "--port", "0", status=1)
        assert "in use" in busy.stderr
        assert run("recommend", "1", "--data", folder).stdout
    finally:
        stop(process)
    again, printed = start_demo(folder)
    stop(again)
    assert len(run("export", "interactions", "--data", folder).stdout.splitlines()) == len(RATINGS) + 1
