import type { Session, SessionEffect, SessionInput, SessionSettings, SessionStep } from "../protocol.ts";
import { encodeCommand } from "./commands.ts";
import { lineOf } from "./framing.ts";
import { type Parity, parityAfter } from "../line/index.ts";
import { parseReply } from "./replies.ts";

/** M7: settling, then I4 until answered, then SI for ever. One command is in flight at a time. */
type Phase =
  | { readonly kind: "settling"; readonly untilMs: number }
  | { readonly kind: "identifying"; readonly dueMs: number }
  | { readonly kind: "polling"; readonly sentMs: number }
  | { readonly kind: "resting"; readonly sentMs: number }
  | { readonly kind: "stopped" };

type Talk = { readonly settings: SessionSettings; readonly phase: Phase; readonly parity: Parity };

/** Polls a scale with SI after it has said who it is (M7, M8). */
export const startSession = (settings: SessionSettings): Session =>
  sessionOf({ settings, phase: { kind: "settling", untilMs: Number.POSITIVE_INFINITY }, parity: "unseen" });

const sessionOf = (talk: Talk): Session => ({ step: (input) => step(talk, input) });

function step(talk: Talk, input: SessionInput): SessionStep {
  switch (input.kind) {
    case "opened":
      return next(talk, { kind: "settling", untilMs: input.atMs + talk.settings.settleMs }, []);
    case "tick":
      return onTick(talk, input.atMs);
    case "frame":
      return onFrame(talk, input.frame, input.atMs);
  }
}

function onTick(talk: Talk, atMs: number): SessionStep {
  const { phase, settings } = talk;
  switch (phase.kind) {
    case "settling":
      return atMs < phase.untilMs ? next(talk, phase, []) : identify(talk, atMs);
    case "identifying":
      return atMs < phase.dueMs ? next(talk, phase, []) : identify(talk, atMs);
    case "polling":
      // The answer is lost or late: ask again. A late answer is still a weight of this scale, and harmless (M7).
      return atMs < phase.sentMs + settings.replyTimeoutMs ? next(talk, phase, []) : poll(talk, atMs);
    case "resting":
      return atMs < phase.sentMs + settings.pollMs ? next(talk, phase, []) : poll(talk, atMs);
    case "stopped":
      return next(talk, phase, []);
  }
}

function onFrame(before: Talk, frame: Uint8Array, atMs: number): SessionStep {
  const { parity, damaged } = parityAfter(before.parity, frame);
  if (damaged) return next(before, before.phase, [{ kind: "damaged", reason: `a byte breaks the ${parity} parity` }]);
  return onLine({ ...before, parity }, frame, atMs);
}

function onLine(talk: Talk, frame: Uint8Array, atMs: number): SessionStep {
  const { phase, settings } = talk;
  const line = lineOf(frame);
  const reply = line === null ? "" : parseReply(line);
  if (typeof reply === "string") return next(talk, phase, []);
  switch (phase.kind) {
    case "settling":
    case "stopped":
      // M8: whatever comes before the identity may have been weighed for another host, or by another scale.
      return next(talk, phase, []);
    case "identifying": {
      if (reply.kind === "information" && reply.command === "I4" && reply.fields.length === 1) {
        return identified(talk, reply.fields[0] ?? "", atMs);
      }
      const unable = reply.kind === "error" || (reply.kind === "refusal" && reply.command === "I4");
      if (!unable) return next(talk, phase, []);
      // A scale that cannot say who it is may be used only where nobody asked for a certain one (M8).
      return settings.serial === null ? poll(talk, atMs) : next(talk, phase, []);
    }
    case "polling":
      return next(talk, { kind: "resting", sentMs: phase.sentMs }, [{ kind: "admit" }]);
    case "resting":
      return next(talk, phase, [{ kind: "admit" }]);
  }
}

function identified(talk: Talk, serial: string, atMs: number): SessionStep {
  const expected = talk.settings.serial;
  if (expected !== null && expected !== serial) {
    return next(talk, { kind: "stopped" }, [{ kind: "wrongDevice", serial }]);
  }
  return poll(talk, atMs, [{ kind: "identified", serial }]);
}

const identify = (talk: Talk, atMs: number): SessionStep =>
  next(talk, { kind: "identifying", dueMs: atMs + talk.settings.replyTimeoutMs }, [
    { kind: "send", bytes: encodeCommand("I4") },
  ]);

const poll = (talk: Talk, atMs: number, before: readonly SessionEffect[] = []): SessionStep =>
  next(talk, { kind: "polling", sentMs: atMs }, [...before, { kind: "send", bytes: encodeCommand("SI") }]);

const next = (talk: Talk, phase: Phase, effects: readonly SessionEffect[]): SessionStep => ({
  session: sessionOf({ ...talk, phase }),
  effects,
  wakeAtMs: wakeOf(phase, talk.settings),
});

function wakeOf(phase: Phase, settings: SessionSettings): number | null {
  switch (phase.kind) {
    case "settling":
      return phase.untilMs;
    case "identifying":
      return phase.dueMs;
    case "polling":
      return phase.sentMs + settings.replyTimeoutMs;
    case "resting":
      return phase.sentMs + settings.pollMs;
    case "stopped":
      return null;
  }
}
