import { encodeLine } from "../../../devices/protocols/mt-sics/index.ts";
import type { ProtocolSettings } from "../../../devices/protocols/index.ts";
import { encodePack } from "../../../devices/protocols/senml-json/index.ts";
import type { Weighing } from "../../../devices/protocols/senml/index.ts";
import { encodeTelegram, type Telegram } from "../../../devices/protocols/sick/index.ts";
import { cborPack } from "../../../firmware-sim/mqtt-sensor/cbor-pack.ts";
import { encodePayload } from "../../../firmware-sim/sparkplug-node/payload.ts";

/** A frame that gives quantities, of every protocol; with the settings that the protocol wants, if it wants some (P10). */
export type GoodFrame = {
  readonly frame: Uint8Array;
  readonly settings?: ProtocolSettings;
  /** A frame that is refused; absent: "~" as its fifth byte makes one. */
  readonly bad?: Uint8Array;
};

const weighing: Weighing = {
  baseName: "urn:dev:ops:32473-tallystick-s1:",
  atMs: 1_732_190_001_211,
  item: "395200100000000012",
  net: { value: { mantissa: 12_340, exponent: -3 }, unit: "kg", stable: true },
  dimensions: {
    length: { mantissa: 321, exponent: -3 },
    width: { mantissa: 150, exponent: -3 },
    height: { mantissa: 87, exponent: -3 },
    unit: "m",
  },
};

const line = (text: string): GoodFrame => ({ frame: encodeLine(text) });
const hex = (text: string): GoodFrame => ({ frame: Buffer.from(text.replaceAll(" ", ""), "hex") });
const latin = (text: string): GoodFrame => ({ frame: Buffer.from(text, "latin1") });

export const goodTelegram: Telegram = {
  objectNumber: "0145",
  barcode: "1JVGL0012345",
  weight: "000081212",
  weightUnit: "g",
  scaleError: "0",
  length: "0321",
  width: "0150",
  height: "0087",
  lengthUnit: "mm",
  status: "0000",
  volume: "4189050",
};

export const goodFrames: Readonly<Record<string, GoodFrame>> = {
  "and-standard": line("ST,+0001.234 kg"),
  cardinal: latin("\r+012.34m kg g  \x03"),
  cas: hex("01 02 53 20 30 30 2e 31 32 33 6b 67 61 03 04"),
  "cas-10-g": line("   12.34"),
  "cas-10-kg": line("   12.34"),
  "cas-10-lb": line("   12.34"),
  "cas-10-t": line("   12.34"),
  cubiscan: latin("\x02MAC004600,L020.0,W010.0,H030.0,M,K500.50,D510.50,M,F0010,I\x03\r\n"),
  "mt-sics": line("S S     100.00 g"),
  nci: latin("\n0012.34lb\r\n00\r\x03"),
  ohaus: line("-    1.25    kg?NET"),
  pattern: {
    frame: encodeLine("SN-   12.34 kg"),
    settings: {
      line: "(?<stability>[SM])(?<mode>[GN])(?<sign>[ -])(?<value>[ \\d.]{8}) (?<unit>kg|lb)",
      stable: "S",
      moving: "M",
      gross: "G",
      net: "N",
    },
  },
  radwag: line("SI ?       18.5 kg "),
  "rice-lake": hex("02 20 20 20 31 32 2e 33 34 4b 47 20 0d 0a"),
  "sartorius-sbi": line("+150.11775 g  "),
  "scanner-gs1": latin("]C1003401234512345678953302001234\r"),
  "scanner-line": latin("]C100340123451234567895\r"),
  "senml-cbor": { frame: cborPack(weighing) },
  "senml-json": { frame: encodePack(weighing) },
  sick: {
    frame: encodeTelegram(goodTelegram),
  },
  sma: latin("\n 1G       5.025lb \r"),
  sparkplug: {
    frame: encodePayload({
      timestamp: 1_732_190_000_123,
      seq: 7,
      metrics: [
        { name: "Weight", type: "Double", value: 12.34 },
        { name: "Stable", type: "Boolean", value: true },
        { name: "Item", type: "String", value: "395200100000000012" },
      ],
    }),
    settings: { mass: "Weight", massUnit: "kg", massDecimals: 3, stable: "Stable", item: "Item" },
  },
  "st-gs": hex("53 54 2c 47 53 2c 31 c4 2c 20 20 30 31 32 2e 33 34 20 6b 67 0d 0a"),
  "toledo-8217-kg": latin("\x0201.234\r"),
  "toledo-8217-lb": latin("\x02012.34\r"),
  "toledo-continuous": hex("02 2c 30 20 20 20 31 32 33 34 20 20 20 20 20 30 0d"),
  "toledo-continuous-checksum": hex("02 2c 30 20 20 20 31 32 33 34 20 20 20 20 20 30 0d 1b"),
  "usb-hid": { ...hex("03 04 0b ff 7b 00"), bad: hex("03 04 05 ff 7b 00").frame },
  vmeasure: latin(
    '{"id":"461","scannedOn":"Wed Jan 20, 2021 04:43:54 PM","status":true,"dimensionUnit":"in","length":"25.0","width":"19.5","height":"14.0","volumetricWeight":"0.51","weightUnit":"lb","sku":"SN68392239","actualWeight":"3.00","additionalInfo":""}',
  ),
};
