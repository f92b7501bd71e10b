import { type Indication, type Indicator, tared, unitKeyPressed, zeroed } from "../scale/indicator.ts";
import { type Deed, dialectOf } from "./talk.ts";
import { digitsOf, isNegative } from "./text.ts";

/** A&D bench scale with error codes switched on (`erCd 1`): it confirms what sends no data with ACK, twice. */
export const andStandard = dialectOf({
  protocol: "and-standard",
  terminators: "\r\n",
  streams: false,
  print: (shown) => `${lineOf(shown)}\r\n`,
  obey,
});

const RECEIVED_AND_DONE = "\x06\x06";

function obey(command: string, indicator: Indicator, atMs: number): Deed {
  switch (command) {
    case "Q":
    case "SI":
      return { prints: true };
    case "S":
    case "PRT":
      return { waits: { rested: () => ({ prints: true }), expired: { says: "EC,E11\r\n" } } };
    case "SIR":
      return { streams: true };
    case "C":
      return { streams: false };
    case "R":
    case "Z":
      return after(zeroed(indicator, atMs));
    case "T":
      return after(tared(indicator, atMs));
    case "U":
      return { indicator: unitKeyPressed(indicator), says: RECEIVED_AND_DONE };
    default:
      return { says: "EC,E01\r\n" };
  }
}

const after = (done: ReturnType<typeof zeroed>): Deed =>
  done.kind === "done" ? { indicator: done.indicator, says: RECEIVED_AND_DONE } : { says: "EC,E02\r\n" };

function lineOf(shown: Indication): string {
  const unit = shown.unit.padStart(3);
  if (shown.kind !== "weight") return `OL,${shown.kind === "overload" ? "+" : "-"}999999.9${unit}`;
  const { net } = shown;
  const digits = digitsOf(net);
  // The zeros in front fill the eight columns.
  return `${shown.stable ? "ST" : "US"},${isNegative(net) ? "-" : "+"}${digits.padStart(8, "0")}${unit}`;
}
