import { bytesEqual, keyIdOf, toHex, verify } from "../crypto/index.ts";
import { encodeCose, signedBytes } from "../bundle/index.ts";
import {
  leafHash,
  type NoteSignature,
  parseCheckpoint,
  rootFromPath,
  type VerifierKey,
  verifyCosignature,
} from "../log/index.ts";
import { originOf, quorumOf, type Site, siteKeys, votersOf } from "../management/index.ts";
import { decodeStatement, dimensionsMm, massGrams, type Statement } from "../statement/index.ts";
import { openReceipt, type ReceiptMembers } from "./format.ts";

/** The checks, in the order in which they are made (V5). */
export const CHECKS = [
  "format",
  "statement",
  "site",
  "position in bundle",
  "gateway signature",
  "statement number",
  "checkpoint",
  "inclusion in log",
  "checkpoint quorum",
  "ledger countersignature",
] as const;
export type Check = (typeof CHECKS)[number];

export type ReceiptSummary = {
  readonly site: string;
  readonly gateway: string;
  readonly number: number;
  readonly item: string;
  /** Exact decimal text. */
  readonly massGrams: string;
  /** Exact decimal texts: length, width, height. */
  readonly dimensionsMm: readonly [string, string, string];
  readonly verdict: "accept" | "flag";
  /** Unix milliseconds. */
  readonly at: number;
  /** Index of the bundle in the log, and size of the anchored tree. */
  readonly logIndex: number;
  readonly size: number;
  /** Names of the gateways whose cosignatures hold. */
  readonly cosigners: readonly string[];
  /** Names of the ledgers whose countersignatures hold, with the time that they state. */
  readonly ledgers: readonly { readonly name: string; readonly timeSeconds: number }[];
};

export type VerifiedReceipt =
  | { readonly kind: "valid"; readonly summary: ReceiptSummary }
  | { readonly kind: "invalid"; readonly check: Check; readonly reason: string };

/**
 * V5, V8: checks a receipt with nothing but the site's configuration and, where it has changed, the earlier ones (from `parseLineage`).
 * Answers with the first check that fails. Never throws.
 */
export function verifyReceipt(bytes: Uint8Array, newest: Site, earlier: readonly Site[] = []): VerifiedReceipt {
  const opened = openReceipt(bytes);
  if (opened.kind === "reject") return invalid("format", opened.reason);
  const { members } = opened;
  const decoded = decodeStatement(members.statement);
  if (decoded.kind === "reject") return invalid("statement", decoded.reason);
  const sites = [newest, ...earlier];
  const site = sites.find(({ epoch }) => epoch === members.opened.header.epoch) ?? newest;
  const gateway = gatewayOf(members, site);
  if (typeof gateway === "string") return invalid("site", gateway);
  const root = rootOfBundle(members);
  if (typeof root === "string") return invalid("position in bundle", root);
  if (!signatureHolds(members, gateway.key, root)) {
    return invalid(
      "gateway signature",
      `the key of ${gateway.name} did not sign a bundle with this statement at this position`,
    );
  }
  const number = faultOfNumber(members, decoded.statement);
  if (number !== null) return invalid("statement number", number);
  const since = sites.filter(({ epoch }) => epoch >= site.epoch);
  return verifyCheckpoint(members, decoded.statement, root, since);
}

/** V5.3: the receipt speaks of this very site and configuration, and names a key of it. */
function gatewayOf(
  { opened: { header, keyId } }: ReceiptMembers,
  site: Site,
): { name: string; key: VerifierKey } | string {
  if (header.site !== site.site) return `it is of site ${header.site}, not ${site.site}`;
  if (header.epoch !== site.epoch) return `it is of epoch ${header.epoch}, but the site file is of epoch ${site.epoch}`;
  if (header.configHash !== site.configHash)
    return "it was made under another configuration than that of the site file";
  const gateway = siteKeys(site).gateways.find(({ name }) => name === header.gateway);
  if (gateway === undefined) return `the site has no gateway ${header.gateway}`;
  if (!bytesEqual(keyId, keyIdOf(gateway.key.key.raw))) return `it names another key than that of ${header.gateway}`;
  return gateway;
}

/** V5.4: the root that the statement and its path give. */
function rootOfBundle({ opened: { header }, inBundle, statement }: ReceiptMembers): Uint8Array | string {
  const { size, index, path } = inBundle;
  if (size !== header.count) return `the path is for ${size} statements, but the bundle has ${header.count}`;
  return (
    rootFromPath(leafHash(statement), size, index, path) ?? `the path has no length for statement ${index} of ${size}`
  );
}

function signatureHolds(members: ReceiptMembers, key: VerifierKey, root: Uint8Array): boolean {
  return verify(key.key, signedBytes(members.protectedHeader, root), members.signature);
}

/** V5.6: one number for each statement of a gateway, whatever bundle it stands in. */
function faultOfNumber({ opened: { header }, inBundle }: ReceiptMembers, statement: Statement): string | null {
  const expected = header.first + inBundle.index;
  return statement.number === expected ? null : `it says ${statement.number}, but stands where ${expected} does`;
}

/** V5.7-V5.10; `sites`: of the bundle's epoch and later ones, the newest first. */
function verifyCheckpoint(
  members: ReceiptMembers,
  statement: Statement,
  root: Uint8Array,
  sites: readonly Site[],
): VerifiedReceipt {
  const { proof, note, protectedHeader, signature } = members;
  const parsed = parseCheckpoint(note.body);
  if (parsed.kind === "reject") return invalid("checkpoint", parsed.reason);
  const { checkpoint } = parsed;
  const origin = originOf(members.opened.header.site);
  if (checkpoint.origin !== origin) return invalid("checkpoint", `it is of log ${checkpoint.origin}, not ${origin}`);
  const leaf = leafHash(encodeCose(protectedHeader, new Map(), root, signature));
  const logRoot = rootFromPath(leaf, checkpoint.size, proof.index, proof.path);
  if (logRoot === null || toHex(logRoot) !== checkpoint.root) {
    return invalid(
      "inclusion in log",
      `the path does not lead from leaf ${proof.index} to the root of the checkpoint of size ${checkpoint.size}`,
    );
  }
  const signed = quorumOfAny(note.body, note.signatures, sites);
  if (typeof signed === "string") return invalid("checkpoint quorum", signed);
  if (signed.ledgers.length === 0)
    return invalid("ledger countersignature", "no ledger of the site countersigned the checkpoint");
  return { kind: "valid", summary: { ...summaryOf(members, statement), size: checkpoint.size, ...signed } };
}

type Signers = Pick<ReceiptSummary, "cosigners" | "ledgers">;

/** V8: a quorum of one of the epochs that the bundle may have been logged in; when there is none, why not by the newest. */
function quorumOfAny(body: string, signatures: readonly NoteSignature[], sites: readonly Site[]): Signers | string {
  const ledgers = sites.flatMap((site) => siteKeys(site).ledgers);
  let fault: string | null = null;
  for (const site of sites) {
    const signed = signersOf(body, signatures, site, ledgers);
    if (typeof signed !== "string") return signed;
    fault ??= signed;
  }
  return fault ?? "the site has no configuration";
}

/** V5.9: every signature must hold and be of the site: a line that nobody checks could be changed by anybody. */
function signersOf(
  body: string,
  signatures: readonly NoteSignature[],
  site: Site,
  ledgerKeys: readonly VerifierKey[],
): Signers | string {
  const voters = votersOf(site);
  const gateways = voters.flatMap((index) => siteKeys(site).gateways[index] ?? []);
  const cosigners: string[] = [];
  const ledgers: { name: string; timeSeconds: number }[] = [];
  for (const signature of signatures) {
    const gateway = gateways.find(({ checkpointKey }) => checkpointKey.name === signature.name);
    const verified = verifiedBy(
      gateway === undefined ? ledgerKeys.filter(({ name }) => name === signature.name) : [gateway.checkpointKey],
      body,
      signature,
    );
    if (typeof verified === "string") return verified;
    if (gateway !== undefined) cosigners.push(gateway.name);
    else ledgers.push({ name: signature.name, timeSeconds: verified.timeSeconds });
  }
  const quorum = quorumOf(voters.length);
  return cosigners.length < quorum
    ? `${cosigners.length} gateways cosigned, but ${quorum} of ${voters.length} are a quorum`
    : { cosigners, ledgers };
}

/** A name has one key in a configuration, and may have had others before. */
function verifiedBy(
  keys: readonly VerifierKey[],
  body: string,
  signature: NoteSignature,
): { readonly timeSeconds: number } | string {
  let fault: string | null = null;
  for (const key of keys) {
    const verified = verifyCosignature(key, body, signature);
    if (verified.kind === "accept") return verified;
    fault ??= verified.reason;
  }
  return fault ?? `the site knows no cosigner ${signature.name}`;
}

function summaryOf(
  { opened: { header }, proof }: ReceiptMembers,
  statement: Statement,
): Omit<ReceiptSummary, "size" | keyof Signers> {
  const { measurement, assessment } = statement;
  return {
    site: header.site,
    gateway: header.gateway,
    number: statement.number,
    item: measurement.item,
    massGrams: massGrams(measurement.mass),
    dimensionsMm: dimensionsMm(measurement),
    verdict: assessment.verdict,
    at: measurement.at,
    logIndex: proof.index,
  };
}

function invalid(check: Check, reason: string): VerifiedReceipt {
  return { kind: "invalid", check, reason };
}
