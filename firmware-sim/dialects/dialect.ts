import type { Indicator, IndicatorSettings, Weighing } from "../scale/indicator.ts";

/** One write of a device. `weighing` is set when it tells a host what lies on the platform. */
export type Answer = { readonly bytes: Uint8Array; readonly weighing: Weighing | null };

export type DialectInput = { readonly kind: "received"; readonly bytes: Uint8Array } | { readonly kind: "tick" };

export type DialectStep<State> = {
  readonly state: State;
  readonly indicator: Indicator;
  readonly answers: readonly Answer[];
  /** When it wants the next tick; null = when the host says something. */
  readonly wakeAtMs: number | null;
};

/**
 * How an indicator speaks (F16): its commands, its output and its errors, as a pure step. Written from the manual and
 * not from the decoder, so that what one of them misread shows. The first tick comes right after power-on.
 */
export type Dialect<State> = {
  /** Name in the registry of `devices/protocols`. */
  readonly protocol: string;
  /** What the makers' indicators show and bear, where that is not 60 kg by 5 g in kg. */
  readonly make?: Partial<Pick<IndicatorSettings, "displays" | "capacityGrams" | "outputMs">>;
  readonly switchedOn: (indicator: Indicator) => State;
  readonly step: (state: State, indicator: Indicator, input: DialectInput, atMs: number) => DialectStep<State>;
};

/** A dialect in the middle of its talk, its state kept to itself, so that all dialects fit in one table. */
export type Speech = {
  readonly step: (
    indicator: Indicator,
    input: DialectInput,
    atMs: number,
  ) => Omit<DialectStep<unknown>, "state"> & { readonly speech: Speech };
};

export type Speaker = Pick<Dialect<unknown>, "protocol" | "make"> & {
  readonly switchedOn: (indicator: Indicator) => Speech;
};

export const speakerOf = <State>(dialect: Dialect<State>): Speaker => {
  const speechOf = (state: State): Speech => ({
    step: (indicator, input, atMs) => {
      const { state: next, ...done } = dialect.step(state, indicator, input, atMs);
      return { ...done, speech: speechOf(next) };
    },
  });
  return {
    protocol: dialect.protocol,
    ...(dialect.make === undefined ? {} : { make: dialect.make }),
    switchedOn: (indicator) => speechOf(dialect.switchedOn(indicator)),
  };
};
