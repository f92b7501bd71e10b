/**
 * P3: a frame is a big-endian u32 length, one kind byte and the payload; the length counts kind and payload. Pure.
 */

/** Of the kind byte and payload together: no message of the ledger is above 1 MiB (ledger/cbor, C6). A longer frame closes the link. */
export const MAX_FRAME_BYTES = 1024 * 1024 + 1;
/** P4: until a peer has said hello it may make us hold no more than this. */
export const MAX_HELLO_BYTES = 4096;

export const FRAME_HEADER_BYTES = 5;

export type FrameKind = "hello" | "message" | "ping" | "bye";
const kinds: readonly FrameKind[] = ["hello", "message", "ping", "bye"];

export type Frame = { readonly kind: FrameKind; readonly payload: Uint8Array };

/** The five bytes in front of a payload of `payloadBytes`. */
export function frameHeader(kind: FrameKind, payloadBytes: number): Uint8Array {
  if (payloadBytes + 1 > MAX_FRAME_BYTES) {
    throw new RangeError(`a frame of ${payloadBytes} bytes is above the limit of ${MAX_FRAME_BYTES - 1}`);
  }
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, payloadBytes + 1);
  header[4] = kinds.indexOf(kind);
  return header;
}

export type Pushed =
  | { readonly kind: "frames"; readonly frames: readonly Frame[] }
  /** The stream is unusable from here on: there is no way to find the next frame. */
  | { readonly kind: "refused"; readonly reason: string };

export type FrameReader = {
  readonly push: (chunk: Uint8Array) => Pushed;
  /** Raises or lowers the limit for the frames whose header has not arrived yet. */
  readonly limit: (maxBytes: number) => void;
};

/** Cuts a byte stream into frames, whatever the split. Payloads are copies: they do not pin the socket's buffers. */
export function frameReader(maxBytes: number): FrameReader {
  let limit = maxBytes;
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  let headerFilled = 0;
  let body: Uint8Array | null = null;
  let bodyFilled = 0;
  let refusal: string | null = null;

  /** Reads a complete header; null when it is acceptable. */
  const begin = (): string | null => {
    const length = new DataView(header.buffer).getUint32(0);
    if (length === 0) return "a frame has no kind byte";
    if (length > limit) return `a frame of ${length} bytes is above the limit of ${limit}`;
    if (kinds[header[4] ?? 255] === undefined) return `a frame has the unknown kind ${header[4]}`;
    body = new Uint8Array(length - 1);
    bodyFilled = 0;
    return null;
  };

  const push = (chunk: Uint8Array): Pushed => {
    if (refusal !== null) return { kind: "refused", reason: refusal };
    const frames: Frame[] = [];
    let at = 0;
    // An empty payload is complete as soon as its header is, hence the second condition.
    while (at < chunk.length || (body !== null && bodyFilled === body.length)) {
      if (body === null) {
        const taken = Math.min(FRAME_HEADER_BYTES - headerFilled, chunk.length - at);
        header.set(chunk.subarray(at, at + taken), headerFilled);
        headerFilled += taken;
        at += taken;
        if (headerFilled < FRAME_HEADER_BYTES) break;
        refusal = begin();
        if (refusal !== null) return { kind: "refused", reason: refusal };
        continue;
      }
      const filling: Uint8Array = body;
      const taken = Math.min(filling.length - bodyFilled, chunk.length - at);
      filling.set(chunk.subarray(at, at + taken), bodyFilled);
      bodyFilled += taken;
      at += taken;
      if (bodyFilled < filling.length) break;
      frames.push({ kind: kinds[header[4] ?? 0] ?? "ping", payload: filling });
      body = null;
      headerFilled = 0;
    }
    return { kind: "frames", frames };
  };

  return {
    push,
    limit: (maxBytes) => {
      limit = maxBytes;
    },
  };
}
