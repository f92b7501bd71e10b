import { andStandard } from "./and-standard/index.ts";
import { cardinal } from "./cardinal/index.ts";
import { cas10 } from "./cas-10/index.ts";
import { cas } from "./cas/index.ts";
import { cubiscan } from "./cubiscan/index.ts";
import { mtSics } from "./mt-sics/index.ts";
import { nci } from "./nci/index.ts";
import { ohaus } from "./ohaus/index.ts";
import { type Decoded, type Protocol, type ProtocolSettings, refused } from "./protocol.ts";
import { pattern } from "./pattern/index.ts";
import { radwag } from "./radwag/index.ts";
import { riceLake } from "./rice-lake/index.ts";
import { sartoriusSbi } from "./sartorius-sbi/index.ts";
import { scannerGs1, scannerLine } from "./scanner/index.ts";
import { senmlCbor } from "./senml-cbor/index.ts";
import { senmlJson } from "./senml-json/index.ts";
import { sparkplug } from "./sparkplug/index.ts";
import { sick } from "./sick/index.ts";
import { sma } from "./sma/index.ts";
import { stGs } from "./st-gs/index.ts";
import { toledo8217Kg, toledo8217Lb } from "./toledo-8217/index.ts";
import { toledoContinuous, toledoContinuousChecksum } from "./toledo-continuous/index.ts";
import { vmeasure } from "./vmeasure/index.ts";
import { usbHid } from "./usb-hid/index.ts";

export type {
  Decoded,
  Flag,
  Protocol,
  ProtocolSettings,
  Session,
  SessionInput,
  LineSettings,
  TakeFrame,
} from "./protocol.ts";
export { FRAME_LIMIT_BYTES } from "./protocol.ts";
export { cutStream, takeWhole } from "./stream.ts";

/** Every protocol by its name. A new one is a sibling folder and a line here. */
export const protocols: ReadonlyMap<string, Protocol> = new Map(
  [
    andStandard,
    cardinal,
    cas,
    ...cas10,
    cubiscan,
    mtSics,
    nci,
    ohaus,
    pattern,
    radwag,
    riceLake,
    sartoriusSbi,
    scannerGs1,
    scannerLine,
    senmlCbor,
    senmlJson,
    sick,
    sma,
    sparkplug,
    stGs,
    toledo8217Kg,
    toledo8217Lb,
    toledoContinuous,
    toledoContinuousChecksum,
    usbHid,
    vmeasure,
  ].map((protocol) => [protocol.name, protocol]),
);

/** P10: a settings object of a parsed site never changes, and is asked about with every frame. */
const configured = new WeakMap<ProtocolSettings, Map<string, Protocol | string>>();

/** P10: a protocol as a device of these settings speaks it; a text = why there is none. Never throws. */
export function protocolOf(name: string, settings?: ProtocolSettings): Protocol | string {
  const known = protocols.get(name);
  if (known === undefined) return `protocol "${name}" is not known`;
  if (known.withSettings === undefined) return settings === undefined ? known : `${name} takes no settings`;
  if (settings === undefined) return `${name} needs settings`;
  const kept = configured.get(settings) ?? new Map<string, Protocol | string>();
  configured.set(settings, kept);
  const made = kept.get(name) ?? known.withSettings(settings);
  kept.set(name, made);
  return made;
}

/**
 * Decodes one complete raw frame. Pure: peers call it to check a statement against its raw frames (P5), with the settings that the
 * site agreed on for its device (P10). Never throws; every byte sequence of every protocol has an answer (P3).
 */
export function decodeFrame(protocol: string, frame: Uint8Array, settings?: ProtocolSettings): Decoded {
  const known = protocolOf(protocol, settings);
  if (typeof known === "string") return refused(known);
  if (frame.length > known.maxFrameBytes)
    return refused(`a frame of ${protocol} has at most ${known.maxFrameBytes} bytes`);
  return known.decodeFrame(frame);
}
