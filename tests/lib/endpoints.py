"""Endpoints of notification for tests: adding them, reports for a unit, and what became of the deliveries."""

AREAS = {"mill_1": "n_mill_1", "mill_2": "n_mill_2", "lake_1": "n_lake_1", "hill_1": "s_hill_1"}


def add(system, name, unit, address, *options, private=True, check=True):
    words = ["endpoints", "add", name, "--unit", unit, "--carrier", "webhook", "--address", address, "--secret-out",
             system.folder / f"{name}.secret", "--secret-keys", system.folder / "secret.keys", *options]
    return system.zhitong(*words, *(["--allow-private"] if private else []), check=check)


def secret_of(system, name):
    return (system.folder / f"{name}.secret").read_text().strip()


def send(shared, unit, count=1, **fields):
    """Reports whose cases the unit gets; their ids."""
    client, keys = shared["client"], []
    for _ in range(count):
        shared["key"] = shared.get("key", 0) + 1
        keys.append(f"key:{shared['key']}")
        client.send(keys[-1], {"channel": "hotline", "item": "lamp", "area": AREAS[unit], "title": keys[-1], **fields})
    client.finish()
    return [client.accepted[key] for key in keys]


def attempts(system, name):
    rows = system.sql.rows(f"""SELECT a.case_id, a.attempt, a.status, a.outcome, a.answer, extract(epoch FROM a.at) * 1000
        FROM notification.attempt a JOIN notification.endpoint e USING (endpoint) WHERE e.name = '{name}' ORDER BY a.at""")
    return [(int(case), int(nth), int(status), outcome, text, float(at)) for case, nth, status, outcome, text, at in rows]


def waiting(system, name):
    return [state for state, in system.sql.rows(f"""SELECT d.state FROM notification.delivery d
        JOIN notification.endpoint e USING (endpoint) WHERE e.name = '{name}' ORDER BY d.seq""")]


def remove(system, *names):
    for name in names:
        system.zhitong("endpoints", "remove", name)
