import { cutStream, type Decoded, type Protocol, protocolOf } from "../../../devices/protocols/index.ts";
import { exactKilograms, exactMetres, type Quantity } from "../../../devices/quantity/index.ts";
import { goodFrames } from "../protocols/good-frames.ts";
import { type Dice, dice, mutated } from "./mutate.ts";

export type FuzzResult = {
  readonly protocol: string;
  readonly inputs: number;
  readonly quantities: number;
  readonly status: number;
  readonly refused: number;
  readonly noiseBytes: number;
  /** Of processor time. */
  readonly microseconds: number;
};

/** What a parser did that no rule allows, with the input that made it. */
export class FuzzFailure extends Error {
  constructor(protocol: string, input: Uint8Array, what: string) {
    super(`${protocol}: ${what}; input ${Buffer.from(input).toString("hex")}`);
    this.name = "FuzzFailure";
  }
}

/** Inputs in a stream between two that are cut anywhere, to compare both (P1). */
const SPLIT_EVERY = 16;

/**
 * Gives `inputs` byte sequences, near misses of its good frames among them, to one protocol's framer, decoder and conversation. Throws
 * FuzzFailure when one of them throws (P3), loses or invents a byte, waits for too much (P2), depends on how the stream was cut (P1) or
 * gives a value that has no exact one in SI (P4).
 */
export function fuzz(name: string, inputs: number, seed: number): FuzzResult {
  const good = goodFrames[name];
  if (good === undefined) throw new RangeError(`${name} has no good frame to begin with`);
  const protocol = protocolOf(name, good.settings);
  if (typeof protocol === "string") throw new RangeError(protocol);
  const counts = { quantities: 0, status: 0, refused: 0, noiseBytes: 0 };
  const random = dice(seed);
  const seeds = [good.frame, ...Object.values(goodFrames).flatMap(({ frame }) => [frame, good.frame])];
  const before = process.cpuUsage();
  for (let input = 0; input < inputs; input++) {
    const bytes = mutated(seeds, random);
    try {
      if (protocol.framing.kind === "stream")
        stream(protocol, protocol.framing.takeFrame, bytes, random, counts, input);
      count(counts, decoded(protocol, bytes));
    } catch (error) {
      throw error instanceof FuzzFailure ? error : new FuzzFailure(name, bytes, `threw ${String(error)}`);
    }
  }
  const { user, system } = process.cpuUsage(before);
  return { protocol: name, inputs, ...counts, microseconds: user + system };
}

type Counts = { quantities: number; status: number; refused: number; noiseBytes: number };
type TakeFrame = Parameters<typeof cutStream>[0];

const NOTHING = new Uint8Array(0);

function stream(
  protocol: Protocol,
  takeFrame: TakeFrame,
  bytes: Uint8Array,
  random: Dice,
  counts: Counts,
  input: number,
) {
  const { parts, rest } = cutStream(takeFrame, NOTHING, bytes);
  let length = rest.length;
  for (const part of parts) {
    length += part.bytes.length;
    if (part.kind === "noise") counts.noiseBytes += part.bytes.length;
    else {
      if (part.bytes.length > protocol.maxFrameBytes)
        throw new FuzzFailure(protocol.name, bytes, "a frame is too long");
      decoded(protocol, part.bytes);
      converse(protocol, part.bytes);
    }
  }
  if (length !== bytes.length)
    throw new FuzzFailure(protocol.name, bytes, `${length} of ${bytes.length} bytes are accounted for`);
  if (rest.length >= protocol.maxFrameBytes) throw new FuzzFailure(protocol.name, bytes, `${rest.length} bytes wait`);
  if (input % SPLIT_EVERY !== 0) return;
  const at = random.below(bytes.length + 1);
  const first = cutStream(takeFrame, NOTHING, bytes.subarray(0, at));
  const second = cutStream(takeFrame, first.rest, bytes.subarray(at));
  const frames = (all: typeof parts) =>
    all.flatMap((part) => (part.kind === "frame" ? [hexOf(part.bytes)] : [])).join();
  const isSame = frames([...first.parts, ...second.parts]) === frames(parts) && hexOf(second.rest) === hexOf(rest);
  if (!isSame) throw new FuzzFailure(protocol.name, bytes, `cut at ${at} gives other frames`);
}

/** M7: whatever the device says, the session has a next step. */
function converse({ startSession }: Protocol, frame: Uint8Array): void {
  if (startSession === null) return;
  const settings = { pollMs: 100, replyTimeoutMs: 500, settleMs: 50, serial: null };
  const opened = startSession(settings).step({ kind: "opened", atMs: 0 });
  const asking = opened.session.step({ kind: "tick", atMs: opened.wakeAtMs ?? 100 });
  asking.session.step({ kind: "frame", frame, atMs: 200 });
}

function decoded(protocol: Protocol, frame: Uint8Array): Decoded {
  const answer = protocol.decodeFrame(frame);
  if (answer.kind !== "quantities") return answer;
  if (answer.quantities.length === 0) throw new FuzzFailure(protocol.name, frame, "quantities without a quantity");
  for (const quantity of answer.quantities)
    if (!isExact(quantity)) throw new FuzzFailure(protocol.name, frame, `${quantity.kind} without an exact SI value`);
  return answer;
}

function isExact(quantity: Quantity): boolean {
  switch (quantity.kind) {
    case "mass":
      return exactKilograms(quantity.value, quantity.unit) !== null;
    case "dimensions":
      return [quantity.length, quantity.width, quantity.height].every(
        (side) => exactMetres(side, quantity.unit) !== null,
      );
    case "item":
      return quantity.item.length > 0;
  }
}

function count(counts: Counts, { kind }: Decoded): void {
  counts[kind] += 1;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
