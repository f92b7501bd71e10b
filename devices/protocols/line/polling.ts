import type { Session, SessionEffect, SessionInput, SessionSettings, SessionStep } from "../protocol.ts";
import { type Parity, parityAfter } from "./parity.ts";

export type Asking = {
  /** The command that asks for the weight; null = the device speaks by itself and is only listened to. */
  readonly ask: Uint8Array | null;
};

/** L7: settling, then asking for ever, one command in flight; or listening. */
type Phase =
  | { readonly kind: "settling"; readonly untilMs: number }
  | { readonly kind: "asked"; readonly sentMs: number }
  | { readonly kind: "resting"; readonly sentMs: number }
  | { readonly kind: "listening" };

type Talk = {
  readonly ask: Uint8Array | null;
  readonly settings: SessionSettings;
  readonly phase: Phase;
  readonly parity: Parity;
};

/** L7, L8: the conversation with a device that has one question, or none. It cannot say who it is (L9). */
export const startAsking =
  ({ ask }: Asking) =>
  (settings: SessionSettings): Session =>
    sessionOf({ ask, settings, phase: { kind: "settling", untilMs: Number.POSITIVE_INFINITY }, parity: "unseen" });

const sessionOf = (talk: Talk): Session => ({ step: (input) => step(talk, input) });

function step(talk: Talk, input: SessionInput): SessionStep {
  switch (input.kind) {
    case "opened":
      return next({ ...talk, phase: { kind: "settling", untilMs: input.atMs + talk.settings.settleMs } });
    case "tick":
      return input.atMs < (wakeOf(talk) ?? Number.POSITIVE_INFINITY) ? next(talk) : ask(talk, input.atMs);
    case "frame":
      return onFrame(talk, input.frame);
  }
}

function ask(talk: Talk, atMs: number): SessionStep {
  if (talk.ask === null) return next({ ...talk, phase: { kind: "listening" } });
  return next({ ...talk, phase: { kind: "asked", sentMs: atMs } }, [{ kind: "send", bytes: talk.ask }]);
}

function onFrame(before: Talk, frame: Uint8Array): SessionStep {
  const { parity, damaged } = parityAfter(before.parity, frame);
  if (damaged) return next(before, [{ kind: "damaged", reason: `a byte breaks the ${parity} parity` }]);
  const talk: Talk = { ...before, parity };
  switch (talk.phase.kind) {
    case "settling":
      // It may have waited in a buffer since before this line was opened.
      return next(talk);
    case "asked":
      return next({ ...talk, phase: { kind: "resting", sentMs: talk.phase.sentMs } }, [admitted(talk.settings)]);
    case "resting":
    case "listening":
      return next(talk, [admitted(talk.settings)]);
  }
}

/** L9: who wants one certain scale must not get whichever hangs there. */
const admitted = ({ serial }: SessionSettings): SessionEffect =>
  serial === null
    ? { kind: "admit" }
    : {
        kind: "damaged",
        reason: `this protocol cannot tell a serial number, and ${serial} is asked for: take it out of the configuration`,
      };

const next = (talk: Talk, effects: readonly SessionEffect[] = []): SessionStep => ({
  session: sessionOf(talk),
  effects,
  wakeAtMs: wakeOf(talk),
});

function wakeOf({ phase, settings }: Talk): number | null {
  switch (phase.kind) {
    case "settling":
      return phase.untilMs;
    case "asked":
      return phase.sentMs + settings.replyTimeoutMs;
    case "resting":
      return phase.sentMs + settings.pollMs;
    case "listening":
      return null;
  }
}
