import { join } from "node:path";
import test from "ava";
import { startScale } from "../../firmware-sim/index.ts";
import type { Display } from "../../firmware-sim/scale/indicator.ts";
import type { DeviceStatus } from "../../gateway/api/index.ts";
import { tallystick } from "../e2e/command.ts";
import { eventually, statusOf } from "../e2e/observe.ts";
import { oneGateway } from "./one-gateway.ts";

const displays: readonly Display[] = [
  { unit: "kg", division: { mantissa: 5, exponent: -3 } },
  { unit: "lb", division: { mantissa: 1, exponent: -2 } },
];

test("D6, N12, H11: a scale whose unit key was pressed is not used until that is acknowledged, also after a restart", async (t) => {
  t.timeout(60_000);
  const gateway = await oneGateway(t, (root) => `{ kind: serial, path: ${join(root, "dev/scale")} }`);
  const link = join(gateway.made.dir, "dev/scale");
  const scale = await startScale({ line: { kind: "pty", link }, serial: "S1", displays, loadGrams: 5_000 });
  t.teardown(() => scale.close());
  const seen = (state: DeviceStatus["state"]): Promise<DeviceStatus> =>
    eventually(`scale-1 is ${state}`, 15_000, async () => {
      const status = await statusOf({ name: "gw-1", url: gateway.url });
      const found = status?.devices.find(({ id }) => id === "scale-1");
      return found?.state === state ? found : null;
    });
  const acknowledge = () => tallystick(["devices", "acknowledge", "scale-1", "--dir", gateway.dir]);

  const first = await gateway.start();
  t.is((await seen("online")).place, `${link} at 9600 8N1`);
  const before = await acknowledge();
  t.deepEqual([before.code, before.stdout], [0, "scale-1 is not in quarantine: nothing has changed\n"]);
  // Two frames make it what the scale shows; the key is pressed long after.
  await eventually("some frames were read", 10_000, async () => {
    const status = await statusOf({ name: "gw-1", url: gateway.url });
    return (status?.devices[0]?.frames ?? 0) > 5 ? true : null;
  });
  scale.pressUnitKey();
  const quarantined = await seen("quarantined");
  t.like(quarantined.quarantine, { kind: "mass", was: "kg with 3 decimals", shows: "lb with 2 decimals" });
  t.is(quarantined.lastBad.at(-1)?.reason, "showed kg with 3 decimals and now shows lb with 2 decimals");
  t.regex(quarantined.lastBad.at(-1)?.hex ?? "", /^5320/);
  const sentence = quarantined.lastError ?? "";
  t.regex(sentence, /nothing of it is used: .*tallystick devices acknowledge scale-1/);
  t.true(gateway.alarms.includes(sentence));
  await first.stop();

  await gateway.start();
  t.is((await seen("quarantined")).lastError, sentence);
  const told = await acknowledge();
  t.deepEqual([told.code, told.stdout], [0, "scale-1 is used again, as it is: lb with 2 decimals\n"]);
  t.is((await seen("online")).quarantine, null);

  const stranger = await tallystick(["devices", "acknowledge", "scale-7", "--dir", gateway.dir]);
  t.deepEqual(
    [stranger.code, stranger.stderr],
    [1, "tallystick: this gateway has no device scale-7; see /v1/status\n"],
  );
});
