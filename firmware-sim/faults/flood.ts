import { type Random, wholeBelow } from "../random.ts";
import { type Fault, onLine } from "./fault.ts";
import { recurring } from "./recurring.ts";

const CHUNK_BYTES = 4_096;

/** Every `everyMs` the line brings `bytes` random bytes at once: a broken transceiver, a device gone mad. */
export const flood = (everyMs: number, bytes: number, random: Random): Fault =>
  onLine((line) =>
    recurring(
      line,
      { everyMs, forMs: 1 },
      {
        begin: () => {
          for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
            line.write(Uint8Array.from({ length: Math.min(left, CHUNK_BYTES) }, () => wholeBelow(random, 256)));
          }
        },
        end: () => {},
      },
    ),
  );
