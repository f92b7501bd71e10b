import { toHex } from "../crypto/index.ts";
import { emptyFrontier, rootOf } from "../log/index.ts";
import type { Executed } from "./types.ts";

/** The state before any block, for a site of `lanes` gateways. */
export function genesis(lanes: number): Executed {
  return {
    view: 0,
    size: 0,
    root: toHex(rootOf(emptyFrontier)),
    statements: 0,
    tips: Array.from({ length: lanes }, () => -1),
  };
}
