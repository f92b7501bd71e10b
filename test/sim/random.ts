/** A small seeded generator (mulberry32): the simulator's only source of chance, so that a seed is a whole run. */
export type Random = {
  /** 0 <= x < 1 */
  readonly next: () => number;
  readonly below: (limit: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(items: readonly T[]) => T;
  /** Exponentially distributed with this mean. */
  readonly wait: (mean: number) => number;
  /** Normally distributed with mean 0 and deviation 1, cut off at 6. */
  readonly normal: () => number;
  /** A generator of its own, so that what one part draws does not change what another gets. */
  readonly split: () => Random;
};

export function seeded(seed: number): Random {
  let state = (Math.imul(seed, 2_654_435_761) + 1) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (limit) => Math.floor(next() * limit),
    chance: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
    wait: (mean) => -Math.log(1 - next()) * mean,
    normal: () => {
      // Irwin and Hall: exact arithmetic, the same on every machine.
      let sum = -6;
      for (let draw = 0; draw < 12; draw += 1) sum += next();
      return sum;
    },
    split: () => seeded(Math.floor(next() * 2 ** 32)),
  };
}
