/** Hours of devices in seconds: the clocks and timers of this process, driven by hand. One at a time in a process. */
export type VirtualTime = {
  /** Runs everything that is due within the next `ms`, in order, with all that it leads to. */
  readonly pass: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  /** Gives the process its own time back. */
  readonly end: () => void;
};

type Timer = {
  readonly id: number;
  atMs: number;
  order: number;
  readonly everyMs: number | null;
  readonly run: () => void;
};

/** 2025-01-01T00:00:00Z: what the wall clock says when virtual time begins. */
const EPOCH_MS = 1_735_689_600_000;

export function startVirtualTime(): VirtualTime {
  const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = globalThis;
  const { now: wallNow } = Date;
  const own = { setTimeout, clearTimeout, setInterval, clearInterval };
  const realNow = performance.now.bind(performance);
  let nowMs = 0;
  let order = 0;
  const timers = new Map<number, Timer>();

  const begin = (run: () => void, waitMs: number, everyMs: number | null) => {
    order += 1;
    const id = order;
    timers.set(id, { id, atMs: nowMs + Math.max(1, waitMs), order, everyMs, run });
    const handle = {
      refresh: () => {
        order += 1;
        const timer = timers.get(id);
        timers.set(id, { id, atMs: nowMs + Math.max(1, waitMs), order, everyMs, run: timer?.run ?? run });
        return handle;
      },
      ref: () => handle,
      unref: () => handle,
      hasRef: () => true,
      close: () => timers.delete(id),
      [Symbol.toPrimitive]: () => id,
    };
    return handle;
  };
  const stop = (handle: unknown) => {
    if (handle !== null && handle !== undefined) timers.delete(Number(handle));
  };
  const starting = (isRepeated: boolean) =>
    ((run: (...given: unknown[]) => void, waitMs = 1, ...given: unknown[]) =>
      begin(() => run(...given), waitMs, isRepeated ? Math.max(1, waitMs) : null)) as unknown;
  Object.assign(globalThis, {
    setTimeout: starting(false),
    setInterval: starting(true),
    clearTimeout: stop,
    clearInterval: stop,
  });
  performance.now = () => nowMs;
  Date.now = () => EPOCH_MS + Math.floor(nowMs);

  /** Promises that what ran has settled run on. */
  const settle = () =>
    new Promise<void>((resolve) => {
      setImmediate(resolve);
    });

  return {
    nowMs: () => nowMs,
    pass: async (ms) => {
      const untilMs = nowMs + ms;
      for (;;) {
        await settle();
        const next = firstOf(timers);
        if (next === null || next.atMs > untilMs) break;
        nowMs = Math.max(nowMs, next.atMs);
        timers.delete(next.id);
        if (next.everyMs !== null) {
          order += 1;
          timers.set(next.id, { ...next, atMs: nowMs + next.everyMs, order });
        }
        next.run();
      }
      nowMs = untilMs;
    },
    end: () => {
      Object.assign(globalThis, own);
      performance.now = realNow;
      Date.now = wallNow;
    },
  };
}

function firstOf(timers: ReadonlyMap<number, Timer>): Timer | null {
  let first: Timer | null = null;
  for (const timer of timers.values()) {
    if (first === null || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order))
      first = timer;
  }
  return first;
}
