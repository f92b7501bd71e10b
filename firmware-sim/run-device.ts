import { type PublishedStart, type RunningDevice, type SimulatedDevice, simulatedDevices } from "./catalogue.ts";
import { type Fault, faultUsage, messageFaultNames, parseFault, parseMessageFault } from "./faults/index.ts";
import { type ItemSource, stationNumberOf, syntheticItems } from "./items.ts";
import type { LineSettings } from "./lines/index.ts";
import { readScript } from "./script.ts";

const namesOf = (kind: SimulatedDevice["kind"]): string =>
  [...simulatedDevices.values()].flatMap((device) => (device.kind === kind ? [device.protocol] : [])).join(", ");

/** `tallystick device --help`, of the devices and faults that there are. */
export const deviceUsage = `tallystick device PROTOCOL (--pty LINK | --tcp PORT | --fifo PATH | --mqtt URL) [--script FILE] [--fault NAME=VALUE]... [--journal FILE]
                  [--id ID] [--rate PER_SECOND] [--seed N]

One simulated device until Ctrl-C.
  PROTOCOL  with --pty or --tcp, or --fifo in the place of a /dev/hidrawN: ${namesOf("wired")}
            with --mqtt mqtt://USER:PASSWORD@HOST:PORT and --id: ${namesOf("published")}
  --script  JSON lines {"item","grams","mm":[l,w,h]} to present in order; without it, endless items of --seed
  --journal what was presented, one JSON line each
  --fault   what goes wrong; faults stack; with --mqtt only ${messageFaultNames.join(", ")}:
            ${faultUsage.replaceAll(", ", "\n            ")}
`;

/** One simulated device, as the command line asks for it. */
export type DeviceOptions = {
  readonly protocol: string;
  readonly id: string;
  readonly seed: number;
  readonly ratePerSecond: number;
  readonly script: string | null;
  readonly journal: string | null;
} & (
  | { readonly kind: "wired"; readonly line: LineSettings; readonly faults: readonly Fault[] }
  | { readonly kind: "published"; readonly mqtt: PublishedStart["mqtt"]; readonly faults: readonly Fault[] }
);

type Parsed =
  | { readonly kind: "options"; readonly options: DeviceOptions }
  /** One sentence; the command ends with 2. */
  | { readonly kind: "usage"; readonly reason: string };

const KNOWN = ["--pty", "--tcp", "--fifo", "--mqtt", "--script", "--fault", "--journal", "--id", "--rate", "--seed"];
const DEVICE_ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Reads what follows `tallystick device`. */
export function parseDeviceArguments(argv: readonly string[]): Parsed {
  const [protocol = "", ...rest] = argv;
  const given = flagsOf(rest);
  if (typeof given === "string") return usage(given);
  const one = (name: string): string | null => given.get(name)?.at(-1) ?? null;
  const seed = Number(one("--seed") ?? "1");
  const ratePerSecond = Number(one("--rate") ?? "1");
  const id = one("--id");
  if (!Number.isSafeInteger(seed) || seed < 0) return usage("--seed wants a whole number");
  if (!(ratePerSecond > 0)) return usage("--rate wants a number above 0");
  if (id !== null && !DEVICE_ID.test(id)) return usage("--id wants 1 to 32 of a-z, 0-9 and -");
  const places = ["--pty", "--tcp", "--fifo", "--mqtt"].filter((name) => given.has(name));
  if (places.length !== 1) return usage("give exactly one of --pty LINK, --tcp PORT, --fifo PATH, --mqtt URL");
  const basis = { seed, ratePerSecond, script: one("--script"), journal: one("--journal") };
  const device = simulatedDevices.get(protocol);
  if (device === undefined)
    return usage(`protocol "${protocol}" is not known: use ${[...simulatedDevices.keys()].join(", ")}`);
  const faults: Fault[] = [];
  for (const text of given.get("--fault") ?? []) {
    const fault = device.kind === "published" ? parseMessageFault(text, seed) : parseFault(text, seed);
    if (typeof fault === "string") return usage(fault);
    faults.push(fault);
  }
  if (device.kind === "published") {
    if (id === null) return usage(`${protocol} wants --id, the device's name in its topic`);
    const mqtt = mqttOf(one("--mqtt"));
    return typeof mqtt === "string"
      ? usage(mqtt)
      : { kind: "options", options: { ...basis, protocol, id, kind: "published", mqtt, faults } };
  }
  const line = lineOf(one("--pty"), one("--tcp"), one("--fifo"));
  if (typeof line === "string") return usage(`${protocol}: ${line}`);
  return { kind: "options", options: { ...basis, protocol, id: id ?? protocol, kind: "wired", line, faults } };
}

const usage = (reason: string): Parsed => ({ kind: "usage", reason });

function flagsOf(argv: readonly string[]): ReadonlyMap<string, readonly string[]> | string {
  const given = new Map<string, readonly string[]>();
  for (let index = 0; index < argv.length; index += 2) {
    const name = argv[index] ?? "";
    const value = argv[index + 1];
    if (!KNOWN.includes(name)) return `option "${name}" is not known`;
    if (value === undefined) return `${name} wants a value`;
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  return given;
}

function lineOf(pty: string | null, tcp: string | null, fifo: string | null): LineSettings | string {
  if (pty !== null) return { kind: "pty", link: pty };
  if (fifo !== null) return { kind: "fifo", path: fifo };
  if (tcp === null) return "give --pty LINK, --tcp PORT or --fifo PATH";
  const port = Number(tcp);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? { kind: "tcp", port } : "--tcp wants a port, 1 to 65535";
}

function mqttOf(text: string | null): PublishedStart["mqtt"] | string {
  const wanted = "--mqtt wants mqtt://USER:PASSWORD@HOST:PORT";
  if (text === null || !URL.canParse(text)) return wanted;
  const url = new URL(text);
  const secured = url.username !== "" && url.password !== "";
  if (!["mqtt:", "mqtts:"].includes(url.protocol) || !secured) return wanted;
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return { url: `${url.protocol}//${url.host}`, username, password };
}

/** Runs one simulated device until `close`. Rejects when its port is taken or its script is wrong. */
export async function runDevice(options: DeviceOptions): Promise<RunningDevice> {
  const device = simulatedDevices.get(options.protocol);
  const items: ItemSource =
    options.script === null ? syntheticItems(options.seed, stationNumberOf(options.id)) : readScript(options.script);
  if (device?.kind === "wired" && options.kind === "wired") return device.start({ ...options, items });
  if (device?.kind === "published" && options.kind === "published") return device.start({ ...options, items });
  throw new RangeError(`${options.protocol} is not to be had this way: see deviceUsage`);
}
