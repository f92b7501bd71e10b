import type { Fault } from "./fault.ts";
import { recurring } from "./recurring.ts";

/** After every `everyMs` power fails in the middle of the next write, and comes back `offMs` later. */
export const reboot =
  (everyMs: number, offMs: number): Fault =>
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
          wire.device.restart(offMs);
          return false;
        },
      },
    };
  };
