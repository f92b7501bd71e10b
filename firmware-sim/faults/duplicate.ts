import type { Random } from "../random.ts";
import { type Fault, onLine } from "./fault.ts";

/** With `probability` a write goes out twice. */
export const duplicate = (probability: number, random: Random): Fault =>
  onLine((line) => ({
    ...line,
    write: (bytes) => {
      const whole = line.write(bytes);
      if (random.next() < probability) line.write(bytes);
      return whole;
    },
  }));
