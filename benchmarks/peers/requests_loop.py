"""One row after the other with a session of requests, and a commit a row."""

import requests
from common import documents, measured, url


def load(results):
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer sandbox"
        for document in documents():
            answer = session.patch(f"{url}/products", json=document, timeout=30)
            results.add([(document["sku"], answer.status_code, answer.json()["data"]["id"])])


measured(load)
