import { formatDecimal } from "../../devices/quantity/index.ts";
import {
  type Indication,
  type Indicator,
  indicationAt,
  isAtRest,
  tareCleared,
  tared,
  zeroed,
} from "../scale/indicator.ts";
import type { Answer, Dialect, DialectInput, DialectStep } from "./dialect.ts";
import { bytesOf, heard, saying } from "./text.ts";

type State = {
  readonly rest: string;
  /** S, Z or T until the platform rests. */
  readonly waiting: { readonly command: "S" | "Z" | "T"; readonly untilMs: number } | null;
  /** SIR: when the next line is due. */
  readonly repeatAtMs: number | null;
};
type Step = DialectStep<State>;

const LOOK_MS = 20;
const LEVELS: readonly (readonly [level: number, command: string])[] = [
  [0, "I0"],
  [0, "I1"],
  [0, "I2"],
  [0, "I3"],
  [0, "I4"],
  [0, "S"],
  [0, "SI"],
  [0, "SIR"],
  [0, "Z"],
  [0, "ZI"],
  [0, "@"],
  [1, "T"],
  [1, "TI"],
  [1, "TAC"],
];

/** MT-SICS levels 0 and 1: lines closed by CR LF, commands in upper case (devices/protocols/mt-sics). */
export const mtSics: Dialect<State> = {
  protocol: "mt-sics",
  switchedOn: () => ({ rest: "", waiting: null, repeatAtMs: null }),
  step: (state, indicator, input, atMs) => stepped(state, indicator, input, atMs),
};

function stepped(before: State, indicatorBefore: Indicator, input: DialectInput, atMs: number): Step {
  if (input.kind === "tick") return onTick(before, indicatorBefore, atMs);
  // An empty line is no command, and a lone CR none either: the line feed ends it.
  const { commands, rest } = heard(before.rest, input.bytes, "\n");
  let done = settled({ ...before, rest }, indicatorBefore, []);
  const answers: Answer[] = [];
  for (const line of commands) {
    done = line.endsWith("\r") ? obey(done.state, done.indicator, line.slice(0, -1), atMs) : syntaxError(done);
    answers.push(...done.answers);
  }
  return { ...done, answers };
}

function onTick(state: State, indicator: Indicator, atMs: number): Step {
  const { waiting, repeatAtMs } = state;
  if (waiting !== null) {
    if (isAtRest(indicator, atMs)) return atRest({ ...state, waiting: null }, indicator, waiting.command, atMs);
    if (atMs < waiting.untilMs) return settled(state, indicator, [], atMs + LOOK_MS);
    return settled({ ...state, waiting: null }, indicator, [line(`${waiting.command} I`)]);
  }
  if (repeatAtMs === null || atMs < repeatAtMs) return settled(state, indicator, [], repeatAtMs);
  const next = atMs + indicator.settings.outputMs;
  return settled({ ...state, repeatAtMs: next }, indicator, [weight(indicator, atMs)], next);
}

/** A new command ends a stream and whatever an earlier one was waiting for. */
function obey(before: State, indicator: Indicator, command: string, atMs: number): Step {
  const state: State = { ...before, waiting: null, repeatAtMs: null };
  const say = (...lines: readonly string[]) => settled(state, indicator, lines.map(line));
  const { serial, capacityGrams, stabilityTimeoutMs } = indicator.settings;
  switch (command) {
    case "S":
    case "Z":
    case "T":
      return onTick({ ...state, waiting: { command, untilMs: atMs + stabilityTimeoutMs } }, indicator, atMs);
    case "SI":
      return settled(state, indicator, [weight(indicator, atMs)]);
    case "SIR":
      return onTick({ ...state, repeatAtMs: atMs }, indicator, atMs);
    case "ZI":
      return setZero(state, indicator, "ZI", atMs);
    case "TI":
      return setTare(state, indicator, "TI", atMs);
    case "TAC":
      return settled(state, tareCleared(indicator), [line("TAC A")]);
    case "@":
      // Reset clears the tare, sets no zero, and answers as I4.
      return settled(state, tareCleared(indicator), [line(`I4 A "${serial}"`)]);
    case "I0":
      return say(
        ...LEVELS.map(([level, name], index) => `I0 ${index === LEVELS.length - 1 ? "A" : "B"} ${level} "${name}"`),
      );
    case "I1":
      return say('I1 A "01" "2.30" "2.22" "" ""');
    case "I2":
      return say(`I2 A "TALLYSTICK-SIM ${(capacityGrams / 1000).toFixed(3)} kg"`);
    case "I3":
      return say('I3 A "1.0.0"');
    case "I4":
      return say(`I4 A "${serial}"`);
    default:
      return say("ES");
  }
}

function atRest(state: State, indicator: Indicator, command: "S" | "Z" | "T", atMs: number): Step {
  switch (command) {
    case "S":
      return settled(state, indicator, [weight(indicator, atMs)]);
    case "Z":
      return setZero(state, indicator, "Z", atMs);
    case "T":
      return setTare(state, indicator, "T", atMs);
  }
}

function setZero(state: State, indicator: Indicator, command: "Z" | "ZI", atMs: number): Step {
  const done = zeroed(indicator, atMs);
  // The errors of ZI come as Z (reference: dotnet-mettlertoledo).
  if (done.kind === "refused") return settled(state, indicator, [line(`Z ${signOf(done.reason)}`)]);
  return settled(state, done.indicator, [line(command === "Z" ? "Z A" : `ZI ${letterOf(done.stable)}`)]);
}

function setTare(state: State, indicator: Indicator, command: "T" | "TI", atMs: number): Step {
  const done = tared(indicator, atMs);
  if (done.kind === "refused") return settled(state, indicator, [line(`${command} ${signOf(done.reason)}`)]);
  const shown = indicationAt(done.indicator, atMs);
  const text = shown.kind === "weight" ? weightLine(command, shown, "tare") : `${command} ${signOf(shown.kind)}`;
  return settled(state, done.indicator, [line(text)]);
}

function weight(indicator: Indicator, atMs: number): Answer {
  const shown = indicationAt(indicator, atMs);
  if (shown.kind !== "weight") return line(`S ${signOf(shown.kind)}`);
  return { bytes: bytesOf(`${weightLine("S", shown, "net")}\r\n`), weighing: shown.weighing };
}

/** The value stands right aligned in ten columns. */
const weightLine = (command: string, shown: Extract<Indication, { kind: "weight" }>, which: "net" | "tare"): string =>
  `${command} ${letterOf(shown.stable)} ${formatDecimal(shown[which]).padStart(10)} ${shown.unit}`;

const letterOf = (stable: boolean): string => (stable ? "S" : "D");
const signOf = (reason: "overload" | "underload"): string => (reason === "overload" ? "+" : "-");
const line = (text: string): Answer => saying(`${text}\r\n`);
const syntaxError = ({ state, indicator }: Step): Step => settled(state, indicator, [line("ES")]);
const settled = (
  state: State,
  indicator: Indicator,
  answers: readonly Answer[],
  wakeAtMs: number | null = null,
): Step => ({ state, indicator, answers, wakeAtMs });
