/** Virtual time: events happen in order of time, then of scheduling. Nothing real is waited for. */
export type Clock = {
  readonly now: () => number;
  /** The result cancels. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** Runs the next event and everything that follows from it at once; false when there is none before `untilMs`. */
  readonly step: (untilMs: number) => Promise<boolean>;
};

type Event = { readonly at: number; readonly order: number; run: (() => void) | null };

export function virtualClock(startMs: number): Clock {
  const heap: Event[] = [];
  let time = startMs;
  let count = 0;

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

  return {
    now: () => time,
    after: (ms, run) => {
      const event: Event = { at: time + Math.max(0, ms), order: count, run };
      count += 1;
      push(event);
      return () => {
        event.run = null;
      };
    },
    step: async (untilMs) => {
      const next = heap[0];
      if (next === undefined || next.at > untilMs) {
        time = Math.max(time, untilMs);
        return false;
      }
      const event = pop();
      time = event.at;
      if (event.run === null) return true;
      event.run();
      // Promises that this event settled run their continuations before the next event.
      await new Promise(setImmediate);
      return true;
    },
  };
}
