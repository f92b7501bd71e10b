import type { Protocol } from "../protocol.ts";
import { decodeFrame } from "./decode.ts";
import { REPORT_BYTES, takeFrame } from "./framing.ts";

/** USB HID scales, usage page 8D: see README.md. */
export const usbHid: Protocol = {
  name: "usb-hid",
  cadence: "polled",
  maxFrameBytes: REPORT_BYTES,
  framing: { kind: "stream", takeFrame },
  decodeFrame,
  measuredAt: null,
  startSession: null,
  wire: "hid",
};
