import type { GatewayStatus } from "./status.ts";

/** One gateway as the overview found it. `last` is what it said before it stopped answering, for the counters (O4). */
export type GatewayAnswer =
  | { readonly kind: "answering"; readonly name: string; readonly url: string; readonly status: GatewayStatus }
  | {
      readonly kind: "gone";
      readonly name: string;
      readonly url: string;
      readonly last: GatewayStatus | null;
      /** Since its last answer; since the first question when it never answered. */
      readonly silentMs: number;
    }
  | {
      readonly kind: "unreadable";
      readonly name: string;
      readonly url: string;
      readonly last: GatewayStatus | null;
      readonly reason: string;
    };

export function lastStatus(answer: GatewayAnswer): GatewayStatus | null {
  return answer.kind === "answering" ? answer.status : answer.last;
}

export function answering(answers: readonly GatewayAnswer[]): readonly GatewayStatus[] {
  return answers.flatMap((answer) => (answer.kind === "answering" ? [answer.status] : []));
}
