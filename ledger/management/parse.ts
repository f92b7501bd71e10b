import type { z } from "zod";
import { parseVkey, type VerifierKey } from "../log/index.ts";
import { votersOf } from "./committee.ts";
import { configHashOf } from "./config-hash.ts";
import { siteShape } from "./shape.ts";
import type { Site, SiteDraft, SiteDevice } from "./site.ts";

export type ParsedSite =
  | { readonly kind: "accept"; readonly site: Site }
  | { readonly kind: "reject"; readonly reason: string };

/** G3-G7: reads SITE.json, already parsed as JSON. The reason is one sentence: what, where, how to mend. Never throws. */
export function parseSite(json: unknown): ParsedSite {
  const shaped = siteShape.safeParse(json);
  if (!shaped.success) return { kind: "reject", reason: sentenceOf(shaped.error) };
  const site: Site = shaped.data;
  const fault = faultOf(site);
  if (fault !== null) return { kind: "reject", reason: fault };
  const expected = configHashOf(site);
  if (expected !== site.configHash) {
    return {
      kind: "reject",
      reason: `configHash is ${site.configHash}, but the rest of the file hashes to ${expected}: restore the file that was handed out.`,
    };
  }
  return { kind: "accept", site };
}

/** G5: the site of a draft, with its hash. Throws on a draft that `parseSite` would refuse. */
export function siteOf(draft: SiteDraft): Site {
  const unhashed = { format: "tallystick-site/v1", ...draft } as const;
  const parsed = parseSite({ ...unhashed, configHash: configHashOf(unhashed) });
  if (parsed.kind === "reject") throw new Error(`The site configuration is not valid: ${parsed.reason}`);
  return parsed.site;
}

function sentenceOf(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "SITE.json is not valid.";
  const where = issue.path.reduce<string>(
    (path, step) =>
      typeof step === "number" ? `${path}[${step}]` : path === "" ? String(step) : `${path}.${String(step)}`,
    "",
  );
  if (issue.code === "unrecognized_keys")
    return `${where === "" ? "SITE.json" : where} has ${issue.keys.join(", ")}, which the format does not know: remove it.`;
  const what = issue.message.startsWith("must ")
    ? issue.message
    : "is missing or has the wrong type: see ledger/management/README.md";
  return `${where === "" ? "SITE.json" : where} ${what}.`;
}

/** G6, G7: what the shape cannot say. */
function faultOf(site: Site): string | null {
  return faultOfGateways(site) ?? faultOfLedgers(site) ?? faultOfKeys(site) ?? faultOfDevices(site);
}

function faultOfGateways(site: Site): string | null {
  if (votersOf(site).length === 0) return "gateways have all left: at least one must belong to the site.";
  return repeated(site.gateways.map(({ name }, index) => [name, `gateways[${index}].name`]));
}

function faultOfLedgers(site: Site): string | null {
  return repeated(site.ledgers.map(({ name }, index) => [name, `ledgers[${index}].name`]));
}

/** G6: each key is well-formed, of its type, under its name, and has one use only. */
function faultOfKeys(site: Site): string | null {
  const uses: [string, string][] = [];
  const cosigners: [string, string][] = [];
  for (const [where, text, type, name] of keysOf(site)) {
    const parsed = parseVkey(text);
    if (parsed.kind === "reject") return `${where}: ${parsed.reason}; copy it from the gateway's invitation.`;
    const { key } = parsed;
    if (key.type !== type)
      return `${where} is a verifier key of type ${key.type}, not ${type}: copy the right one of the two.`;
    if (name !== null && key.name !== name)
      return `${where} is named ${key.name}, not ${name}: copy the key of this gateway.`;
    uses.push([key.key.hex, where]);
    if (type === 4) cosigners.push([key.name, where]);
  }
  // A signature line on a checkpoint is attributed by its name.
  return repeated(uses) ?? repeated(cosigners);
}

function* keysOf(
  site: Site,
): Generator<readonly [where: string, text: string, type: VerifierKey["type"], name: string | null]> {
  for (const [index, gateway] of site.gateways.entries()) {
    yield [`gateways[${index}].key`, gateway.key, 1, `${site.site}/${gateway.name}`];
    yield [`gateways[${index}].checkpointKey`, gateway.checkpointKey, 4, `${site.site}/${gateway.name}`];
  }
  for (const [index, ledger] of site.ledgers.entries()) yield [`ledgers[${index}].key`, ledger.key, 4, null];
}

function faultOfDevices(site: Site): string | null {
  const gateways = new Set(site.gateways.flatMap(({ name, left }) => (left ? [] : [name])));
  for (const [index, device] of site.devices.entries()) {
    const where = `devices[${index}]`;
    if (!gateways.has(device.gateway))
      return `${where}.gateway is ${device.gateway}, which is not among the gateways that belong to the site: name one of them.`;
    const fault = faultOfMeasures(device);
    if (fault !== null) return `${where}${fault}`;
  }
  return repeated(site.devices.map(({ id }, index) => [id, `devices[${index}].id`]));
}

function faultOfMeasures({ measures, mass, dimensions }: SiteDevice): string | null {
  if (new Set(measures).size !== measures.length) return ".measures names something twice: remove one.";
  if (measures.includes("mass") !== (mass !== undefined))
    return ".mass must be given exactly when measures names mass.";
  if (measures.includes("dimensions") !== (dimensions !== undefined))
    return ".dimensions must be given exactly when measures names dimensions.";
  if (mass !== undefined && !(Number(mass.minKg) < Number(mass.maxKg) && Number(mass.divisionKg) > 0)) {
    return ".mass must have minKg below maxKg and divisionKg above 0.";
  }
  if (
    dimensions !== undefined &&
    !(Number(dimensions.minMm) < Number(dimensions.maxMm) && Number(dimensions.divisionMm) > 0)
  ) {
    return ".dimensions must have minMm below maxMm and divisionMm above 0.";
  }
  return null;
}

/** The first value that stands at two places. */
function repeated(entries: readonly (readonly [value: string, where: string])[]): string | null {
  const places = new Map<string, string>();
  for (const [value, where] of entries) {
    const first = places.get(value);
    if (first !== undefined) return `${where} is the same as ${first}: each must be unique.`;
    places.set(value, where);
  }
  return null;
}
