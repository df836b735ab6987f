#!/usr/bin/env python3
"""Works for the external function "ocr" of order.ts: reads pages, that is, writes them in capitals.

    python3 examples/external/worker.py http://127.0.0.1:PORT

Needs nothing but Python. Any number of these may run, anywhere; one that dies loses its lease, and another does its work.
"""
import json
import sys
import threading
import urllib.error
import urllib.request

ADDRESS = sys.argv[1].rstrip("/")
NAME = "ocr"


def post(path, body=None):
    """Sends JSON; gives the status and what was answered."""
    request = urllib.request.Request(
        f"{ADDRESS}/external/{path}",
        data=json.dumps(body if body is not None else {}).encode(),
        headers={"content-type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            text = response.read()
            return response.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, None


def read(page):
    return {"text": page.upper()}


def work_on(work):
    claim = f"claims/{work['claim']}"
    over = threading.Event()

    def keep():
        # While it goes on, the lease is renewed.
        while not over.wait(work["leaseMs"] / 3000):
            if post(f"{claim}/extend")[0] == 409:
                return

    threading.Thread(target=keep, daemon=True).start()
    try:
        status, _ = post(f"{claim}/complete", read(work["input"]["page"]))
        print(f"{work['key']}: {status}", flush=True)
    except (KeyError, AttributeError) as error:
        # Input that it cannot read: nobody else could.
        post(f"{claim}/fail", {"message": repr(error), "retry": False})
    finally:
        over.set()


while True:
    try:
        status, work = post(f"{NAME}/claim")
    except OSError as error:
        # Being redeployed, say.
        print(f"again in a second: {error}", file=sys.stderr)
        threading.Event().wait(1)
        continue
    if status == 200:
        work_on(work)
    elif status != 204:
        threading.Event().wait(1)
