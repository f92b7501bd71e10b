/**
 * One attempt to talk to one device over a byte line. `closed` comes exactly once, also when opening failed, and nothing
 * comes after it or after `close()` was called (T1).
 */
export type ConnectionEvents = {
  readonly opened: () => void;
  readonly received: (chunk: Uint8Array) => void;
  /** One sentence: what happened, where, what to do. */
  readonly closed: (reason: string) => void;
};

export type Connection = {
  /** Best effort: a write that fails ends in `closed`. */
  readonly write: (bytes: Uint8Array) => void;
  /** Resolves when the line is free to be opened again. */
  readonly close: () => Promise<void>;
};

export type Connect = (events: ConnectionEvents) => Connection;

/** Guards T1 for every transport: passes events on until the first `closed` or `mute`. */
export function once(events: ConnectionEvents): ConnectionEvents & { readonly mute: () => void } {
  let over = false;
  return {
    opened: () => {
      if (!over) events.opened();
    },
    received: (chunk) => {
      if (!over) events.received(chunk);
    },
    closed: (reason) => {
      if (over) return;
      over = true;
      events.closed(reason);
    },
    mute: () => {
      over = true;
    },
  };
}
