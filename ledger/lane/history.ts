/** L11: what a quorum has vouched for long ago is taken in bulk, without being assessed once more. */
import { openBundles, type PackedBundle } from "../bundle/index.ts";
import type { GatewayIndex } from "../committee/index.ts";
import type { LaneMessage } from "../message/index.ts";
import { rewind } from "./certify.ts";
import { isHistory } from "./own.ts";
import { onBundle, openFrom } from "./receive.ts";
import { timeOf } from "./recover.ts";
import { resizeFetch } from "./repair.ts";
import { hold, isOwn, laneOf, reject, setLane, silence, type Turn } from "./turn.ts";

export function onBundles(
  turn: Turn,
  from: GatewayIndex,
  { lane: owner, from: first, packed }: Extract<LaneMessage, { kind: "bundles" }>,
): void {
  const bundles = openBundles(packed);
  if (bundles === null || owner >= turn.committee.size) return reject(turn, from, "packed bundles that do not unpack");
  // A9: an own bundle may be shown that is not on this disk.
  if (isOwn(turn, owner)) return bundles.slice(0, 1).forEach((own) => openFrom(turn, from, own.cose, own.statements));
  if (bundles.length > 0) resizeFetch(turn, owner, packed.length, bundles.length);
  for (const [offset, bundle] of bundles.entries()) {
    const number = first + offset;
    const { held } = laneOf(turn, owner);
    if (number === held && isHistory(turn, owner, number)) {
      if (!takeHistory(turn, from, owner, bundle)) return;
    } else if (number >= held) onBundle(turn, from, bundle.cose, bundle.statements);
  }
}

/**
 * Signature, root, number and parent are checked like those of any bundle. Its statements are not assessed: a quorum did that,
 * and whatever this gateway thought of them, the log would hold them. That it is the bundle they vouched for shows when the
 * chain arrives at the settled hash; if it does not, it is rewound (L9), and nothing was said about it until then.
 */
function takeHistory(turn: Turn, from: GatewayIndex, owner: GatewayIndex, { cose, statements }: PackedBundle): boolean {
  const lane = laneOf(turn, owner);
  if (lane.rewinding || (lane.held <= lane.disputedUpTo && lane.fetching?.from !== from)) return false;
  const opened = openFrom(turn, from, cose, statements);
  if (opened === null) return false;
  const { header, hash } = opened.bundle;
  const name = `bundle ${header.number} of ${header.gateway}`;
  if (opened.owner !== owner || header.number !== lane.held)
    reject(turn, from, `${name} in the place of bundle ${lane.held}`);
  else if (!opened.verify(owner, opened.signed, opened.signature))
    reject(turn, from, `${name}: the signature does not hold`);
  else if (header.parent !== lane.heldHash || header.first !== lane.nextStatement || header.epoch < lane.epoch)
    rewind(turn, owner);
  else {
    // L8: the others certified what this gateway has refused.
    if (lane.refused?.bundle.hash === hash) silence(turn, owner);
    setLane(turn, owner, { unproven: true });
    hold(turn, owner, opened.bundle, timeOf(statements.at(-1) ?? new Uint8Array(), cose));
    return true;
  }
  return false;
}
