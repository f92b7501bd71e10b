import { type Fault, onLine } from "./fault.ts";
import { later } from "./later.ts";

/** Bytes arrive in pieces of `size`, each on its own (node-serialport #2677). Order is kept. */
export const split = (size: number): Fault =>
  onLine((line) => {
    const queue = later(line);
    return {
      ...queue.line,
      write: (bytes) => {
        for (let start = 0; start < bytes.length; start += size) queue.push(bytes.slice(start, start + size), 1);
        return line.linked();
      },
    };
  });
