import type { Fault } from "./fault.ts";

/** Bytes arrive in pieces of `size`, each on its own (node-serialport #2677). Order is kept. */
export const split =
  (size: number): Fault =>
  (line) => {
    const queue: Uint8Array[] = [];
    let timer: NodeJS.Timeout | null = null;
    const sendOne = () => {
      timer = null;
      const piece = queue.shift();
      if (piece === undefined) return;
      line.write(piece);
      if (queue.length > 0) timer = setTimeout(sendOne, 1);
    };
    return {
      ...line,
      write: (bytes) => {
        for (let start = 0; start < bytes.length; start += size) queue.push(bytes.slice(start, start + size));
        if (timer === null) sendOne();
        return line.linked();
      },
      close: async () => {
        if (timer !== null) clearTimeout(timer);
        await line.close();
      },
    };
  };
