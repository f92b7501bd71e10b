/** One card for each gateway: how it stands, its log and its links. */
import { follow, make, number, say } from "./dom.js";

export function showGateways(parent, gateways) {
  follow(parent, gateways, (gateway) => gateway.name, createCard);
}

const STANDING = { agrees: "agrees", "cut off": "cut off", halted: "halted", gone: "away", unreadable: "unreadable" };

function createCard(first) {
  const badge = make("span", { class: "badge" });
  const words = make("p", { class: "hint" });
  const facts = new Map(
    ["Counted", "Log", "Root", "Checkpoint", "Anchored", "View", "Waiting", "Process"].map((name) => [
      name,
      make("dd"),
    ]),
  );
  const rows = [...facts].map(([name, value]) => make("div", {}, make("dt", {}, name), value));
  const links = make("ul", { class: "chips small", "aria-label": `Links of ${first.name}` });
  const element = make(
    "article",
    { class: "card" },
    make("div", { class: "panel-head" }, make("h3", {}, first.name), badge),
    words,
    make("dl", {}, ...rows),
    links,
    make(
      "p",
      { class: "card-links" },
      make("a", { href: `${first.url}/v1/status` }, "status"),
      make("a", { href: `${first.url}/v1/site` }, "site keys"),
      make("a", { href: `${first.url}/metrics` }, "metrics"),
    ),
  );
  return {
    element,
    update(gateway) {
      element.dataset.standing = gateway.standing;
      say(badge, STANDING[gateway.standing]);
      say(words, gateway.words);
      for (const [name, value] of Object.entries(factsOf(gateway.status))) say(facts.get(name), value);
      facts.get("Root").title = gateway.status?.logRoot ?? "";
      follow(links, gateway.links, (link) => link.gateway, createLink);
    },
  };
}

function createLink() {
  const element = make("li");
  return {
    element,
    update({ gateway, connected, reason }) {
      element.dataset.state = connected ? "good" : "bad";
      say(element, connected ? gateway : `no link to ${gateway}${reason === null ? "" : `: ${reason}`}`);
    },
  };
}

function factsOf(status) {
  if (status === null) {
    return { Counted: "-", Log: "-", Root: "-", Checkpoint: "-", Anchored: "-", View: "-", Waiting: "-", Process: "-" };
  }
  const { counts, checkpoint } = status;
  return {
    Counted: `${number(counts.accepted)} accepted, ${number(counts.final)} final`,
    Log: `${number(status.logSize)} bundles`,
    Root: `${status.logRoot.slice(0, 12)}…`,
    Checkpoint: checkpoint === null ? "none yet" : `at ${number(checkpoint.size)}`,
    Anchored: status.anchoredSize === 0 ? "none yet" : `to ${number(status.anchoredSize)}`,
    View: number(status.view),
    Waiting: waitingOf(status.queues),
    Process: `${status.pid}, version ${status.version}`,
  };
}

/** Only queues that hold something. */
function waitingOf(queues) {
  const filled = Object.entries(queues).filter(([, depth]) => depth > 0);
  return filled.length === 0 ? "nothing" : filled.map(([name, depth]) => `${name} ${number(depth)}`).join(", ");
}
