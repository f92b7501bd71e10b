import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { currentOf, lineageJson, parseLineage, type Site, siteOf } from "../../ledger/management/index.ts";
import type { ConfigurationShown } from "../api/index.ts";
import {
  causeOf,
  GatewayFailure,
  loadLineage,
  loadSettings,
  loadSite,
  nearestName,
  SITE_FILE,
} from "../config/index.ts";
import { createNextKeys, loadKeys } from "../identity/index.ts";
import { replaceFile } from "../site/index.ts";
import { needed, readArguments, UsageError } from "./arguments.ts";

const ACTIONS = { show, status, propose, approve, keys, fetch: fetchSite } as const;

/** `tallystick config`: L9. */
export async function config(argv: readonly string[]): Promise<number> {
  const [name = "", ...rest] = argv;
  if (Object.hasOwn(ACTIONS, name)) return ACTIONS[name as keyof typeof ACTIONS](rest);
  const near = nearestName(name, Object.keys(ACTIONS));
  const hint = near === null ? 'see "tallystick config --help"' : `did you mean "${near}"?`;
  throw new UsageError(`"tallystick config ${name}" is no command; ${hint}`);
}

/** Without the history, which nobody edits and `propose` needs not. */
async function show(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("config show", argv, { dir: "text", yaml: "flag" });
  const site = await siteInForce(await apiOf(needed("config show", "dir", options.dir)));
  // No line is folded: a pattern is easier to read in one piece.
  process.stdout.write(options.yaml ? stringify(site, { lineWidth: 0 }) : `${JSON.stringify(site, null, 2)}\n`);
  return 0;
}

async function status(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("config status", argv, { dir: "text", json: "flag" });
  const api = await apiOf(needed("config status", "dir", options.dir));
  const shown = await api.ask<ConfigurationShown>("/v1/configuration");
  process.stdout.write(options.json ? `${JSON.stringify(shown)}\n` : words(shown));
  return 0;
}

async function propose(argv: readonly string[]): Promise<number> {
  const { options, positionals } = readArguments("config propose", argv, { dir: "text" }, ["FILE"]);
  const [path = ""] = positionals;
  const api = await apiOf(needed("config propose", "dir", options.dir));
  const proposed = successorOf(await siteInForce(api), await documentOf(path), path);
  const shown = await api.ask<ConfigurationShown>("/v1/configuration/successors", proposed);
  process.stdout.write(`proposed and approved: ${proposed.configHash}\n${words(shown)}`);
  return 0;
}

async function approve(argv: readonly string[]): Promise<number> {
  const { options, positionals } = readArguments("config approve", argv, { dir: "text" }, ["HASH"]);
  const [given = ""] = positionals;
  const api = await apiOf(needed("config approve", "dir", options.dir));
  const { successors } = await api.ask<ConfigurationShown>("/v1/configuration");
  const meant = successors.filter(({ configHash }) => configHash.startsWith(given));
  const [only] = meant;
  if (given.length < 8 || only === undefined || meant.length > 1) {
    process.stderr.write(
      `tallystick: ${JSON.stringify(given)} names ${meant.length === 0 ? "none" : "not exactly one"} of the proposed configurations; "tallystick config status" lists them\n`,
    );
    return 1;
  }
  const shown = await api.ask<ConfigurationShown>("/v1/configuration/approvals", { configHash: only.configHash });
  process.stdout.write(`approved: ${only.configHash}\n${words(shown)}`);
  return 0;
}

async function keys(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("config keys", argv, { dir: "text" });
  const dir = needed("config keys", "dir", options.dir);
  const { site } = await loadSite(join(dir, SITE_FILE));
  const entry = await createNextKeys(dir, site, (await loadSettings(dir)).gateway);
  process.stdout.write(`${JSON.stringify(entry, null, 2)}\n`);
  return 0;
}

/** G11: what is fetched must continue what is here, so that nobody on the way needs to be trusted. */
async function fetchSite(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("config fetch", argv, { dir: "text", from: "text" });
  const path = join(needed("config fetch", "dir", options.dir), SITE_FILE);
  const known = await loadLineage(path);
  const from = needed("config fetch", "from", options.from);
  if (!URL.canParse(from)) throw new UsageError(`--from is "${from}", but must be the URL of a gateway's API`);
  const parsed = parseLineage(await request(`${from.replace(/\/$/, "")}/v1/site`));
  if (parsed.kind === "reject") throw new GatewayFailure("SITE_WRONG", { path: from, reason: parsed.reason });
  const { lineage } = parsed;
  const parted = known.findIndex(({ site }, index) => site.configHash !== lineage[index]?.site.configHash);
  if (parted !== -1 && parted < lineage.length) {
    throw new GatewayFailure("SITE_WRONG", {
      path: from,
      reason: `its epoch ${lineage[parted]?.site.epoch} is another than that of ${path}: it is not the same site.`,
    });
  }
  const { site, epoch } = currentOf(lineage.length > known.length ? lineage : known);
  if (lineage.length > known.length) await replaceFile(path, `${JSON.stringify(lineageJson(lineage), null, 2)}\n`);
  process.stdout.write(`${path}: site ${site}, epoch ${epoch}\n`);
  return 0;
}

/** What an edited SITE.json of the epoch in force proposes; or the finished document that it is already. Throws UsageError. */
function successorOf(current: Site, json: unknown, path: string): Site {
  const {
    epoch,
    configHash,
    format: _,
    history: __,
    approvals: ___,
    previous: ____,
    ...edited
  } = (typeof json === "object" && json !== null ? json : {}) as Partial<Site> & {
    history?: unknown;
    approvals?: unknown;
  };
  if (epoch !== current.epoch || configHash !== current.configHash) {
    throw new UsageError(
      `${path} was not made from the configuration in force, epoch ${current.epoch}; make it from "tallystick config show", and leave its epoch and configHash as they are`,
    );
  }
  try {
    return siteOf({ ...(edited as Site), epoch: current.epoch + 1, previous: current.configHash });
  } catch (error) {
    throw new UsageError(`${path} is no configuration: ${causeOf(error)}`);
  }
}

function words({ epoch, gateways, approvalsNeeded, successors, unsealed }: ConfigurationShown): string {
  const inForce = gateways.filter(({ left }) => !left).length;
  const lines = [`epoch ${epoch}: ${inForce} gateways; a change needs the approval of ${approvalsNeeded} of them`];
  for (const { configHash, changes, approvedBy, approved } of successors) {
    lines.push(
      `${approved ? "agreed " : "pending"} ${configHash}`,
      `  changes:  ${changes.join("; ") || "nothing"}`,
      `  approved: ${approvedBy.join(", ")} (${approvedBy.length} of ${approvalsNeeded})`,
    );
  }
  if (unsealed > 0) lines.push(`${unsealed} bundles of this gateway wait to be signed with its new key`);
  return `${lines.join("\n")}\n`;
}

type Api = { readonly ask: <T>(path: string, body?: object) => Promise<T> };

async function apiOf(dir: string): Promise<Api> {
  const { api } = await loadSettings(dir);
  const { token } = await loadKeys(dir);
  const base = `http://${api.host}:${api.port}`;
  return { ask: <T>(path: string, body?: object) => request<T>(`${base}${path}`, body, token) };
}

const siteInForce = async (api: Api): Promise<Site> => {
  const parsed = parseLineage(await api.ask<unknown>("/v1/site"));
  if (parsed.kind === "reject") throw new UsageError(`the gateway gave no SITE.json: ${parsed.reason}`);
  return currentOf(parsed.lineage);
};

async function request<T = unknown>(url: string, body?: object, token?: string): Promise<T> {
  const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  const posted = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(10_000), ...posted }).catch(() => {
    throw new UsageError(`no gateway answers at ${new URL(url).origin}; start it first`);
  });
  const text = await answer.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UsageError(`${url} answered ${answer.status} and no JSON; is it a gateway?`);
  }
  if (answer.ok) return json as T;
  throw new UsageError((json as { detail?: string }).detail ?? `the gateway answered ${answer.status}`);
}

/** JSON, or YAML by the name of the file: in YAML a pattern needs no doubled backslashes, and may have a comment. */
async function documentOf(path: string): Promise<unknown> {
  try {
    const text = await readFile(path, "utf8");
    return /\.ya?ml$/.test(path) ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${path} cannot be read (${causeOf(error)}); name the edited output of "tallystick config show"`,
    );
  }
}
