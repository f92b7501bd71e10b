/** Virtual time: events happen in order of time, then of scheduling. Nothing real is waited for. */
export type Clock = {
  readonly now: () => number;
  /** The result cancels. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** Says that promises were settled, so that their continuations run before the next event. */
  readonly stir: () => void;
  /** Runs the next event and everything that follows from it at once; false when there is none before `untilMs`. */
  readonly step: (untilMs: number) => boolean | Promise<boolean>;
};

type Event = { readonly at: number; readonly order: number; run: (() => void) | null };

/**
 * Times are whole multiples of 1/1024 ms, so that sums of them are exact on every machine. Rounded up: a timer that comes a
 * trace too early would be set again, for no time at all, without end.
 */
const QUANTUM = 1024;

export function virtualClock(startMs: number): Clock {
  const heap: Event[] = [];
  let time = startMs;
  let count = 0;
  let stirred = true;

  const before = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.order < b.order);

  function push(event: Event): void {
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!before(event, heap[above] as Event)) break;
      heap[at] = heap[above] as Event;
      at = above;
    }
    heap[at] = event;
  }

  function pop(): Event {
    const top = heap[0] as Event;
    const last = heap.pop() as Event;
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && before(heap[below + 1] as Event, heap[below] as Event)) below += 1;
      if (!before(heap[below] as Event, last)) break;
      heap[at] = heap[below] as Event;
      at = below;
    }
    heap[at] = last;
    return top;
  }

  async function settled(): Promise<boolean> {
    stirred = false;
    await new Promise(setImmediate);
    return true;
  }

  return {
    now: () => time,
    after: (ms, run) => {
      const event: Event = { at: time + Math.ceil(Math.max(0, ms) * QUANTUM) / QUANTUM, order: count, run };
      count += 1;
      push(event);
      return () => {
        event.run = null;
      };
    },
    stir: () => {
      stirred = true;
    },
    step: (untilMs) => {
      if (stirred) return settled();
      let next = heap[0];
      while (next !== undefined && next.run === null) {
        pop();
        next = heap[0];
      }
      if (next === undefined || next.at > untilMs) {
        time = Math.max(time, untilMs);
        return false;
      }
      pop();
      time = next.at;
      next.run?.();
      return stirred ? settled() : true;
    },
  };
}
