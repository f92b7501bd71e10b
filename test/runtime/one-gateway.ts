import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ListPorts } from "../../devices/index.ts";
import { createGateway } from "../../gateway/runtime/index.ts";
import { freeBasePort, type MadeSite, makeSite, portsOf } from "../../gateway/site/index.ts";

export type OneGateway = {
  readonly made: MadeSite;
  /** Of the gateway. */
  readonly dir: string;
  readonly url: string;
  /** Where a simulated dimensioner listens. */
  readonly dimensionerPort: number;
  /** What was told people as an alarm, of all starts. */
  readonly alarms: readonly string[];
  /** Starts it, or starts it again; resolves when it is up. Stopped at the latest when the test is over. */
  readonly start: (listPorts?: ListPorts) => Promise<{ readonly stop: () => Promise<void> }>;
};

/** A site of one gateway with a scale and a dimensioner, in this process. `transport`: of its scale, as in gateway.yaml. */
export async function oneGateway(
  t: { readonly teardown: (fn: () => Promise<void>) => void },
  transport: (root: string) => string,
): Promise<OneGateway> {
  const basePort = await freeBasePort(1, "simulated");
  const plan = { site: "test", gateways: 1, stations: "simulated", basePort } as const;
  const made = await makeSite(await mkdtemp(join(tmpdir(), "tallystick-one-")), plan);
  t.teardown(() => rm(made.dir, { recursive: true, force: true }));
  const [dir = ""] = made.gatewayDirs;
  const path = join(dir, "gateway.yaml");
  const yaml = await readFile(path, "utf8");
  await writeFile(path, yaml.replace(/(id: scale-1, transport: )\{[^}]*\}/, `$1${transport(made.dir)}`));
  const alarms: string[] = [];
  const [own] = portsOf(plan).gateways;
  return {
    made,
    dir,
    url: `http://127.0.0.1:${own?.api}`,
    dimensionerPort: own?.dimensioner ?? 0,
    alarms,
    start: async (listPorts) => {
      const gateway = await createGateway({
        dir,
        log: { info: () => {}, alarm: (line) => void alarms.push(line) },
        failed: (error) => void alarms.push(`failed: ${error.message}`),
        ...(listPorts === undefined ? {} : { listPorts }),
      });
      let stopped = false;
      const stop = async (): Promise<void> => {
        if (stopped) return;
        stopped = true;
        await gateway.stop();
      };
      t.teardown(stop);
      return { stop };
    },
  };
}
