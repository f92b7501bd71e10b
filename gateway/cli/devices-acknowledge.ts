import { loadConfig } from "../config/index.ts";
import { loadKeys } from "../identity/index.ts";
import { needed, readArguments, UsageError } from "./arguments.ts";

/** `tallystick devices acknowledge`: exit code 1 when the gateway has no such device. */
export async function devicesAcknowledge(argv: readonly string[]): Promise<number> {
  const { options, positionals } = readArguments("devices", argv, { dir: "text", json: "flag" }, ["ID"]);
  const [id = ""] = positionals;
  const dir = needed("devices", "dir", options.dir);
  const { settings } = await loadConfig(dir);
  const { token } = await loadKeys(dir);
  const base = `http://${settings.api.host}:${settings.api.port}`;
  const before = await stateOf(base, id);
  const answer = await fetch(`${base}/v1/devices/${encodeURIComponent(id)}/acknowledgements`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  }).catch(() => {
    throw new UsageError(`no gateway answers at ${base}; start the gateway of ${dir}, then acknowledge`);
  });
  const text = await answer.text();
  if (!answer.ok) {
    const { detail } = JSON.parse(text) as { detail?: string };
    process.stderr.write(`tallystick: ${detail ?? `the gateway answered ${answer.status}`}\n`);
    return 1;
  }
  if (options.json) process.stdout.write(`${text}\n`);
  else process.stdout.write(`${wordsOf(id, before)}\n`);
  return 0;
}

type Shown = { readonly quarantine: { readonly was: string; readonly shows: string } | null };

/** The device before; null when that cannot be known, which changes nothing. */
async function stateOf(base: string, id: string): Promise<Shown | null> {
  const answer = await fetch(`${base}/v1/status`, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
  if (answer === null || !answer.ok) return null;
  const { devices } = (await answer.json()) as { devices: readonly (Shown & { readonly id: string })[] };
  return devices.find((device) => device.id === id) ?? null;
}

function wordsOf(id: string, before: Shown | null): string {
  if (before?.quarantine === null) return `${id} is not in quarantine: nothing has changed`;
  const shows = before === null ? "what it shows now" : before.quarantine.shows;
  return `${id} is used again, as it is: ${shows}`;
}
