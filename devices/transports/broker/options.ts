import type { DeviceHealth } from "../../health.ts";
import type { PublishedEvents, PublishedSettings } from "../../published-device.ts";
import type { HostTiming, NodeName, SparkplugName } from "../../protocols/sparkplug/index.ts";

export type BrokerOptions = {
  readonly host: string;
  /** 0 = any free port, see `Broker.port`. */
  readonly port: number;
  readonly devices: readonly BrokerDevice[];
  /** B8: absent when no device is a Sparkplug one. */
  readonly sparkplug?: SparkplugOptions;
  readonly maxConnections?: number;
  /**
   * All readings of one message. Resolving gives the PUBACK; rejecting gives none and drops the connection, so that the
   * device sends again (B3). Resolve only when the readings are durable.
   */
  readonly onReadings: PublishedEvents["onReadings"];
  readonly onHealth?: NonNullable<PublishedEvents["onHealth"]>;
  readonly onRemember?: NonNullable<PublishedEvents["onRemember"]>;
};

export type BrokerDevice = PublishedSettings & { readonly username: string; readonly password: string };

export type SparkplugOptions = {
  /** Its name in STATE (SP15). */
  readonly hostId: string;
  readonly timing?: HostTiming;
  /** B8: every edge node has a user of its own. */
  readonly nodes: readonly (NodeName & { readonly username: string; readonly password: string })[];
  readonly devices: readonly (PublishedSettings & { readonly address: SparkplugName })[];
};

export type Broker = {
  readonly port: number;
  /** In the order of `devices`, those of Sparkplug last. */
  readonly health: () => readonly DeviceHealth[];
  /** D6: ends the quarantine of a device; false when there is none. */
  readonly acknowledge: (device: string) => boolean;
  /** SP15: tells edge nodes that their host is going and waits for what they had sent before; `close` does it, too. */
  readonly retire: () => Promise<void>;
  readonly close: () => Promise<void>;
};
