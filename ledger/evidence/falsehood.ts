/** E5: what makes a bundle false by rules that need no model, shown with as little of it as proves the point. */
import { type Bundle, type BundleHeader, openBundle, pathInBundle } from "../bundle/index.ts";
import type { GatewayIndex } from "../committee/index.ts";
import { toHex } from "../crypto/index.ts";
import { leafHash, rootFromPath } from "../log/index.ts";
import { decodeStatement, type Statement } from "../statement/index.ts";
import { type Court, type EvidenceCheck, strangeness } from "./court.ts";
import type { Shown } from "./evidence.ts";

/** A shown bundle whose signature and paths hold. */
type OpenBundle = { readonly bundle: Bundle; readonly shown: Shown["statements"] };

export type OpenedShown =
  | { readonly kind: "accept"; readonly bundles: readonly OpenBundle[]; readonly last: Bundle }
  | { readonly kind: "reject"; readonly check: EvidenceCheck; readonly reason: string };

/** E4: everything shown is the owner's: its signature over each root, and a path to it from each statement. */
export function openShown(court: Court, owner: GatewayIndex, all: readonly Shown[]): OpenedShown {
  const bundles: OpenBundle[] = [];
  for (const { cose, statements } of all) {
    const opened = openBundle(cose, null);
    if (opened.kind === "reject") return rejected("format", `a bundle in it cannot be read: ${opened.reason}`);
    const { bundle, signed, signature } = opened;
    const strange = strangeness(court, owner, bundle.header);
    if (strange !== null) return rejected("site", strange);
    if (!court.verify(owner, signed, signature))
      return rejected("signatures", `the key of ${court.names[owner]} did not sign a bundle in it`);
    for (const { index, bytes, path } of statements) {
      const root = rootFromPath(leafHash(bytes), bundle.header.count, index, path);
      if (root === null || toHex(root) !== bundle.root)
        return rejected("signatures", `statement ${index} is not in the bundle that it is shown with`);
    }
    if (statements.length === 2 && (statements[0]?.index ?? 0) >= (statements[1]?.index ?? 0))
      return rejected("format", "its statements are not in ascending order");
    bundles.push({ bundle, shown: statements });
  }
  const last = bundles.at(-1);
  const parent = bundles.at(-2);
  if (last === undefined) return rejected("format", "it shows no bundle");
  if (parent !== undefined && parent.bundle.hash !== last.bundle.header.parent)
    return rejected("offence", "the first bundle is not the parent of the second");
  return { kind: "accept", bundles, last: last.bundle };
}

function rejected(check: EvidenceCheck, reason: string): OpenedShown {
  return { kind: "reject", check, reason };
}

/** E5: the first rule that what is shown breaks; null when it breaks none. */
export function falsehoodOf(court: Court, owner: GatewayIndex, bundles: readonly OpenBundle[]): string | null {
  const last = bundles.at(-1);
  const parent = bundles.at(-2);
  if (last === undefined) return null;
  const { header } = last.bundle;
  const unlinked = parent === undefined ? null : linkFault(parent.bundle.header, header);
  if (unlinked !== null) return unlinked;
  let before = parent === undefined ? null : lastOf(parent.shown);
  for (const { index, bytes } of last.shown) {
    const judged = judgeStatement(court, owner, header, index, bytes, before);
    if (judged.kind === "false") return judged.fault;
    before = judged.statement;
  }
  return null;
}

function lastOf(shown: Shown["statements"]): Statement | null {
  const decoded = decodeStatement(shown.at(-1)?.bytes ?? new Uint8Array());
  return decoded.kind === "accept" ? decoded.statement : null;
}

/** L3: a bundle continues its parent's numbers. */
function linkFault(parent: BundleHeader, header: BundleHeader): string | null {
  if (header.number !== parent.number + 1) return `the parent is bundle ${parent.number}`;
  const next = parent.first + parent.count;
  return header.first === next ? null : `the first statement is ${header.first}, but its parent ends with ${next - 1}`;
}

type Judged =
  | { readonly kind: "true"; readonly statement: Statement }
  | { readonly kind: "false"; readonly fault: string };

function judgeStatement(
  court: Court,
  owner: GatewayIndex,
  { first, created }: BundleHeader,
  index: number,
  bytes: Uint8Array,
  before: Statement | null,
): Judged {
  const lie = (fault: string): Judged => ({ kind: "false", fault: `statement ${first + index} ${fault}` });
  const decoded = decodeStatement(bytes);
  if (decoded.kind === "reject") return lie(`cannot be read: ${decoded.reason}`);
  const { statement } = decoded;
  const { at } = statement.measurement;
  if (statement.number !== first + index) return lie(`says that it is number ${statement.number}`);
  if (at > created) return lie("is younger than its bundle");
  if (before !== null && at < before.measurement.at) return lie(`is older than statement ${before.number}`);
  const fault = court.falsehood(owner, statement);
  return fault === null ? { kind: "true", statement } : lie(`is false: ${fault}`);
}

/**
 * E5: the least of a whole bundle that shows it false; null when it breaks no rule that needs no model. `parent` = the bundle that it
 * names as its parent, when that is held. Whether the owner signed it is not looked at here.
 */
export function showFalsehood(
  court: Court,
  owner: GatewayIndex,
  { header, cose, statements }: Bundle,
  parent: {
    readonly header: BundleHeader;
    readonly cose: Uint8Array;
    readonly statements: readonly Uint8Array[];
  } | null,
): readonly Shown[] | null {
  const show = (...indices: readonly number[]): Shown => ({
    cose,
    statements: indices.map((index) => shownOf(statements, index)),
  });
  let before: Statement | null = null;
  for (const [index, bytes] of statements.entries()) {
    const alone = judgeStatement(court, owner, header, index, bytes, null);
    if (alone.kind === "false") return [show(index)];
    if (before !== null && alone.statement.measurement.at < before.measurement.at) return [show(index - 1, index)];
    before = alone.statement;
  }
  if (parent === null) return null;
  const above: Shown = { cose: parent.cose, statements: [] };
  if (linkFault(parent.header, header) !== null) return [above, { cose, statements: [] }];
  const lastShown = [shownOf(parent.statements, parent.statements.length - 1)];
  const earlier = lastOf(lastShown);
  const [first] = statements;
  if (earlier === null || first === undefined) return null;
  const judged = judgeStatement(court, owner, header, 0, first, earlier);
  return judged.kind === "true" ? null : [{ ...above, statements: lastShown }, show(0)];
}

function shownOf(statements: readonly Uint8Array[], index: number): Shown["statements"][number] {
  return { index, bytes: statements[index] ?? new Uint8Array(), path: pathInBundle(statements, index) };
}
