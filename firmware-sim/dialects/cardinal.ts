import type { Indication } from "../scale/indicator.ts";
import { dialectOf } from "./talk.ts";
import { digitsOf, isNegative } from "./text.ts";

/** A Rice Lake 482 streaming as a Cardinal does. It also plays the scale that nobody has a driver for (`pattern`). */
export const cardinal = dialectOf({
  protocol: "cardinal",
  terminators: "\r\n",
  streams: true,
  print: (shown) => `\r${lineOf(shown)}\x03`,
  obey: () => ({}),
});

/** Polarity, weight 6 with leading zeros, status, blank, unit 2, blank, mode, two blanks. */
function lineOf(shown: Indication): string {
  const unit = shown.unit.padEnd(2);
  if (shown.kind !== "weight") return `${shown.kind === "overload" ? "+" : "-"}000000o ${unit} g  `;
  const { net, stable, tared } = shown;
  const digits = digitsOf(net).padStart(6, "0");
  return `${isNegative(net) ? "-" : "+"}${digits}${stable ? " " : "m"} ${unit} ${tared ? "n" : "g"}  `;
}
