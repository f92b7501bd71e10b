import type { Line } from "../lines/line.ts";

/** A line whose writes go out later, in order: each at least `afterMs` after the one before it went out. */
export function later(line: Line): {
  readonly push: (bytes: Uint8Array, afterMs: number) => void;
  readonly line: Line;
} {
  const queue: { readonly bytes: Uint8Array; readonly afterMs: number }[] = [];
  let timer: NodeJS.Timeout | null = null;
  const next = () => {
    const [first] = queue;
    timer = first === undefined ? null : setTimeout(send, first.afterMs);
  };
  const send = () => {
    const first = queue.shift();
    if (first !== undefined) line.write(first.bytes);
    next();
  };
  return {
    push: (bytes, afterMs) => {
      // A device whose output nobody takes loses it; it has no endless buffer.
      if (queue.length >= MOST_WAITING) return;
      queue.push({ bytes, afterMs });
      if (timer === null) next();
    },
    line: {
      ...line,
      close: async () => {
        if (timer !== null) clearTimeout(timer);
        queue.length = 0;
        await line.close();
      },
    },
  };
}

const MOST_WAITING = 4_096;
