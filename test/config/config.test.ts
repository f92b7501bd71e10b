import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import {
  GatewayFailure,
  loadConfig,
  loadSite,
  nearestName,
  parseConfig,
  remedies,
  storePathOf,
} from "../../gateway/config/index.ts";
import { checkAgainstSite } from "../../gateway/config/check.ts";
import { checkKeys, loadKeys } from "../../gateway/identity/index.ts";
import { makeSite, portsOf, type SitePlan } from "../../gateway/site/index.ts";
import { sign } from "../../ledger/crypto/index.ts";
import { tallystick } from "../e2e/command.ts";
import { approvalBytes, type Lineage, lineageJson, siteOf } from "../../ledger/management/index.ts";

const GOOD = `gateway: gw-1
api: { port: 8081 }
peers: { port: 8181 }
`;

function sentences(text: string): readonly string[] {
  const parsed = parseConfig(text, "gateway.yaml");
  return parsed.kind === "accept" ? [] : parsed.faults.map(({ sentence }) => sentence);
}

test("C1: a short file is filled in with defaults", (t) => {
  const parsed = parseConfig(GOOD, "gateway.yaml");
  if (parsed.kind === "reject") return t.fail(parsed.faults[0]?.sentence);
  t.is(parsed.settings.api.host, "127.0.0.1");
  t.is(parsed.settings.station.windowMs, 5_000);
  t.deepEqual(parsed.settings.devices, []);
});

test("C2: a wrong value names file, line, setting, value and what it must be", (t) => {
  t.deepEqual(sentences(GOOD.replace("8081", "80a")), [
    'gateway.yaml:2: "api.port" is "80a", but must be a port: a whole number from 1 to 65535',
  ]);
  t.deepEqual(sentences("gateway: gw-1\napi: { port: 8081 }\n"), [
    'gateway.yaml:1: "peers" is missing, but must be a block with host, port and addresses',
  ]);
  t.regex(
    sentences(`${GOOD}devices:\n  - { id: scale-1, transport: { kind: usb } }\n`)[0] ?? "",
    /^gateway\.yaml:5: "devices\[0\]\.transport/,
  );
});

test("C2: all faults are found in one pass, in a file that is no YAML too", (t) => {
  t.is(sentences(GOOD.replace("8081", "0").replace("8181", "x")).length, 2);
  t.regex(sentences("gateway: [\n")[0] ?? "", /^gateway\.yaml:\d+: this is not YAML/);
});

test("C3: an unknown setting is a fault that names the nearest known one", (t) => {
  t.deepEqual(sentences(`${GOOD}stor: { path: x }\n`), [
    'gateway.yaml:4: "stor" is not a setting; did you mean "store"?',
  ]);
  t.deepEqual(sentences(`${GOOD}devices:\n  - { id: a, transport: { kind: serial, path: x, baud: 9600 } }\n`), [
    'gateway.yaml:5: "devices[0].transport.baud" is not a setting; did you mean "baudRate"?',
  ]);
});

test("no text makes the parser throw", (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.string().map((text) => GOOD + text),
      ),
      (text) => {
        t.true(["accept", "reject"].includes(parseConfig(text, "gateway.yaml").kind));
      },
    ),
    { numRuns: 300 },
  );
});

test("the nearest name is only offered when it is near", (t) => {
  t.is(nearestName("exprt", ["export", "verify"]), "export");
  t.is(nearestName("frobnicate", ["export", "verify"]), null);
});

test("C5: the table of failures in the README's sense is complete: every code has a remedy", (t) => {
  t.deepEqual([...new Set(Object.values(remedies))].sort(), ["restart", "retry"]);
  t.is(new GatewayFailure("PORT_BUSY", { host: "127.0.0.1", port: 80, use: "API" }).remedy, "retry");
});

const plan: SitePlan = { site: "demo", gateways: 3, basePort: 30_000, stations: "simulated" };

async function madeSite(t: { teardown: (fn: () => Promise<void>) => void }) {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return makeSite(dir, plan);
}

test("C4: what gateway.yaml says must fit the site, and every contradiction names its line", async (t) => {
  const made = await madeSite(t);
  const dir = made.gatewayDirs[0] ?? "";
  const path = join(dir, "gateway.yaml");
  const text = await readFile(path, "utf8");
  t.is((await loadConfig(dir)).self, 0);
  await writeFile(path, text.replace("gateway: gw-1", "gateway: gw-11"));
  await t.throwsAsync(loadConfig(dir), {
    message: /gateway\.yaml:2: .*no gateway of site demo; did you mean "gw-1"\?$/,
  });
  await writeFile(path, text.replace("id: scale-1", "id: scale-7"));
  await t.throwsAsync(loadConfig(dir), { message: /does not register for gw-1.*\(and 1 more/ });
  await writeFile(path, text.replace(/scale-1, transport: \{[^}]*\}/, "scale-1, transport: { kind: mqtt }"));
  await t.throwsAsync(loadConfig(dir), { message: /speaks mt-sics; use serial or tcp/ });
  await t.throwsAsync(loadConfig(join(dir, "nowhere")), { code: "CONFIG_MISSING" });
});

test("C4: a device of its own whose protocol this version does not know keeps a gateway from starting", async (t) => {
  const made = await madeSite(t);
  const [dir = ""] = made.gatewayDirs;
  const { site, settings, lineage } = await loadConfig(dir);
  const devices = site.devices.map((device) =>
    device.id === "scale-1" ? { ...device, protocol: "mt-sicks" } : device,
  );
  const [fault] = checkAgainstSite(settings, { ...lineage[0].site, devices }, "gateway.yaml", () => 1);
  t.regex(fault?.sentence ?? "", /protocol "mt-sicks", unknown to this version; did you mean "mt-sics"\?$/);
});

test("C4: settings that a device's protocol does not understand are named with the device", async (t) => {
  const made = await madeSite(t);
  const dir = made.gatewayDirs[0] ?? "";
  const { site } = await loadConfig(dir);
  const { configHash: _, format: __, ...document } = site;
  const devices = site.devices.map((device) => (device.id === "scale-1" ? { ...device, settings: { a: 1 } } : device));
  await writeFile(join(dir, "SITE.json"), JSON.stringify(siteOf({ ...document, devices })));
  await t.throwsAsync(loadConfig(dir), {
    message: /"scale-1", whose settings in SITE.json cannot be used: mt-sics takes no settings$/,
  });
});

const withTransport = (transport: string) =>
  parseConfig(
    `gateway: gw-1\napi: { port: 1 }\npeers: { port: 2 }\ndevices:\n  - { id: scale-1, transport: ${transport} }\n`,
    "gateway.yaml",
  );
const transportOf = (text: string): unknown => {
  const parsed = withTransport(text);
  return parsed.kind === "accept" ? parsed.settings.devices[0]?.transport : parsed.faults.map((one) => one.sentence);
};

test("T5, T8: a line is named by a path, a pattern, a USB identity, an address or a port to dial in on", (t) => {
  t.deepEqual(transportOf("{ kind: serial, path: /dev/serial/by-id/usb-A }"), {
    kind: "serial",
    path: "/dev/serial/by-id/usb-A",
  });
  const line = { baudRate: 2400, dataBits: 7, parity: "even", stopBits: 2 };
  t.deepEqual(
    transportOf('{ kind: serial, path: "/dev/ttyUSB*", baudRate: 2400, dataBits: 7, parity: even, stopBits: 2 }'),
    { kind: "serial", path: "/dev/ttyUSB*", ...line },
  );
  const usb = { vid: "0403", pid: "6001", serial: "A50285BI" };
  t.deepEqual(transportOf('{ kind: serial, usb: { vid: "0403", pid: "6001", serial: A50285BI } }'), {
    kind: "serial",
    usb,
  });
  t.deepEqual(transportOf("{ kind: tcp-server, port: 4001, from: 192.0.2.7 }"), {
    kind: "tcp-server",
    host: "127.0.0.1",
    port: 4001,
    from: "192.0.2.7",
  });
});

test("C2: a line that is named twice, or not at all, or cannot be, is a fault with a sentence", (t) => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ["{ kind: serial }", /must be a block with either path or usb/],
    ['{ kind: serial, path: /dev/a, usb: { vid: "0403", pid: "6001" } }', /must be a block with either path or usb/],
    ["{ kind: serial, usb: { vid: 403, pid: 6001 } }", /four hex digits in quotes/],
    ['{ kind: serial, path: "/dev/*/a" }', /at most one "\*", in its last part/],
    ['{ kind: serial, path: "/dev/a*b*" }', /at most one "\*", in its last part/],
    ["{ kind: serial, path: /dev/a, parity: mark }", /none, even or odd/],
    ["{ kind: serial, path: /dev/a, dataBits: 9 }", /7 or 8/],
    ["{ kind: serial, path: /dev/a, baud: 9600 }", /is not a setting; did you mean "baudRate"/],
    ["{ kind: tcp-server }", /is missing, but must be a port/],
  ];
  for (const [transport, sentence] of refusals) t.regex(String(transportOf(transport)), sentence, transport);
});

test("C6: what the others changed of devices and ledgers is told, and the gateway starts without them", async (t) => {
  const made = await madeSite(t);
  const dir = made.gatewayDirs[0] ?? "";
  const { site, settings } = await loadConfig(dir);
  const { configHash: previous, format: _, ...document } = site;
  const devices = site.devices.map((device) => (device.id === "scale-1" ? { ...device, id: "scale-9" } : device));
  const next = siteOf({ ...document, devices, ledgers: [], epoch: site.epoch + 1, previous });
  const approvals = made.gatewayDirs.map(async (one, voter) => ({
    voter,
    signature: sign((await loadKeys(one)).identity, approvalBytes(site, next.configHash)),
  }));
  const lineage: Lineage = [
    { site, approvals: [] },
    { site: next, approvals: await Promise.all(approvals) },
  ];
  await writeFile(join(dir, "SITE.json"), JSON.stringify(lineageJson(lineage)));
  const changed = await loadConfig(dir);
  t.is(changed.site.configHash, next.configHash);
  t.deepEqual(
    settings.devices.filter(({ id }) => !changed.settings.devices.some((left) => left.id === id)).map(({ id }) => id),
    ["scale-1"],
  );
  t.deepEqual(changed.settings.anchors, []);
  t.is(changed.warnings.length, 2 + settings.anchors.length);
  t.regex(changed.warnings.join("\n"), /does not register.*\n.*does not name scale-9/);
  const doctor = await tallystick(["doctor", "--dir", dir]);
  t.is(doctor.code, 1);
  t.regex(doctor.stdout, /^MEND {2}configuration .*does not name scale-9/m);
});

test("M1: a site is continued, with its keys, on other ports", async (t) => {
  const made = await madeSite(t);
  const dir = made.gatewayDirs[2] ?? "";
  const key = await readFile(join(dir, "keys", "identity.pem"), "utf8");
  const again = await makeSite(made.dir, { ...plan, basePort: 31_000 });
  t.deepEqual([made.created, again.created], [true, false]);
  t.is(await readFile(join(dir, "keys", "identity.pem"), "utf8"), key);
  t.is((await loadConfig(dir)).settings.api.port, portsOf({ ...plan, basePort: 31_000 }).gateways[2]?.api ?? 0);
  t.is((await loadConfig(dir)).settings.peers.addresses["gw-1"], "127.0.0.1:31101");
  await t.throwsAsync(makeSite(made.dir, { ...plan, gateways: 4 }), {
    message: /of 3 gateways, not demo of 4; use --gateways 3/,
  });
});

test("K3, K4: a secret that others may read, that is missing or that is somebody else's stops the start", async (t) => {
  const made = await madeSite(t);
  const [one = "", two = ""] = made.gatewayDirs;
  const key = join(one, "keys", "identity.pem");
  const keys = await loadKeys(one);
  t.notThrows(() => checkKeys(keys, made.site, "gw-1", one));
  t.throws(() => checkKeys(keys, made.site, "gw-2", two), { code: "KEY_FOREIGN" });
  await chmod(key, 0o644);
  await t.throwsAsync(loadKeys(one), { code: "SECRET_EXPOSED" });
  await rm(key);
  await t.throwsAsync(loadKeys(one), { code: "SECRET_MISSING" });
});

test("C1: the store is one place for all who open it, wherever that is", async (t) => {
  const made = await madeSite(t);
  const dir = made.gatewayDirs[0] ?? "";
  t.is(storePathOf(await loadConfig(dir)), join(dir, "store.db"));
  const path = join(dir, "gateway.yaml");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace("path: store.db", "path: /var/lib/elsewhere/store.db"));
  t.is(storePathOf(await loadConfig(dir)), "/var/lib/elsewhere/store.db");
});

test("C5: a SITE.json that is not there is to be copied, and not to be made anew", async (t) => {
  const made = await madeSite(t);
  await rm(join(made.gatewayDirs[0] ?? "", "SITE.json"));
  for (const missing of [loadConfig(made.gatewayDirs[0] ?? ""), loadSite(join(made.dir, "nowhere.json"))]) {
    const error = await t.throwsAsync(missing, { code: "SITE_MISSING" });
    t.regex(error?.message ?? "", /copy the site's SITE\.json there from a gateway's directory/);
  }
});

test("C2: a broker is our own or elsewhere, and what is wrong with it is named", (t) => {
  const mqtt = (text: string) =>
    sentences(`${GOOD}mqtt: ${text}\n`)[0]?.replace(/^.*?, but must be /, "") ?? "accepted";
  const elsewhere = (text: string) => mqtt(`{ external: { ${text} } }`);
  t.is(mqtt("{ port: 1883 }"), "accepted");
  t.is(elsewhere("url: 'mqtt://broker:1883'"), "accepted");
  t.is(
    elsewhere("url: 'mqtts://[2001:db8::7]', version: 5, user: u, passwordFile: p, ca: c, cert: c, key: k"),
    "accepted",
  );
  const either = "a block with either port (a broker of our own) or external: { url } (a broker elsewhere)";
  t.is(mqtt("{}"), either);
  t.is(mqtt("{ port: 1883, external: { url: 'mqtt://b' } }"), either);
  const url = "the address of a broker, mqtt://host:port or mqtts://host:port, without a user in it";
  for (const wrong of ["http://b", "mqtt://u:p@b", "b:1883", "mqtt://b/path"])
    t.is(elsewhere(`url: '${wrong}'`), url, wrong);
  t.is(elsewhere("url: 'mqtt://b', version: '3.1'"), '"3.1.1" or "5"');
  t.is(elsewhere("url: 'mqtt://b', user: u"), "a block with both user and passwordFile, or neither");
  t.is(elsewhere("url: 'mqtts://b', cert: c"), "a block with both cert and key, or neither");
  t.regex(elsewhere("url: 'mqtt://b', ca: c"), /only where url begins with mqtts/);
  t.regex(
    elsewhere("url: 'mqtt://b', cilentId: x"),
    /"mqtt\.external\.cilentId" is not a setting; did you mean "clientId"\?/,
  );
  const device = (transport: string) =>
    sentences(`${GOOD}mqtt: { port: 1883 }\ndevices:\n  - { id: a, transport: { ${transport} } }\n`)[0] ?? "accepted";
  t.is(device("kind: sparkplug, group: dock, node: line-1"), "accepted");
  t.regex(device("kind: sparkplug, group: dock/x, node: line-1"), /must be a name of Sparkplug/);
  t.regex(device("kind: mqtt, topic: 'plant/#'"), /must be a topic without \+ and #/);
});

test("C4: devices that publish have places of their own, and topics only on a broker elsewhere", async (t) => {
  const made = await madeSite(t);
  const dir = made.gatewayDirs[2] ?? "";
  const path = join(dir, "gateway.yaml");
  const text = await readFile(path, "utf8");
  const { site } = await loadConfig(dir);
  const { configHash: _, format: __, ...document } = site;
  const sensor = site.devices.find(({ id }) => id === "sensor-3");
  if (sensor === undefined) return t.fail();
  await writeFile(
    join(dir, "SITE.json"),
    JSON.stringify(siteOf({ ...document, devices: [...site.devices, { ...sensor, id: "sensor-4" }] })),
  );
  const with4 = (one: string, two: string) =>
    text.replace(
      /^ {2}- \{ id: sensor-3.*$/m,
      `  - { id: sensor-3, transport: { ${one} } }\n  - { id: sensor-4, transport: { ${two} } }`,
    );
  await writeFile(path, with4("kind: mqtt", "kind: mqtt"));
  await loadConfig(dir);
  await writeFile(path, with4("kind: mqtt, topic: a", "kind: mqtt"));
  await t.throwsAsync(loadConfig(dir), {
    message: /topic" is for a broker elsewhere; remove it, or name mqtt\.external$/,
  });
  const elsewhere = (one: string, two: string) =>
    with4(one, two).replace(/^mqtt: .*$/m, "mqtt: { external: { url: 'mqtt://b' } }");
  await writeFile(path, elsewhere("kind: mqtt, topic: a", "kind: mqtt, topic: a"));
  await t.throwsAsync(loadConfig(dir), { message: /is the place of sensor-3, too; correct one of them$/ });
  await writeFile(path, elsewhere("kind: mqtt, topic: a", "kind: sparkplug, group: g, node: n"));
  await t.throwsAsync(loadConfig(dir), { message: /is sparkplug, but sensor-4 speaks senml-cbor; use mqtt$/ });
});

test("C4: no two devices of a gateway are at one place, whatever leads there; a pattern of paths may lead to several", async (t) => {
  const made = await madeSite(t);
  const dir = made.gatewayDirs[0] ?? "";
  const path = join(dir, "gateway.yaml");
  const text = await readFile(path, "utf8");
  const both = (transport: string) =>
    writeFile(
      path,
      text.replace(/^( {2}- \{ id: (?:scale|dimensioner)-1, transport: )\{.*\} \}$/gm, `$1{ ${transport} } }`),
    );
  for (const transport of [
    "kind: tcp, host: 192.0.2.7, port: 4001",
    "kind: tcp-server, port: 4001",
    "kind: serial, path: /dev/ttyUSB0",
    'kind: serial, usb: { vid: "0403", pid: "6001" }',
  ]) {
    await both(transport);
    await t.throwsAsync(loadConfig(dir), { message: /is the place of [\w-]+, too; correct one of them$/ }, transport);
  }
  await both('kind: serial, path: "/dev/ttyUSB*"');
  await t.notThrowsAsync(loadConfig(dir));
});
