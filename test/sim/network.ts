/** A hostile network: how long messages take, which of them are lost, doubled or overtaken, and who is cut off from whom. */
import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

/** How long a message takes. `spread`: deviation of the logarithm; 1 gives a tail of ten times the median in one of a hundred. */
export type Latency =
  | { readonly kind: "constant"; readonly ms: number }
  | { readonly kind: "uniform"; readonly lowMs: number; readonly highMs: number }
  | { readonly kind: "exponential"; readonly meanMs: number }
  | { readonly kind: "lognormal"; readonly medianMs: number; readonly spread: number };

export type Weather = {
  readonly latency: Latency;
  /** Latency is so many times longer between gateways of different regions. */
  readonly far: number;
  readonly loss: number;
  readonly duplicates: number;
  /** Messages of a link arrive in the order in which they were sent, as on a TCP connection. */
  readonly inOrder: boolean;
};

export type Network = {
  readonly setWeather: (weather: Weather) => void;
  readonly weather: () => Weather;
  /** Passes `deliver` on when it arrives, if it does. */
  readonly transmit: (from: number, to: number, deliver: () => void) => void;
  /** True cuts the path one way: what would arrive meanwhile is lost, and nobody is told. */
  readonly cut: (from: number, to: number, isCut: boolean) => void;
  readonly isCut: (from: number, to: number) => boolean;
  /** A connection breaks: what is on its way between the two is lost. */
  readonly reset: (a: number, b: number) => void;
  readonly delayMs: (from: number, to: number) => number;
};

export function makeNetwork(
  gateways: number,
  regions: number,
  clock: Clock,
  random: Random,
  initial: Weather,
): Network {
  let weather = initial;
  const cuts = new Set<number>();
  const resets = new Map<number, number>();
  const lastArrival = new Map<number, number>();
  const region = Array.from({ length: gateways }, () => random.below(regions));
  const link = (from: number, to: number) => from * gateways + to;

  function delayMs(from: number, to: number): number {
    const distance = region[from] === region[to] ? 1 : weather.far;
    return sample(weather.latency, random) * distance;
  }

  return {
    setWeather: (next) => {
      weather = next;
    },
    weather: () => weather,
    delayMs,
    transmit: (from, to, deliver) => {
      const path = link(from, to);
      const copies = random.chance(weather.loss) ? 0 : random.chance(weather.duplicates) ? 2 : 1;
      const broken = resets.get(path);
      for (let copy = 0; copy < copies; copy += 1) {
        let ms = delayMs(from, to);
        if (weather.inOrder) {
          const arrival = Math.max(clock.now() + ms, lastArrival.get(path) ?? 0);
          lastArrival.set(path, arrival);
          ms = arrival - clock.now();
        }
        clock.after(ms, () => {
          if (!cuts.has(path) && resets.get(path) === broken) deliver();
        });
      }
    },
    cut: (from, to, isCut) => void (isCut ? cuts.add(link(from, to)) : cuts.delete(link(from, to))),
    isCut: (from, to) => cuts.has(link(from, to)),
    reset: (a, b) => {
      for (const path of [link(a, b), link(b, a)]) resets.set(path, (resets.get(path) ?? 0) + 1);
    },
  };
}

function sample(latency: Latency, random: Random): number {
  switch (latency.kind) {
    case "constant":
      return latency.ms;
    case "uniform":
      return latency.lowMs + random.next() * (latency.highMs - latency.lowMs);
    case "exponential":
      return random.wait(latency.meanMs);
    case "lognormal":
      return latency.medianMs * Math.exp(latency.spread * random.normal());
  }
}

/** One message in a thousand takes longer. */
export function slowestMs({ latency, far }: Weather): number {
  switch (latency.kind) {
    case "constant":
      return latency.ms * far;
    case "uniform":
      return latency.highMs * far;
    case "exponential":
      return latency.meanMs * 7 * far;
    case "lognormal":
      return latency.medianMs * Math.exp(3.1 * latency.spread) * far;
  }
}

/** From one switch to an ocean between: 0.2 ms to 300 ms. */
export function someWeather(random: Random): Weather {
  const ms = random.pick([0.2, 0.2, 1, 5, 40, 150, 300]);
  const latencies: readonly Latency[] = [
    { kind: "constant", ms },
    { kind: "uniform", lowMs: ms / 2, highMs: ms * 1.5 },
    { kind: "exponential", meanMs: ms },
    { kind: "lognormal", medianMs: ms, spread: 0.3 },
    { kind: "lognormal", medianMs: ms, spread: 1 },
  ];
  return {
    latency: random.pick(latencies),
    far: ms <= 5 ? random.pick([1, 1, 20]) : 1,
    loss: random.pick([0, 0, 0.02, 0.1, 0.3]),
    duplicates: random.pick([0, 0.05, 0.3]),
    inOrder: random.chance(0.4),
  };
}

/** The same distances without the faults. */
export function calm(weather: Weather): Weather {
  return { ...weather, loss: 0, duplicates: 0 };
}
