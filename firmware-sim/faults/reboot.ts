import type { Fault } from "./fault.ts";
import { recurring } from "./recurring.ts";

/**
 * After every `everyMs` power fails in the middle of the next write, and comes back `offMs` later. `zeroes`: the scale then takes what lies
 * on it for its zero, as most do within a fifth of their capacity.
 */
export const reboot =
  (everyMs: number, offMs: number, zeroes: boolean): Fault =>
  (wire) => {
    let due = false;
    const line = recurring(
      wire.line,
      { everyMs, forMs: offMs },
      {
        begin: () => {
          due = true;
        },
        end: () => {},
      },
    );
    return {
      ...wire,
      line: {
        ...line,
        write: (bytes) => {
          if (!due) return line.write(bytes);
          due = false;
          line.write(bytes.subarray(0, bytes.length >> 1));
          wire.device.restart(offMs, zeroes);
          return false;
        },
      },
    };
  };
