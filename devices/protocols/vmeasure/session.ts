import { admittedUnknown } from "../line/index.ts";
import type { Session, SessionEffect, SessionInput, SessionSettings, SessionStep } from "../protocol.ts";
import { readScan } from "./scan.ts";

/** VM6: a camera makes a scan in a second; more questions would only keep it busy. */
const ASK_MS = 500;

/** `seen`: which scan the newest answer held; null = there was none on this connection. */
type Talk = { readonly settings: SessionSettings; readonly seen: string | null; readonly dueMs: number };

/** VM6. The connection itself asks first. */
export const startSession = (settings: SessionSettings): Session =>
  sessionOf({ settings, seen: null, dueMs: Number.POSITIVE_INFINITY });

const sessionOf = (talk: Talk): Session => ({ step: (input) => step(talk, input) });

const GET = new TextEncoder().encode("GET");

function step(talk: Talk, input: SessionInput): SessionStep {
  switch (input.kind) {
    case "opened":
      return next({ ...talk, dueMs: input.atMs + ASK_MS });
    case "tick":
      if (input.atMs < talk.dueMs) return next(talk);
      return next({ ...talk, dueMs: input.atMs + ASK_MS }, [{ kind: "send", bytes: GET }]);
    case "frame":
      return onAnswer(talk, input.frame);
  }
}

function onAnswer(talk: Talk, frame: Uint8Array): SessionStep {
  const scan = readScan(frame);
  if (typeof scan === "string") return next(talk);
  const seen = `${scan.id}\n${scan.scannedOn}\n${scan.status}`;
  const isNew = talk.seen !== null && talk.seen !== seen;
  return next({ ...talk, seen }, isNew ? [admittedUnknown(talk.settings)] : []);
}

const next = (talk: Talk, effects: readonly SessionEffect[] = []): SessionStep => ({
  session: sessionOf(talk),
  effects,
  wakeAtMs: talk.dueMs,
});
