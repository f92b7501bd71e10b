import { z } from "zod";
import type { DeviceFrame } from "./types.ts";

const shape = z.object({ device: z.string(), at: z.number(), frame: z.base64() });

/** A reading as the store keeps it: this gateway's own bytes, read back after a restart (I3). */
export function encodeReading({ device, at, frame }: Omit<DeviceFrame, "quantities">): Uint8Array {
  return Buffer.from(JSON.stringify({ device, at, frame: Buffer.from(frame).toString("base64") }));
}

/** Throws when the bytes are not what `encodeReading` wrote: the store is damaged. */
export function decodeReading(bytes: Uint8Array): Omit<DeviceFrame, "quantities"> {
  const { device, at, frame } = shape.parse(JSON.parse(Buffer.from(bytes).toString()));
  return { device, at, frame: new Uint8Array(Buffer.from(frame, "base64")) };
}
