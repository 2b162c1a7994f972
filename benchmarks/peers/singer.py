"""A target of the Singer SDK with requests: `record` for a request as each record comes, `batch` for one by batches."""

import io
import json
import sys
from decimal import Decimal
from typing import ClassVar

import requests
from common import documents, measured, url
from singer_sdk import Target
from singer_sdk.sinks import BatchSink, RecordSink

session = requests.Session()
session.headers["Authorization"] = "Bearer sandbox"

SCHEMA = {"type": "object", "properties": {"sku": {"type": "string"}}, "additionalProperties": True}


def send(record):
    document = {name: float(value) if isinstance(value, Decimal) else value for name, value in record.items()}
    answer = session.patch(f"{url}/products", json=document, timeout=30)
    answer.raise_for_status()
    return document["sku"], answer.status_code, answer.json()["data"]["id"]


def load(results):
    class Record(RecordSink):
        def process_record(self, record, context):
            results.add([send(record)])

    class Batch(BatchSink):
        max_size = 500

        def process_batch(self, context):
            results.add([send(record) for record in context["records"]])

    class Luminous(Target):
        name = "target-luminous"
        config_jsonschema: ClassVar = {"type": "object", "properties": {}}
        default_sink_class = Record if sys.argv[4] == "record" else Batch

    messages = io.StringIO()
    write = lambda message: messages.write(json.dumps(message) + "\n")  # noqa: E731
    write({"type": "SCHEMA", "stream": "products", "schema": SCHEMA, "key_properties": ["sku"]})
    for document in documents():
        write({"type": "RECORD", "stream": "products", "record": document})
    messages.seek(0)
    Luminous(config={}).listen(messages)


measured(load)
