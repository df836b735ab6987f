import type { Metric } from "../../metric.ts";
import type { Candidate } from "./candidate.ts";
import type { Hedge } from "./hedge.ts";
import type { WaitingRoom } from "./waiting-room.ts";

/** What a channel keeps and counts. */
export interface ChannelState {
  readonly service: string;
  readonly calls: number;
  readonly retries: number;
  readonly resent: number;
  readonly retryBudget: number;
  readonly mostInFlight: number;
  readonly room: WaitingRoom;
  readonly candidates: readonly Candidate[];
  readonly hedges: readonly Hedge[];
}

/** The metrics of one channel: every queue and limit of it. */
export function describeChannel(state: ChannelState): Metric[] {
  const { candidates, room, hedges } = state;
  const labels = { service: state.service };
  const make = (type: Metric["type"], name: string, help: string, value: number): Metric => ({
    name: `hadron_client_${name}`,
    type,
    help,
    labels,
    value,
  });
  const sum = <T>(all: readonly T[], of: (item: T) => number) => all.reduce((total, item) => total + of(item), 0);
  const inFlight = sum(candidates, (candidate) => candidate.inFlight);
  const heldBytes = sum(candidates, (candidate) => candidate.heldBytes);
  const connections = sum(candidates, (candidate) => (candidate.connected ? 1 : 0));
  const ejected = sum(candidates, (candidate) => (candidate.ejectedUntil > 0 ? 1 : 0));
  return [
    make("counter", "calls_total", "Calls made to a service.", state.calls),
    make("counter", "retries_total", "Calls tried again that had been sent: idempotent ones.", state.retries),
    make("counter", "resent_total", "Calls sent again of which nothing had been sent.", state.resent),
    make(
      "counter",
      "hedges_total",
      "Second tries at another replica.",
      sum(hedges, (hedge) => hedge.hedged),
    ),
    make(
      "counter",
      "hedges_won_total",
      "Second tries that answered first.",
      sum(hedges, (hedge) => hedge.won),
    ),
    make("gauge", "retry_budget", "Retries that may be made now.", state.retryBudget),
    make("gauge", "in_flight", "Calls that a replica has, without an answer yet.", inFlight),
    make("gauge", "in_flight_limit", "Calls that one replica may have from here.", state.mostInFlight),
    make("gauge", "waiting", "Calls that wait for a replica.", room.size),
    make("gauge", "waiting_limit", "Calls that may wait for a replica.", room.most),
    make("gauge", "held_bytes", "Bytes that wait to be sent, or are on their way in.", heldBytes),
    make("gauge", "peers", "Replicas known.", candidates.length),
    make("gauge", "connections", "Connections open or being opened.", connections),
    make("gauge", "ejected", "Replicas kept from calls: they fail, or are slow.", ejected),
  ];
}
