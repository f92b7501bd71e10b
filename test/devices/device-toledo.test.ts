import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { type Device, openDevice, type Reading } from "../../devices/index.ts";
import { parseFault } from "../../firmware-sim/faults/index.ts";
import { startScale } from "../../firmware-sim/index.ts";
import { eventually, freePort } from "./transports/port.ts";

const folder = mkdtempSync(join(tmpdir(), "tallystick-toledo-"));

type Line = { readonly kind: "pty"; readonly link: string } | { readonly kind: "tcp"; readonly port: number };

/** A simulated scale and a device on the two ends of a line. */
async function pair(protocol: string, line: Line) {
  const scale = await startScale({ protocol, line });
  const readings: Reading[] = [];
  const statuses: string[] = [];
  const device: Device = openDevice(
    {
      id: "scale-1",
      protocol,
      transport:
        line.kind === "pty" ? { kind: "serial", path: line.link } : { kind: "tcp", host: "127.0.0.1", port: line.port },
      timing: { pollMs: 20, replyTimeoutMs: 200, silentAfterMs: 1_000 },
    },
    {
      readings: (all) => readings.push(...all),
      status: ({ status }) => statuses.push(status),
      health: () => {},
    },
  );
  return {
    scale,
    device,
    statuses,
    readings,
    last: () => readings.at(-1)?.quantity,
    close: async () => {
      await device.close();
      await scale.close();
    },
  };
}

/** What 12.344 kg are on the display of each protocol's scale, and what it says of a moving load. */
const shown: Readonly<Record<string, { readonly mantissa: number; readonly unit: string; readonly moving: boolean }>> =
  {
    nci: { mantissa: 12_345, unit: "kg", moving: true },
    sma: { mantissa: 12_345, unit: "kg", moving: true },
    "toledo-8217-kg": { mantissa: 12_345, unit: "kg", moving: false },
    "toledo-8217-lb": { mantissa: 2_721, unit: "lb", moving: false },
    "toledo-continuous": { mantissa: 12_345, unit: "kg", moving: true },
    "toledo-continuous-checksum": { mantissa: 12_345, unit: "kg", moving: true },
  };

for (const [protocol, { mantissa, unit, moving }] of Object.entries(shown)) {
  for (const kind of ["pty", "tcp"] as const) {
    test(`${protocol} over ${kind}: an empty scale, a load, an overload and an empty scale again are read as they are`, async (t) => {
      const line = kind === "pty" ? { kind, link: join(folder, protocol) } : { kind, port: await freePort() };
      const { scale, device, statuses, readings, last, close } = await pair(protocol, line);
      const isShown = (value: number): boolean => {
        const quantity = last();
        return quantity?.kind === "mass" && quantity.value.mantissa === value && quantity.stability === "stable";
      };
      await eventually(() => isShown(0), "the empty scale");
      t.is(device.health().state, "online");
      const flags = readings.at(-1)?.flags;
      t.deepEqual(flags, ["nci", "sma"].includes(protocol) ? ["center-of-zero"] : []);
      scale.load(12_344);
      await eventually(() => isShown(mantissa), "12.344 kg");
      t.is(last()?.kind === "mass" ? (last() as { unit: string }).unit : null, unit);
      scale.load(65_000);
      await eventually(() => statuses.includes("overload"), "the overload");
      const seen = readings.length;
      scale.load(0);
      await eventually(() => readings.length > seen && isShown(0), "the empty scale again");
      const moved = readings.some(({ quantity }) => quantity.kind === "mass" && quantity.stability === "motion");
      if (!moving) t.false(moved);
      t.is(device.health().refused, 0);
      t.is(device.health().noiseBytes, 0);
      await close();
    });
  }
}

test("TE4: the unit key pressed on an 8217 scale gives no mass, and its health says why", async (t) => {
  const { scale, device, readings, last, close } = await pair("toledo-8217-kg", {
    kind: "tcp",
    port: await freePort(),
  });
  scale.load(5_000);
  await eventually(() => (last() as { value?: { mantissa: number } })?.value?.mantissa === 5_000, "5 kg");
  const seen = readings.length;
  await eventually(() => readings.length > seen + 2, "5 kg more than once");
  scale.pressUnitKey();
  await eventually(() => device.health().refused >= 2, "refused frames");
  const count = readings.length;
  await eventually(() => device.health().refused >= 4, "more refused frames");
  t.is(readings.length, count);
  t.regex(device.health().lastBad.at(-1)?.reason ?? "", /2 decimals, where a scale in kg shows 3/);
  t.like(device.health().quarantine, { was: "kg with 3 decimals", shows: "a weight with 2 decimals" });
  t.is(device.health().state, "quarantined");
  await close();
});

test("D6: the unit key pressed on a scale with the unit on the wire puts it into quarantine", async (t) => {
  for (const protocol of ["nci", "sma", "toledo-continuous-checksum"]) {
    const { scale, device, readings, close } = await pair(protocol, { kind: "tcp", port: await freePort() });
    scale.load(5_000);
    await eventually(() => readings.length > 3, "readings");
    scale.pressUnitKey();
    await eventually(() => device.health().quarantine !== null, `${protocol} in quarantine`);
    const count = readings.length;
    scale.load(7_000);
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
    t.is(readings.length, count);
    await close();
  }
});

test("D5: a protocol of lines on a continuous output, which has no line feed, is told to be another one", async (t) => {
  const port = await freePort();
  const scale = await startScale({ protocol: "toledo-continuous", line: { kind: "tcp", port }, outputMs: 20 });
  for (const protocol of ["sma", "mt-sics"]) {
    const device = openDevice(
      { id: "scale-1", protocol, transport: { kind: "tcp", host: "127.0.0.1", port }, timing: { pollMs: 20 } },
      { readings: () => t.fail(), status: () => t.fail(), health: () => {} },
    );
    await eventually(() => device.health().state === "garbled", `${protocol} is told`);
    t.regex(device.health().lastError ?? "", /belong to no frame: these are wrong line settings or another protocol/);
    await device.close();
  }
  await scale.close();
});

test("TC2: with a checksum, a line that flips bits gives fewer readings and no other value", async (t) => {
  const port = await freePort();
  const fault = parseFault("flip=0.2", 7);
  if (typeof fault === "string") return t.fail(fault);
  const scale = await startScale({
    protocol: "toledo-continuous-checksum",
    line: { kind: "tcp", port },
    loadGrams: 12_345,
    outputMs: 5,
    faults: [fault],
  });
  const values = new Set<number>();
  let count = 0;
  const device = openDevice(
    { id: "scale-1", protocol: "toledo-continuous-checksum", transport: { kind: "tcp", host: "127.0.0.1", port } },
    {
      readings: ([reading]) => {
        count += 1;
        if (reading?.quantity.kind === "mass") values.add(reading.quantity.value.mantissa);
      },
      status: ({ status }) => t.fail(status),
      health: () => {},
    },
  );
  await eventually(() => count >= 100 && device.health().refused >= 20, "readings and refused frames");
  t.deepEqual([...values], [12_345]);
  await device.close();
  await scale.close();
});
