/** Another history of an attacker's own lane: a chain of bundles, all signed, that leaves the true one at some number. */
import { type Bundle, openBundle, sealBundle } from "../../../ledger/bundle/index.ts";
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { decodeStatement, encodeStatement, type Statement } from "../../../ledger/statement/index.ts";
import type { AttackContext } from "./attack.ts";

/** The true bundle as the forger would rather have it. `statements` may be fewer, never none; they are numbered anew. */
export type Forgery = {
  readonly statements: readonly Statement[];
  readonly createdMs: number;
  /** How far off the first statement's number is. */
  readonly firstOff: number;
  /** Signs the true bundle again instead: the same content under another signature. */
  readonly isSignatureOnly: boolean;
  /** Whose key the header names. */
  readonly keyOf: GatewayIndex;
};

export type ForgedLane = {
  /** What stands for the true bundle in this history; the true one itself below the fork. */
  readonly standIn: (bundle: Bundle) => Bundle;
  readonly isForged: (number: number) => boolean;
};

/** `forge` is asked once for each bundle from `fork` on, in order; `length` of them are forged, the others follow truly. */
export function forgedLane(
  context: AttackContext,
  fork: number,
  length: number,
  forge: (bundle: Bundle, statements: readonly Statement[]) => Forgery,
): ForgedLane {
  const { site, committee } = context;
  const forged = new Map<number, Bundle>();

  function make(bundle: Bundle): Bundle {
    const { header } = bundle;
    const below = forged.get(header.number - 1);
    // Without what stands below it there is nothing to build on.
    if (header.number > fork && below === undefined) return bundle;
    const parent = below?.hash ?? header.parent;
    const next = below === undefined ? header.first : below.header.first + below.header.count;
    const statements = bundle.statements.flatMap((bytes) => {
      const decoded = decodeStatement(bytes);
      return decoded.kind === "accept" ? [decoded.statement] : [];
    });
    if (header.number - fork >= length && below === undefined) return bundle;
    const forgery = header.number - fork < length ? forge(bundle, statements) : truly(context, bundle, statements);
    const first = Math.max(0, next + forgery.firstOff);
    const bodies = forgery.statements.map((statement, at) => encodeStatement({ ...statement, number: first + at }));
    const { isSignatureOnly } = forgery;
    const sign = isSignatureOnly ? (message: Uint8Array) => site.signAgain(committee.self, message) : committee.sign;
    const { keyId } = site.keys(forgery.keyOf);
    return sealBundle(
      { ...header, parent, first, count: bodies.length, created: forgery.createdMs },
      bodies,
      keyId,
      sign,
    );
  }

  return {
    standIn: (bundle) => {
      const { number } = bundle.header;
      if (number < fork) return bundle;
      const made = forged.get(number) ?? make(bundle);
      if (made !== bundle) forged.set(number, made);
      return made;
    },
    isForged: (number) => forged.has(number),
  };
}

/** The bundle as it is. */
export function truly({ self }: AttackContext, { header }: Bundle, statements: readonly Statement[]): Forgery {
  return { statements, createdMs: header.created, firstOff: 0, isSignatureOnly: false, keyOf: self };
}

/** The bundle of the attacker's own lane in these bytes; null = another message or another lane. */
export function ownBundle(
  { committee }: AttackContext,
  message: { readonly kind: "bundle"; readonly cose: Uint8Array; readonly statements: readonly Uint8Array[] },
): Bundle | null {
  const opened = openBundle(message.cose, message.statements);
  if (opened.kind === "reject" || opened.bundle.header.gateway !== committee.names[committee.self]) return null;
  return opened.bundle;
}
