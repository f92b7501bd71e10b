import type { Flag } from "./protocols/index.ts";
import type { Quantity } from "./quantity/index.ts";

/** One quantity from one device, with the raw frame that said it. One frame may give several readings (D1). */
export type Reading = {
  readonly device: string;
  /** Unix ms at which the gateway had the complete frame. */
  readonly receivedAt: number;
  readonly frame: Uint8Array;
  readonly quantity: Quantity;
  /** What the frame's status bits said beside the value (P7). */
  readonly flags: readonly Flag[];
};

/** The readings of one decoded frame. `flags` absent: its protocol has none. */
export const readingsOf = (
  device: string,
  receivedAt: number,
  frame: Uint8Array,
  decoded: { readonly quantities: readonly Quantity[]; readonly flags?: readonly Flag[] },
): readonly Reading[] =>
  decoded.quantities.map((quantity) => ({ device, receivedAt, frame, quantity, flags: decoded.flags ?? [] }));
