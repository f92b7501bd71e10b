import { admittedUnknown } from "../line/index.ts";
import type { Session, SessionEffect, SessionInput, SessionSettings, SessionStep } from "../protocol.ts";
import { ACK, DC1, ENQ, isControl, NAK } from "./telegram.ts";

/** CA5: settling, then ENQ, on ACK the request DC1, on its block rest. */
type Phase =
  | { readonly kind: "settling"; readonly untilMs: number }
  | { readonly kind: "enquired"; readonly sentMs: number }
  | { readonly kind: "requested"; readonly sentMs: number }
  | { readonly kind: "resting"; readonly untilMs: number };

type Talk = { readonly settings: SessionSettings; readonly phase: Phase };

/** CA5. */
export const startSession = (settings: SessionSettings): Session =>
  sessionOf({ settings, phase: { kind: "settling", untilMs: Number.POSITIVE_INFINITY } });

const sessionOf = (talk: Talk): Session => ({ step: (input) => step(talk, input) });

function step(talk: Talk, input: SessionInput): SessionStep {
  switch (input.kind) {
    case "opened":
      return next(talk, { kind: "settling", untilMs: input.atMs + talk.settings.settleMs });
    case "tick":
      // A lost ACK or a lost block: the whole handshake again.
      return input.atMs < wakeOf(talk)
        ? next(talk, talk.phase)
        : next(talk, { kind: "enquired", sentMs: input.atMs }, [send(ENQ)]);
    case "frame":
      return onFrame(talk, input.frame, input.atMs);
  }
}

function onFrame(talk: Talk, frame: Uint8Array, atMs: number): SessionStep {
  const { phase, settings } = talk;
  const isAck = isControl(frame[0], ACK);
  const isNak = isControl(frame[0], NAK);
  switch (phase.kind) {
    case "settling":
    case "resting":
      return next(talk, phase);
    case "enquired":
      if (isAck) return next(talk, { kind: "requested", sentMs: atMs }, [send(DC1)]);
      // A late block belongs to a request that was given up: the next one is fresher.
      return isNak ? next(talk, { kind: "resting", untilMs: atMs + settings.pollMs }) : next(talk, phase);
    case "requested":
      if (isAck) return next(talk, phase);
      return next(talk, { kind: "resting", untilMs: phase.sentMs + settings.pollMs }, [admittedUnknown(settings)]);
  }
}

const send = (byte: number): SessionEffect => ({ kind: "send", bytes: Uint8Array.of(byte) });

const next = (talk: Talk, phase: Phase, effects: readonly SessionEffect[] = []): SessionStep => {
  const after: Talk = { ...talk, phase };
  return { session: sessionOf(after), effects, wakeAtMs: wakeOf(after) };
};

function wakeOf({ phase, settings }: Talk): number {
  switch (phase.kind) {
    case "settling":
    case "resting":
      return phase.untilMs;
    case "enquired":
    case "requested":
      return phase.sentMs + settings.replyTimeoutMs;
  }
}
