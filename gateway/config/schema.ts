import { z } from "zod";

/** Every field says what it must be, in words that complete "... must be". The errors are made of them (C2). */
const must = (what: string): { readonly error: string } => ({ error: what });

const NAME = "a name of 1 to 32 small letters, digits and hyphens, for example gw-1";
const name = z.string(must(NAME)).regex(/^[a-z0-9][a-z0-9-]{0,31}$/, must(NAME));
const PORT = "a port: a whole number from 1 to 65535";
const port = z.int(must(PORT)).min(1, must(PORT)).max(65_535, must(PORT));
const HOST = "a host name or an IP address, for example 127.0.0.1";
const host = z.string(must(HOST)).min(1, must(HOST)).max(253, must(HOST));
const ADDRESS = 'an address "host:port", for example 192.0.2.7:7400';
const address = z.string(must(ADDRESS)).regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i, must(ADDRESS));
const FILE = "a path, relative to the directory of the gateway";
const file = z.string(must(FILE)).min(1, must(FILE));
const BAUD = "a line speed in baud, for example 9600";

const USB_ID = 'four hex digits in quotes, for example "0403" ("tallystick devices list" shows them)';
const usbId = z.string(must(USB_ID)).regex(/^[0-9a-f]{4}$/i, must(USB_ID));
const SERIAL_NUMBER = "a serial number as a text of 1 to 64 characters, in quotes if it is a number";
const serialNumber = z.string(must(SERIAL_NUMBER)).min(1, must(SERIAL_NUMBER)).max(64, must(SERIAL_NUMBER));
const PORT_PATH = 'a path, such as /dev/serial/by-id/..., with at most one "*", in its last part';

const usb = z.strictObject(
  { vid: usbId, pid: usbId, serial: serialNumber.exactOptional() },
  must("a block with vid, pid and, if there may be two of them, serial"),
);
const HID_PATH = "the path of a HID device, for example /dev/hidraw0";

/** T2, T5: what is absent comes from the factory settings of the protocol. */
const serial = z
  .strictObject({
    kind: z.literal("serial"),
    path: z
      .string(must(PORT_PATH))
      .regex(/^[^*]+(\/[^*/]*)?(\*[^*/]*)?$/, must(PORT_PATH))
      .exactOptional(),
    usb: usb.exactOptional(),
    baudRate: z.int(must(BAUD)).min(300, must(BAUD)).max(4_000_000, must(BAUD)).exactOptional(),
    dataBits: z.literal([7, 8], must("7 or 8")).exactOptional(),
    parity: z.enum(["none", "even", "odd"], must("none, even or odd")).exactOptional(),
    stopBits: z.literal([1, 2], must("1 or 2")).exactOptional(),
  })
  .refine(({ path, usb }) => (path === undefined) !== (usb === undefined), must("a block with either path or usb"));

const TOPIC = "a topic without + and #, for example plant/scale-1/readings";
const topic = z.string(must(TOPIC)).regex(/^[^$+#\0][^+#\0]{0,255}$/, must(TOPIC));
const SPARKPLUG_NAME = "a name of Sparkplug: 1 to 64 characters without /, + and #";
const sparkplugName = z.string(must(SPARKPLUG_NAME)).regex(/^[^/+#\0]{1,64}$/, must(SPARKPLUG_NAME));

const HTTP_URL = "a web address, for example http://192.0.2.9:6600/api/dimension/";

/** H1. */
const hid = z
  .strictObject({
    kind: z.literal("hid"),
    path: z.string(must(HID_PATH)).min(1, must(HID_PATH)).exactOptional(),
    usb: usb.exactOptional(),
  })
  .refine(({ path, usb }) => (path === undefined) !== (usb === undefined), must("a block with either path or usb"));

const transport = z.discriminatedUnion(
  "kind",
  [
    serial,
    hid,
    z.strictObject({ kind: z.literal("tcp"), host, port }),
    z.strictObject({
      kind: z.literal("tcp-server"),
      host: host.default("127.0.0.1"),
      port,
      from: host.exactOptional(),
    }),
    z.strictObject({ kind: z.literal("http"), url: z.url({ protocol: /^https?$/, ...must(HTTP_URL) }) }),
    z.strictObject({ kind: z.literal("mqtt"), topic: topic.exactOptional() }),
    z.strictObject({
      kind: z.literal("sparkplug"),
      group: sparkplugName,
      node: sparkplugName,
      device: sparkplugName.exactOptional(),
    }),
    z.strictObject({ kind: z.literal("api") }),
  ],
  must(
    "one of {kind: serial, path}, {kind: serial, usb}, {kind: hid, path}, {kind: hid, usb}, {kind: tcp, host, port}, {kind: tcp-server, port}, {kind: http, url}, {kind: mqtt}, {kind: sparkplug, group, node, device}, {kind: api}",
  ),
);

const BROKER_URL = "the address of a broker, mqtt://host:port or mqtts://host:port, without a user in it";
const VERSION = '"3.1.1" or "5"';
const CLIENT_ID = "a client id of 1 to 64 letters, digits, hyphens and underscores";
const HOST_ID = "a name of Sparkplug, the one that edge nodes have as their primary host";
const REORDER = "a time in milliseconds from 0 to 60000";

/** E2, E4. */
const external = z
  .strictObject(
    {
      url: z
        .string(must(BROKER_URL))
        .regex(/^mqtts?:\/\/(\[[0-9a-f:]+\]|[^\s:/@?#]+)(:\d{1,5})?\/?$/i, must(BROKER_URL)),
      version: z.union([z.enum(["3.1.1", "5"]), z.literal(5)], must(VERSION)).default("3.1.1"),
      clientId: z
        .string(must(CLIENT_ID))
        .regex(/^[\w-]{1,64}$/, must(CLIENT_ID))
        .exactOptional(),
      user: z.string(must("a user name")).min(1, must("a user name")).exactOptional(),
      passwordFile: file.exactOptional(),
      ca: file.exactOptional(),
      cert: file.exactOptional(),
      key: file.exactOptional(),
    },
    must("a block with url"),
  )
  .refine(({ user, passwordFile }) => (user === undefined) === (passwordFile === undefined), {
    error: "a block with both user and passwordFile, or neither",
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: "a block with both cert and key, or neither",
  })
  .refine(({ url, ca, cert }) => url.toLowerCase().startsWith("mqtts:") || (ca === undefined && cert === undefined), {
    error: "a block with ca, cert and key only where url begins with mqtts://",
  });

const MQTT = "a block with either port (a broker of our own) or external: { url } (a broker elsewhere)";
const mqtt = z
  .strictObject(
    {
      host: host.default("127.0.0.1"),
      port: port.exactOptional(),
      users: file.default("keys/mqtt-users.json"),
      external: external.exactOptional(),
      sparkplug: z
        .strictObject(
          {
            hostId: z
              .string(must(HOST_ID))
              .regex(/^[^/+#\0]{1,64}$/, must(HOST_ID))
              .exactOptional(),
            reorderMs: z.int(must(REORDER)).min(0, must(REORDER)).max(60_000, must(REORDER)).default(2_000),
          },
          must("a block with hostId and reorderMs"),
        )
        .prefault({}),
    },
    must(MQTT),
  )
  .refine(({ port, external }) => (port === undefined) !== (external === undefined), must(MQTT));

const SILENCE = "a time in milliseconds from 500 to 3600000";

const WINDOW = "a time in milliseconds from 100 to 600000";
const BUDGET = "a size in megabytes from 16 upwards";

export const gatewaySchema = z.strictObject(
  {
    gateway: name,
    api: z.strictObject({ host: host.default("127.0.0.1"), port }, must("a block with host and port")),
    peers: z.strictObject(
      {
        host: host.default("127.0.0.1"),
        port,
        addresses: z.record(name, address, must("a block of gateway: host:port")).default({}),
      },
      must("a block with host, port and addresses"),
    ),
    mqtt: mqtt.optional(),
    store: z
      .strictObject(
        { path: file.default("store.db"), budgetMb: z.int(must(BUDGET)).min(16, must(BUDGET)).default(20_000) },
        must("a block with path and budgetMb"),
      )
      .prefault({}),
    station: z
      .strictObject(
        { windowMs: z.int(must(WINDOW)).min(100, must(WINDOW)).max(600_000, must(WINDOW)).default(5_000) },
        must("a block with windowMs"),
      )
      .prefault({}),
    anchors: z
      .array(
        z.strictObject({ ledger: name, url: z.url(must("a URL, for example http://127.0.0.1:8380")) }),
        must("a list of {ledger, url}"),
      )
      .max(8, must("a list of at most 8 ledgers"))
      .default([]),
    devices: z
      .array(
        z.strictObject(
          {
            id: name,
            transport,
            /** M8: the device's own, not that of its adapter. */
            serial: serialNumber.exactOptional(),
            /** D4: for scales that say nothing while nothing changes. */
            silentAfterMs: z.int(must(SILENCE)).min(500, must(SILENCE)).max(3_600_000, must(SILENCE)).exactOptional(),
          },
          must("a block with id and transport"),
        ),
        must("a list of {id, transport}"),
      )
      .max(256, must("a list of at most 256 devices"))
      .default([]),
  },
  must("a block of settings: gateway, api, peers, mqtt, store, station, anchors, devices"),
);

/** gateway.yaml with its defaults filled in. Ports are TCP ports, paths relative to the gateway's directory. */
export type GatewaySettings = z.infer<typeof gatewaySchema>;
export type TransportSettings = GatewaySettings["devices"][number]["transport"];

/** The names known at a place of the file, for "did you mean". */
export function knownKeys(path: readonly PropertyKey[], value: unknown): readonly string[] {
  let schema: z.ZodType | undefined = gatewaySchema;
  let at = value;
  for (const step of path) {
    schema = inner(schema, at);
    at = at !== null && typeof at === "object" ? (at as Record<PropertyKey, unknown>)[step] : undefined;
    if (schema instanceof z.ZodObject) schema = schema.shape[String(step)] as z.ZodType | undefined;
    else if (schema instanceof z.ZodArray) schema = schema.element as z.ZodType;
    else return [];
  }
  schema = inner(schema, at);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The schema below defaults and optionals; of a union, the member that the `kind` at hand selects. */
function inner(schema: z.ZodType | undefined, value: unknown): z.ZodType | undefined {
  let at = schema;
  while (
    at instanceof z.ZodDefault ||
    at instanceof z.ZodOptional ||
    at instanceof z.ZodExactOptional ||
    at instanceof z.ZodPrefault
  ) {
    at = at.unwrap() as z.ZodType;
  }
  if (at instanceof z.ZodDiscriminatedUnion) {
    const kind = value !== null && typeof value === "object" && "kind" in value ? value.kind : undefined;
    return (at.options as readonly z.ZodObject[]).find(
      (option) => (option.shape["kind"] as z.ZodLiteral).value === kind,
    );
  }
  return at;
}
