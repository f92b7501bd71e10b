import { encode, Tagged } from "cborg";
import type { Decimal } from "../../devices/quantity/index.ts";
import type { Weighing } from "../../devices/protocols/senml/index.ts";

/** RFC 8428 section 6, table 4. */
const LABEL = { baseName: -2, baseTime: -3, name: 0, unit: 1, value: 2, textValue: 3, truth: 4 } as const;
const DECIMAL_FRACTION = 4;

/** A weighing as SenML-CBOR: numbers as decimal fractions, so that 12.340 stays 12.340. */
export function cborPack(weighing: Weighing): Uint8Array {
  const { baseName, atMs, item, net, dimensions } = weighing;
  const side = (name: "length" | "width" | "height"): Map<number, unknown> =>
    new Map<number, unknown>([
      [LABEL.name, name],
      [LABEL.unit, dimensions.unit],
      [LABEL.value, fraction(dimensions[name])],
    ]);
  const first = new Map<number, unknown>([
    [LABEL.baseName, baseName],
    [LABEL.baseTime, fraction({ mantissa: atMs, exponent: -3 })],
    [LABEL.name, "net"],
    [LABEL.unit, net.unit],
    [LABEL.value, fraction(net.value)],
  ]);
  const stable = new Map<number, unknown>([
    [LABEL.name, "stable"],
    [LABEL.truth, net.stable],
  ]);
  const named = new Map<number, unknown>([
    [LABEL.name, "item"],
    [LABEL.textValue, item],
  ]);
  return encode([first, stable, side("length"), side("width"), side("height"), named]);
}

const fraction = ({ mantissa, exponent }: Decimal): Tagged => new Tagged(DECIMAL_FRACTION, [exponent, mantissa]);
