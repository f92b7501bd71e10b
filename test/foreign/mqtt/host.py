"""A Sparkplug host by paho-mqtt and pysparkplug's payloads: says STATE, hears a device, asks for a rebirth once.

Usage: host.py '{"port", "hostId", "group", "node", "device", "count"}'
Prints one JSON line for each value of a metric that it hears of the device, its birth included: {"type", "name", "value", "historical"}.
"""

import json
import sys
import threading
import time

from paho.mqtt import client as paho
from pysparkplug import DataType, Metric, NCmd, get_current_timestamp
from pysparkplug._protobuf import Payload

options = json.loads(sys.argv[1])
STATE = f"spBv1.0/STATE/{options['hostId']}"
NODE = f"spBv1.0/{options['group']}/+/{options['node']}"
done = threading.Event()
names = {}
data = 0
asked = False


def value_of(metric):
    field = metric.WhichOneof("value")
    return None if field is None else getattr(metric, field)


def on_message(client, _userdata, message):
    global data, asked
    kind = message.topic.split("/")[2]
    if kind not in ("NBIRTH", "DBIRTH", "DDATA"):
        return
    payload = Payload()
    payload.ParseFromString(message.payload)
    if kind == "NBIRTH":
        names.clear()
    for metric in payload.metrics:
        if metric.name:
            names[metric.alias] = metric.name
        name = metric.name or names[metric.alias]
        print(json.dumps({"type": kind, "name": name, "value": value_of(metric), "historical": metric.is_historical}), flush=True)
    if kind != "DDATA":
        return
    data += 1
    if not asked:
        asked = True
        rebirth = Metric(get_current_timestamp(), "Node Control/Rebirth", DataType.BOOLEAN, value=True)
        command = NCmd(timestamp=get_current_timestamp(), metrics=(rebirth,))
        client.publish(f"spBv1.0/{options['group']}/NCMD/{options['node']}", command.encode(include_dtypes=True))
    if data >= options["count"]:
        done.set()


now = time.time_ns() // 1_000_000
client = paho.Client(client_id=options["hostId"])
client.will_set(STATE, json.dumps({"online": False, "timestamp": now}), qos=1, retain=True)
client.on_message = on_message
client.connect("127.0.0.1", options["port"])
subscribed = threading.Event()
client.on_subscribe = lambda *_: subscribed.set()
client.subscribe([(NODE, 1), (f"{NODE}/+", 1)])
client.loop_start()
# Whoever says that it is online must hear what that brings forth.
subscribed.wait(5)
client.publish(STATE, json.dumps({"online": True, "timestamp": now}), qos=1, retain=True).wait_for_publish(5)
done.wait(20)
client.publish(STATE, json.dumps({"online": False, "timestamp": now + 1}), qos=1, retain=True).wait_for_publish(5)
client.disconnect()
client.loop_stop()
