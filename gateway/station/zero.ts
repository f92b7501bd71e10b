import type { Quantity } from "../../devices/quantity/index.ts";
import type { Zero } from "./types.ts";

type Mass = Extract<Quantity, { kind: "mass" }>;

/** What a scale shows that bears on its zero (P18): nothing, within the registered minimum of it, or further below it. */
export type Rest = "zero" | "below" | "load";

/** Status words of a scale whose load cell is lighter than its zero. */
const BELOW_ZERO: readonly string[] = ["underload", "under-zero"];
const OUT_OF_RANGE: readonly string[] = [...BELOW_ZERO, "outside-zero-range"];
/** Some say this of both ends of their range. Whoever puts too much on a scale is seen to put something on it, mostly. */
const EITHER_END = "overload";

/** P18: the zero after a frame. `wasLoaded`: a load was in sight until now. */
export function zeroAfterFrame(zero: Zero, rest: Rest, { stability, mode }: Mass, wasLoaded: boolean): Zero {
  // A platform that swings after a load goes below zero and comes back.
  if (stability === "motion") return zero;
  switch (rest) {
    case "load":
      return zero;
    case "below":
      // An empty scale under a tare shows less than zero, and nobody can tell that from a zero that was taken under a load.
      return zero === "proven" && mode === "net" ? zero : "off";
    case "zero":
      if (zero === "off") return "unproven";
      return wasLoaded ? "proven" : zero;
  }
}

export const zeroAfterStatus = (zero: Zero, status: string, wasLoaded: boolean): Zero =>
  OUT_OF_RANGE.includes(status) || (status === EITHER_END && !wasLoaded) ? "off" : zero;

/**
 * A scale that was away may have been without power, and may have taken what lay on it for its zero. `isBelow`: it was empty, and it is one
 * that says nothing below its zero.
 */
export const zeroAfterSilence = (zero: Zero, isBelow: boolean): Zero =>
  zero === "off" || isBelow ? "off" : "unproven";

/** P14: lighter than zero is empty. */
export const isBelowZero = (status: string): boolean => BELOW_ZERO.includes(status);
