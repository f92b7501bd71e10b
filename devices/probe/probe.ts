import { setTimeout as sleep } from "node:timers/promises";
import { openDevice } from "../device.ts";
import { type LineSettings, type Protocol, protocols } from "../protocols/index.ts";
import type { Connect, Connection } from "../transports/connection.ts";
import { connectHid } from "../transports/hid.ts";
import { connectHttp } from "../transports/http.ts";
import { listPorts } from "../transports/ports.ts";
import { connectSerial, lineText, usualLine } from "../transports/serial.ts";
import { connectTcp } from "../transports/tcp.ts";
import { type Candidate, type Heard, judge, readingWords } from "./judge.ts";

export type Place =
  | { readonly kind: "serial"; readonly path: string }
  /** Only listened to: nothing is ever written to a HID scale. */
  | { readonly kind: "hid"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  /** Y6. */
  | { readonly kind: "http"; readonly url: string };

export type ProbeOptions = {
  /** Only these line settings; null = all that a protocol leaves the factory with. */
  readonly line: LineSettings | null;
  /** How long is listened at each setting, and how long an answer may take. */
  readonly listenMs: number;
  readonly answerMs: number;
  /** What is being done, for a person who waits. */
  readonly told: (words: string) => void;
};

export type ProbeReport =
  | {
      readonly kind: "asked";
      /** Null: the line has no settings of ours (TCP). */
      readonly line: LineSettings | null;
      readonly heardBytes: number;
      /** The most certain first; empty = nobody knows. */
      readonly found: readonly Candidate[];
      readonly tried: readonly { readonly line: string; readonly heardBytes: number }[];
    }
  /** Y5: one sentence. */
  | { readonly kind: "unreachable"; readonly reason: string };

/** Y5. */
const KEPT_BYTES = 65_536;
const READING_MS = 2_000;

/** Says what is at the end of a line (Y1 to Y5). Never rejects for what the world does. */
export async function probeLine(place: Place, options: ProbeOptions): Promise<ProbeReport> {
  const tried: { readonly line: string; readonly heardBytes: number }[] = [];
  let best: Extract<ProbeReport, { kind: "asked" }> | null = null;
  for (const line of place.kind === "serial" ? linesToTry(options.line) : [null]) {
    const words = line === null ? "as it comes" : lineText(line);
    options.told(`listening ${words}`);
    const attempt = await askAt(place, line, options);
    if (attempt.kind === "unreachable") return attempt;
    const { heard } = attempt;
    const found = judge(heard, protocolsAt(place));
    const heardBytes = heard.reduce((sum, { bytes }) => sum + bytes.length, 0);
    tried.push({ line: words, heardBytes });
    const report = { kind: "asked", line, heardBytes, found, tried } as const;
    if (isSettled(found)) return { ...report, found: await withReading(place, line, found) };
    if (best === null || found.length > best.found.length) best = report;
  }
  return best ?? { kind: "asked", line: null, heardBytes: 0, found: [], tried };
}

const isSettled = ([first]: readonly Candidate[]): boolean => first !== undefined && first.certainty !== "possible";

/** Y2: one value says to a person whether this is the scale that he looks at; who is known is asked as a gateway would. */
async function withReading(
  place: Place,
  line: LineSettings | null,
  found: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const [first, ...others] = found;
  const known = first === undefined ? undefined : protocols.get(first.protocol);
  if (first === undefined || first.reading !== null || known?.cadence !== "polled") return found;
  const transport = place.kind === "serial" ? { ...place, ...(line ?? usualLine) } : place;
  const heard = Promise.withResolvers<string | null>();
  let status: string | null = null;
  const device = openDevice(
    { id: "probe", protocol: known.name, transport },
    {
      readings: (readings) => heard.resolve(readings.map(({ quantity }) => readingWords(quantity)).join("; ")),
      // A question of before may still be complained about: a value has time to come.
      status: (word) => void ({ status } = word),
      health: () => {},
    },
  );
  const timer = setTimeout(() => heard.resolve(status), READING_MS);
  const reading = await heard.promise;
  clearTimeout(timer);
  await device.close();
  return [{ ...first, reading }, ...others];
}

/** Y4: each setting once, the most usual first. */
function linesToTry(only: LineSettings | null): readonly LineSettings[] {
  if (only !== null) return [only];
  const counts = new Map<string, { readonly line: LineSettings; count: number }>();
  for (const protocol of streamed()) {
    for (const line of protocol.lines ?? [usualLine]) {
      const known = counts.get(lineText(line));
      if (known === undefined) counts.set(lineText(line), { line, count: 1 });
      else known.count += 1;
    }
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).map(({ line }) => line);
}

const streamed = (): readonly Protocol[] => [...protocols.values()].filter(({ framing }) => framing.kind === "stream");

const protocolsAt = ({ kind }: Place): readonly Protocol[] =>
  kind === "http" ? [...protocols.values()].filter(({ wire }) => wire === "http") : streamed();

type Attempt =
  | { readonly kind: "heard"; readonly heard: readonly Heard[] }
  | { readonly kind: "unreachable"; readonly reason: string };

/** Y1, Y2. */
async function askAt(place: Place, line: LineSettings | null, options: ProbeOptions): Promise<Attempt> {
  const ear = new Ear(connectOf(place, line));
  try {
    const fault = await ear.open();
    if (fault !== null) return { kind: "unreachable", reason: fault };
    if (place.kind === "http") return await askTwice(ear, options);
    await ear.listen(null, options.listenMs, () => false);
    const heard = (): readonly Candidate[] => judge(ear.heard(), protocolsAt(place));
    const byItself = heard();
    const isOne = isSettled(byItself);
    const questions = place.kind === "hid" ? [] : probesAt(line, options.line !== null);
    for (const { bytes, names, onlyInSilence } of questions) {
      // It has said who it is: only its own probe can add something.
      if (isOne && !names.includes(byItself[0]?.protocol ?? "")) continue;
      if (heard()[0]?.certainty === "certain") break;
      if (onlyInSilence && ear.heard().some((said) => said.bytes.length > 0)) continue;
      options.told(`asking as ${names.join(", ")}`);
      if ((await ear.open()) !== null) break;
      await ear.listen(bytes, options.answerMs, () => heard()[0]?.certainty === "certain");
    }
    return { kind: "heard", heard: ear.heard() };
  } finally {
    await ear.close();
  }
}

/** Y6: an answer that comes once may be anything's. */
async function askTwice(ear: Ear, { answerMs, told }: ProbeOptions): Promise<Attempt> {
  for (const question of [1, 2]) {
    told(`asking by HTTP, ${question} of 2`);
    await ear.listen(GET, answerMs, () => true);
  }
  return { kind: "heard", heard: ear.heard() };
}

/** The transport words the question itself (W1). */
const GET = new Uint8Array(0);

function connectOf(place: Place, line: LineSettings | null): Connect {
  switch (place.kind) {
    case "serial":
      return connectSerial(place, line ?? usualLine, listPorts);
    case "hid":
      return connectHid(place);
    case "tcp":
      return connectTcp(place);
    case "http":
      return connectHttp(place);
  }
}

/** Protocols that share a probe are asked once. `all`: a person has chosen the setting, so every protocol may have it. */
function probesAt(line: LineSettings | null, all: boolean): readonly Question[] {
  const probes = new Map<string, Question & { readonly names: string[] }>();
  for (const { name, probe, lines = [usualLine] } of streamed()) {
    const fits = line === null || all || lines.some((one) => lineText(one) === lineText(line));
    if (probe === undefined || !fits) continue;
    const key = Buffer.from(probe.bytes).toString("hex");
    const same = probes.get(key);
    const { bytes, onlyInSilence = false } = probe;
    if (same === undefined) probes.set(key, { bytes, names: [name], onlyInSilence });
    else same.names.push(name);
  }
  // What ends no line would stand in front of the next question, and spoil it: behind everything, also behind what waits for
  // silence, because no device that is asked without a line end knows a word for "print".
  const place = ({ bytes, onlyInSilence }: Question): number =>
    (onlyInSilence ? 1 : 0) + (lineEnds.includes(bytes.at(-1) ?? 0) ? 0 : 2);
  return [...probes.values()].sort((a, b) => place(a) - place(b));
}

type Question = {
  readonly bytes: Uint8Array;
  /** Of the protocols that ask like this. */
  readonly names: readonly string[];
  readonly onlyInSilence: boolean;
};

const lineEnds: readonly number[] = [0x0d, 0x0a];

/** Owns one connection at a time, and what it said; a device that hangs up is called again. */
class Ear {
  readonly #connect: Connect;
  #connection: Connection | null = null;
  readonly #heard: { readonly to: Uint8Array | null; readonly chunks: Uint8Array[] }[] = [];
  #keptBytes = 0;
  /** Something came that has not been looked at. */
  #isNews = false;

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  /** Null, or a sentence why it cannot be opened. */
  async open(): Promise<string | null> {
    if (this.#connection !== null) return null;
    const outcome = Promise.withResolvers<string | null>();
    this.#connection = this.#connect({
      opened: () => outcome.resolve(null),
      received: (chunk) => this.#keep(chunk),
      closed: (reason) => {
        outcome.resolve(reason);
        const gone = this.#connection;
        this.#connection = null;
        void gone?.close();
      },
    });
    return outcome.promise;
  }

  #keep(chunk: Uint8Array): void {
    const room = KEPT_BYTES - this.#keptBytes;
    const listened = this.#heard.at(-1);
    if (room <= 0 || listened === undefined) return;
    this.#isNews = true;
    this.#keptBytes += Math.min(room, chunk.length);
    listened.chunks.push(chunk.slice(0, room));
  }

  /** Sends, if something is given, and listens until it is enough or the time is over. */
  async listen(bytes: Uint8Array | null, ms: number, isEnough: () => boolean): Promise<void> {
    this.#heard.push({ to: bytes, chunks: [] });
    if (bytes !== null) this.#connection?.write(bytes);
    const until = performance.now() + ms;
    while (performance.now() < until) {
      const isNews = this.#isNews;
      this.#isNews = false;
      // Every look holds all protocols against all bytes.
      if (isNews && isEnough()) break;
      await sleep(LOOK_MS);
    }
  }

  heard(): readonly Heard[] {
    return this.#heard.map(({ to, chunks }) => ({ to, bytes: Buffer.concat(chunks) }));
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    this.#connection = null;
  }
}

const LOOK_MS = 25;
