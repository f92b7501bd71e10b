import { type Random, wholeBelow } from "../random.ts";
import { type Fault, onLine } from "./fault.ts";

/** With `probability` one bit of a write is the wrong way round. */
export const flip = (probability: number, random: Random): Fault =>
  onLine((line) => ({
    ...line,
    write: (bytes) => {
      if (bytes.length === 0 || random.next() >= probability) return line.write(bytes);
      const bit = wholeBelow(random, bytes.length * 8);
      line.write(bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)));
      return false;
    },
  }));
