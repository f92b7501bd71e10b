import type { Session, SessionInput } from "./protocols/index.ts";

/** What became of a frame. `passed`: read, but no answer to us. */
export type FrameVerdict = "admitted" | "passed" | { readonly damaged: string };

type ConversationEvents = {
  readonly send: (bytes: Uint8Array) => void;
  readonly identified: (serial: string) => void;
  /** M8: nothing of this device may be used. */
  readonly wrongDevice: (serial: string) => void;
};

/** Owns the session of one connection and its timer (P6). */
export class Conversation {
  #session: Session;
  readonly #events: ConversationEvents;
  #wake: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(session: Session, events: ConversationEvents) {
    this.#session = session;
    this.#events = events;
  }

  opened(): void {
    this.#step({ kind: "opened", atMs: performance.now() });
  }

  frame(frame: Uint8Array): FrameVerdict {
    return this.#step({ kind: "frame", frame, atMs: performance.now() });
  }

  stop(): void {
    this.#stopped = true;
    if (this.#wake !== null) clearTimeout(this.#wake);
  }

  #step(input: SessionInput): FrameVerdict {
    const { session, effects, wakeAtMs } = this.#session.step(input);
    this.#session = session;
    this.#wakeAt(wakeAtMs);
    let verdict: FrameVerdict = "passed";
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          this.#events.send(effect.bytes);
          break;
        case "admit":
          verdict = "admitted";
          break;
        case "damaged":
          verdict = { damaged: effect.reason };
          break;
        case "identified":
          this.#events.identified(effect.serial);
          break;
        case "wrongDevice":
          this.#events.wrongDevice(effect.serial);
          break;
      }
    }
    return verdict;
  }

  #wakeAt(atMs: number | null): void {
    if (this.#wake !== null) clearTimeout(this.#wake);
    this.#wake = null;
    if (this.#stopped || atMs === null || atMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.max(1, Math.ceil(atMs - performance.now()));
    this.#wake = setTimeout(() => this.#step({ kind: "tick", atMs: performance.now() }), waitMs);
  }
}
