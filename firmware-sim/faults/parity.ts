import type { Random } from "../random.ts";
import { type Fault, onLine } from "./fault.ts";

/** With `probability` a byte shows bit 7 the wrong way round: a 7E1 device read at 8N1 over a bad line. */
export const parity = (probability: number, random: Random): Fault =>
  onLine((line) => ({
    ...line,
    write: (bytes) => {
      const noisy = bytes.map((byte) => (random.next() < probability ? byte ^ 0x80 : byte));
      const whole = line.write(noisy);
      return whole && noisy.every((byte, index) => byte === bytes[index]);
    },
  }));
