import type { Session, SessionEffect, SessionInput, SessionSettings, SessionStep } from "../protocol.ts";
import { type Parity, parityAfter } from "./parity.ts";

/** The conversation with a device that has one question, or none. */
export type Asking = {
  /** The command that asks for the weight; null = the device speaks by itself and is only listened to. */
  readonly ask: Uint8Array | null;
  /** Absent = the device cannot say who it is (L9). */
  readonly identity?: Identity;
};

export type Identity = {
  readonly ask: Uint8Array;
  /** The serial number in an answer, "unable" when the device says that it has none to give, null for any other frame. */
  readonly read: (frame: Uint8Array) => { readonly serial: string } | "unable" | null;
};

/** L7: settling, then the identity until it is given, then asking for ever, one command in flight; or listening. */
type Phase =
  | { readonly kind: "settling"; readonly untilMs: number }
  | { readonly kind: "identifying"; readonly sentMs: number }
  | { readonly kind: "asked"; readonly sentMs: number }
  | { readonly kind: "resting"; readonly sentMs: number }
  | { readonly kind: "listening" }
  | { readonly kind: "stopped" };

type Talk = {
  readonly asking: Asking;
  readonly settings: SessionSettings;
  readonly phase: Phase;
  readonly parity: Parity;
};

/** L7-L9. */
export const startAsking =
  (asking: Asking) =>
  (settings: SessionSettings): Session =>
    sessionOf({ asking, settings, phase: { kind: "settling", untilMs: Number.POSITIVE_INFINITY }, parity: "unseen" });

const sessionOf = (talk: Talk): Session => ({ step: (input) => step(talk, input) });

function step(talk: Talk, input: SessionInput): SessionStep {
  switch (input.kind) {
    case "opened":
      return next(talk, { kind: "settling", untilMs: input.atMs + talk.settings.settleMs });
    case "tick":
      return input.atMs < (wakeOf(talk.phase, talk.settings) ?? Number.POSITIVE_INFINITY)
        ? next(talk, talk.phase)
        : onTime(talk, input.atMs);
    case "frame":
      return onFrame(talk, input.frame, input.atMs);
  }
}

/** A lost or late answer is asked for again: a late one is still a word of this device, and harmless. */
function onTime(talk: Talk, atMs: number): SessionStep {
  const { identity } = talk.asking;
  const unknown = talk.phase.kind === "settling" || talk.phase.kind === "identifying";
  if (identity === undefined || !unknown) return ask(talk, atMs);
  return next(talk, { kind: "identifying", sentMs: atMs }, [{ kind: "send", bytes: identity.ask }]);
}

function ask(talk: Talk, atMs: number, before: readonly SessionEffect[] = []): SessionStep {
  const { ask: bytes } = talk.asking;
  if (bytes === null) return next(talk, { kind: "listening" }, before);
  return next(talk, { kind: "asked", sentMs: atMs }, [...before, { kind: "send", bytes }]);
}

function onFrame(before: Talk, frame: Uint8Array, atMs: number): SessionStep {
  const { parity, damaged } = parityAfter(before.parity, frame);
  if (damaged) return next(before, before.phase, [{ kind: "damaged", reason: `a byte breaks the ${parity} parity` }]);
  const talk: Talk = { ...before, parity };
  const { phase } = talk;
  switch (phase.kind) {
    case "settling":
    case "stopped":
      // It may have waited in a buffer since before this line was opened, or come from another device.
      return next(talk, phase);
    case "identifying":
      return onIdentity(talk, frame, atMs);
    case "asked":
      return next(talk, { kind: "resting", sentMs: phase.sentMs }, [admitted(talk)]);
    case "resting":
    case "listening":
      return next(talk, phase, [admitted(talk)]);
  }
}

const admitted = ({ asking, settings }: Talk): SessionEffect =>
  asking.identity === undefined ? admittedUnknown(settings) : { kind: "admit" };

/** L9: who wants one certain scale must not get whichever hangs there. */
export const admittedUnknown = ({ serial }: SessionSettings): SessionEffect =>
  serial === null
    ? { kind: "admit" }
    : {
        kind: "damaged",
        reason: `this protocol cannot tell a serial number, and ${serial} is asked for: take it out of the configuration`,
      };

function onIdentity(talk: Talk, frame: Uint8Array, atMs: number): SessionStep {
  const said = talk.asking.identity?.read(frame) ?? null;
  const expected = talk.settings.serial;
  if (said === null) return next(talk, talk.phase);
  // A device that cannot say who it is may be used only where nobody asked for a certain one.
  if (said === "unable") return expected === null ? ask(talk, atMs) : next(talk, talk.phase);
  const { serial } = said;
  if (expected !== null && expected !== serial)
    return next(talk, { kind: "stopped" }, [{ kind: "wrongDevice", serial }]);
  return ask(talk, atMs, [{ kind: "identified", serial }]);
}

const next = (talk: Talk, phase: Phase, effects: readonly SessionEffect[] = []): SessionStep => ({
  session: sessionOf({ ...talk, phase }),
  effects,
  wakeAtMs: wakeOf(phase, talk.settings),
});

function wakeOf(phase: Phase, settings: SessionSettings): number | null {
  switch (phase.kind) {
    case "settling":
      return phase.untilMs;
    case "identifying":
    case "asked":
      return phase.sentMs + settings.replyTimeoutMs;
    case "resting":
      return phase.sentMs + settings.pollMs;
    case "listening":
    case "stopped":
      return null;
  }
}
