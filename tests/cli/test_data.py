"""Import, export, backup, restore, migrate, keys: data in and out of the store.

What these catch: an import that is not repeatable, an export that loses something on the way back,
a backup that does not notice damage, a directory that is overwritten.
"""
import gzip
import json
import os
import shutil
import sqlite3

import pytest

from conftest import DEMO, N_USERS, RATINGS, run


def count(folder, what):
    return len(run("export", what, "--data", folder).stdout.splitlines())


def test_the_demo_data_comes_in_whole(demo):
    assert count(demo, "items") == 9742
    assert count(demo, "users") == N_USERS
    assert count(demo, "interactions") == len(RATINGS)


def test_the_same_files_again_change_nothing(demo, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(demo, folder)
    before = run("export", "interactions", "--data", folder).stdout
    again = json.loads(run("import", "movielens", DEMO, "--data", folder, "--json").stdout)
    assert again["events"] == 0 and again["duplicates"] == len(RATINGS) and again["broken"] == 0
    assert run("export", "interactions", "--data", folder).stdout == before


def test_an_event_twice_in_a_file_counts_twice_once(tmp_path):
    source = tmp_path / "events.csv"
    source.write_text("user,item,type,timestamp\n" + "a,x,view,1700000000\n" * 3)
    first = json.loads(run("import", "csv", source, "--data", tmp_path / "d", "--json").stdout)
    assert (first["events"], first["duplicates"]) == (3, 0)
    again = json.loads(run("import", "csv", source, "--data", tmp_path / "d", "--json").stdout)
    assert (again["events"], again["duplicates"]) == (0, 3)


def untimed(lines):
    """Records without the times at which a store first and last saw them."""
    records = [json.loads(line) for line in lines.splitlines()]
    return [{k: v for k, v in r.items() if k not in ("created_at", "updated_at")} for r in records]


def test_what_is_exported_comes_back_the_same(demo, tmp_path):
    copy = tmp_path / "copy"
    for what in ("users", "items", "interactions"):
        file = tmp_path / f"{what}.ndjson"
        run("export", what, "--data", demo, "--output", file)
        run("import", "ndjson", file, "--data", copy)
        assert untimed(run("export", what, "--data", copy).stdout) == untimed(file.read_text())


def test_a_dry_run_reads_all_and_stores_nothing(tmp_path):
    folder = tmp_path / "data"
    result = json.loads(run("import", "movielens", DEMO, "--data", folder, "-n", "--json").stdout)
    assert result["events"] == len(RATINGS) and result["dry_run"] is True
    assert not folder.exists()


def test_standard_input_and_gzip(tmp_path):
    packed = tmp_path / "pairs.txt.gz"
    packed.write_bytes(gzip.compress(b"u1 a b c\nu2 a\n"))
    run("import", "pairs", packed, "--data", tmp_path / "d")
    run("import", "pairs", "-", "--data", tmp_path / "e", input="u1 a b c\nu2 a\n")
    assert count(tmp_path / "d", "interactions") == count(tmp_path / "e", "interactions") == 4


BROKEN = "user,item,type,timestamp\na,x,view,1700000000\na,,view,1700000000\nb,y,viewed,1700000000\n"


def test_broken_lines_are_counted_and_the_first_five_are_shown(tmp_path):
    source = tmp_path / "events.csv"
    source.write_text(BROKEN)
    outcome = run("import", "csv", source, "--data", tmp_path / "d", "--json")
    result = json.loads(outcome.stdout)
    assert (result["broken"], result["events"]) == (2, 1)
    assert [line["place"] for line in result["broken_lines"]] == [f"{source}:3", f"{source}:4"]
    assert "viewed" in result["broken_lines"][1]["reason"]
    assert "2 broken lines left out:" in outcome.stderr
    assert f"{source}:3: " in outcome.stderr and f"{source}:4: " in outcome.stderr
    source.write_text(BROKEN + "a,,view,1700000000\n" * 9)
    outcome = run("import", "csv", source, "--data", tmp_path / "d", "--json")
    assert len(json.loads(outcome.stdout)["broken_lines"]) == 5
    assert "11 broken lines left out; the first:" in outcome.stderr
    assert f"{source}:7: " in outcome.stderr and f"{source}:8: " not in outcome.stderr


def test_on_error_stop_stops_at_the_first_broken_line(tmp_path):
    source = tmp_path / "events.csv"
    source.write_text(BROKEN)
    outcome = run("import", "csv", source, "--data", tmp_path / "d", "--on-error", "stop", status=1)
    assert f"{source}:3" in outcome.stderr
    assert count(tmp_path / "d", "interactions") == 1


def test_an_unknown_type_names_the_nearest(tmp_path):
    outcome = run("import", "csv", "-", "--data", tmp_path / "d", status=1,
                  input="user,item,type\na,x,purchsae\n")
    assert "purchase" in outcome.stderr


@pytest.mark.parametrize(
    "words",
    [["export", "items"], ["recommend", "1"], ["similar", "1"], ["train"], ["backup", "x"],
     ["evaluate"], ["migrate", "status"]],
)
def test_without_a_store_the_error_says_where_it_looked(words, tmp_path):
    outcome = run(*words, "--data", tmp_path / "nothing", status=1, cwd=tmp_path)
    assert str(tmp_path / "nothing") in outcome.stderr
    assert not (tmp_path / "nothing").exists()


def test_a_backup_restores_to_the_same_answers(demo, tmp_path):
    run("backup", tmp_path / "b", "--data", demo)
    run("backup", "--verify", tmp_path / "b")
    run("restore", tmp_path / "b", "--data", tmp_path / "copy")
    assert (tmp_path / "copy" / "config.yaml").exists()
    settings = (tmp_path / "copy" / "config.yaml").read_text()
    assert str(demo) not in settings and "directory:" not in settings
    run("config", "check", tmp_path / "copy" / "config.yaml")
    for words in (["recommend", "1", "--json"], ["models", "list", "--json"], ["export", "items"]):
        assert run(*words, "--data", tmp_path / "copy").stdout == run(*words, "--data", demo).stdout


def test_a_backup_goes_through_a_pipe(demo, tmp_path):
    packed = run("backup", "-", "--data", demo, text=False).stdout
    run("restore", "-", "--data", tmp_path / "copy", input=packed, text=False)
    run("backup", "--verify", "-", input=packed, text=False)
    run("backup", "--verify", "-", input=packed[:-200], text=False, status=1)
    assert not (tmp_path / "-").exists()
    assert count(tmp_path / "copy", "users") == N_USERS


def test_damage_anywhere_in_a_backup_is_found_before_anything_is_written(demo, tmp_path):
    run("backup", tmp_path / "b", "--data", demo)
    whole = (tmp_path / "b").read_bytes()
    for place in (30, len(whole) // 3, len(whole) // 2, len(whole) - 100):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        (tmp_path / "b").write_bytes(damaged)
        run("backup", "--verify", tmp_path / "b", status=1)
        run("restore", tmp_path / "b", "--data", tmp_path / "copy", status=1)
        assert not (tmp_path / "copy").exists()
    (tmp_path / "b").write_bytes(whole[: len(whole) // 2])
    run("restore", tmp_path / "b", "--data", tmp_path / "copy", status=1)


def test_neither_backup_nor_restore_overwrites(demo, tmp_path):
    (tmp_path / "there").write_text("mine")
    run("backup", tmp_path / "there", "--data", demo, status=1)
    assert (tmp_path / "there").read_text() == "mine"
    run("backup", tmp_path / "b", "--data", demo)
    outcome = run("restore", tmp_path / "b", "--data", demo, status=1)
    assert "holds a store" in outcome.stderr


def test_migrate_status_and_up(demo, tmp_path):
    status = json.loads(run("migrate", "status", "--data", demo, "--json").stdout)
    assert status["up_to_date"] and status["schema"] == status["program"] >= 1
    folder = tmp_path / "data"
    shutil.copytree(demo, folder)
    assert "up to date" in run("migrate", "up", "--data", folder).stdout
    db = sqlite3.connect(folder / "tastevin.db")
    db.execute("PRAGMA user_version = 9999")
    db.commit()
    db.close()
    before = (folder / "tastevin.db").read_bytes()
    run("migrate", "up", "--data", folder, status=1)
    assert "newer" in run("migrate", "status", "--data", folder).stdout
    run("export", "items", "--data", folder, status=1)
    assert (folder / "tastevin.db").read_bytes() == before


def test_keys_are_shown_once_and_can_be_revoked(tmp_path):
    made = json.loads(run("keys", "make", "website", "--scope", "read", "--scope", "events",
                          "--data", tmp_path, "--json").stdout)
    assert len(made["key"]) == 64
    listed = json.loads(run("keys", "list", "--data", tmp_path, "--json").stdout)
    assert [(k["name"], k["scopes"], "revoked_at" in k) for k in listed] == [
        ("website", "read,events", False)]
    assert made["key"] not in (tmp_path / "tastevin.db").read_bytes().decode("latin-1")
    run("keys", "revoke", made["number"], "--data", tmp_path)
    assert json.loads(run("keys", "list", "--data", tmp_path, "--json").stdout)[0]["revoked_at"]
    run("keys", "revoke", 99, "--data", tmp_path, status=1)
    outcome = run("keys", "make", "--scope", "reed", "--data", tmp_path, status=1)
    assert "did you mean 'read'?" in outcome.stderr


def test_an_export_into_a_full_disk_fails(demo):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    outcome = run("export", "items", "--data", demo, "--output", "/dev/full", status=1)
    assert "No space left" in outcome.stderr
