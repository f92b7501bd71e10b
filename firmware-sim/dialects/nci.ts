import { type Decimal, formatDecimal } from "../../devices/quantity/index.ts";
import {
  displayOf,
  type Indication,
  type Indicator,
  indicationAt,
  isAtRest,
  tared,
  unitKeyPressed,
  zeroed,
} from "../scale/indicator.ts";
import type { Answer, Dialect, DialectStep } from "./dialect.ts";
import { inHighResolution } from "./high-resolution.ts";
import { bytesOf, heard, saying } from "./text.ts";

/** The unfinished command. */
type State = string;
type Step = DialectStep<State>;

const OUNCES_PER_POUND = 16;
const WEIGHT_COLUMNS = 7;
/** Counts of the converter in a full load. */
const COUNTS = 100_000;
const BYTE_1 = { motion: 0x01, zero: 0x02 } as const;
const BYTE_2 = { under: 0x01, over: 0x02, followed: 0x40 } as const;
const BYTE_3 = { net: 0x04 } as const;
const ALWAYS = 0x30;

/**
 * NCI standard (Weigh-Tronix SCP-01): letters closed by CR; weight line and status line, ETX behind the last. Three status bytes,
 * because it can be tared. A display in ounces is shown as pounds and ounces.
 */
export const nci: Dialect<State> = {
  protocol: "nci",
  make: {
    displays: [
      { unit: "kg", division: { mantissa: 5, exponent: -3 } },
      { unit: "lb", division: { mantissa: 1, exponent: -2 } },
      { unit: "oz", division: { mantissa: 2, exponent: -1 } },
    ],
  },
  switchedOn: () => "",
  step: (state, indicator, input, atMs) =>
    input.kind === "tick" ? settled(state, indicator, []) : onReceived(state, indicator, input.bytes, atMs),
};

function onReceived(before: State, indicatorBefore: Indicator, bytes: Uint8Array, atMs: number): Step {
  const { commands, rest } = heard(before, bytes, "\r");
  let indicator = indicatorBefore;
  const answers: Answer[] = [];
  for (const command of commands) {
    indicator = obey(indicator, command, atMs);
    answers.push(answerTo(command, indicator, atMs));
  }
  return settled(rest, indicator, answers);
}

/** What cannot be done is not done; the status tells. */
function obey(indicator: Indicator, command: string, atMs: number): Indicator {
  if (command === "U") return unitKeyPressed(indicator);
  if ((command !== "Z" && command !== "T") || !isAtRest(indicator, atMs)) return indicator;
  const done = command === "Z" ? zeroed(indicator, atMs) : tared(indicator, atMs);
  return done.kind === "done" ? done.indicator : indicator;
}

function answerTo(command: string, indicator: Indicator, atMs: number): Answer {
  const shown = indicationAt(indicator, atMs);
  switch (command) {
    case "W":
      return weight(shown);
    case "H":
      return weight(indicationAt(inHighResolution(indicator), atMs));
    case "S":
    case "Z":
    case "T":
      return lines(status(shown));
    case "U":
      return lines(displayOf(indicator).unit, status(shown));
    case "M":
      return lines(`${countsOf(shown, indicator)}MM`, status(shown));
    default:
      return lines("?");
  }
}

function weight(shown: Indication): Answer {
  switch (shown.kind) {
    case "overload":
      return lines("^".repeat(WEIGHT_COLUMNS) + shown.unit, status(shown));
    case "underload":
      return lines("_".repeat(WEIGHT_COLUMNS) + shown.unit, status(shown));
    case "weight": {
      const value = shown.tared ? shown.net : shown.gross;
      const text = shown.unit === "oz" ? poundsAndOunces(value) : decimal(value) + shown.unit;
      return { bytes: bytesOf(framed([text, status(shown)])), weighing: shown.weighing };
    }
  }
}

const decimal = (value: Decimal): string => formatDecimal(value).padStart(WEIGHT_COLUMNS);

function poundsAndOunces({ mantissa, exponent }: Decimal): string {
  const pound = OUNCES_PER_POUND * 10 ** -exponent;
  const ounces = { mantissa: Math.abs(mantissa) % pound, exponent };
  const sign = mantissa < 0 ? "-" : "";
  return `${sign}${Math.floor(Math.abs(mantissa) / pound)}lb ${formatDecimal(ounces).padStart(4, "0")}oz`;
}

function status(shown: Indication): string {
  const inRange = shown.kind === "weight" ? shown : null;
  const first = ALWAYS | (shown.stable ? 0 : BYTE_1.motion) | (inRange?.centerOfZero === true ? BYTE_1.zero : 0);
  const range = { underload: BYTE_2.under, overload: BYTE_2.over, weight: 0 }[shown.kind];
  const third = ALWAYS | (inRange?.tared === true ? BYTE_3.net : 0);
  return String.fromCharCode(first, ALWAYS | range | BYTE_2.followed, third);
}

function countsOf(shown: Indication, { settings }: Indicator): string {
  const share = shown.kind === "weight" ? shown.weighing.grams / settings.capacityGrams : 0;
  return Math.max(0, Math.round(share * COUNTS))
    .toString()
    .padStart(6, "0");
}

const framed = (all: readonly string[]): string => `${all.map((line) => `\n${line}\r`).join("")}\x03`;
const lines = (...all: readonly string[]): Answer => saying(framed(all));
const settled = (state: State, indicator: Indicator, answers: readonly Answer[]): Step => ({
  state,
  indicator,
  answers,
  wakeAtMs: null,
});
