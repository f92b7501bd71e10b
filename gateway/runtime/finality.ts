/** Times from accepted to final of the own statements. */
export type FinalityClock = {
  readonly accepted: (number: number, atMs: number) => void;
  /** Seconds of each of `count` statements from number `first` whose acceptance was seen by this process. */
  readonly final: (first: number, count: number, atMs: number) => readonly number[];
};

/** A gateway that is cut off accepts for days; beyond this many, the newest are not timed. */
const MAX_WAITING = 200_000;

export function makeFinalityClock(): FinalityClock {
  const waiting = new Map<number, number>();
  return {
    accepted: (number, atMs) => {
      if (waiting.size < MAX_WAITING) waiting.set(number, atMs);
    },
    final: (first, count, atMs) => {
      const seconds: number[] = [];
      for (let number = first; number < first + count; number += 1) {
        const acceptedAt = waiting.get(number);
        if (acceptedAt === undefined) continue;
        waiting.delete(number);
        // A clock of microseconds: a statement may be final in the turn in which its acceptance is told.
        seconds.push(Math.max(0, atMs - acceptedAt) / 1000);
      }
      return seconds;
    },
  };
}
