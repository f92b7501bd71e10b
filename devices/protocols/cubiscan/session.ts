import { admittedUnknown } from "../line/index.ts";
import type { Session, SessionEffect, SessionInput, SessionSettings, SessionStep } from "../protocol.ts";
import { isForHost, valuesOf } from "./decode.ts";
import { commandOf } from "./framing.ts";

/** CU5: its measurement takes a second or two. */
const MEASURING_MS = 3_000;
const MOST_QUESTIONS = 4;

type Phase =
  | { readonly kind: "listening" }
  /** `values`: of the newest measurement. */
  | { readonly kind: "confirming"; readonly values: string; readonly questions: number; readonly sentMs: number };

type Talk = { readonly settings: SessionSettings; readonly phase: Phase };

const listening: Phase = { kind: "listening" };

/** CU5. */
export const startSession = (settings: SessionSettings): Session => sessionOf({ settings, phase: listening });

const sessionOf = (talk: Talk): Session => ({ step: (input) => step(talk, input) });

function step(talk: Talk, input: SessionInput): SessionStep {
  switch (input.kind) {
    case "opened":
      return next(talk, listening);
    case "tick":
      return onTick(talk, input.atMs);
    case "frame":
      return onFrame(talk, input.frame, input.atMs);
  }
}

/** An answer that was lost is asked for again. */
function onTick(talk: Talk, atMs: number): SessionStep {
  const { phase } = talk;
  if (phase.kind === "listening" || atMs < phase.sentMs + MEASURING_MS) return next(talk, phase);
  return ask(talk, phase.values, phase.questions, atMs, []);
}

function onFrame(talk: Talk, frame: Uint8Array, atMs: number): SessionStep {
  const { phase } = talk;
  const values = valuesOf(frame);
  // CU4: why there is none ends the question, too.
  if (values === null) return next(talk, listening, [admittedUnknown(talk.settings)]);
  if (phase.kind === "listening") return ask(talk, values, 0, atMs, []);
  if (phase.values === values) {
    // What came twice of one measurement proves nothing.
    return isForHost(frame) ? next(talk, listening, [admittedUnknown(talk.settings)]) : next(talk, phase);
  }
  return ask(talk, values, phase.questions, atMs, [
    { kind: "damaged", reason: "two measurements in a row say different things: nothing may move in the field" },
  ]);
}

function ask(
  talk: Talk,
  values: string,
  questions: number,
  atMs: number,
  before: readonly SessionEffect[],
): SessionStep {
  if (questions >= MOST_QUESTIONS) return next(talk, listening, before);
  const phase: Phase = { kind: "confirming", values, questions: questions + 1, sentMs: atMs };
  return next(talk, phase, [...before, { kind: "send", bytes: commandOf("M") }]);
}

const next = (talk: Talk, phase: Phase, effects: readonly SessionEffect[] = []): SessionStep => ({
  session: sessionOf({ ...talk, phase }),
  effects,
  wakeAtMs: phase.kind === "listening" ? null : phase.sentMs + MEASURING_MS,
});
