/** What happens in a gateway while people watch. Of the moment: only `finalized` can be asked for again (H6). */
export type LiveEvent = { readonly event: "reading" | "measurement" | "anchored" | "alarm"; readonly data: unknown };

export type Listener = {
  readonly live: (event: LiveEvent) => void;
  /** More statements are final than before. */
  readonly finalized: () => void;
};

export type EventBus = {
  readonly publish: (event: LiveEvent) => void;
  readonly finalized: () => void;
  /** Returns what ends the subscription. */
  readonly listen: (listener: Listener) => () => void;
  readonly listeners: () => number;
};

export function makeEventBus(): EventBus {
  const listeners = new Set<Listener>();
  return {
    publish: (event) => {
      for (const listener of listeners) listener.live(event);
    },
    finalized: () => {
      for (const listener of listeners) listener.finalized();
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    listeners: () => listeners.size,
  };
}
