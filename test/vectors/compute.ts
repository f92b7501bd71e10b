import { toHex } from "../../ledger/crypto/index.ts";
import { leafHash } from "../../ledger/log/index.ts";
import { accusedOf, fileOf, OFFENCES } from "../evidence/site.ts";
import { buildReceipt, unpackReceipt } from "../../ledger/receipt/index.ts";
import { encodeStatement } from "../../ledger/statement/index.ts";
import { fixedLane, fixedLog, fixedNote, fixedReceiptInput, fixedSite, fixedStatement } from "./site.ts";

/** What the formats give today for the fixed site: the same shape as the JSON files beside this one. */
export function computeVectors() {
  const site = fixedSite();
  const bundles = fixedLane(site, "north", [1, 3]);
  const log = fixedLog(site, bundles);
  return {
    site,
    evidence: Object.entries(OFFENCES).map(([fault, { offence, deed }]) => ({
      fault,
      gateway: accusedOf(offence.kind),
      deed,
      hex: toHex(fileOf(offence)),
    })),
    statement: [0, 1].map((number) => {
      const { measurement, ...rest } = fixedStatement(number);
      const frames = measurement.frames.map(({ device, bytes }) => ({ device, hex: toHex(bytes) }));
      const bytes = encodeStatement(fixedStatement(number));
      return {
        statement: { ...rest, measurement: { ...measurement, frames } },
        hex: toHex(bytes),
        leafHash: toHex(leafHash(bytes)),
      };
    }),
    bundle: bundles.map(({ header, root, hash, cose, statements }) => ({
      header,
      statements: statements.map(toHex),
      root,
      cose: toHex(cose),
      hash,
      leafHash: toHex(leafHash(cose)),
    })),
    checkpoint: {
      leaves: bundles.map(({ cose }) => toHex(leafHash(cose))),
      body: log.body,
      note: fixedNote(site, log.body, ["north", "south", "west"]),
    },
    receipt: [0, 3].map((number) => {
      const bytes = buildReceipt(fixedReceiptInput(number));
      const unpacked = unpackReceipt(bytes);
      if (unpacked.kind === "reject") throw new Error(unpacked.reason);
      return {
        number,
        hex: toHex(bytes),
        files: Object.fromEntries(Object.entries(unpacked.files).map(([name, file]) => [name, toHex(file)])),
      };
    }),
  };
}
