import { type Indication, indicationAt, type Indicator, isAtRest } from "../scale/indicator.ts";
import type { Answer, Dialect, DialectInput, DialectStep } from "./dialect.ts";
import { bytesOf, heard, saying } from "./text.ts";

/** What an indicator that answers commands with lines is made of; the rest of its behaviour is the same everywhere. */
export type Talk = Pick<Dialect<unknown>, "protocol" | "make"> & {
  /** Characters that end a command. Longer ones than an input buffer holds are dropped. */
  readonly terminators: string;
  /** Sends by itself from power-on. */
  readonly streams: boolean;
  /** What it sends of its display, line end and all; null = it says nothing to this. */
  readonly print: (shown: Indication, command: string) => string | null;
  /** Which display it sends to this command; absent = the one that is shown. */
  readonly displayFor?: (indicator: Indicator, command: string) => Indicator;
  readonly obey: (command: string, indicator: Indicator, atMs: number) => Deed;
};

/** What an indicator does with a command, in this order. */
export type Deed = {
  readonly indicator?: Indicator;
  readonly says?: string;
  /** Sends its display, in the manner of this command. */
  readonly prints?: true;
  /** Sends its display again and again, or stops. */
  readonly streams?: boolean;
  /** Does something else as soon as the platform rests, or when it did not rest in time. */
  readonly waits?: {
    readonly rested: (indicator: Indicator, atMs: number) => Deed;
    readonly expired: Deed;
  };
};

type State = {
  readonly rest: string;
  readonly streamAtMs: number | null;
  readonly command: string;
  readonly waiting: (NonNullable<Deed["waits"]> & { readonly untilMs: number }) | null;
};
type Step = DialectStep<State>;

const LOOK_MS = 20;
/** The manner in which a line is printed that no command asked for. */
export const BY_ITSELF = "";

export const dialectOf = (talk: Talk): Dialect<State> => ({
  protocol: talk.protocol,
  ...(talk.make === undefined ? {} : { make: talk.make }),
  switchedOn: (indicator) => ({
    rest: "",
    streamAtMs: talk.streams ? indicator.poweredAtMs : null,
    command: BY_ITSELF,
    waiting: null,
  }),
  step: (state, indicator, input, atMs) => step(talk, state, indicator, input, atMs),
});

function step(talk: Talk, before: State, indicatorBefore: Indicator, input: DialectInput, atMs: number): Step {
  if (input.kind === "tick") return onTick(talk, before, indicatorBefore, atMs);
  const { commands, rest } = heard(before.rest, input.bytes, talk.terminators);
  let done = settled({ ...before, rest }, indicatorBefore, [], atMs);
  const answers: Answer[] = [];
  for (const command of commands) {
    // A new command ends whatever an earlier one was waiting for.
    const state = { ...done.state, command, waiting: null };
    done = act(talk, state, done.indicator, talk.obey(command, done.indicator, atMs), atMs);
    answers.push(...done.answers);
  }
  return { ...done, answers };
}

function onTick(talk: Talk, state: State, indicator: Indicator, atMs: number): Step {
  const { waiting, streamAtMs } = state;
  if (waiting !== null && isAtRest(indicator, atMs))
    return act(talk, { ...state, waiting: null }, indicator, waiting.rested(indicator, atMs), atMs);
  if (waiting !== null && atMs >= waiting.untilMs)
    return act(talk, { ...state, waiting: null }, indicator, waiting.expired, atMs);
  if (streamAtMs === null || atMs < streamAtMs) return settled(state, indicator, [], atMs);
  const next = { ...state, streamAtMs: atMs + indicator.settings.outputMs };
  return settled(next, indicator, printed(talk, indicator, BY_ITSELF, atMs), atMs);
}

function act(talk: Talk, before: State, indicatorBefore: Indicator, deed: Deed, atMs: number): Step {
  const { indicator = indicatorBefore, says, prints, streams, waits } = deed;
  const answers = [
    ...(says === undefined ? [] : [saying(says)]),
    ...(prints === undefined ? [] : printed(talk, indicator, before.command, atMs)),
  ];
  const streamAtMs = streams === undefined ? before.streamAtMs : streams ? atMs : null;
  const untilMs = atMs + indicator.settings.stabilityTimeoutMs;
  const waiting = waits === undefined ? before.waiting : { ...waits, untilMs };
  return settled({ ...before, streamAtMs, waiting }, indicator, answers, atMs);
}

function printed(talk: Talk, indicator: Indicator, command: string, atMs: number): readonly Answer[] {
  const shown = indicationAt(talk.displayFor?.(indicator, command) ?? indicator, atMs);
  const line = talk.print(shown, command);
  if (line === null) return [];
  return [{ bytes: bytesOf(line), weighing: shown.kind === "weight" ? shown.weighing : null }];
}

function settled(state: State, indicator: Indicator, answers: readonly Answer[], atMs: number): Step {
  const { waiting, streamAtMs } = state;
  const lookAtMs = waiting === null ? Number.POSITIVE_INFINITY : atMs + LOOK_MS;
  const wakeAtMs = Math.min(lookAtMs, streamAtMs ?? Number.POSITIVE_INFINITY);
  return { state, indicator, answers, wakeAtMs: Number.isFinite(wakeAtMs) ? wakeAtMs : null };
}
