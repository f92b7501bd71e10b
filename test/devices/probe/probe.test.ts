import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { type Place, probeLine } from "../../../devices/probe/index.ts";
import { protocols } from "../../../devices/protocols/index.ts";
import { startDimensioner, startScale } from "../../../firmware-sim/index.ts";
import { dialects } from "../../../firmware-sim/dialects/index.ts";
import type { Display, Indicator, IndicatorSettings } from "../../../firmware-sim/scale/indicator.ts";
import { poweredOn } from "../../../firmware-sim/scale/indicator.ts";
import { freePort, tcpPeer } from "../transports/port.ts";

const folder = mkdtempSync(join(tmpdir(), "tallystick-probe-"));
const options = { line: null, listenMs: 250, answerMs: 700, told: () => {} };

const kilograms: Display = { unit: "kg", division: { mantissa: 5, exponent: -3 } };
const settings: IndicatorSettings = {
  serial: "S1",
  capacityGrams: 60_000,
  displays: [kilograms, { unit: "lb", division: { mantissa: 1, exponent: -2 } }],
  dampingMs: 20,
  noiseGrams: 40,
  seed: 1,
  stabilityTimeoutMs: 5_000,
  outputMs: 100,
  driftGramsPerMinute: 0,
  zeroTracking: false,
};

/** What a command of an operator would change. */
const touched = ({ zeroGrams, tareGrams, displayIndex }: Indicator) => ({ zeroGrams, tareGrams, displayIndex });

for (const [name, speaker] of dialects) {
  test(`P9, Y1: no probe zeroes, tares or switches the unit of a scale that speaks ${name}`, (t) => {
    for (const protocol of protocols.values()) {
      if (protocol.probe === undefined) continue;
      // Within the zero range and with a tare, so that every command would show.
      let indicator: Indicator = { ...poweredOn({ ...settings, ...speaker.make }, 100, 0), tareGrams: 25 };
      const before = touched(indicator);
      let speech = speaker.switchedOn(indicator);
      for (const [atMs, bytes] of [
        [1_000, protocol.probe.bytes],
        [1_500, protocol.probe.bytes],
      ] as const) {
        ({ indicator, speech } = speech.step(indicator, { kind: "received", bytes }, atMs));
        ({ indicator, speech } = speech.step(indicator, { kind: "tick" }, atMs + 400));
      }
      t.deepEqual(touched(indicator), before, `the probe of ${protocol.name}`);
    }
  });

  test(`Y2, Y3: a simulated scale that speaks ${name} is found as what it is, with its reading`, async (t) => {
    const link = join(folder, name);
    const scale = await startScale({ line: { kind: "pty", link }, protocol: name, loadGrams: 5_000 });
    const report = await probeLine({ kind: "serial", path: link }, options);
    await scale.close();
    if (report.kind !== "asked") return t.fail(report.reason);
    const [first] = report.found;
    // CT2: nothing on the wire tells these four apart, so they are shown side by side.
    const isCas10 = name.startsWith("cas-10-");
    t.is(first?.protocol, isCas10 ? "cas-10-kg" : name, JSON.stringify(report.found));
    if (isCas10) t.true(report.found.some(({ protocol, certainty }) => protocol === name && certainty === "likely"));
    t.true(first?.certainty === "certain" || first?.certainty === "likely", JSON.stringify(report));
    t.regex(first?.reading ?? "", /^-?\d+(\.\d+)? \w+, (stable|motion|unknown)/);
  });
}

test("Y5: a port that cannot be opened is a sentence", async (t) => {
  const missing: Place = { kind: "serial", path: join(folder, "nothing") };
  t.deepEqual(await probeLine(missing, options), {
    kind: "unreachable",
    reason: `serial port ${join(folder, "nothing")} does not exist: plug the device in or correct the path`,
  });
});

test("Y1: over TCP a silent device is asked as everything that has a probe, and what hangs up is called again", async (t) => {
  const asked: string[] = [];
  const peer = await tcpPeer((socket) =>
    socket.on("data", (bytes: Uint8Array) => {
      asked.push(Buffer.from(bytes).toString("hex"));
      socket.end();
    }),
  );
  const report = await probeLine({ kind: "tcp", host: "127.0.0.1", port: peer.port }, options);
  await peer.close();
  t.like(report, { kind: "asked", found: [] });
  const probes = new Set(
    [...protocols.values()].flatMap(({ probe }) =>
      probe === undefined ? [] : [Buffer.from(probe.bytes).toString("hex")],
    ),
  );
  t.deepEqual(asked.toSorted(), [...probes].sort());
});

test("Y2: a USB scale is listened to, and nothing is written to it", async (t) => {
  const path = join(folder, "hidraw0");
  execFileSync("mkfifo", [path]);
  // Read and write, so that opening waits for nobody.
  const report = await open(path, "r+");
  const writing = setInterval(() => void report.write(Uint8Array.of(3, 4, 0x0b, 0xff, 0x7b, 0)), 50);
  const found = await probeLine({ kind: "hid", path }, options);
  clearInterval(writing);
  await report.close();
  t.like(found, { kind: "asked", line: null });
  if (found.kind !== "asked") return;
  t.like(found.found[0], { protocol: "usb-hid", certainty: "likely", reading: "12.3 oz, stable, unknown" });
});

async function scanAt(url: string): Promise<string | null> {
  const report = await probeLine({ kind: "http", url }, options);
  return report.kind === "asked" ? (report.found[0]?.reading ?? null) : null;
}

test("Y6: a dimensioner that answers HTTP is found at its address, with its scan", async (t) => {
  const port = await freePort();
  const dimensioner = await startDimensioner({ line: { kind: "tcp", port }, protocol: "vmeasure" });
  dimensioner.present({ item: "BOX1", mm: [300, 200, 100] });
  const url = `http://127.0.0.1:${port}/api/dimension/`;
  // The scan takes its time, within which the device says that there is none.
  while ((await scanAt(url)) === null);
  const report = await probeLine({ kind: "http", url }, options);
  await dimensioner.close();
  if (report.kind !== "asked") return t.fail(report.reason);
  t.deepEqual(
    report.found.map(({ protocol, certainty, reading }) => [protocol, certainty, reading?.split("; ")[0]]),
    [["vmeasure", "likely", "item BOX1"]],
  );
});

test("Y5, Y6: a web server with something else is nothing that is known, one that is not there is a sentence", async (t) => {
  const server = createServer((_, answer) => answer.end("{}")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  t.like(await probeLine({ kind: "http", url }, options), { kind: "asked", found: [] });
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  t.like(await probeLine({ kind: "http", url }, options), {
    kind: "unreachable",
    reason: `http://127.0.0.1:${port}/ refuses the connection: switch the device on or correct the port`,
  });
});
