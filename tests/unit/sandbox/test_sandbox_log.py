import json

from bulk.sandbox import Exchange, RequestLog


def exchange(**changes):
    values = {
        "at": 0.0,
        "api": "x",
        "method": "PATCH",
        "path": "/a",
        "query": (),
        "key": None,
        "fields": (),
        "status": 200,
        "applied": True,
    }
    return Exchange(**(values | changes))


def test_counts_by_status_and_keeps_the_order():
    log = RequestLog()
    for status in (200, 200, 429, None):
        log.record(exchange(status=status))
    assert log.statuses == {"200": 2, "429": 1, "none": 1}
    assert [each.status for each in log.requests()] == [200, 200, 429, None]


def test_requests_can_be_asked_by_path_and_method():
    log = RequestLog()
    for method, path in (("GET", "/a"), ("PATCH", "/a"), ("GET", "/b")):
        log.record(exchange(method=method, path=path))
    assert len(log.requests("/a")) == 2
    assert len(log.requests("/a", method="GET")) == 1


def test_repeated_counts_writes_that_were_applied():
    log = RequestLog()
    for key, applied in (("A", True), ("A", True), ("B", True), ("B", False), (None, True), (None, True)):
        log.record(exchange(key=key, applied=applied))
    assert log.repeated() == {"A": 2}


def test_a_bounded_log_keeps_the_latest_and_counts_all():
    log = RequestLog(keep=2)
    for n in range(5):
        log.record(exchange(path=f"/{n}", malformed="why"))
    assert [each.path for each in log.requests()] == ["/3", "/4"]
    assert (log.total, log.malformed_total, len(log.malformed)) == (5, 5, 2)


def test_summary_is_fit_for_json_and_names_malformed_requests():
    log = RequestLog()
    log.record(exchange(malformed="no such field", query=(("a", "b"),)))
    summary = json.loads(json.dumps(log.summary()))
    assert summary["malformed"][0]["malformed"] == "no such field"
    assert summary["requests"] == summary["malformed_total"] == 1


def test_a_summary_shows_the_latest_exchanges_and_which_fields_they_wrote():
    log = RequestLog()
    for number in range(30):
        log.record(exchange(key=str(number), fields=("sku", "retail_price")))
    latest = log.summary()["latest"]
    assert [one["key"] for one in latest[:2]] == ["29", "28"]
    assert (len(latest), latest[0]["fields"]) == (20, ("sku", "retail_price"))
