/** The state of a site and its alarms, in the sentences that a person reads. Pure (O5, O6). */
import { quorumOf } from "../../ledger/management/index.ts";
import type { GatewayAnswer } from "./answer.ts";
import { answering } from "./answer.ts";

/** `waiting`: no gateway ever answered. `stalled`: fewer than a quorum. `alarm`: logs differ or a gateway halted. */
type SiteLevel = "agreed" | "reduced" | "stalled" | "waiting" | "alarm";

export type SiteState = {
  readonly level: SiteLevel;
  readonly headline: string;
  readonly detail: string;
  readonly inTouch: number;
  readonly quorum: number;
};

export type Standing = "agrees" | "cut off" | "halted" | "gone" | "unreadable";

/** O5: the first sentence of the page. */
export function siteState(answers: readonly GatewayAnswer[]): SiteState {
  const size = answers.length;
  const quorum = quorumOf(size);
  const standings = answers.map((answer) => standingOf(answer, size, quorum));
  const inTouch = standings.filter((standing) => standing === "agrees").length;
  const detail = `${size === 1 ? "One gateway alone is" : `${quorum} of ${size} are`} needed for a measurement to become final.`;
  const known = { detail, inTouch, quorum };

  const split = splitLogs(answers)[0];
  if (split !== undefined) return { ...known, level: "alarm", headline: split };
  const halted = answers.find((_, index) => standings[index] === "halted");
  const counted = countedHeadline(answers, standings, inTouch, quorum);
  if (halted !== undefined) return { ...known, level: "alarm", headline: counted };
  if (answers.every((answer) => answer.kind === "gone" && answer.last === null)) {
    return { ...known, level: "waiting", headline: `Waiting for the first answer of ${plural(size, "gateway")}` };
  }
  if (inTouch === size) return { ...known, level: "agreed", headline: counted };
  return { ...known, level: inTouch >= quorum ? "reduced" : "stalled", headline: counted };
}

function countedHeadline(
  answers: readonly GatewayAnswer[],
  standings: readonly Standing[],
  inTouch: number,
  quorum: number,
): string {
  const size = answers.length;
  if (inTouch === size) return size === 1 ? "1 of 1 gateway works" : `${size} of ${size} gateways agree`;
  if (inTouch < quorum) return `${inTouch} of ${size}: nothing can become final, measurements are kept`;
  const named = (wanted: readonly Standing[]): readonly string[] =>
    answers.filter((_, index) => wanted.includes(standings[index] ?? "gone")).map((answer) => answer.name);
  const parts = [
    clause(named(["gone", "unreadable"]), "away"),
    clause(named(["cut off"]), "cut off from the others"),
    clause(named(["halted"]), "halted"),
  ].filter((part) => part !== "");
  return `${inTouch} of ${size}: ${parts.join(", ")}; measurements still become final`;
}

function clause(names: readonly string[], state: string): string {
  if (names.length === 0) return "";
  return `${list(names)} ${names.length === 1 ? "is" : "are"} ${state}`;
}

/** A gateway that answers us but reaches fewer than a quorum with itself cannot take part (O5). */
export function standingOf(answer: GatewayAnswer, size: number, quorum: number): Standing {
  if (answer.kind !== "answering") return answer.kind;
  if (answer.status.halted !== null) return "halted";
  const linked = answer.status.peers.filter((peer) => peer.connected && peer.gateway !== answer.name).length;
  return Math.min(linked + 1, size) >= quorum ? "agrees" : "cut off";
}

/** More sentences than this nobody reads; the rest is counted and stays in each gateway's status. */
const ALARMS = 12;

/** O6: what must not stay unseen, the gravest first. */
export function alarmsOf(answers: readonly GatewayAnswer[]): readonly string[] {
  const all = [
    ...splitLogs(answers),
    ...haltedGateways(answers),
    ...evidence(answers),
    ...strangers(answers),
    ...cutOffs(answers),
    ...refusals(answers),
    ...devices(answers),
  ];
  if (all.length <= ALARMS) return all;
  return [...all.slice(0, ALARMS), `and ${all.length - ALARMS} more, in the status of the gateways`];
}

/** Two honest gateways have one root for one size, whenever they are asked. */
function splitLogs(answers: readonly GatewayAnswer[]): readonly string[] {
  const statuses = answering(answers);
  return statuses.flatMap((first, index) =>
    statuses
      .slice(index + 1)
      .filter((second) => second.logSize === first.logSize && second.logRoot !== first.logRoot)
      .map(
        (second) =>
          `${first.gateway} and ${second.gateway} have different logs of ${plural(first.logSize, "bundle")}: trust neither until their exports are compared`,
      ),
  );
}

function haltedGateways(answers: readonly GatewayAnswer[]): readonly string[] {
  return answering(answers).flatMap(({ gateway, halted }) =>
    halted === null ? [] : [`${gateway} has halted: ${halted}`],
  );
}

function strangers(answers: readonly GatewayAnswer[]): readonly string[] {
  return answers.flatMap((answer) =>
    answer.kind === "unreadable"
      ? [`What answers at ${answer.url} is not ${answer.name} of this site as this page knows it (${answer.reason})`]
      : [],
  );
}

function cutOffs(answers: readonly GatewayAnswer[]): readonly string[] {
  const found = answering(answers).flatMap(({ gateway, peers }) =>
    peers.flatMap((peer) =>
      peer.cutOff === null ? [] : [{ sentence: peer.gateway, by: gateway, why: peer.cutOff.reason }],
    ),
  );
  return grouped(found).map(({ sentence, by }) => {
    const why = found.find((one) => one.sentence === sentence)?.why ?? "";
    return `${sentence} is cut off for a while by ${list(by)}: ${why}`;
  });
}

function evidence(answers: readonly GatewayAnswer[]): readonly string[] {
  return offencesOf(answers).map(
    ({ sentence, proofs }) => `${sentence}; the signed proof is kept by ${list(proofs.map(({ gateway }) => gateway))}`,
  );
}

/** An offence that is proven, in a sentence, and where its proof can be fetched. */
export type OffenceRow = {
  readonly sentence: string;
  readonly proofs: readonly { readonly gateway: string; readonly url: string }[];
};

/** O10: what several gateways can prove is said once, with a proof of each of them. */
export function offencesOf(answers: readonly GatewayAnswer[]): readonly OffenceRow[] {
  const rows = new Map<string, OffenceRow>();
  for (const answer of answers) {
    if (answer.kind !== "answering") continue;
    for (const { id, gateway, about } of answer.status.evidence) {
      const sentence = `${gateway} ${about}`;
      const proof = { gateway: answer.name, url: `${answer.url}/v1/evidence/${id}` };
      rows.set(sentence, { sentence, proofs: [...(rows.get(sentence)?.proofs ?? []), proof] });
    }
  }
  return [...rows.values()];
}

function refusals(answers: readonly GatewayAnswer[]): readonly string[] {
  const found = answering(answers).flatMap((status) =>
    status.refusals.map((refusal) => ({
      sentence: `bundle ${refusal.number} of ${refusal.lane}: ${refusal.reason}`,
      by: refusal.by,
    })),
  );
  return grouped(found).map(({ sentence, by }) => `${list(by)} refused ${sentence}`);
}

/** A device belongs to one gateway; what is wrong with it says so in one sentence (D2). */
function devices(answers: readonly GatewayAnswer[]): readonly string[] {
  return answering(answers).flatMap(({ gateway, devices }) =>
    devices.flatMap(({ lastError }) => (lastError === null ? [] : [`${gateway}: ${lastError}`])),
  );
}

/** Several gateways report the same thing; a person reads it once, with all who say so. */
function grouped(
  found: readonly { readonly sentence: string; readonly by: string }[],
): readonly { readonly sentence: string; readonly by: readonly string[] }[] {
  const sayers = new Map<string, Set<string>>();
  for (const { sentence, by } of found) sayers.set(sentence, (sayers.get(sentence) ?? new Set()).add(by));
  return [...sayers].map(([sentence, by]) => ({ sentence, by: [...by].sort() }));
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
