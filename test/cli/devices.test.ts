import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { openDevice } from "../../devices/index.ts";
import { startScale } from "../../firmware-sim/index.ts";
import { tallystick } from "../e2e/command.ts";
import { tcpPeer } from "../devices/transports/port.ts";

const folder = mkdtempSync(join(tmpdir(), "tallystick-devices-"));

test("devices probe names protocol, certainty and reading of a scale, and the line for gateway.yaml; --json says the same", async (t) => {
  const link = join(folder, "scale");
  const scale = await startScale({ line: { kind: "pty", link }, serial: "B0123456", loadGrams: 5_000 });
  const people = await tallystick(["devices", "probe", link, "--seconds", "0.2"]);
  t.is(people.code, 0, people.stderr);
  t.regex(people.stdout, /^certain +mt-sics +5\.000 kg, stable, net +answers I4 A "B0123456"<CR><LF>$/m);
  t.regex(people.stdout, /^gateway\.yaml: transport: \{ kind: serial, path: ".*scale", baudRate: 9600, dataBits: 8, /m);
  const machines = await tallystick(["devices", "probe", link, "--seconds", "0.2", "--line", "9600 7E1", "--json"]);
  t.is(machines.code, 0);
  const report = JSON.parse(machines.stdout) as { line: string; found: { protocol: string; certainty: string }[] };
  t.is(report.line, "9600 7E1");
  t.like(report.found[0], { protocol: "mt-sics", certainty: "certain" });
  await scale.close();
});

test("L1, L9: devices probe ends with 1 where nothing known answers, and with 2 where the port cannot be had", async (t) => {
  const link = join(folder, "silent");
  const scale = await startScale({ line: { kind: "pty", link }, faults: ["silence=0.001/1000"] });
  const silent = await tallystick(["devices", "probe", link, "--seconds", "0.1", "--line", "9600 8N1"]);
  t.deepEqual([silent.code, silent.stderr], [1, ""]);
  t.regex(silent.stdout, /silent: nothing was heard: check power and cable/);
  const taken = Promise.withResolvers<void>();
  const device = openDevice(
    { id: "d1", protocol: "mt-sics", transport: { kind: "serial", path: link } },
    { readings: () => {}, status: () => {}, health: ({ place }) => void (place !== null && taken.resolve()) },
  );
  await taken.promise;
  const busy = await tallystick(["devices", "probe", link]);
  t.deepEqual([busy.code, busy.stdout], [2, ""]);
  t.regex(busy.stderr, /is in use by another program: close that program\n$/);
  await device.close();
  await scale.close();
  const missing = await tallystick(["devices", "probe", join(folder, "nothing")]);
  t.is(missing.code, 2);
  t.regex(missing.stderr, /does not exist: plug the device in or correct the path\n$/);
});

test("L3: devices names what it knows; list works on a machine without adapters", async (t) => {
  for (const [args, sentence] of [
    [[], 'tallystick: one of list, probe, acknowledge is missing; see "tallystick devices --help"\n'],
    [["prob"], 'tallystick: "devices prob" is not a command; did you mean "probe"?\n'],
    [["probe"], 'tallystick: PATH, HOST:PORT or URL is missing; see "tallystick devices --help"\n'],
    [
      ["probe", "/dev/x", "--line", "fast"],
      'tallystick: --line is "fast", but must be like "9600 8N1" or "2400 7E1"\n',
    ],
    [
      ["probe", "127.0.0.1:4001", "--line", "9600 8N1"],
      "tallystick: --line is for serial ports; over TCP the serial server has the line settings\n",
    ],
    [["probe", "http:///"], 'tallystick: "http:///" is no URL: use one like http://192.0.2.9:6600/api/dimension/\n'],
    [["acknowledge", "scale-1"], 'tallystick: --dir is missing; see "tallystick devices --help"\n'],
  ] as const) {
    const { code, stderr, stdout } = await tallystick(["devices", ...args]);
    t.deepEqual([code, stdout, stderr], [2, "", sentence]);
  }
  const listed = await tallystick(["devices", "list", "--json"]);
  t.is(listed.code, 0);
  t.true(Array.isArray(JSON.parse(listed.stdout)));
});

test("L2: a simulated device whose port is taken names the port and what to do", async (t) => {
  const other = await tcpPeer(() => {});
  const { code, stderr } = await tallystick(["device", "sick", "--tcp", String(other.port)]);
  await other.close();
  t.deepEqual(
    [code, stderr],
    [2, `tallystick: port ${other.port} is in use by another program; choose another port, or end that program\n`],
  );
});
