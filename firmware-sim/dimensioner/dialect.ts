/** What stands under a dimensioner or a scanner; a null item is an unreadable code. Whole millimetres. */
export type Presented = { readonly item: string | null; readonly mm: readonly [number, number, number] };

/** One write. `tells`: it says what is presented, so that the host has it when it arrives whole (F8). */
export type Telegram = { readonly bytes: Uint8Array; readonly tells: boolean };

export type MeasuringInput =
  /** What is presented was measured; again for a new host, and after a telegram that a fault damaged. */
  { readonly kind: "measured" } | { readonly kind: "received"; readonly bytes: Uint8Array };

/** How a dimensioner or scanner speaks, as a pure step (F16): by itself when it has measured, or when it is asked. */
export type MeasuringDialect<State> = {
  /** Name in the registry of `devices/protocols`. */
  readonly protocol: string;
  /** What a decoded telegram holds. */
  readonly measures: readonly ("mass" | "dimensions" | "item")[];
  /** The wire that it is sold with. On TCP no bit arrives the wrong way round: its own checksum sees to that. `http`: a web server on TCP. */
  readonly wire: "serial" | "tcp" | "http";
  readonly switchedOn: State;
  readonly step: (
    state: State,
    presented: Presented | null,
    input: MeasuringInput,
  ) => { readonly state: State; readonly telegrams: readonly Telegram[] };
};

/** In the middle of its talk, its state kept to itself, so that all dialects fit in one table. */
export type MeasuringSpeech = Pick<MeasuringDialect<unknown>, "protocol" | "measures" | "wire"> & {
  readonly step: (
    presented: Presented | null,
    input: MeasuringInput,
  ) => { readonly speech: MeasuringSpeech; readonly telegrams: readonly Telegram[] };
};

export const speechOf = <State>(dialect: MeasuringDialect<State>, state: State): MeasuringSpeech => ({
  protocol: dialect.protocol,
  measures: dialect.measures,
  wire: dialect.wire,
  step: (presented, input) => {
    const done = dialect.step(state, presented, input);
    return { speech: speechOf(dialect, done.state), telegrams: done.telegrams };
  },
});
