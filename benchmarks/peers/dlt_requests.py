"""dlt with a destination of our own, in its documented form for an API that takes one row: batch_size=1, requests."""

import os
import tempfile

import dlt
import requests
from common import documents, measured, url

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"


def load(results):
    session = requests.Session()
    session.headers["Authorization"] = "Bearer sandbox"

    @dlt.destination(batch_size=1, name="luminous", naming_convention="direct", skip_dlt_columns_and_tables=True)
    def luminous(items, table):
        for item in items if isinstance(items, list) else [items]:
            answer = session.patch(f"{url}/products", json=item, timeout=30)
            answer.raise_for_status()
            results.add([(item["sku"], answer.status_code, answer.json()["data"]["id"])])

    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("catalog", destination=luminous, pipelines_dir=folder)
        pipeline.run(documents(), table_name="products")


measured(load)
