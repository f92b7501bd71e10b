/** SP2: `spBv1.0/group/type/node[/device]`, Sparkplug 3.0 chapter 4. */
export const NAMESPACE = "spBv1.0";

export type MessageType = "NBIRTH" | "NDEATH" | "NDATA" | "DBIRTH" | "DDEATH" | "DDATA";

export type Topic = {
  readonly type: MessageType;
  readonly group: string;
  readonly node: string;
  /** Null: of the edge node itself. */
  readonly device: string | null;
};

/** An edge node, by its group and its own name: unique in the infrastructure (chapter 4). */
export type NodeName = { readonly group: string; readonly node: string };

/** What a device is called in Sparkplug; `device` null: the edge node's own metrics. */
export type SparkplugName = NodeName & { readonly device: string | null };

const OF_NODES: readonly string[] = ["NBIRTH", "NDEATH", "NDATA"];
const OF_DEVICES: readonly string[] = ["DBIRTH", "DDEATH", "DDATA"];

/** Null: a topic of another kind, a command or a STATE. */
export function parseTopic(text: string): Topic | null {
  const [namespace, group = "", type = "", node = "", device, ...more] = text.split("/");
  if (namespace !== NAMESPACE || group === "" || node === "" || more.length > 0 || device === "") return null;
  if (device === undefined) {
    return OF_NODES.includes(type) ? { type: type as MessageType, group, node, device: null } : null;
  }
  return OF_DEVICES.includes(type) ? { type: type as MessageType, group, node, device } : null;
}

/** All that an edge node publishes, as topic filters. */
export const filtersOf = ({ group, node }: NodeName): readonly string[] => [
  `${NAMESPACE}/${group}/+/${node}`,
  `${NAMESPACE}/${group}/+/${node}/+`,
];

export const commandTopic = ({ group, node }: NodeName): string => `${NAMESPACE}/${group}/NCMD/${node}`;
export const stateTopic = (host: string): string => `${NAMESPACE}/STATE/${host}`;
/** One text for one edge node: its names hold no slash. */
export const nodeKey = ({ group, node }: NodeName): string => `${group}/${node}`;
