import type { Quantity } from "./quantity/index.ts";

/** One quantity from one device, with the raw frame that said it. One frame may give several readings (D1). */
export type Reading = {
  readonly device: string;
  /** Unix ms at which the gateway had the complete frame. */
  readonly receivedAt: number;
  readonly frame: Uint8Array;
  readonly quantity: Quantity;
};

export const readingsOf = (
  device: string,
  receivedAt: number,
  frame: Uint8Array,
  quantities: readonly Quantity[],
): readonly Reading[] => quantities.map((quantity) => ({ device, receivedAt, frame, quantity }));
