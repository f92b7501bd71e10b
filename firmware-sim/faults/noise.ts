import { type Random, wholeBelow } from "../random.ts";
import { type Fault, onLine } from "./fault.ts";

const LONGEST_RUN = 8;

/** With `probability` a write carries 1 to 8 foreign bytes, anywhere in it: bad cable, wrong baud rate while plugging. */
export const noise = (probability: number, random: Random): Fault =>
  onLine((line) => ({
    ...line,
    write: (bytes) => {
      if (random.next() >= probability) return line.write(bytes);
      const run = Uint8Array.from({ length: 1 + wholeBelow(random, LONGEST_RUN) }, () => wholeBelow(random, 256));
      const at = wholeBelow(random, bytes.length + 1);
      line.write(Buffer.concat([bytes.subarray(0, at), run, bytes.subarray(at)]));
      // Even noise in front of a frame may run into it: the device must not count on this one.
      return false;
    },
  }));
