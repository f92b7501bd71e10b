import { type Indication, type Indicator, presetTare, tareCleared, tared, zeroed } from "../scale/indicator.ts";
import { type Deed, dialectOf } from "./talk.ts";
import { digitsOf, isNegative } from "./text.ts";

/** Ohaus Defender 3000. What it prints when it is overloaded is not in its manual: here it prints nothing. */
export const ohaus = dialectOf({
  protocol: "ohaus",
  terminators: "\r\n",
  streams: false,
  print: (shown) => (shown.kind === "weight" ? `${lineOf(shown)}\r\n` : null),
  obey,
});

const PRESET = /^(\d{1,5})T$/;
const INTERVAL = /^[1-9]\d{0,3}P$/;

function obey(command: string, indicator: Indicator, atMs: number): Deed {
  switch (command) {
    case "IP":
    case "P":
      return { prints: true };
    case "SP":
      return { waits: { rested: () => ({ prints: true }), expired: {} } };
    case "CP":
      return { streams: true };
    case "0P":
      return { streams: false };
    case "Z":
      return after(zeroed(indicator, atMs));
    case "T":
      return after(tared(indicator, atMs));
    case "\x1bR":
      return { indicator: tareCleared({ ...indicator, zeroGrams: 0, displayIndex: 0 }), streams: false };
    default: {
      const grams = PRESET.exec(command)?.[1];
      if (grams !== undefined) return { indicator: presetTare(indicator, Number(grams)) };
      return INTERVAL.test(command) ? { streams: true } : {};
    }
  }
}

const after = (done: ReturnType<typeof zeroed>): Deed => (done.kind === "done" ? { indicator: done.indicator } : {});

/** Polarity 1, blank, weight 7, blank, unit 5, stability 1, legend 3. */
function lineOf({ net, unit, stable, tared: isNet }: Extract<Indication, { kind: "weight" }>): string {
  const polarity = isNegative(net) ? "-" : " ";
  const digits = digitsOf(net);
  return `${polarity} ${digits.padStart(7)} ${unit.padStart(5)}${stable ? " " : "?"}${isNet ? "NET" : "G  "}`;
}
