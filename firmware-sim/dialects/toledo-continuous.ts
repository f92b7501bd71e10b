import type { Decimal, MassUnit } from "../../devices/quantity/index.ts";
import {
  type Display,
  gramsOf,
  type Indication,
  type Indicator,
  indicationAt,
  isAtRest,
  tareCleared,
  tared,
  zeroed,
} from "../scale/indicator.ts";
import type { Answer, Dialect, DialectStep } from "./dialect.ts";
import { bytesOf } from "./text.ts";

type State = {
  readonly nextAtMs: number;
  /** The print key was pressed: the next frame says so. */
  readonly printRequested: boolean;
};
type Step = DialectStep<State>;

const STX = 0x02;
const CR = 0x0d;
const DIGITS = 6;

/** Bits of the three status words, as the terminals' tables give them. */
const ALWAYS = 0x20;
const A = { x1: 0x08, x2: 0x10, x5: 0x18 } as const;
const B = { net: 0x01, negative: 0x02, outOfRange: 0x04, motion: 0x08, kilograms: 0x10 } as const;
const C = { grams: 0x01, tonnes: 0x02, print: 0x08 } as const;

/**
 * METTLER TOLEDO standard continuous output: a frame with every update of the display. C, P, T and Z are obeyed without an
 * answer, everything else is ignored.
 */
const continuous = (protocol: string, withChecksum: boolean): Dialect<State> => ({
  protocol,
  switchedOn: ({ settings }) => {
    for (const display of settings.displays) mustFit(display, settings.capacityGrams);
    return { nextAtMs: 0, printRequested: false };
  },
  step: (state, indicator, input, atMs) =>
    input.kind === "received"
      ? obeyAll(state, indicator, input.bytes, atMs)
      : output(state, indicator, withChecksum, atMs),
});

export const toledoContinuous = continuous("toledo-continuous", false);
export const toledoContinuousChecksum = continuous("toledo-continuous-checksum", true);

/** What a terminal's menu would not let one set up. */
function mustFit({ unit, division }: Display, capacityGrams: number): void {
  unitBits(unit);
  if (capacityGrams / gramsOf({ mantissa: 1, exponent: division.exponent }, unit) >= 10 ** DIGITS)
    throw new RangeError(`the continuous output has ${DIGITS} digits: give the scale a coarser division in ${unit}`);
}

function output(state: State, indicator: Indicator, withChecksum: boolean, atMs: number): Step {
  if (atMs < state.nextAtMs) return { state, indicator, answers: [], wakeAtMs: state.nextAtMs };
  const nextAtMs = atMs + indicator.settings.outputMs;
  const answer = frame(indicationAt(indicator, atMs), state.printRequested, withChecksum);
  return { state: { nextAtMs, printRequested: false }, indicator, answers: [answer], wakeAtMs: nextAtMs };
}

function obeyAll(before: State, indicatorBefore: Indicator, bytes: Uint8Array, atMs: number): Step {
  let state = before;
  let indicator = indicatorBefore;
  for (const byte of bytes) {
    const command = String.fromCharCode(byte);
    if (command === "P") state = { ...state, printRequested: true };
    else indicator = obey(indicator, command, atMs);
  }
  return { state, indicator, answers: [], wakeAtMs: state.nextAtMs };
}

/** Zero and tare are taken from a resting load only. */
function obey(indicator: Indicator, command: string, atMs: number): Indicator {
  if (command === "C") return tareCleared(indicator);
  if ((command !== "T" && command !== "Z") || !isAtRest(indicator, atMs)) return indicator;
  const done = command === "T" ? tared(indicator, atMs) : zeroed(indicator, atMs);
  return done.kind === "done" ? done.indicator : indicator;
}

function frame(shown: Indication, print: boolean, withChecksum: boolean): Answer {
  const { words, digits, tare, weighing } = partsOf(shown);
  const [a, b, c] = words;
  const body = Uint8Array.of(STX, a, b, c | (print ? C.print : 0), ...bytesOf(digits + tare), CR);
  if (!withChecksum) return { bytes: body, weighing };
  let sum = 0;
  for (const byte of body) sum = (sum + byte) % 0x80;
  // Two's complement in seven bits: all bytes together add up to nothing.
  return { bytes: Uint8Array.of(...body, (0x80 - sum) % 0x80), weighing };
}

type Parts = {
  readonly words: readonly [a: number, b: number, c: number];
  readonly digits: string;
  readonly tare: string;
  readonly weighing: Answer["weighing"];
};

function partsOf(shown: Indication): Parts {
  const motion = shown.stable ? 0 : B.motion;
  const unit = unitBits(shown.unit);
  if (shown.kind !== "weight") {
    const sign = shown.kind === "underload" ? B.negative : 0;
    const b = ALWAYS | B.outOfRange | sign | motion | unit.b;
    return { words: [ALWAYS | A.x1 | 2, b, ALWAYS | unit.c], digits: field(0), tare: field(0), weighing: null };
  }
  const { step, dropped } = stepOf(shown.division);
  const digitsOf = ({ mantissa }: Decimal) => field(Math.abs(mantissa) / 10 ** dropped);
  const weight = shown.tared ? shown.net : shown.gross;
  const b = ALWAYS | (shown.tared ? B.net : 0) | (weight.mantissa < 0 ? B.negative : 0) | motion | unit.b;
  return {
    words: [ALWAYS | step, b, ALWAYS | unit.c],
    digits: digitsOf(weight),
    tare: digitsOf(shown.tare),
    weighing: shown.weighing,
  };
}

const field = (digits: number): string => digits.toString().padStart(DIGITS);

/** Word A: step and place of the last digit. `dropped`: zeros at the end that the place says instead. */
function stepOf(division: Decimal): { readonly step: number; readonly dropped: number } {
  let { mantissa, exponent } = division;
  let dropped = 0;
  while (mantissa % 10 === 0) {
    mantissa /= 10;
    exponent += 1;
    dropped += 1;
  }
  const size = mantissa === 1 ? A.x1 : mantissa === 2 ? A.x2 : A.x5;
  // 000 is the hundreds, 010 the ones, 111 the hundred-thousandths.
  return { step: size | (2 - exponent), dropped };
}

function unitBits(unit: MassUnit): { readonly b: number; readonly c: number } {
  switch (unit) {
    case "kg":
      return { b: B.kilograms, c: 0 };
    case "lb":
      return { b: 0, c: 0 };
    case "g":
      return { b: 0, c: C.grams };
    case "t":
      return { b: 0, c: C.tonnes };
    case "oz":
    case "mg":
      throw new RangeError(`the continuous output has no ${unit}: give the scale other displays`);
  }
}
