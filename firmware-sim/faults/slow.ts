import { type Fault, onLine } from "./fault.ts";
import { later } from "./later.ts";

/** Every write goes out `delayMs` late, and not before the one in front of it: a busy serial server. */
export const slow = (delayMs: number): Fault =>
  onLine((line) => {
    const queue = later(line);
    return {
      ...queue.line,
      write: (bytes) => {
        queue.push(bytes.slice(), delayMs);
        return line.linked();
      },
    };
  });
