import { andStandard } from "./and-standard/index.ts";
import { mtSics } from "./mt-sics/index.ts";
import { type Decoded, type Protocol, refused } from "./protocol.ts";
import { senmlJson } from "./senml-json/index.ts";
import { sick } from "./sick/index.ts";

export type {
  Decoded,
  Flag,
  Protocol,
  Session,
  SessionInput,
  LineSettings,
  Taken,
} from "./protocol.ts";
export { FRAME_LIMIT_BYTES } from "./protocol.ts";
export { cutStream } from "./stream.ts";

/** Every protocol by its name. A new one is a sibling folder and a line here. */
export const protocols: ReadonlyMap<string, Protocol> = new Map(
  [andStandard, mtSics, sick, senmlJson].map((protocol) => [protocol.name, protocol]),
);

/**
 * Decodes one complete raw frame. Pure: peers call it to check a statement against its raw frames (P5).
 * Never throws; every byte sequence of every protocol has an answer (P3).
 */
export function decodeFrame(protocol: string, frame: Uint8Array): Decoded {
  const known = protocols.get(protocol);
  if (known === undefined) return refused(`protocol "${protocol}" is not known`);
  if (frame.length > known.maxFrameBytes)
    return refused(`a frame of ${protocol} has at most ${known.maxFrameBytes} bytes`);
  return known.decodeFrame(frame);
}
