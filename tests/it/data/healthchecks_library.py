"""What a program does that manages its checks with the library `healthchecks-io`, and one that reads what is
for Prometheus. Nothing of either is changed but the host."""
import os
from datetime import datetime, timezone

import httpx
from healthchecks_io import (
    BadAPIRequestError, CheckCreate, CheckNotFoundError, CheckTrap, CheckUpdate, Client, HCAPIAuthError,
)
from prometheus_client.parser import text_string_to_metric_families

HOST = f"http://{os.environ['RECEIVER']}"
NOBODY = "00000000-0000-4000-8000-000000000000"


def client(key, version):
    return Client(os.environ[key], os.environ["PING_KEY"], f"{HOST}/api/", f"{HOST}/ping/", version)


def refused(error, call, *arguments, **names):
    try:
        call(*arguments, **names)
    except error:
        return
    raise AssertionError(f"{call} {arguments} is not refused")


def fails(hc, uuid):
    with CheckTrap(hc, uuid=uuid):
        raise RuntimeError("boom")


def manage(version):
    hc, reader = client("API_KEY", version), client("READ_KEY", version)
    name, mine = f"Nightly {version}", f"v{version}"
    made = hc.create_check(CheckCreate(
        name=name, tags=f"backup {mine}", desc="the database", schedule="0 3 * * *", tz="Europe/Berlin",
        grace=3600, channels="*", unique=["name"]))
    uuid = made.uuid
    # Since its third version the API makes no slug of a name, and the library cannot say one.
    slug = f"nightly-{version}" if version < 3 else ""
    assert (made.name, made.slug, made.status, made.grace) == (name, slug, "new", 3600), made
    assert (made.tags, made.desc, made.n_pings) == (f"backup {mine}", "the database", 0), made
    [channel] = hc.get_integrations()
    assert (channel.name, channel.kind, made.channels) == ("hook", "webhook", channel.id), (channel, made)

    again = hc.create_check(CheckCreate(name=name, grace=7200, unique=["name"]))
    assert (again.uuid, again.grace, again.tags) == (uuid, 7200, ""), again
    changed = hc.update_check(uuid, CheckUpdate(tags=f"prod {mine}", timeout=3600, grace=600))
    assert (changed.tags, changed.timeout, changed.grace) == (f"prod {mine}", 3600, 600), changed
    assert [check.uuid for check in hc.get_checks(tags=[mine, "prod"])] == [uuid]
    assert hc.get_checks(tags=["nobody"]) == []

    # Nobody has paused it, so its first success opens nothing and closes nothing.
    assert hc.start_ping(uuid=uuid) == (True, "OK")
    assert hc.success_ping(uuid=uuid, data="all of it") == (True, "OK")
    assert hc.get_check(uuid).status == "up"
    if slug:
        assert hc.success_ping(slug=slug) == (True, "OK")
    else:
        assert hc.success_ping(uuid=uuid) == (True, "OK")
    assert hc.exit_code_ping(3, uuid=uuid, data="three") == (True, "OK")
    with CheckTrap(hc, uuid=uuid) as trap:
        trap.add_log("it went well")
    refused(RuntimeError, fails, hc, uuid)
    refused(CheckNotFoundError, hc.success_ping, slug="nobody")
    refused(BadAPIRequestError, hc.exit_code_ping, 256, uuid=uuid)
    refused(CheckNotFoundError, hc.get_check, NOBODY)

    pings = hc.get_check_pings(uuid)
    kinds = ["start", "success", "success", "fail", "start", "success", "start", "fail"]
    assert [ping.type for ping in reversed(pings)] == kinds, pings
    assert [ping.number_of_pings for ping in reversed(pings)] == list(range(1, 9)), pings
    agent = {ping.user_agent.split("/")[0] for ping in pings}
    assert agent == {"py-healthchecks.io"} and pings[0].duration is not None, pings
    assert abs((datetime.now(timezone.utc) - pings[0].date).total_seconds()) < 60, pings[0]
    # The library takes the answer itself for the list, which the API has as a member of an object.
    flips = hc._get_api_request_url(f"checks/{uuid}/flips/", {"seconds": 3600})
    flips = hc.check_response(hc._client.get(flips)).json()["flips"]
    assert [flip["up"] for flip in flips] == [0, 1, 0, 1], flips

    known = hc.get_check(uuid)
    assert (known.status, known.n_pings, known.next_ping) == ("down", 8, None), known
    badges = hc.get_badges()
    assert {"*", "prod", mine} <= set(badges), badges
    shown = httpx.get(badges[mine].json_url).json()
    assert (shown["status"], shown["total"], shown["down"]) == ("down", 1, 1), shown
    assert "<svg" in httpx.get(badges["*"].svg).text
    assert httpx.get(badges[mine].shields3).json()["message"] == "down"

    assert hc.pause_check(uuid).status == "paused"
    # The library knows no end of a pause.
    resumed = hc._client.post(hc._get_api_request_url(f"checks/{uuid}/resume"), data={})
    assert hc.check_response(resumed).json()["status"] == "new", resumed.text

    [seen] = reader.get_checks(tags=[mine])
    assert seen.ping_url is None and seen.channels is None and seen.uuid is None, seen
    assert reader.get_check(seen.unique_key).name == name
    refused(HCAPIAuthError, reader.pause_check, uuid)
    refused(HCAPIAuthError, reader.delete_check, uuid)
    return uuid


def families(path):
    page = httpx.get(f"{HOST}{path}")
    assert page.status_code == 200, page.text
    kind = page.headers["content-type"]
    assert kind.startswith("text/plain"), kind
    found = {family.name: family for family in text_string_to_metric_families(page.text)}
    for family in found.values():
        assert family.documentation and family.type in ("counter", "gauge", "histogram"), family
        samples = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
        assert len(set(samples)) == len(samples), family
    return found


hc = client("API_KEY", 2)
uuids = [manage(version) for version in (1, 2, 3)]
assert hc.create_check(CheckCreate(name='a "quoted" \\ name\nin two lines', tags='"x\\y"')).uuid
page = families(f"/projects/{os.environ['PROJECT']}/metrics/{os.environ['READ_KEY']}")
names = {sample.labels["name"] for sample in page["hc_check_up"].samples}
assert names >= {"Nightly 1", "Nightly 2", "Nightly 3"}, names
assert any('"quoted" \\ name' in name for name in names), names
assert page["hc_checks_total"].samples[0].value == 4, page["hc_checks_total"]
assert {sample.labels["tag"] for sample in page["hc_tag_up"].samples} >= {"prod", "v1", '"x\\y"'}
own = families("/metrics")
assert all(name.startswith(("hb_", "process_")) for name in own), list(own)
assert hc.delete_check(uuids[0]).uuid == uuids[0]
refused(CheckNotFoundError, hc.get_check, uuids[0])
refused(CheckNotFoundError, hc.success_ping, uuid=uuids[0])
refused(HCAPIAuthError, Client("wrong", api_url=f"{HOST}/api/").get_checks)
