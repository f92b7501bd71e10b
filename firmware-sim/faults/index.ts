import { seeded } from "../random.ts";
import type { Fault } from "./fault.ts";
import { noise } from "./noise.ts";
import { silence } from "./silence.ts";
import { split } from "./split.ts";
import { unplug } from "./unplug.ts";

export type { Fault } from "./fault.ts";

export const faultNames = "split=BYTES, noise=PROBABILITY, silence=EVERY/FOR (seconds), unplug=EVERY/FOR (seconds)";

/** Reads NAME=VALUE (F9). A string instead of a fault is the usage error. */
export function parseFault(text: string, seed: number): Fault | string {
  const [name = "", value = ""] = text.split("=", 2);
  const wrong = `fault "${text}" is not known: use ${faultNames}`;
  switch (name) {
    case "split": {
      const size = Number(value);
      return Number.isInteger(size) && size > 0 ? split(size) : wrong;
    }
    case "noise": {
      const probability = Number(value);
      return value !== "" && probability >= 0 && probability <= 1 ? noise(probability, seeded(`${seed}/noise`)) : wrong;
    }
    case "silence":
    case "unplug": {
      const [everyMs = Number.NaN, forMs = Number.NaN] = value.split("/").map((part) => Number(part) * 1000);
      if (!(everyMs > 0 && forMs > 0)) return wrong;
      return name === "silence" ? silence(everyMs, forMs, () => performance.now()) : unplug(everyMs, forMs);
    }
    default:
      return wrong;
  }
}
