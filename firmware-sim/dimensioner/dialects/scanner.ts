import { bytesOf } from "../../dialects/text.ts";
import type { MeasuringDialect, Presented } from "../dialect.ts";

const scanner = (protocol: string, wire: "serial" | "tcp", suffix: string): MeasuringDialect<null> => ({
  protocol,
  measures: ["item"],
  wire,
  switchedOn: null,
  step: (state, presented, input) => ({
    state,
    telegrams:
      input.kind === "received" || presented === null
        ? []
        : [{ bytes: bytesOf(`${codeOf(presented)}${suffix}`), tells: true }],
  }),
});

/** A hand scanner on RS-232 with its AIM identifiers on and the suffix CR LF. */
export const scannerGs1 = scanner("scanner-gs1", "serial", "\r\n");
/** The same as a USB device, with the suffix CR. */
export const scannerLine = scanner("scanner-line", "tcp", "\r");

const SSCC = /^\d{18}$/;
/** General Specifications 3.6.3: metres with three decimals. */
const LOGISTIC_SIDES = ["3313", "3323", "3333"] as const;

/** A logistic label of GS1-128 with SSCC and printed sides; whatever is no SSCC is plain Code 128. */
function codeOf({ item, mm }: Presented): string {
  if (item === null) return "NoRead";
  if (!SSCC.test(item)) return `]C0${item}`;
  const sides = mm.some((side) => side === 0)
    ? ""
    : LOGISTIC_SIDES.map((ai, index) => ai + (mm[index] ?? 0).toString().padStart(6, "0")).join("");
  return `]C100${item}${sides}`;
}
