import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { openDevice, type Reading } from "../../devices/index.ts";
import { toKilograms } from "../../devices/quantity/index.ts";
import { dialects } from "../../firmware-sim/dialects/index.ts";
import { startScale } from "../../firmware-sim/index.ts";
import { eventually, freePort } from "./transports/port.ts";

const folder = mkdtempSync(join(tmpdir(), "tallystick-scales-"));

type Line = { readonly kind: "tcp"; readonly port: number } | { readonly kind: "pty"; readonly link: string };

const gramsIn = ({ quantity }: Reading): number | null => {
  if (quantity.kind !== "mass" || quantity.stability === "motion") return null;
  const { mantissa, exponent } = toKilograms(quantity.value, quantity.unit);
  return mantissa * 1000 * 10 ** exponent;
};

/** Opens a scale of this protocol on a line and waits until it has shown 12.345 kg (as far as its division goes) and zero. */
async function weighs(
  protocol: string,
  line: Line,
  read: Pick<Parameters<typeof openDevice>[0], "protocol" | "settings"> = { protocol },
): Promise<string | null> {
  const scale = await startScale({ protocol, line });
  const readings: Reading[] = [];
  const device = openDevice(
    {
      id: "scale-1",
      ...read,
      transport:
        line.kind === "tcp" ? { kind: "tcp", host: "127.0.0.1", port: line.port } : { kind: "serial", path: line.link },
      timing: { pollMs: 20 },
    },
    { readings: (all) => readings.push(...all), status: () => {}, health: () => {} },
  );
  const shows = (grams: number) => readings.some((reading) => Math.abs((gramsIn(reading) ?? -1) - grams) <= 10);
  try {
    await eventually(() => shows(0), `${protocol}: an empty scale`);
    scale.load(12_344);
    await eventually(() => shows(12_345), `${protocol}: 12.345 kg`);
    return device.health().lastError;
  } finally {
    await device.close();
    await scale.close();
  }
}

for (const protocol of dialects.keys()) {
  test(`D1: ${protocol}: a scale on TCP and one on a PTY are read from end to end`, async (t) => {
    t.is(await weighs(protocol, { kind: "tcp", port: await freePort() }), null);
    t.is(await weighs(protocol, { kind: "pty", link: join(folder, protocol) }), null);
  });
}

test("PT1: a scale without a driver is read from end to end by what the site agreed on", async (t) => {
  const line = { kind: "tcp", port: await freePort() } as const;
  const settings = {
    starts: "cr",
    ends: "etx",
    line: "(?<sign>[+-])(?:(?<value>[\\d.]{6})(?<stability>[ m])|.{6}(?<overload>o)) (?<unit>[a-z ]{2}) (?<mode>[gn])  ",
    stable: "blank",
    moving: "m",
    gross: "g",
    net: "n",
  };
  t.is(await weighs("cardinal", line, { protocol: "pattern", settings }), null);
});
