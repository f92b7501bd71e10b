"""A sensor by paho-mqtt: publishes weighings as SenML at QoS 1 and waits for every PUBACK.

Usage: sensor.py '{"port", "user", "password", "topic", "format": "json" | "cbor", "version": 3 | 5, "count"}'
Prints one JSON line: {"acknowledged": N}.
"""

import json
import sys
import time
from decimal import Decimal

import cbor2
from paho.mqtt import client as paho

options = json.loads(sys.argv[1])
ACKNOWLEDGE_SECONDS = 20


def weighing(number: int) -> bytes:
    grams = 1_000 + 5 * number
    now_ms = time.time_ns() // 1_000_000
    item = f"PY{number:06d}"
    if options["format"] == "cbor":
        return cbor2.dumps(
            [
                {-2: "urn:dev:ops:32473-paho:", -3: Decimal(now_ms).scaleb(-3), 0: "net", 1: "kg", 2: Decimal(grams).scaleb(-3)},
                {0: "stable", 4: True},
                {0: "length", 1: "mm", 2: 300},
                {0: "width", 1: "mm", 2: 200},
                {0: "height", 1: "mm", 2: 100.0},
                {0: "item", 3: item},
            ]
        )
    return json.dumps(
        [
            {"bn": "urn:dev:ops:32473-paho:", "bt": now_ms / 1000, "n": "net", "u": "kg", "v": grams / 1000},
            {"n": "stable", "vb": True},
            {"n": "length", "u": "mm", "v": 300},
            {"n": "width", "u": "mm", "v": 200},
            {"n": "height", "u": "mm", "v": 100},
            {"n": "item", "vs": item},
        ]
    ).encode()


client = paho.Client(client_id=options["user"], protocol=paho.MQTTv5 if options["version"] == 5 else paho.MQTTv311)
client.username_pw_set(options["user"], options["password"])
client.max_inflight_messages_set(50)
client.connect("127.0.0.1", options["port"])
client.loop_start()
published = [client.publish(options["topic"], weighing(number), qos=1) for number in range(options["count"])]
until = time.monotonic() + ACKNOWLEDGE_SECONDS
for info in published:
    info.wait_for_publish(max(0.01, until - time.monotonic()))
print(json.dumps({"acknowledged": sum(info.is_published() for info in published)}))
client.disconnect()
client.loop_stop()
