import { formatDecimal } from "../../quantity/index.ts";
import type { Weighing } from "../senml/index.ts";

/** The pack as UTF-8 bytes. Numbers are written digit by digit, so that `100.00` stays `100.00` (J2). */
export function encodePack(weighing: Weighing): Uint8Array {
  const { baseName, atMs, item, net, dimensions } = weighing;
  const time = formatDecimal({ mantissa: atMs, exponent: -3 });
  const side = (name: "length" | "width" | "height"): string =>
    `{"n":"${name}","u":"${dimensions.unit}","v":${formatDecimal(dimensions[name])}}`;
  const records = [
    `{"bn":${JSON.stringify(baseName)},"bt":${time},"n":"net","u":"${net.unit}","v":${formatDecimal(net.value)}}`,
    `{"n":"stable","vb":${net.stable}}`,
    side("length"),
    side("width"),
    side("height"),
    `{"n":"item","vs":${JSON.stringify(item)}}`,
  ];
  return new TextEncoder().encode(`[${records.join(",")}]`);
}
