import { type NodeName, nodeKey, parseTopic, stateTopic } from "../../protocols/sparkplug/index.ts";
import type { SparkplugHost } from "../sparkplug-host.ts";

/** B8: what edge nodes may say and hear on our own broker, and what its host tells them. */
export type NodeDesk = {
  readonly take: (node: NodeName, topic: string, payload: Uint8Array) => void;
  readonly left: (node: NodeName) => void;
  readonly maySubscribe: (node: NodeName, filter: string) => boolean;
  /** A will is the death of the edge node that logs in, and nothing else. */
  readonly mayWill: (username: string | undefined, topic: string) => boolean;
};

type Known = NodeName & { readonly username: string };

export function nodeDesk(host: SparkplugHost, hostId: string, nodes: readonly Known[]): NodeDesk {
  const byUser = new Map(nodes.map((node) => [node.username, node]));
  return {
    take: (node, topic, payload) => {
      const parsed = parseTopic(topic);
      if (parsed === null || nodeKey(parsed) !== nodeKey(node))
        throw new Error(`edge node ${nodeKey(node)} may publish its own births, data and deaths only`);
      host.message(topic, payload);
    },
    left: (node) => host.gone(node),
    maySubscribe: ({ group, node }, filter) => {
      const commands = [`spBv1.0/${group}/NCMD/${node}`, `spBv1.0/${group}/DCMD/${node}`];
      if (commands.some((topic) => filter === topic || filter.startsWith(`${topic}/`))) return true;
      return [stateTopic(hostId), stateTopic("+"), stateTopic("#")].includes(filter);
    },
    mayWill: (username, topic) => {
      const node = byUser.get(username ?? "");
      const parsed = parseTopic(topic);
      return node !== undefined && parsed?.type === "NDEATH" && nodeKey(parsed) === nodeKey(node);
    },
  };
}
