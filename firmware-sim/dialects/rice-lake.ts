import type { MassUnit } from "../../devices/quantity/index.ts";
import { type Indication, type Indicator, tared, zeroed } from "../scale/indicator.ts";
import { type Deed, dialectOf } from "./talk.ts";
import { digitsOf, isNegative } from "./text.ts";

/** Rice Lake 480 streaming in its own format; the EDP keys for zero and tare work, as they do at the indicator. */
export const riceLake = dialectOf({
  protocol: "rice-lake",
  terminators: "\r\n",
  streams: true,
  print: (shown) => `\x02${lineOf(shown)}\r\n`,
  obey,
});

function obey(command: string, indicator: Indicator, atMs: number): Deed {
  if (command === "KZERO") return after(zeroed(indicator, atMs));
  return command === "KTARE" ? after(tared(indicator, atMs)) : {};
}

const after = (done: ReturnType<typeof zeroed>): Deed => (done.kind === "done" ? { indicator: done.indicator } : {});

const letters: Readonly<Record<MassUnit, string>> = { lb: "L", kg: "K", t: "T", g: "G", oz: "O", mg: "?" };

/** Polarity, weight 7, unit, gross or net, status. */
function lineOf(shown: Indication): string {
  const unit = letters[shown.unit];
  if (shown.kind !== "weight") return shown.kind === "overload" ? ` ^^^^^^^${unit}GO` : `-]]]]]]]${unit}GO`;
  const { net, stable, centerOfZero, tared: isNet } = shown;
  const digits = digitsOf(net);
  const status = !stable ? "M" : centerOfZero ? "Z" : " ";
  return `${isNegative(net) ? "-" : " "}${digits.padStart(7)}${unit}${isNet ? "N" : "G"}${status}`;
}
