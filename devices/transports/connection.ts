/**
 * One attempt to talk to one device over a byte line. `closed` comes exactly once, also when opening failed, and nothing
 * comes after it or after `close()` was called (T1).
 */
export type ConnectionEvents = {
  /** `place`: where it was found, with its settings: "/dev/ttyUSB1 at 9600 8N1", "192.0.2.7:4001". */
  readonly opened: (place: string) => void;
  readonly received: (chunk: Uint8Array) => void;
  /** One sentence: what happened, where, what to do. */
  readonly closed: (reason: string) => void;
};

export type Connection = {
  /** Best effort: a write that fails ends in `closed`; bytes that a stuck line does not take are dropped (T6). */
  readonly write: (bytes: Uint8Array) => void;
  /** Resolves when the line is free to be opened again. */
  readonly close: () => Promise<void>;
};

/** `release`: gives back what the attempts have in common, such as a listening port. To be called after the last `close`. */
export type Connect = ((events: ConnectionEvents) => Connection) & { readonly release?: () => Promise<void> };

/** T6: more than any command; a line that takes no more is stuck, which liveness will notice. */
const UNSENT_BYTES = 4_096;

/** T6: whether a line with so many bytes on their way takes more. */
export const takesMore = (unsentBytes: number): boolean => unsentBytes <= UNSENT_BYTES;

/** Guards T1 for every transport: passes events on until the first `closed` or `mute`. */
export function once(events: ConnectionEvents): ConnectionEvents & { readonly mute: () => void } {
  let over = false;
  return {
    opened: (place) => {
      if (!over) events.opened(place);
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
