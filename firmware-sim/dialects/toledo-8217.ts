import { type Decimal, formatDecimal } from "../../devices/quantity/index.ts";
import {
  type Display,
  displayOf,
  gramsOf,
  type Indication,
  type Indicator,
  indicationAt,
  isAtRest,
  presetTare,
  tareCleared,
  tared,
  zeroed,
} from "../scale/indicator.ts";
import type { Answer, Dialect, DialectStep } from "./dialect.ts";
import { inHighResolution } from "./high-resolution.ts";
import { saying } from "./text.ts";

type State = {
  readonly echoing: boolean;
  /** The result of the self-test waits to be asked for: once. */
  readonly tested: boolean;
  /** T and the digits of a known tare behind it; null = none. */
  readonly tareDigits: string | null;
  /** Tare and clear tare answer with a delay. */
  readonly answerAtMs: number | null;
};
type Step = DialectStep<State>;

const TARE_DELAY_MS = 150;
const TARE_DIGITS = 5;
const ZERO_RANGE = 0.02;
const STATUS = { motion: 0x01, over: 0x02, below: 0x04, outside: 0x08, center: 0x10, net: 0x20, always: 0x40 } as const;
const ALL_TESTS_PASSED = "@";
const NO_RESULT = "\0";

const KILOGRAMS: Display = { unit: "kg", division: { mantissa: 5, exponent: -3 } };
const POUNDS: Display = { unit: "lb", division: { mantissa: 1, exponent: -2 } };

/**
 * Toledo 8217: single letters without an end, answers between STX and CR. The weight is sent at rest and in range only, else a
 * status byte. The unit is nowhere; pounds have two decimals, kilograms three.
 */
const toledo8217 = (protocol: string, displays: readonly Display[]): Dialect<State> => ({
  protocol,
  make: { displays, capacityGrams: 60_000 },
  switchedOn: () => ({ echoing: false, tested: false, tareDigits: null, answerAtMs: null }),
  step: (state, indicator, input, atMs) =>
    input.kind === "tick" ? onTick(state, indicator, atMs) : onReceived(state, indicator, input.bytes, atMs),
});

export const toledo8217Kg = toledo8217("toledo-8217-kg", [KILOGRAMS, POUNDS]);
export const toledo8217Lb = toledo8217("toledo-8217-lb", [POUNDS, KILOGRAMS]);

function onReceived(before: State, indicatorBefore: Indicator, bytes: Uint8Array, atMs: number): Step {
  let done = settled(before, indicatorBefore);
  const answers: Answer[] = [];
  for (const byte of bytes) {
    done = obey(done.state, done.indicator, String.fromCharCode(byte), atMs);
    answers.push(...done.answers);
  }
  return { ...done, answers };
}

function onTick(state: State, indicator: Indicator, atMs: number): Step {
  if (state.answerAtMs === null || atMs < state.answerAtMs) return settled(state, indicator);
  const after = tareAfter(state, indicator, atMs);
  return settled({ ...state, tareDigits: null, answerAtMs: null }, after, status(after, atMs));
}

function obey(before: State, indicator: Indicator, letter: string, atMs: number): Step {
  if (before.echoing && letter !== "F") return settled(before, indicator, saying(letter));
  if (before.tareDigits !== null && /\d/.test(letter)) return onTareDigit(before, indicator, letter, atMs);
  // Another letter behind T ends it: the tare is what lies there.
  if (before.tareDigits !== null)
    return obey({ ...before, tareDigits: null }, tareAfter(before, indicator, atMs), letter, atMs);
  const state = before;
  switch (letter) {
    case "W":
      return settled(state, indicator, weight(indicator, atMs));
    case "H":
      return settled(state, indicator, weight(inHighResolution(indicator), atMs));
    case "Z": {
      const after = setZero(indicator, atMs);
      return settled(state, after, status(after, atMs));
    }
    case "T":
      return settled({ ...state, tareDigits: "", answerAtMs: atMs + TARE_DELAY_MS }, indicator);
    case "C": {
      const cleared = isAtRest(indicator, atMs) ? tareCleared(indicator) : indicator;
      return settled({ ...state, answerAtMs: atMs + TARE_DELAY_MS }, cleared);
    }
    case "A":
      return settled({ ...state, tested: true }, indicator, reply(""));
    case "B":
      return settled({ ...state, tested: false }, indicator, reply(`?${state.tested ? ALL_TESTS_PASSED : NO_RESULT}`));
    case "E":
      return settled({ ...state, echoing: true }, indicator, reply("E"));
    case "F":
      return settled({ ...state, echoing: false }, indicator, reply("F"));
    default:
      return settled(state, indicator, status(indicator, atMs));
  }
}

/** Five digits are a known tare: WWW.WW lb, WW.WWW kg. */
function onTareDigit(state: State, indicator: Indicator, digit: string, atMs: number): Step {
  const tareDigits = (state.tareDigits ?? "") + digit;
  const answerAtMs = atMs + TARE_DELAY_MS;
  if (tareDigits.length < TARE_DIGITS) return settled({ ...state, tareDigits, answerAtMs }, indicator);
  const { unit } = displayOf(indicator);
  const known: Decimal = { mantissa: Number(tareDigits), exponent: unit === "kg" ? -3 : -2 };
  return settled({ ...state, tareDigits: null, answerAtMs }, presetTare(indicator, gramsOf(known, unit)));
}

/** At rest, within the capture range, and without a tare only. */
function setZero(indicator: Indicator, atMs: number): Indicator {
  if (!isAtRest(indicator, atMs) || indicator.tareGrams !== 0) return indicator;
  const done = zeroed(indicator, atMs);
  return done.kind === "done" ? done.indicator : indicator;
}

/** T alone takes what lies there; T with too few digits is dropped. */
const tareAfter = ({ tareDigits }: State, indicator: Indicator, atMs: number): Indicator =>
  tareDigits === "" ? takeTare(indicator, atMs) : indicator;

/** At rest, and of something only. */
function takeTare(indicator: Indicator, atMs: number): Indicator {
  const done = isAtRest(indicator, atMs) ? tared(indicator, atMs) : null;
  return done?.kind === "done" && done.indicator.tareGrams > 0 ? done.indicator : indicator;
}

function weight(indicator: Indicator, atMs: number): Answer {
  const shown = indicationAt(indicator, atMs);
  if (shown.kind !== "weight" || !shown.stable || shownOf(shown).mantissa < 0) return status(indicator, atMs);
  // Pounds as 0WW.WW, kilograms as WW.WWW: two digits and the unit's decimals, or what the display has.
  const decimals = -shown.division.exponent;
  const digits = formatDecimal(shownOf(shown)).padStart(decimals + (shown.unit === "kg" ? 3 : 4), "0");
  return { ...reply(`${digits}${shown.tared ? "N" : ""}`), weighing: shown.weighing };
}

function status(indicator: Indicator, atMs: number): Answer {
  const shown = indicationAt(indicator, atMs);
  const bits = STATUS.always | (shown.stable ? 0 : STATUS.motion) | rangeBits(shown, indicator);
  return reply(`?${String.fromCharCode(bits)}`);
}

function rangeBits(shown: Indication, { settings }: Indicator): number {
  switch (shown.kind) {
    case "overload":
      return STATUS.over | STATUS.outside;
    case "underload":
      return STATUS.below | STATUS.outside;
    case "weight": {
      const outside = Math.abs(gramsOf(shown.gross, shown.unit)) > ZERO_RANGE * settings.capacityGrams;
      return (
        (shownOf(shown).mantissa < 0 ? STATUS.below : 0) |
        (outside ? STATUS.outside : 0) |
        (shown.centerOfZero ? STATUS.center : 0) |
        (shown.tared ? STATUS.net : 0)
      );
    }
  }
}

const shownOf = (shown: Extract<Indication, { kind: "weight" }>): Decimal => (shown.tared ? shown.net : shown.gross);
const reply = (text: string): Answer => saying(`\x02${text}\r`);
const settled = (state: State, indicator: Indicator, ...answers: readonly Answer[]): Step => ({
  state,
  indicator,
  answers,
  wakeAtMs: state.answerAtMs,
});
