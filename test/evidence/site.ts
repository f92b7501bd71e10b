/** A site with real keys, its next epoch and a namesake, and everything that a liar among its gateways may sign. */
import { type Bundle, sealBundle } from "../../ledger/bundle/index.ts";
import { type SignedKind, signedBytes } from "../../ledger/committee/index.ts";
import { keyIdOf, sha256, sign, toHex } from "../../ledger/crypto/index.ts";
import {
  type Court,
  courtOf,
  encodeEvidence,
  type Fault,
  type Offence,
  type Shown,
  showFalsehood,
} from "../../ledger/evidence/index.ts";
import { cosign, formatCheckpoint, formatNote } from "../../ledger/log/index.ts";
import { formatVkey, originOf, type Site, siteOf, verifierKey } from "../../ledger/management/index.ts";
import { encodeStatement, type Statement } from "../../ledger/statement/index.ts";
import { fixedKey, fixedSite, fixedStatement, START_MS } from "../vectors/site.ts";

/** The accused of all evidence here, but for acks, which are of south's bundles. */
export const ACCUSED = "south";
export const ACKER = "east";
export const NO_PARENT = "0".repeat(64);

export const SITE = fixedSite();
export const NAMES: readonly string[] = SITE.gateways.map(({ name }) => name);
/** The very same gateways and keys, one epoch later. */
export const NEXT = siteLike("harbour", SITE.epoch + 1);
/** The same keys in another site. */
export const NAMESAKE = siteLike("harbor", SITE.epoch);

/** What this epoch might have been: the same gateways and keys under another model. */
export const RIVAL = siteLike("harbour", SITE.epoch, { ...SITE.model, toleranceMilli: 7 });

function siteLike(name: string, epoch: number, model = SITE.model): Site {
  const { devices, ledgers, gateways } = SITE;
  return siteOf({
    site: name,
    epoch,
    devices,
    ledgers,
    model,
    gateways: gateways.map((gateway) => ({
      ...gateway,
      key: formatVkey(verifierKey(`${name}/${gateway.name}`, 1, fixedKey(`${gateway.name} bundles`).publicKey)),
      checkpointKey: formatVkey(
        verifierKey(`${name}/${gateway.name}`, 4, fixedKey(`${gateway.name} checkpoints`).publicKey),
      ),
    })),
  });
}

/** What stands for the site's rules here: nothing weighs more than 60 kg. */
export function falsehood(_lane: number, { measurement: { mass } }: Statement): string | null {
  return mass.mantissa > 60_000 ? `the mass is ${mass.mantissa} g` : null;
}

export const court: Court = courtOf(SITE, falsehood);
export const courtAt = (epoch: number): Court | null => {
  const site = [SITE, NEXT].find((one) => one.epoch === epoch);
  return site === undefined ? null : courtOf(site, falsehood);
};

export const hash = (text: string): string => toHex(sha256(Buffer.from(text)));

export function signed(
  gateway: string,
  kind: SignedKind,
  numbers: readonly number[],
  value: string | null,
  site: Site = SITE,
): Uint8Array {
  return sign(fixedKey(`${gateway} bundles`), signedBytes(site, kind, numbers, value));
}

export const signedHash = (kind: "propose" | "ack", numbers: readonly number[], value: string, site: Site = SITE) => ({
  hash: value,
  signature: signed(kind === "ack" ? ACKER : ACCUSED, kind, numbers, value, site),
});

export function ballot(kind: "notarize" | "finalize" | "nullify", view: number, text: string, site: Site = SITE) {
  return kind === "nullify"
    ? { kind, hash: null, signature: signed(ACCUSED, kind, [view], null, site) }
    : { kind, hash: hash(text), signature: signed(ACCUSED, kind, [view], hash(text), site) };
}

export type Sealing = {
  readonly site?: Site;
  readonly gateway?: string;
  /** Whose key signs; default: the gateway that the header names. */
  readonly signer?: string;
  readonly number?: number;
  readonly parent?: string;
  readonly first?: number;
  readonly created?: number;
};

/** A bundle of these statements, signed by its gateway whatever they say. */
export function bundleOf(statements: readonly Uint8Array[], sealing: Sealing = {}): Bundle {
  const { site = SITE, gateway = ACCUSED, number = 0, first = 0 } = sealing;
  const key = fixedKey(`${sealing.signer ?? gateway} bundles`);
  const header = {
    site: site.site,
    gateway,
    epoch: site.epoch,
    configHash: site.configHash,
    number,
    parent: sealing.parent ?? (number === 0 ? NO_PARENT : hash("some parent")),
    first,
    count: statements.length,
    created: sealing.created ?? START_MS + 10_000_000,
  };
  return sealBundle(header, statements, keyIdOf(key.publicKey.raw), (message) => sign(key, message));
}

export type Telling = { readonly grams?: number; readonly at?: number };

/** Statement `number`, true unless `telling` makes it false. */
export function statement(number: number, { grams, at }: Telling = {}): Uint8Array {
  const { measurement, ...rest } = fixedStatement(number);
  const mass = grams === undefined ? measurement.mass : { mantissa: grams, exponent: -3 };
  return encodeStatement({ ...rest, number, measurement: { ...measurement, mass, at: at ?? measurement.at } });
}

export const statements = (count: number, first = 0): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, index) => statement(first + index));

/** As a gateway that refused the bundle shows it. Throws when there is nothing to show. */
export function shownOf(bundle: Bundle, parent: Bundle | null = null): readonly Shown[] {
  const shown = showFalsehood(court, NAMES.indexOf(bundle.header.gateway), bundle, parent);
  if (shown === null) throw new Error("nothing in the bundle is false");
  return shown;
}

export function note(
  gateway: string,
  size: number,
  text: string,
  timeSeconds: number,
  { origin = originOf(SITE.site), besides = [] }: { origin?: string; besides?: readonly string[] } = {},
): string {
  const body = formatCheckpoint({ origin, size, root: hash(text) });
  const signatures = [gateway, ...besides].map((name) => {
    const key = fixedKey(`${name} checkpoints`);
    const named = verifierKey(`${SITE.site}/${name}`, 4, key.publicKey);
    return cosign(named, (message) => sign(key, message), body, timeSeconds);
  });
  return formatNote({ body, signatures });
}

/** Bundle 7 of the accused, whose statement 10 is false. */
export const falseBundle = bundleOf([...statements(3, 7), statement(10, { grams: 70_000 }), ...statements(2, 11)], {
  number: 7,
  first: 7,
});

/** One of each fault, and the sentence that it proves. */
export const OFFENCES: Readonly<Record<Fault, { readonly offence: Offence; readonly deed: string }>> = {
  "two-proposals": {
    offence: {
      kind: "two-proposals",
      view: 12,
      proposals: [signedHash("propose", [12], hash("one")), signedHash("propose", [12], hash("other"))],
    },
    deed: "proposed two different blocks in view 12",
  },
  "two-votes": {
    offence: { kind: "two-votes", view: 12, votes: [ballot("notarize", 12, "one"), ballot("notarize", 12, "other")] },
    deed: "voted to notarize two different blocks in view 12",
  },
  "two-acks": {
    offence: {
      kind: "two-acks",
      lane: NAMES.indexOf(ACCUSED),
      number: 7,
      acks: [
        signedHash("ack", [NAMES.indexOf(ACCUSED), 7], hash("one")),
        signedHash("ack", [NAMES.indexOf(ACCUSED), 7], hash("other")),
      ],
    },
    deed: "acknowledged two different bundles numbered 7 of south",
  },
  "two-bundles": {
    offence: {
      kind: "two-bundles",
      bundles: [
        bundleOf(statements(1, 7), { number: 7, first: 7 }).cose,
        bundleOf(statements(2, 7), { number: 7, first: 7 }).cose,
      ],
    },
    deed: "signed two different bundles numbered 7",
  },
  "two-logs": {
    offence: { kind: "two-logs", notes: [note(ACCUSED, 40, "one", 1000), note(ACCUSED, 40, "other", 2000)] },
    deed: "cosigned two different logs of 40 bundles",
  },
  "false-bundle": {
    offence: { kind: "false-bundle", shown: shownOf(falseBundle) },
    deed: "signed bundle 7, in which statement 10 is false: the mass is 70000 g",
  },
  "false-ack": {
    offence: {
      kind: "false-ack",
      signature: signed(ACKER, "ack", [NAMES.indexOf(ACCUSED), 7], falseBundle.hash),
      shown: shownOf(falseBundle),
    },
    deed: "acknowledged bundle 7 of south, in which statement 10 is false: the mass is 70000 g",
  },
};

export const accusedOf = (fault: Fault): string => (fault === "two-acks" || fault === "false-ack" ? ACKER : ACCUSED);

export function fileOf(offence: Offence, gateway: string = accusedOf(offence.kind), site: Site = SITE): Uint8Array {
  const { epoch, configHash } = site;
  return encodeEvidence({ site: site.site, epoch, configHash, gateway, offence });
}
