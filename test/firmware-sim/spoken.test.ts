import test from "ava";
import { toKilograms } from "../../devices/quantity/index.ts";
import { cutStream, type Decoded, protocolOf, type Session } from "../../devices/protocols/index.ts";
import { dialects, type Speaker } from "../../firmware-sim/dialects/index.ts";
import type { Indicator, Weighing } from "../../firmware-sim/scale/indicator.ts";
import { type Firmware, settingsOf, step, switchedOn } from "../../firmware-sim/scale/index.ts";

/** One write of the scale, what the host read in it, and what the scale says that it showed. */
type Word = { readonly atMs: number; readonly decoded: Decoded; readonly weighing: Weighing | null };

type FirmwareInput = Parameters<typeof step>[1];
type Happening = readonly [atMs: number, input: Exclude<FirmwareInput, { kind: "tick" | "received" }>];

/**
 * Lets the session of a protocol talk with its simulated scale in virtual time, no byte lost. Gives every admitted
 * frame beside the weighing of the write that it came in, and everything that was no whole frame.
 */
function conversation(name: string, happenings: readonly Happening[], untilMs: number) {
  const protocol = protocolOf(name);
  if (typeof protocol === "string" || protocol.framing.kind !== "stream") throw new Error(`${name} is no stream`);
  const { takeFrame } = protocol.framing;
  const speaker = dialects.get(name) as Speaker;
  let firmware: Firmware = switchedOn(speaker, settingsOf(speaker, { serial: "7" }), 0, 0);
  let session: Session | null =
    protocol.startSession?.({ pollMs: 100, replyTimeoutMs: 500, settleMs: 50, serial: null }) ?? null;
  let rest: Uint8Array = new Uint8Array(0);
  let wakeAtMs: number | null = 0;
  const words: Word[] = [];
  const trouble: { readonly atMs: number; readonly what: string }[] = [];

  const tell = (input: FirmwareInput, atMs: number): void => {
    const done = step(firmware, input, atMs);
    firmware = done.firmware;
    for (const { bytes, weighing } of done.answers) {
      const cut = cutStream(takeFrame, rest, bytes);
      rest = cut.rest;
      for (const part of cut.parts) hear(part, weighing, atMs);
    }
  };
  const hear = (part: { kind: string; bytes: Uint8Array }, weighing: Weighing | null, atMs: number): void => {
    const decoded = protocol.decodeFrame(part.bytes);
    if (part.kind === "noise" || decoded.kind === "refused") {
      trouble.push({ atMs, what: `${part.kind} ${Buffer.from(part.bytes).toString("latin1")}` });
      return;
    }
    if (session === null || talk({ kind: "frame", frame: part.bytes, atMs })) words.push({ atMs, decoded, weighing });
  };
  const talk = (input: Parameters<Session["step"]>[0]): boolean => {
    if (session === null) return true;
    const done = session.step(input);
    session = done.session;
    wakeAtMs = done.wakeAtMs;
    for (const effect of done.effects)
      if (effect.kind === "send") tell({ kind: "received", bytes: effect.bytes }, input.atMs);
    return done.effects.some(({ kind }) => kind === "admit");
  };

  talk({ kind: "opened", atMs: 0 });
  const waiting = [...happenings];
  for (let atMs = 0; atMs <= untilMs; atMs++) {
    while (waiting[0] !== undefined && waiting[0][0] <= atMs) tell(waiting.shift()?.[1] as FirmwareInput, atMs);
    if (firmware.wakeAtMs !== null && firmware.wakeAtMs <= atMs) tell({ kind: "tick" }, atMs);
    if (wakeAtMs !== null && wakeAtMs <= atMs) talk({ kind: "tick", atMs });
  }
  return { words, trouble, indicator: (): Indicator => firmware.indicator };
}

const load = (atMs: number, grams: number): Happening => [atMs, { kind: "load", grams }];
const gramsIn = ({ decoded }: Word): number | null => {
  const quantity = decoded.kind === "quantities" ? decoded.quantities[0] : undefined;
  if (quantity?.kind !== "mass") return null;
  const { mantissa, exponent } = toKilograms(quantity.value, quantity.unit);
  return Number((mantissa * 1000 * 10 ** exponent).toFixed(6));
};
const stabilityIn = ({ decoded }: Word): string | null => {
  const quantity = decoded.kind === "quantities" ? decoded.quantities[0] : undefined;
  return quantity?.kind === "mass" ? quantity.stability : null;
};
const statusesOf = (words: readonly Word[]): ReadonlySet<string> =>
  new Set(words.flatMap(({ decoded }) => (decoded.kind === "status" ? [decoded.status] : [])));

/** What a protocol cannot say, by its manual. */
const lacks = {
  /** The unit is not on the wire. A Toledo 8217 shows it by its decimals, and its other unit is refused. */
  unit: (name: string) => name.startsWith("cas-10") || name.startsWith("toledo-8217"),
  negatives: (name: string) => name.startsWith("toledo-8217"),
  /** What is printed out of range: nothing, or blanks that are no number. */
  range: (name: string) => name === "ohaus" || name.startsWith("cas-10"),
};
const UNIT_KEY_MS = 7_000;

for (const name of dialects.keys()) {
  const settlesWithin = 1_000;

  test(`F16: ${name}: what the simulated scale shows is what the host reads, in both units, and at rest what lies there`, (t) => {
    const script = [
      load(1_000, 12_344),
      load(3_000, 0),
      load(5_000, 27_001),
      [UNIT_KEY_MS, { kind: "unit-key" }] as const,
      load(9_000, 500),
    ];
    const { words, trouble } = conversation(name, script, 11_000);
    t.deepEqual(
      trouble.filter(({ atMs }) => !lacks.unit(name) || atMs < UNIT_KEY_MS),
      [],
    );
    for (const word of words) {
      const grams = gramsIn(word);
      if (grams === null) continue;
      t.not(word.weighing, null, "a weight comes in a write that says so");
      if (lacks.unit(name) && word.atMs >= UNIT_KEY_MS) continue;
      t.true(Math.abs(grams - (word.weighing?.grams ?? Number.NaN)) < 1e-3, `${grams} at ${word.atMs}`);
      const stability = stabilityIn(word);
      if (stability !== "unknown") t.is(word.weighing?.stable, stability === "stable");
    }
    const restingAt = (fromMs: number, untilMs: number) =>
      words.filter(({ atMs, weighing }) => atMs > fromMs && atMs < untilMs && weighing?.stable === true).map(gramsIn);
    t.true(restingAt(1_000 + settlesWithin, 3_000).every((grams) => grams !== null && Math.abs(grams - 12_345) <= 5));
    t.true(restingAt(1_000 + settlesWithin, 3_000).length >= 5);
    t.true(restingAt(3_000 + settlesWithin, 5_000).every((grams) => grams === 0));
    t.true(restingAt(5_000 + settlesWithin, 7_000).every((grams) => grams !== null && Math.abs(grams - 27_000) <= 5));
  });

  test(`F10: ${name}: beyond its range and below zero there is no weight, and the sign of a little less than nothing is kept`, (t) => {
    const { words, trouble } = conversation(name, [load(500, 70_000), load(2_000, -50), load(4_000, -5_000)], 5_500);
    if (!lacks.range(name)) t.deepEqual(trouble, []);
    const during = (fromMs: number, untilMs: number) => words.filter(({ atMs }) => atMs > fromMs && atMs < untilMs);
    t.deepEqual(
      during(1_500, 2_000)
        .map(gramsIn)
        .filter((grams) => grams !== null),
      [],
    );
    t.deepEqual(
      during(5_000, 5_500)
        .map(gramsIn)
        .filter((grams) => grams !== null),
      [],
    );
    const below = during(3_000, 4_000).map(gramsIn);
    t.true(below.length > 3);
    t.true(below.every((grams) => (grams === null ? lacks.negatives(name) : Math.abs(grams + 50) <= 5)));
    const told = statusesOf(during(1_500, 2_000));
    t.is(told.size > 0, !lacks.range(name));
  });
}
