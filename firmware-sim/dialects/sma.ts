import { formatDecimal } from "../../devices/quantity/index.ts";
import {
  displayOf,
  type Indication,
  type Indicator,
  indicationAt,
  isAtRest,
  tareCleared,
  tared,
  zeroed,
} from "../scale/indicator.ts";
import type { Answer, Dialect, DialectStep } from "./dialect.ts";
import { inHighResolution } from "./high-resolution.ts";
import { bytesOf, saying } from "./text.ts";

/** Commands that want a resting load. */
type Patient = "P" | "Q" | "Z" | "T";
type State = {
  /** Characters since the last LF; null = no command has begun. */
  readonly open: string | null;
  readonly waiting: { readonly command: Patient; readonly untilMs: number; readonly lookAtMs: number } | null;
  readonly repeating: { readonly command: "R" | "S"; readonly nextAtMs: number } | null;
  /** How many of the answers to B and to N were given. */
  readonly told: { readonly about: number; readonly information: number };
};
type Step = DialectStep<State>;

const LOOK_MS = 20;
const LF = 0x0a;
const CR = 0x0d;
const LONGEST_COMMAND = 8;
const DASHES = "-".repeat(10);
const COMPLIANCE = "SMA:2/1.0";
const ABOUT = ["MFG:TALLYSTICK", "MOD:SIMULATED SCALE", "REV:1.0", "END:"];

/** SMA SCP-0499: commands between LF and CR, replies of fixed columns. Q, R and S are optional there and known here. */
export const sma: Dialect<State> = {
  protocol: "sma",
  switchedOn: () => ({ open: null, waiting: null, repeating: null, told: { about: 0, information: 0 } }),
  step: (state, indicator, input, atMs) =>
    input.kind === "tick" ? onTick(state, indicator, atMs) : onReceived(state, indicator, input.bytes, atMs),
};

function onReceived(before: State, indicatorBefore: Indicator, bytes: Uint8Array, atMs: number): Step {
  let done = settled(before, indicatorBefore);
  const answers: Answer[] = [];
  for (const byte of bytes) {
    done = onByte(done.state, done.indicator, byte, atMs);
    answers.push(...done.answers);
  }
  return { ...done, answers };
}

function onByte(state: State, indicator: Indicator, byte: number, atMs: number): Step {
  if (byte === LF) return settled({ ...state, open: "" }, indicator);
  const { open } = state;
  if (open === null) return settled(state, indicator);
  // An eighth bit stands for the parity or framing error that the receiver of a real scale reports.
  if (byte > 0x7f) return settled({ ...state, open: null }, indicator, reply("!"));
  if (byte === CR) return obey({ ...state, open: null }, indicator, open, atMs);
  return settled(
    { ...state, open: open.length < LONGEST_COMMAND ? open + String.fromCharCode(byte) : open },
    indicator,
  );
}

function onTick(state: State, indicator: Indicator, atMs: number): Step {
  const { waiting, repeating } = state;
  if (waiting !== null) {
    const idle: State = { ...state, waiting: null };
    if (isAtRest(indicator, atMs)) return atRest(idle, indicator, waiting.command, atMs);
    if (atMs >= waiting.untilMs) return settled(idle, indicator, tooLate(waiting.command));
    return settled({ ...state, waiting: { ...waiting, lookAtMs: atMs + LOOK_MS } }, indicator);
  }
  if (repeating === null || atMs < repeating.nextAtMs) return settled(state, indicator);
  const nextAtMs = atMs + indicator.settings.outputMs;
  return settled(
    { ...state, repeating: { ...repeating, nextAtMs } },
    indicator,
    weight(indicator, repeating.command === "S", atMs),
  );
}

/** A new command ends a stream and whatever an earlier one was waiting for. */
function obey(before: State, indicator: Indicator, command: string, atMs: number): Step {
  const state: State = { ...before, waiting: null, repeating: null };
  switch (command) {
    case "W":
    case "H":
      return settled(state, indicator, weight(indicator, command === "H", atMs));
    case "R":
    case "S":
      return onTick({ ...state, repeating: { command, nextAtMs: atMs } }, indicator, atMs);
    case "P":
    case "Q":
    case "Z":
    case "T": {
      const untilMs = atMs + indicator.settings.stabilityTimeoutMs;
      return onTick({ ...state, waiting: { command, untilMs, lookAtMs: atMs } }, indicator, atMs);
    }
    case "M":
      return settled(state, indicator, tareOf(indicator, atMs));
    case "C": {
      const cleared = tareCleared(indicator);
      return settled(state, cleared, weight(cleared, false, atMs));
    }
    case "D":
      return settled(state, indicator, reply("    "));
    default:
      return tell(state, indicator, command);
  }
}

/** A and I begin a list, B and N go on with it; behind its end they are unknown commands. */
function tell(state: State, indicator: Indicator, command: string): Step {
  const { about, information } = state.told;
  switch (command) {
    case "A":
      return settled({ ...state, told: { about: 0, information } }, indicator, reply(COMPLIANCE));
    case "I":
      return settled({ ...state, told: { about, information: 0 } }, indicator, reply(COMPLIANCE));
    case "B":
      return settled({ ...state, told: { about: about + 1, information } }, indicator, reply(ABOUT[about] ?? "?"));
    case "N": {
      const next = informationOf(indicator)[information] ?? "?";
      return settled({ ...state, told: { about, information: information + 1 } }, indicator, reply(next));
    }
    default:
      return settled(state, indicator, reply("?"));
  }
}

function informationOf(indicator: Indicator): readonly string[] {
  const { unit, division } = displayOf(indicator);
  const capacity = Math.round(indicator.settings.capacityGrams / 1000);
  return [
    "TYP:S",
    `CAP:${unit.padEnd(3)}:${capacity}:${division.mantissa}:${-division.exponent}`,
    "CMD:HPQRSTMC",
    "END:",
  ];
}

function atRest(state: State, indicator: Indicator, command: Patient, atMs: number): Step {
  if (command === "P" || command === "Q") return settled(state, indicator, weight(indicator, command === "Q", atMs));
  const done = command === "Z" ? zeroed(indicator, atMs) : tared(indicator, atMs);
  if (done.kind === "refused") return settled(state, indicator, failed(command));
  return settled(state, done.indicator, weight(done.indicator, false, atMs));
}

const tooLate = (command: Patient): Answer =>
  command === "P" || command === "Q" ? reply(` 1${command === "P" ? "G" : "g"}  ${DASHES}   `) : failed(command);
const failed = (command: "Z" | "T"): Answer => reply(`${command === "Z" ? "E" : "T"}1G  ${DASHES}   `);

function weight(indicator: Indicator, high: boolean, atMs: number): Answer {
  const shown = indicationAt(high ? inHighResolution(indicator) : indicator, atMs);
  const motion = shown.stable ? " " : "M";
  const unit = shown.unit.padEnd(3);
  // Beyond its range a scale indicates nothing (OIML R76 4.2.3), so there are no digits to send.
  if (shown.kind !== "weight") return reply(`${shown.kind === "overload" ? "O" : "U"}1G${motion} ${DASHES}${unit}`);
  const mode = shown.tared ? "N" : "G";
  const value = formatDecimal(shown.tared ? shown.net : shown.gross).padStart(10);
  const text = `${stateOf(shown, high)}1${high ? mode.toLowerCase() : mode}${motion} ${value}${unit}`;
  return { bytes: bytesOf(`\n${text}\r`), weighing: shown.weighing };
}

/** Center of zero is of the verified display, so it is not said of ten times its resolution. */
const stateOf = ({ centerOfZero }: Extract<Indication, { kind: "weight" }>, high: boolean): string =>
  centerOfZero && !high ? "Z" : " ";

function tareOf(indicator: Indicator, atMs: number): Answer {
  const shown = indicationAt(indicator, atMs);
  if (shown.kind !== "weight")
    return reply(`${shown.kind === "overload" ? "O" : "U"}1T  ${DASHES}${shown.unit.padEnd(3)}`);
  return reply(` 1T${shown.stable ? " " : "M"} ${formatDecimal(shown.tare).padStart(10)}${shown.unit.padEnd(3)}`);
}

const reply = (text: string): Answer => saying(`\n${text}\r`);

const settled = (state: State, indicator: Indicator, ...answers: readonly Answer[]): Step => ({
  state,
  indicator,
  answers,
  wakeAtMs: state.waiting?.lookAtMs ?? state.repeating?.nextAtMs ?? null,
});
