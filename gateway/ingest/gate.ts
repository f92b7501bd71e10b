/** I5: at most `limit` at a time; whoever comes later waits in line. */
export type Gate = {
  readonly enter: () => Promise<void>;
  readonly leave: () => void;
  readonly inside: () => number;
  readonly isFull: () => boolean;
};

export function makeGate(limit: number): Gate {
  const line: (() => void)[] = [];
  let inside = 0;
  return {
    enter: async () => {
      if (inside < limit) {
        inside += 1;
        return;
      }
      // Whoever leaves hands over its place, so `inside` stays as it is.
      await new Promise<void>((resolve) => line.push(resolve));
    },
    leave: () => {
      const next = line.shift();
      if (next === undefined) inside -= 1;
      else next();
    },
    inside: () => inside + line.length,
    isFull: () => inside >= limit,
  };
}
