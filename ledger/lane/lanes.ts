/** The core of the lanes: pure, one input at a time. Rules L1 to L12 are in README.md. */
import type { Committee, GatewayIndex } from "../committee/index.ts";
import type { LaneMessage } from "../message/index.ts";
import { onAck, onCertificate, onFinal, onRecalled, onRewound } from "./certify.ts";
import { onBundles } from "./history.ts";
import { feed, onSealed } from "./own.ts";
import { checkNext, onBundle, onChecked, onRefusal, takeCertifiedByOthers } from "./receive.ts";
import { continueFetching, keepWatch, onFetchBundles, onLinkUp, onTips, onWake, onWanted } from "./repair.ts";
import { setCopy, type Turn } from "./turn.ts";
import type { LaneEffect, LaneInput, Lanes } from "./types.ts";

export function stepLanes(
  committee: Committee,
  state: Lanes,
  input: LaneInput,
  nowMs: number,
): { readonly state: Lanes; readonly effects: readonly LaneEffect[] } {
  const turn: Turn = { committee, nowMs, state, effects: [], touched: new Set(), hungry: new Set() };
  onInput(turn, input);
  settle(turn, state);
  keepWatch(turn, state);
  return { state: turn.state, effects: turn.effects };
}

/** What one input has made possible in the lanes it touched: the next check, the next fetch, the next bundles to send. */
function settle(turn: Turn, before: Lanes): void {
  for (const lane of turn.touched) {
    takeCertifiedByOthers(turn, lane);
    continueFetching(turn, lane, before.lanes[lane]?.held ?? 0);
    checkNext(turn, lane);
  }
  for (const peer of turn.hungry) feed(turn, peer);
}

function onInput(turn: Turn, input: LaneInput): void {
  switch (input.kind) {
    case "message":
      return onMessage(turn, input.from, input.message);
    case "sealed":
      return onSealed(turn, input);
    case "checked":
      return onChecked(turn, input.lane, input.number, input.hash, input.verdict);
    case "rewound":
      return onRewound(turn, input.lane, input.end);
    case "final":
      return onFinal(turn, input.tips);
    case "recalled":
      return onRecalled(turn, input.lane, input.hashes, input.end);
    case "wanted":
      return onWanted(turn, input.lane, input.upTo, input.onDisk);
    case "linkUp":
      return onLinkUp(turn, input.peer);
    case "linkDown":
      return setCopy(turn, input.peer, { sent: null });
    case "wake":
      return onWake(turn);
  }
}

function onMessage(turn: Turn, from: GatewayIndex, message: LaneMessage): void {
  switch (message.kind) {
    case "bundle":
      return onBundle(turn, from, message.cose, message.statements);
    case "bundles":
      return onBundles(turn, from, message);
    case "ack":
      return onAck(turn, from, message.ack);
    case "laneCertificate":
      return onCertificate(turn, from, message.certificate);
    case "tips":
      return onTips(turn, from, message);
    case "fetchBundles":
      return onFetchBundles(turn, from, message);
    case "refusal":
      return onRefusal(turn, from, message);
  }
}
