import type { HostTiming, SparkplugName } from "../../protocols/sparkplug/index.ts";
import type { DeviceHealth } from "../../health.ts";
import type { PublishedEvents, PublishedSettings } from "../../published-device.ts";

export type ExternalBrokerOptions = {
  readonly place: BrokerPlace;
  readonly devices: readonly SubscribedDevice[];
  /** Absent when no device is a Sparkplug one. */
  readonly sparkplug?: {
    /** Its name in STATE (SP15). */
    readonly hostId: string;
    readonly timing?: HostTiming;
    readonly devices: readonly (PublishedSettings & { readonly address: SparkplugName })[];
  };
  readonly onReadings: PublishedEvents["onReadings"];
  readonly onHealth?: NonNullable<PublishedEvents["onHealth"]>;
  readonly onRemember?: NonNullable<PublishedEvents["onRemember"]>;
  /** E6: what a person should know and nobody asks for. One sentence. */
  readonly onAlarm?: (sentence: string) => void;
};

export type SubscribedDevice = PublishedSettings & {
  /** `tallystick/<id>/readings` unless told otherwise; no wildcards. */
  readonly topic?: string;
};

/** Where the broker is and who we are to it. */
export type BrokerPlace = {
  /** `mqtt://host[:1883]` or `mqtts://host[:8883]`. */
  readonly url: string;
  readonly version: "3.1.1" | "5";
  /** Names the session that the broker keeps for us: the same for ever, and nobody else's. */
  readonly clientId: string;
  readonly login: { readonly username: string; readonly password: string } | null;
  /** PEM. Null: the authorities that this machine trusts. */
  readonly ca: string | null;
  /** PEM: who we are by certificate. */
  readonly identity: { readonly cert: string; readonly key: string } | null;
};

export type ExternalBroker = {
  /** In the order of `devices`, those of Sparkplug last. */
  readonly health: () => readonly DeviceHealth[];
  /** D6: ends the quarantine of a device; false when there is none. */
  readonly acknowledge: (device: string) => boolean;
  /** SP15: tells edge nodes that their host is going and gives them time to hear it; `close` does it, too. */
  readonly retire: () => Promise<void>;
  readonly close: () => Promise<void>;
};
