import test from "ava";
import * as fc from "fast-check";
import {
  cutStream,
  decodeFrame,
  protocols,
  type Session,
  type SessionInput,
} from "../../../devices/protocols/index.ts";
import type { Quantity } from "../../../devices/quantity/index.ts";
import { dialects, type Speaker } from "../../../firmware-sim/dialects/index.ts";
import { gramsOf, presetTare, type Weighing } from "../../../firmware-sim/scale/indicator.ts";
import { type Firmware, settingsOf, step, switchedOn } from "../../../firmware-sim/scale/index.ts";

type Mass = Extract<Quantity, { kind: "mass" }>;
type Scene = {
  readonly loadGrams: number;
  readonly tareGrams: number;
  readonly unitKeys: number;
  readonly nextGrams: number;
};

const STEP_MS = 5;
const SCENE_MS = 1_500;
const CHANGE_AT_MS = 700;

/** A scale and the conversation of its protocol on one clock, without a line. What was said, and what was understood. */
function converse(protocol: string, speaker: Speaker, scene: Scene) {
  const settings = settingsOf(speaker, { stabilityTimeoutMs: 300 });
  let firmware: Firmware = switchedOn(speaker, settings, scene.loadGrams, 0);
  firmware = { ...firmware, indicator: presetTare(firmware.indicator, scene.tareGrams) };
  for (let key = 0; key < scene.unitKeys; key++) firmware = step(firmware, { kind: "unit-key" }, 0).firmware;
  const known = protocols.get(protocol);
  if (known === undefined || known.framing.kind !== "stream") throw new RangeError(`${protocol} is no stream`);
  const { takeFrame } = known.framing;
  let session: Session | undefined = known.startSession?.({
    pollMs: 50,
    replyTimeoutMs: 400,
    settleMs: 1,
    serial: null,
  });
  let wakeAtMs: number | null = null;
  let rest: Uint8Array = new Uint8Array(0);
  const said: Weighing[] = [];
  const understood: Mass[] = [];
  const refused: string[] = [];

  const host = (input: SessionInput): void => {
    const done = session?.step(input);
    session = done?.session;
    wakeAtMs = done?.wakeAtMs ?? null;
    for (const effect of done?.effects ?? [])
      if (effect.kind === "send") device({ kind: "received", bytes: effect.bytes }, input.atMs);
  };
  const device = (input: Parameters<typeof step>[1], atMs: number): void => {
    const done = step(firmware, input, atMs);
    firmware = done.firmware;
    for (const { bytes, weighing } of done.answers) {
      if (weighing !== null) said.push(weighing);
      const cut = cutStream(takeFrame, rest, bytes);
      rest = cut.rest;
      for (const part of cut.parts) {
        const decoded =
          part.kind === "frame" ? decodeFrame(protocol, part.bytes) : { kind: "refused" as const, reason: "noise" };
        if (decoded.kind === "refused")
          refused.push(`${Buffer.from(part.bytes).toString("latin1")}: ${decoded.reason}`);
        if (decoded.kind === "quantities")
          understood.push(
            ...decoded.quantities.filter((one): one is Mass => one.kind === "mass" && one.mode !== "tare"),
          );
        if (part.kind === "frame" && decoded.kind !== "refused") host({ kind: "frame", frame: part.bytes, atMs });
      }
    }
  };

  host({ kind: "opened", atMs: 0 });
  for (let atMs = 0; atMs < SCENE_MS; atMs += STEP_MS) {
    if (atMs === CHANGE_AT_MS) device({ kind: "load", grams: scene.nextGrams }, atMs);
    if (firmware.wakeAtMs !== null && atMs >= firmware.wakeAtMs) device({ kind: "tick" }, atMs);
    if (wakeAtMs !== null && atMs >= wakeAtMs) host({ kind: "tick", atMs });
  }
  return { said, understood, refused };
}

const scene: fc.Arbitrary<Scene> = fc.record({
  loadGrams: fc.integer({ min: -200, max: 62_000 }),
  tareGrams: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5_000 })),
  unitKeys: fc.nat({ max: 2 }),
  nextGrams: fc.integer({ min: -200, max: 62_000 }),
});

/** TE4, CT2: no unit on the wire, so the scale stays at the unit of its name. */
const isUnitFixed = (protocol: string): boolean => /^(cas-10|toledo-8217)-/.test(protocol);

for (const [protocol, speaker] of dialects) {
  test(`F16: ${protocol}: what the scale says, the decoder understands: value, unit, stability, and nothing else`, (t) => {
    let weighings = 0;
    fc.assert(
      fc.property(scene, (drawn) => {
        const given = isUnitFixed(protocol) ? { ...drawn, unitKeys: 0 } : drawn;
        const { said, understood, refused } = converse(protocol, speaker, given);
        t.deepEqual(refused, []);
        t.is(understood.length, said.length);
        weighings += said.length;
        for (const [index, weighing] of said.entries()) {
          const mass = understood[index];
          if (mass === undefined) return t.fail();
          t.true(Math.abs(gramsOf(mass.value, mass.unit) - weighing.grams) < 1e-6);
          if (mass.stability !== "unknown") t.is(mass.stability === "stable", weighing.stable);
        }
      }),
      { numRuns: 25 },
    );
    t.true(weighings > 100, `${weighings} weighings`);
  });
}

for (const [protocol, speaker] of dialects) {
  if (!protocol.startsWith("toledo-8217-")) continue;
  test(`TE4: ${protocol}: a scale that was set to the other unit gives no mass at all`, (t) => {
    const { said, understood } = converse(protocol, speaker, {
      loadGrams: 5_000,
      tareGrams: 0,
      unitKeys: 1,
      nextGrams: 12_345,
    });
    t.true(said.length > 2);
    t.deepEqual(understood, []);
  });
}
