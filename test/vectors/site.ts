import { importRawKey, keyIdOf, type PrivateKey, sha256, sign } from "../../ledger/crypto/index.ts";
import { type Bundle, sealBundle } from "../../ledger/bundle/index.ts";
import {
  appendLeaf,
  cosign,
  emptyFrontier,
  formatCheckpoint,
  formatNote,
  inclusionProof,
  leafHash,
  rootOf,
} from "../../ledger/log/index.ts";
import { formatVkey, originOf, type Site, siteOf, verifierKey } from "../../ledger/management/index.ts";
import type { ReceiptInput } from "../../ledger/receipt/index.ts";
import { toHex } from "../../ledger/crypto/index.ts";
import { encodeStatement, type Statement } from "../../ledger/statement/index.ts";

/** The key of a fixed seed, so that every signature in the vectors is reproducible. Nobody's: the seed is public. */
export const fixedKey = (name: string): PrivateKey => importRawKey(sha256(Buffer.from(`tallystick vector ${name}`)));

export const GATEWAYS = ["north", "south", "east", "west"] as const;
export const START_MS = 1_790_000_000_000;

/** A gateway of the fixed site. `life` tells its keys from those that it had before. */
export function fixedGateway(name: string, life = "", site = "harbour"): Site["gateways"][number] {
  return {
    name,
    key: formatVkey(verifierKey(`${site}/${name}`, 1, fixedKey(`${name} bundles${life}`).publicKey)),
    checkpointKey: formatVkey(verifierKey(`${site}/${name}`, 4, fixedKey(`${name} checkpoints${life}`).publicKey)),
    tlsPin: toHex(sha256(Buffer.from(`${name} tls${life}`))),
  };
}

/** A site of four gateways, fixed to the last byte. */
export function fixedSite(gateways: readonly string[] = GATEWAYS): Site {
  return siteOf({
    site: "harbour",
    epoch: 1,
    gateways: gateways.map((name) => fixedGateway(name)),
    devices: [
      {
        id: "scale-1",
        gateway: "north",
        station: "line-1",
        protocol: "mt-sics",
        measures: ["mass"],
        mass: { minKg: "0.1", maxKg: "60", divisionKg: "0.005" },
      },
      {
        id: "dimensioner-1",
        gateway: "north",
        station: "line-1",
        protocol: "sick",
        measures: ["dimensions", "item"],
        dimensions: { minMm: "10", maxMm: "1500", divisionMm: "1" },
      },
    ],
    ledgers: [
      {
        name: "notary",
        kind: "embedded",
        key: formatVkey(verifierKey("notary.example/log", 4, fixedKey("notary").publicKey)),
      },
    ],
    model: { sha256: toHex(sha256(Buffer.from("model"))), toleranceMilli: 1 },
  });
}

/** Statement `number` of a lane: everything in it follows from the number. */
export function fixedStatement(number: number): Statement {
  return {
    number,
    measurement: {
      station: "line-1",
      item: `PARCEL-${number}`,
      at: START_MS + number * 1500,
      mass: { mantissa: 12_340 + number * 5, exponent: -3 },
      division: { mantissa: 5, exponent: -3 },
      dimensions: {
        length: { mantissa: 400 + number, exponent: -3 },
        width: { mantissa: 300, exponent: -3 },
        height: { mantissa: 200, exponent: -3 },
      },
      frames: [
        { device: "scale-1", bytes: Uint8Array.from(Buffer.from(`S S ${(12.34).toFixed(3)} kg\r\n`)) },
        { device: "dimensioner-1", bytes: Uint8Array.from([2, 0x34, 0x30, 0x30, number % 256, 3]) },
      ],
    },
    assessment: {
      model: toHex(sha256(Buffer.from("model"))),
      predictedGrams: 9_800,
      lowGrams: 4_100,
      highGrams: number % 2 === 0 ? 12_000 : 20_000,
      verdict: number % 2 === 0 ? "flag" : "accept",
      reasons: number % 2 === 0 ? ["above-interval"] : [],
    },
  };
}

/** A lane of bundles of the given sizes. */
export function fixedLane(site: Site, gateway: string, counts: readonly number[]): Bundle[] {
  const key = fixedKey(`${gateway} bundles`);
  const bundles: Bundle[] = [];
  let first = 0;
  for (const [number, count] of counts.entries()) {
    const statements = Array.from({ length: count }, (_, index) => encodeStatement(fixedStatement(first + index)));
    const parent = bundles.at(-1)?.hash ?? "0".repeat(64);
    const header = {
      site: site.site,
      gateway,
      epoch: site.epoch,
      configHash: site.configHash,
      number,
      parent,
      first,
      count,
      created: START_MS + number * 1000,
    };
    bundles.push(sealBundle(header, statements, keyIdOf(key.publicKey.raw), (message) => sign(key, message)));
    first += count;
  }
  return bundles;
}

/** Body of the checkpoint over the bundles as leaves, and a way to read the tree's nodes. */
export function fixedLog(site: Site, bundles: readonly Bundle[]) {
  const nodes = new Map<string, Uint8Array>();
  let frontier = emptyFrontier;
  for (const { cose } of bundles) {
    const appended = appendLeaf(frontier, leafHash(cose));
    for (const { level, index, hash } of appended.completed) nodes.set(`${level}/${index}`, hash);
    frontier = appended.frontier;
  }
  const readNode = (level: number, index: number): Uint8Array => {
    const node = nodes.get(`${level}/${index}`);
    if (node === undefined) throw new Error(`no node ${level}/${index}`);
    return node;
  };
  const body = formatCheckpoint({ origin: originOf(site.site), size: frontier.size, root: toHex(rootOf(frontier)) });
  return { body, readNode, size: frontier.size };
}

/** A checkpoint note cosigned by the gateways and ledgers named. */
export function fixedNote(site: Site, body: string, gateways: readonly string[], ledger = true): string {
  const signers = gateways.map((name) => ({ name: `${site.site}/${name}`, key: fixedKey(`${name} checkpoints`) }));
  if (ledger) signers.push({ name: "notary.example/log", key: fixedKey("notary") });
  const signatures = signers.map(({ name, key }) =>
    cosign(verifierKey(name, 4, key.publicKey), (message) => sign(key, message), body, START_MS / 1000 + 5),
  );
  return formatNote({ body, signatures });
}

/** The parts of the receipt for statement `number` of gateway north, in a log of all bundles of all gateways. */
export function fixedReceiptInput(
  number: number,
  signers: readonly string[] = ["north", "south", "west"],
  ledger = true,
): ReceiptInput {
  const site = fixedSite();
  const lanes = site.gateways.map(({ name }) => fixedLane(site, name, [1, 3, 5]));
  const bundles = lanes.flat();
  const log = fixedLog(site, bundles);
  const leaf = bundles.findIndex(({ header }) => header.first <= number && number < header.first + header.count);
  const bundle = bundles[leaf];
  const statement = bundle?.statements[number - bundle.header.first];
  if (bundle === undefined || statement === undefined) throw new Error(`no statement ${number}`);
  return {
    statement,
    bundle: { cose: bundle.cose, statements: bundle.statements, first: bundle.header.first },
    leaf,
    anchor: { note: fixedNote(site, log.body, signers, ledger) },
    path: inclusionProof(log.readNode, log.size, leaf),
  };
}
