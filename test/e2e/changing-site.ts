/** A site that changes while it runs: what its operators do, and what they look at. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConfigurationShown } from "../../gateway/api/index.ts";
import { shippedModelPath } from "../../gateway/assess/index.ts";
import { readSimulation, type TemporarySite } from "../../gateway/site/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import { tallystick } from "./command.ts";
import { eventually, statusOf } from "./observe.ts";

export type Member = { readonly name: string; readonly dir: string; readonly url: string };

/** Runs a command that must succeed; what it said. */
export async function done(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tallystick(args);
  if (code !== 0) throw new Error(`tallystick ${args.join(" ")}: ${code} ${stderr}`);
  return stdout;
}

/** As operators do it: one edits and proposes, others approve by the first digits of the hash, until the epoch begins everywhere. */
export async function change(
  members: readonly Member[],
  approvers: readonly Member[],
  edit: (site: Site) => object,
): Promise<number> {
  const [proposer, ...others] = approvers;
  if (proposer === undefined) throw new Error("somebody must propose");
  const site = JSON.parse(await done(["config", "show", "--dir", proposer.dir])) as Site;
  const file = join(proposer.dir, "next.json");
  await writeFile(file, JSON.stringify({ ...site, ...edit(site) }));
  const said = await done(["config", "propose", file, "--dir", proposer.dir]);
  const hash = /approved: ([0-9a-f]{64})/.exec(said)?.[1] ?? "";
  for (const { dir, url } of others) {
    await eventually("the proposal is known", 20_000, async () => {
      const shown = (await (await fetch(`${url}/v1/configuration`)).json()) as ConfigurationShown;
      return shown.epoch > site.epoch || shown.successors.some(({ configHash }) => configHash === hash) ? true : null;
    });
    await done(["config", "approve", hash.slice(0, 12), "--dir", dir]);
  }
  await eventually(`epoch ${site.epoch + 1} has begun everywhere`, 30_000, async () => {
    const statuses = await Promise.all(members.map(statusOf));
    return statuses.every((status) => status?.epoch === site.epoch + 1) ? true : null;
  });
  return site.epoch + 1;
}

/** Posts until it is durable, as a careful client does; the key keeps a repetition from counting twice. */
export async function post({ url, dir }: Member, item: string, station = "flow-1"): Promise<void> {
  const token = (await readFile(join(dir, "keys", "token"), "utf8")).trim();
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": item };
  const body = JSON.stringify({ item, station, massGrams: "1234.5", dimensionsMm: [300, 200, 100] });
  await eventually(`${item} is accepted`, 20_000, async () => {
    const answer = await fetch(`${url}/v1/measurements`, { method: "POST", headers, body }).catch(() => null);
    if (answer !== null && answer.status >= 400 && answer.status < 500) throw new Error(await answer.text());
    return answer?.status === 201 ? true : null;
  });
}

/** What all of them accepted is final at all of them. */
export async function allFinal(members: readonly Member[]): Promise<void> {
  await eventually("everything accepted is final everywhere", 60_000, async () => {
    const statuses = (await Promise.all(members.map(statusOf))).filter((status) => status !== null);
    const finals = new Set(statuses.map(({ statements }) => statements));
    return statuses.length === members.length &&
      finals.size === 1 &&
      statuses.every(({ counts }) => counts.accepted === counts.final)
      ? true
      : null;
  });
}

export async function receiptOf(place: string, { url }: Member, out: string): Promise<string> {
  await eventually(`${place} is anchored`, 60_000, async () => {
    const { code } = await tallystick(["receipt", place, "--from", url, "-o", out]);
    return code === 0 ? true : null;
  });
  return out;
}

/** What the model says, times 1.1: the three ensembles add up logarithms, each from a base value of its own. */
export async function heavierModel(): Promise<Buffer> {
  const bytes = await readFile(shippedModelPath);
  const name = "base_values";
  for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + 1)) {
    const value = at + name.length + 1;
    bytes.writeFloatLE(bytes.readFloatLE(value) + Math.log(1.1), value);
  }
  return bytes;
}

/**
 * Looks every 10 ms how many statements are final at one gateway. `stop` gives, for each epoch that began, the longest time
 * without a new one from 1 s before its beginning was seen to 1 s after.
 */
export function watchPauses({ url }: Member) {
  const seen: { readonly atMs: number; readonly epoch: number; readonly statements: number }[] = [];
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      const status = await statusOf({ name: "", url });
      if (status !== null) seen.push({ atMs: performance.now(), epoch: status.epoch, statements: status.statements });
      await sleep(10);
    }
  })();
  const longest = (from: number, to: number): number => {
    let [since, most] = [from, 0];
    let statements = -1;
    for (const sight of seen.filter(({ atMs }) => atMs >= from && atMs <= to)) {
      most = Math.max(most, sight.atMs - since);
      if (sight.statements !== statements) since = sight.atMs;
      statements = sight.statements;
    }
    return Math.round(most);
  };
  const stop = async () => {
    stopped = true;
    await watching;
    const begins = seen.filter(({ epoch }, at) => at > 0 && epoch !== seen[at - 1]?.epoch);
    return begins.map(({ atMs }) => longest(atMs - 1_000, atMs + 1_000));
  };
  return { stop };
}

/** Lets the devices of one gateway bring nothing more, and waits until what they brought is taken. */
export async function quiet({ processes, made }: TemporarySite, gateway: string): Promise<void> {
  const path = join(made.dir, "devices.json");
  const spec = await readSimulation(path);
  const stations = spec.stations.map((station) =>
    station.gateway === gateway ? { ...station, ratePerSecond: 0.0001 } : station,
  );
  await writeFile(path, JSON.stringify({ ...spec, stations }));
  processes.kill("devices", "SIGTERM");
  await processes.again("devices");
  const journal = join(made.dir, "journals", `${gateway}-dock-1.jsonl`);
  const lines = async (file: string): Promise<number> => (await readFile(file, "utf8")).split("\n").length;
  await eventually(`the devices of ${gateway} are done`, 20_000, async () =>
    (await lines(journal)) === (await lines(`${journal}.done`)) ? true : null,
  );
}

/** Puts a model into the folder of a gateway where it looks for others than the shipped one. */
export async function bringModel({ dir }: Member, model: Uint8Array): Promise<void> {
  await mkdir(join(dir, "models"));
  await writeFile(join(dir, "models", "heavier.onnx"), model);
}
