/** Seeded randomness: the same text gives the same numbers on every machine (F1). */
export type Random = {
  /** Uniform in [0, 1). */
  readonly next: () => number;
};

/** mulberry32 (Tommy Ettinger, public domain), seeded with FNV-1a of the text. For simulation only. */
export function seeded(text: string): Random {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  return {
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

export const uniform = (random: Random, low: number, high: number): number => low + (high - low) * random.next();

export const wholeBelow = (random: Random, bound: number): number => Math.floor(random.next() * bound);

/** Standard normal (Box and Muller). 1 - u, because u may be 0. */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
