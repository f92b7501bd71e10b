import { parseArgs } from "node:util";

export type BenchArguments = { readonly rate: number | null; readonly seconds: number; readonly gateways: number };

/** --rate R, --seconds S or --minutes M, --gateways N; `rate` null = --max. Throws a TypeError for anything else. */
export function benchArguments(
  args: readonly string[],
  defaults: { readonly rate: number; readonly seconds: number; readonly gateways: number },
): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: "string" },
      max: { type: "boolean" },
      seconds: { type: "string" },
      minutes: { type: "string" },
      gateways: { type: "string" },
    },
  });
  const read = (name: string, text: string | undefined, fallback: number): number => {
    const value = text === undefined ? fallback : Number(text);
    if (!(value > 0)) throw new TypeError(`--${name} is "${text}", but must be a number above 0`);
    return value;
  };
  return {
    rate: values.max === true ? null : read("rate", values.rate, defaults.rate),
    seconds: read("seconds", values.seconds, read("minutes", values.minutes, defaults.seconds / 60) * 60),
    gateways: read("gateways", values.gateways, defaults.gateways),
  };
}
