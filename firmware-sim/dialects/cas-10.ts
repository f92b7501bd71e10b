import { formatDecimal } from "../../devices/quantity/index.ts";
import type { Display } from "../scale/indicator.ts";
import { dialectOf } from "./talk.ts";

const COLUMNS = 8;
/** As fine as eight columns show 60 kg. */
const displays: readonly Display[] = [
  { unit: "kg", division: { mantissa: 5, exponent: -3 } },
  { unit: "g", division: { mantissa: 5, exponent: 0 } },
  { unit: "t", division: { mantissa: 1, exponent: -5 } },
  { unit: "lb", division: { mantissa: 1, exponent: -2 } },
];

/** CAS CI-400 in its 10-byte format, one a unit. The unit key is there, and nothing on the wire tells of it. */
export const cas10 = displays.map((display) =>
  dialectOf({
    protocol: `cas-10-${display.unit}`,
    make: { displays: [display, ...displays.filter(({ unit }) => unit !== display.unit)] },
    terminators: "\r\n",
    streams: true,
    // Out of range the field is blank.
    print: (shown) =>
      `${shown.kind === "weight" ? formatDecimal(shown.net).padStart(COLUMNS) : " ".repeat(COLUMNS)}\r\n`,
    obey: () => ({}),
  }),
);
