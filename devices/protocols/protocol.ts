import type { Quantity } from "../quantity/index.ts";

/** What stands at a place of a stream. Sizes are in bytes; the raw bytes of a frame are kept unchanged (P1). */
export type Taken =
  | { readonly kind: "frame"; readonly size: number }
  | { readonly kind: "noise"; readonly size: number }
  | { readonly kind: "incomplete" };

/** Takes one item off the bytes from `from` (0) on. Never throws. Positions instead of views: a line brings ten thousands of frames a second. */
export type TakeFrame = (bytes: Uint8Array, from?: number) => Taken;

/** P1: not the whole frame, because a start inside noise must not swallow the real frame behind it. */
export const NOISE_BYTE: Taken = { kind: "noise", size: 1 };
export const INCOMPLETE: Taken = { kind: "incomplete" };

/** Bit 7 is the parity bit of a 7E1 device read at 8N1. */
const DATA_BITS = 0x7f;

/** Noise from `from` to the next `start` (parity aside, or whichever `bits` are looked at), or to the end. */
export function noiseUntil(bytes: Uint8Array, from: number, start: number, bits = DATA_BITS): Taken {
  for (let at = from; at < bytes.length; at++)
    if (((bytes[at] ?? 0) & bits) === start) return { kind: "noise", size: at - from };
  return { kind: "noise", size: bytes.length - from };
}

/**
 * P7: what a status bit said about the quantities beside it, in the words of OPC 40200 (OPC UA for Weighing Technology).
 * The bits themselves travel in the raw frame; an error that makes the value meaningless is a status and no flag.
 */
export type Flag =
  /** Within a quarter of a division of zero. */
  | "center-of-zero"
  /** The zero of power-up was not taken: the value counts from the zero of the last calibration. */
  | "zero-not-captured"
  | "zero-error"
  | "tare-error"
  /** Somebody pressed the print key. */
  | "print-request"
  /** One digit more than the verified division. */
  | "high-resolution"
  | "range-1"
  | "range-2"
  | "range-3"
  | "hold"
  | "preset-tare"
  | "battery-low"
  | "legal-for-trade"
  /** GS6: a label says so much beside the identity; nobody measured that. */
  | "printed-mass"
  | "printed-dimensions";

/** The answer to one complete frame. Every byte sequence has one (P3). */
export type Decoded =
  | { readonly kind: "quantities"; readonly quantities: readonly Quantity[]; readonly flags?: readonly Flag[] }
  /** The device speaks well but measured nothing: "overload", "busy", "no-read", ... */
  | { readonly kind: "status"; readonly status: string }
  /** `shows`: the frame is whole, and its weight in a unit or resolution that this protocol does not read: somebody switched it. */
  | { readonly kind: "refused"; readonly reason: string; readonly shows?: string };

/**
 * `stream`: frames are cut out of bytes by `takeFrame`. `message`: the transport delivers whole frames (MQTT).
 * P2: `maxFrameBytes` bounds what `takeFrame` may wait for.
 */
type Framing =
  | { readonly kind: "stream"; readonly takeFrame: TakeFrame }
  | { readonly kind: "message" }
  /** What counts follows from many messages; whoever follows them makes the frames (`sparkplug`). */
  | { readonly kind: "session" };

/** `polled`: silence is a fault. `event`: the device speaks when something is presented; silence is normal. */
type Cadence = "polled" | "event";

export type Protocol = {
  readonly name: string;
  readonly cadence: Cadence;
  readonly maxFrameBytes: number;
  readonly framing: Framing;
  readonly decodeFrame: (frame: Uint8Array) => Decoded;
  /** Unix ms of an accepted frame by the device's own clock; null in protocols that do not say. */
  readonly measuredAt: ((frame: Uint8Array) => number | null) | null;
  /** Null: the device speaks by itself and is only listened to. */
  readonly startSession: ((settings: SessionSettings) => Session) | null;
  /** P8: how a serial line of such a device may be set, the setting that it leaves the factory with first. Absent: 9600 8N1. */
  readonly lines?: readonly LineSettings[];
  /** P9: absent where the device speaks by itself, or has no command that is safe everywhere. */
  readonly probe?: Probe;
  /** Frames carry a checksum: one that holds is no chance. */
  readonly hasChecksum?: true;
  /** A scale of it says nothing when it is out of its range, so that its silence may be a load cell below its zero. */
  readonly silentOutOfRange?: true;
  /** It comes over a HID device or by HTTP; absent: over a byte line, or as messages. What comes by HID may come over a line as well. */
  readonly wire?: "hid" | "http";
  /** Nearly every text is a frame that decodes, so that decoding proves nothing about who speaks (Y3). */
  readonly readsAnything?: true;
  /** P10: the protocol as the settings of one device make it; a text = what is wrong with them. Absent: it takes none. */
  readonly withSettings?: (settings: ProtocolSettings) => Protocol | string;
};

/** P10: what a site agrees on about one device beside its protocol, by names that the protocol knows. */
export type ProtocolSettings = Readonly<Record<string, string | number | boolean>>;

export type LineSettings = {
  readonly baudRate: number;
  readonly dataBits: 7 | 8;
  readonly parity: "none" | "even" | "odd";
  readonly stopBits: 1 | 2;
};

/** P9: a question to a device of which nobody knows yet what it is. */
export type Probe = {
  /** Sent whole, in one write. */
  readonly bytes: Uint8Array;
  /**
   * Whether this frame, as `takeFrame` cuts it, is an answer that only a device of this protocol gives. Frames that merely
   * decode need not be named here: they count for less.
   */
  readonly isAnswer: (frame: Uint8Array) => boolean;
  /** Its word for "send the weight" prints a ticket on some other maker's indicator: sent only where all else was met with silence. */
  readonly onlyInSilence?: true;
};

export type SessionSettings = {
  /** Time between two polls. */
  readonly pollMs: number;
  /** How long an answer may take before the command is sent again. */
  readonly replyTimeoutMs: number;
  /** Quiet time after opening the line. */
  readonly settleMs: number;
  /** Serial number that the device must give; null admits any device. */
  readonly serial: string | null;
};

export type SessionInput =
  | { readonly kind: "opened"; readonly atMs: number }
  | { readonly kind: "frame"; readonly frame: Uint8Array; readonly atMs: number }
  | { readonly kind: "tick"; readonly atMs: number };

export type SessionEffect =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** The frame just given is an answer of the right device to this session: its readings count. */
  | { readonly kind: "admit" }
  /** The frame just given reads well, but not as this line has been so far: it counts as refused. */
  | { readonly kind: "damaged"; readonly reason: string }
  | { readonly kind: "identified"; readonly serial: string }
  | { readonly kind: "wrongDevice"; readonly serial: string };

/** A conversation with one device, as a pure step (P6). `wakeAtMs`: when it wants the next tick. */
export type Session = {
  readonly step: (input: SessionInput) => SessionStep;
};
export type SessionStep = {
  readonly session: Session;
  readonly effects: readonly SessionEffect[];
  readonly wakeAtMs: number | null;
};

/** Raw frames travel inside statements, which hold at most 512 bytes of each (P2). */
export const FRAME_LIMIT_BYTES = 512;

export const refused = (reason: string): Decoded => ({ kind: "refused", reason });
export const status = (text: string): Decoded => ({ kind: "status", status: text });
