import { z } from "zod";
import { NAME_PATTERN } from "../statement/index.ts";

/** G4: every message completes "<path> ..." and says what to write instead. */
const name = z
  .string({ error: "must be a text" })
  .regex(NAME_PATTERN, "must be 1 to 32 lower-case letters, digits and hyphens, not starting with a hyphen");
const digest = z
  .string({ error: "must be a text" })
  .regex(/^[0-9a-f]{64}$/, "must be the 64 lower-case hex digits of a SHA-256");
const vkey = z.string({ error: "must be a verifier key: name+key id+base64" });
const count = z
  .int({ error: "must be a whole number" })
  .min(0, "must be a whole number from 0")
  .max(Number.MAX_SAFE_INTEGER, "must be below 2^53");
/** No leading or superfluous zeros before the point: one value, one spelling within a resolution. */
const decimal = z
  .string({ error: 'must be a decimal number as a text, like "0.005"' })
  .regex(/^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?$/, 'must be a decimal number as a text, like "0.005"');

const gateway = z.strictObject({
  name,
  key: vkey,
  checkpointKey: vkey,
  tlsPin: digest,
  left: z.literal(true, { error: "must be true, or absent" }).exactOptional(),
});
/** G12. */
const SETTING = "must be a text of 1 to 1024 characters, a whole number, true or false";
const MOST_SETTINGS = 32;
const settings = z
  .record(
    z.string().regex(/^[a-z][A-Za-z0-9]{0,31}$/),
    z.union([z.string().min(1, SETTING).max(1024, SETTING), z.int(), z.boolean()], { error: SETTING }),
    { error: "must be an object of settings, each named by 1 to 32 letters and digits" },
  )
  .refine((all) => Object.keys(all).length <= MOST_SETTINGS, `must be at most ${MOST_SETTINGS} settings`);

const device = z.strictObject({
  id: name,
  gateway: name,
  station: name,
  // Which ones a gateway speaks is its version's business; a site may be ahead of one of its gateways.
  protocol: name,
  settings: settings.exactOptional(),
  measures: z
    .array(z.enum(["mass", "dimensions", "item"], { error: "must be mass, dimensions or item" }), {
      error: "must be a list of mass, dimensions, item",
    })
    .min(1, "must name at least one of mass, dimensions, item"),
  mass: z.strictObject({ minKg: decimal, maxKg: decimal, divisionKg: decimal }).exactOptional(),
  dimensions: z.strictObject({ minMm: decimal, maxMm: decimal, divisionMm: decimal }).exactOptional(),
});
const ledger = z.strictObject({ name, kind: z.literal("embedded", { error: "must be embedded" }), key: vkey });

/** G3: the shape of SITE.json; unknown members are refused, because the auditor could not know what they mean. */
export const siteShape = z.strictObject({
  format: z.literal("tallystick-site/v1", { error: "must be tallystick-site/v1" }),
  site: name,
  epoch: count,
  previous: digest.exactOptional(),
  gateways: z
    .array(gateway, { error: "must be a list" })
    .min(1, "must list at least one gateway")
    .max(500, "must list at most 500 gateways"),
  devices: z.array(device, { error: "must be a list" }).max(10_000, "must list at most 10000 devices"),
  ledgers: z.array(ledger, { error: "must be a list" }).max(16, "must list at most 16 ledgers"),
  model: z.strictObject({ sha256: digest, toleranceMilli: count }),
  configHash: digest,
});
