import { type Fault, onLine } from "./fault.ts";

/** A device whose output nobody takes loses it; it has no endless buffer. */
const MOST_WAITING = 4_096;
const PIECE_MS = 1;

/** Bytes arrive in pieces of `size`, each on its own (node-serialport #2677). Order is kept. */
export const split = (size: number): Fault =>
  onLine((line) => {
    const queue: Uint8Array[] = [];
    let timer: NodeJS.Timeout | null = null;
    const sendOne = () => {
      timer = null;
      const piece = queue.shift();
      if (piece === undefined) return;
      line.write(piece);
      if (queue.length > 0) timer = setTimeout(sendOne, PIECE_MS);
    };
    return {
      ...line,
      write: (bytes) => {
        for (let start = 0; start < bytes.length && queue.length < MOST_WAITING; start += size)
          queue.push(bytes.slice(start, start + size));
        if (timer === null) sendOne();
        return line.linked();
      },
      close: async () => {
        if (timer !== null) clearTimeout(timer);
        await line.close();
      },
    };
  });
