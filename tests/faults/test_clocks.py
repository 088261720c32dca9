"""The wall clock set back and forth under a running daemon, and between two starts.

What this catches: an order that follows the clock, ids that come twice, deadlines and durations that
the clock can end or stop, a start that takes the past for damage.
"""
import time

from conftest import exported, preload, put_items

DAY = 86400


def test_a_clock_that_steps_back_changes_no_order(make_daemon, tmp_path):
    shift = tmp_path / "shift"
    shift.write_text("0")
    daemon = make_daemon()
    daemon.environment = {"LD_PRELOAD": preload("shifted_clock"), "SHIFTED_CLOCK": str(shift)}
    daemon.start()
    put_items(daemon, 10)
    ids = []
    for step, seconds in enumerate([0, -3 * DAY, 400 * DAY, -20 * 365 * DAY, -60 * 365 * DAY, 0]):
        shift.write_text(str(seconds))
        told = daemon.post("/v1/interactions", [{"user": "u", "item": f"i{step}", "type": "like"} for _ in range(3)])
        ids += told["event_ids"]
        assert f"i{step}" not in daemon.recommended("u"), "a like hides its item at once"
        if step in (1, 3):
            assert daemon.train()["state"] in ("published", "refused")
    assert len(set(ids)) == 18
    shift.write_text(str(-3 * DAY))
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    problem = daemon.post("/v1/interactions", {"user": "u", "item": "i9", "type": "view", "timestamp": now}, 422)
    assert "ahead" in problem["errors"][0]["detail"]
    shift.write_text(str(-10 * DAY))
    assert daemon.stop() == 0
    daemon.start()
    assert not {f"i{step}" for step in range(6)} & set(daemon.recommended("u"))
    for event_id in ids[::5]:
        daemon.call("DELETE", f"/v1/interactions/{event_id}", 204)
    assert daemon.stop() == 0
    assert {e["event_id"] for e in exported(daemon.folder)} == set(ids) - set(ids[::5])
