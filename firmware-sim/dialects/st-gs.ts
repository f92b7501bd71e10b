import type { Indication } from "../scale/indicator.ts";
import { dialectOf } from "./talk.ts";
import { digitsOf, isNegative } from "./text.ts";

/** CAS CI-400 in its 22-byte format, device number 1: it sends by itself and hears nothing. */
export const stGs = dialectOf({
  protocol: "st-gs",
  terminators: "\r\n",
  streams: true,
  print: (shown) => `${headerOf(shown)},1${String.fromCharCode(lampOf(shown))},${fieldOf(shown)} ${unitOf(shown)}\r\n`,
  obey: () => ({}),
});

function headerOf(shown: Indication): string {
  if (shown.kind !== "weight") return "OL,GS";
  return `${shown.stable ? "ST" : "US"},${shown.tared ? "NT" : "GS"}`;
}

/** Bits from 7 down: 1, stable, 1, hold, printer, gross, tare, zero. */
function lampOf(shown: Indication): number {
  if (shown.kind !== "weight") return 0b1010_0100;
  const stable = shown.stable ? 0b0100_0000 : 0;
  const mode = shown.tared ? 0b0000_0010 : 0b0000_0100;
  const zero = shown.centerOfZero ? 0b0000_0001 : 0;
  return 0b1010_0000 | stable | mode | zero;
}

const COLUMNS = 8;

/** Eight columns filled with zeros; a minus sign takes the first of them. */
function fieldOf(shown: Indication): string {
  if (shown.kind !== "weight") return " ".repeat(COLUMNS);
  const { net } = shown;
  const digits = digitsOf(net);
  return isNegative(net) ? `-${digits.padStart(COLUMNS - 1, "0")}` : digits.padStart(COLUMNS, "0");
}

const unitOf = ({ unit }: Indication): string => unit.padStart(2);
