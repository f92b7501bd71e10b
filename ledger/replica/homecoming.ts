/** R14: a gateway that comes back seals nothing before it has heard how far the others know its lane. */
import type { GatewayIndex } from "../committee/index.ts";

/** Whoever is alone for so long goes on: a gateway cut off from its peers keeps weighing. */
const ALONE_MS = 3_000;

export type Homecoming = {
  /** This peer has told what it holds. */
  readonly heard: (peer: GatewayIndex) => void;
  readonly isOver: () => boolean;
};

export function makeHomecoming(options: {
  /** False for a gateway that has sealed nothing yet. */
  readonly hasSealed: boolean;
  /** How many others make a quorum with this one. */
  readonly needed: () => number;
  readonly after: (ms: number, run: () => void) => void;
  /** Nobody can be heard. */
  readonly alone: () => void;
}): Homecoming {
  const told = new Set<GatewayIndex>();
  let isOver = !options.hasSealed;
  if (!isOver)
    options.after(ALONE_MS, () => {
      isOver = true;
      options.alone();
    });
  return {
    heard: (peer) => void told.add(peer),
    isOver: () => {
      isOver ||= told.size >= options.needed();
      return isOver;
    },
  };
}
