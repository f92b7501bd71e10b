"""An edge node by pysparkplug: births with aliases, and weighings by name and then by alias alone.

Usage: edge_node.py '{"port", "user", "password", "group", "node", "device", "count"}'
Prints a JSON line when it is born and one at its end.
"""

import json
import sys
import time

import pysparkplug as psp

options = json.loads(sys.argv[1])
TYPES = {
    "Weighing/Mass": (1, psp.DataType.DOUBLE, 0.0),
    "Weighing/Stable": (2, psp.DataType.BOOLEAN, False),
    "Weighing/Length": (3, psp.DataType.UINT16, 0),
    "Weighing/Width": (4, psp.DataType.UINT16, 0),
    "Weighing/Height": (5, psp.DataType.UINT16, 0),
    "Weighing/Item": (6, psp.DataType.STRING, "none"),
    "Weighing/Number": (7, psp.DataType.UINT64, 0),
}


def metric(name, value, by_alias=False):
    alias, datatype, _ = TYPES[name]
    return psp.Metric(
        timestamp=psp.get_current_timestamp(),
        name=None if by_alias else name,
        alias=alias,
        datatype=datatype,
        value=value,
    )


client = psp.Client(
    client_id=f"{options['group']}/{options['node']}:py", username=options["user"], password=options["password"]
)
node = psp.EdgeNode(options["group"], options["node"], metrics=(), client=client)
births = tuple(metric(name, value) for name, (_, _, value) in TYPES.items())
node.register(psp.Device(options["device"], metrics=births))
node.connect("127.0.0.1", port=options["port"])
time.sleep(1)
print(json.dumps({"born": True}), flush=True)

for number in range(options["count"]):
    values = {
        "Weighing/Mass": (1_000 + 5 * number) / 1000,
        "Weighing/Item": f"SP{number:06d}",
        "Weighing/Number": number + 1,
    }
    if number == 0:
        values |= {"Weighing/Stable": True, "Weighing/Length": 300, "Weighing/Width": 200, "Weighing/Height": 100}
    by_alias = number >= options["count"] // 2
    metrics = tuple(metric(name, value, by_alias) for name, value in values.items())
    if not by_alias:
        node.update_device(options["device"], metrics)
    else:
        topic = psp.Topic(
            message_type=psp.MessageType.DDATA,
            group_id=options["group"],
            edge_node_id=options["node"],
            device_id=options["device"],
        )
        data = psp.DData(timestamp=psp.get_current_timestamp(), seq=node._seq, metrics=metrics)
        message = psp.Message(topic=topic, payload=data, qos=psp.QoS.AT_MOST_ONCE, retain=False)
        client.publish(message, include_dtypes=False)

time.sleep(1)
node.disconnect()
print(json.dumps({"published": options["count"]}), flush=True)
