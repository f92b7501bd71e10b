import { setTimeout as sleep } from "node:timers/promises";
import { listHidScales, listPorts } from "../../devices/index.ts";
import { type Place, probeLine, type ProbeReport } from "../../devices/probe/index.ts";
import type { LineSettings } from "../../devices/protocols/index.ts";
import { lineText } from "../../devices/transports/serial.ts";
import { positiveNumber, readArguments, UsageError } from "./arguments.ts";
import { table } from "./table.ts";

const LISTEN_SECONDS = 1.5;
/** A scale answers within 300 ms; a serial server and a slow line add to that. */
const ANSWER_MS = 700;

/** `tallystick devices probe`: exit code 1 when nothing known is there, 2 when it cannot be opened. */
export async function devicesProbe(argv: readonly string[]): Promise<number> {
  const { options, positionals } = readArguments("devices", argv, { line: "text", seconds: "text", json: "flag" }, [
    "PATH, HOST:PORT or URL",
  ]);
  const [where = ""] = positionals;
  const place = placeOf(where);
  if (place.kind !== "serial" && options.line !== null)
    throw new UsageError("--line is for serial ports; over TCP the serial server has the line settings");
  const isWatched = process.stderr.isTTY && !options.json;
  const report = await probeLine(place, {
    line: options.line === null ? null : lineOf(options.line),
    listenMs: 1000 * positiveNumber("seconds", options.seconds, LISTEN_SECONDS),
    answerMs: ANSWER_MS,
    told: (words) => void (isWatched && process.stderr.write(`${where}: ${words}\n`)),
  });
  if (report.kind === "unreachable") {
    process.stderr.write(`tallystick: ${report.reason}\n`);
    return 2;
  }
  const transport = report.found.length === 0 ? null : await transportOf(place, report.line);
  if (options.json) {
    const { line, heardBytes, found, tried } = report;
    const settings = line === null ? null : lineText(line);
    process.stdout.write(`${JSON.stringify({ place: where, line: settings, heardBytes, found, transport, tried })}\n`);
  } else {
    process.stdout.write(wordsOf(where, report, transport));
  }
  // What a library still holds open of a port must not keep the answer waiting.
  await sleep(0);
  return report.found.length === 0 ? 1 : 0;
}

function wordsOf(where: string, report: Extract<ProbeReport, { kind: "asked" }>, transport: string | null): string {
  const { line, found, heardBytes, tried } = report;
  if (found.length === 0) {
    const any = tried.reduce((sum, one) => sum + one.heardBytes, 0);
    const settings =
      tried.length === 1 ? "" : ` at ${tried.length} line settings (${tried.map((one) => one.line).join(", ")})`;
    return any === 0
      ? `${where}: nothing was heard${settings}: check power and cable; a scale may be set to send on a key only, and a device with a web page answers its http:// address only\n`
      : `${where}: ${any} bytes${settings} are of no protocol that is known here: check the output format in the device's menu\n`;
  }
  const rows = found.map(({ certainty, protocol, reading, why }) => [certainty, protocol, reading ?? "-", why]);
  return [
    `${where}${line === null ? "" : ` at ${lineText(line)}`}: ${heardBytes} bytes heard\n`,
    table(["CERTAINTY", "PROTOCOL", "READING", "WHY"], rows),
    transport === null ? "" : `\ngateway.yaml: transport: ${transport}\n`,
  ].join("");
}

/** What to write into gateway.yaml: a serial port by what does not change when it is plugged in elsewhere. */
async function transportOf(place: Place, line: LineSettings | null): Promise<string> {
  if (place.kind === "http") return `{ kind: http, url: ${JSON.stringify(place.url)} }`;
  if (place.kind === "tcp") return `{ kind: tcp, host: "${place.host}", port: ${place.port} }`;
  const ports = await (place.kind === "hid" ? listHidScales() : listPorts());
  const port = ports.find(({ path, byId }) => path === place.path || byId === place.path);
  const isOne = ports.filter(
    ({ vid, pid, serial }) => vid === port?.vid && pid === port?.pid && serial === port?.serial,
  );
  const identity =
    port?.vid === undefined || port.vid === null || port.pid === null || isOne.length > 1
      ? `path: ${JSON.stringify(port?.byId ?? place.path)}`
      : `usb: { vid: "${port.vid}", pid: "${port.pid}"${port.serial === null ? "" : `, serial: ${JSON.stringify(port.serial)}`} }`;
  const settings =
    line === null
      ? ""
      : `, baudRate: ${line.baudRate}, dataBits: ${line.dataBits}, parity: ${line.parity}, stopBits: ${line.stopBits}`;
  return `{ kind: ${place.kind}, ${identity}${settings} }`;
}

/** "192.0.2.7:4001", "[2001:db8::7]:4001", or a path. */
function placeOf(where: string): Place {
  if (/^https?:\/\//i.test(where)) {
    if (!URL.canParse(where))
      throw new UsageError(`"${where}" is no URL: use one like http://192.0.2.9:6600/api/dimension/`);
    return { kind: "http", url: where };
  }
  const match = /^(?:\[([0-9a-f:]+)\]|([^/\s:]+)):(\d{1,5})$/i.exec(where);
  if (match === null) return { kind: /(^|\/)hidraw[^/]*$/.test(where) ? "hid" : "serial", path: where };
  const port = Number(match[3]);
  if (port < 1 || port > 65_535) throw new UsageError(`"${where}" names no port: use 1 to 65535`);
  return { kind: "tcp", host: match[1] ?? match[2] ?? "", port };
}

const parities = { N: "none", E: "even", O: "odd" } as const;

/** "9600 7E1", also with a comma. */
function lineOf(text: string): LineSettings {
  const match = /^(\d{3,7})[ ,]+([78])([NEO])([12])$/i.exec(text.trim());
  if (match === null) throw new UsageError(`--line is "${text}", but must be like "9600 8N1" or "2400 7E1"`);
  const [, baudRate, dataBits, parity = "N", stopBits] = match;
  return {
    baudRate: Number(baudRate),
    dataBits: dataBits === "7" ? 7 : 8,
    parity: parities[parity.toUpperCase() as keyof typeof parities],
    stopBits: stopBits === "2" ? 2 : 1,
  };
}
