import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { eventually } from '../../harness/eventually.ts';
import { send, type Answer, type Place } from '../../harness/http-client.ts';
import { HOSTS, lanesOf, titlesOf, type Lane } from './shop-layout.ts';

/** A loaded machine falls behind for a while. */
const PATIENCE_S = 60;
const SHOWN_FAILURES = 10;
/** A machine that cannot keep up answers fewer; were they to pile up, the last would wait for all. */
const MOST_UNDER_WAY = 40;

export interface LoadOptions {
  readonly gateway: Place;
  readonly perSecond: number;
  /** Whether the lanes of a chain, `gray base gray`, are right for a request of `lane`; default: that lane all the way. */
  readonly isRight?: (lane: Lane, lanes: string) => boolean;
}

export interface LoadReport {
  readonly answered: number;
  /** How often each chain of lanes answered: `gray: gray base gray`. */
  readonly chains: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** How many were answered wrongly or not at all. */
  readonly failed: number;
  /** The first of them, with the second in which they were sent. */
  readonly failures: readonly string[];
}

export interface Load {
  /** Waits until this many more have been answered, which tells the time at the load's pace. */
  answersOf(seconds: number): Promise<void>;
  /** Waits for all that is under way. */
  stop(): Promise<LoadReport>;
}

/** One request as a front end sends it, with an id that links what the applications call to it. */
export function buy(gateway: Place, lane: Lane, agent?: Agent): Promise<Answer> {
  const headers = { 'x-request-id': randomUUID() };
  const ask = { host: HOSTS[lane], path: '/buy', headers };
  return send(gateway, agent === undefined ? ask : { ...ask, agent });
}

/** Sends requests at a steady pace while not too many are under way, base and gray in turn, and checks every answer's chain. */
export function startLoad({ gateway, perSecond, isRight = inLane }: LoadOptions): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const began = performance.now();
  const chains: Record<string, number> = {};
  const failures: string[] = [];
  const under = new Set<Promise<void>>();
  let turns = 0;
  let sent = 0;
  let answered = 0;
  let failed = 0;
  let slowestMs = 0;
  const fail = (what: string): void => {
    failed += 1;
    if (failures.length < SHOWN_FAILURES) failures.push(what);
  };

  async function one(lane: Lane): Promise<void> {
    const sentAt = performance.now();
    const at = ((sentAt - began) / 1000).toFixed(1);
    try {
      const { status, text } = await buy(gateway, lane, agent);
      const lanes = lanesOf(titlesOf(text));
      const chain = `${lane}: ${lanes}`;
      chains[chain] = (chains[chain] ?? 0) + 1;
      if (status !== 200 || !isRight(lane, lanes)) fail(`${at} s ${lane}: ${status} ${text.trim()}`);
    } catch (error) {
      fail(`${at} s ${lane}: ${String(error)}`);
    }
    slowestMs = Math.max(slowestMs, Math.round(performance.now() - sentAt));
    answered += 1;
  }

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
    for (; turns < due; turns += 1) {
      if (under.size >= MOST_UNDER_WAY) continue;
      sent += 1;
      const work = one(sent % 2 === 0 ? 'base' : 'gray').finally(() => under.delete(work));
      under.add(work);
    }
  }, 5);

  return {
    async answersOf(seconds) {
      const wanted = answered + seconds * perSecond;
      await eventually(`${seconds} s of load`, () => answered >= wanted, (seconds + PATIENCE_S) * 1_000);
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(under);
      agent.destroy();
      return { answered, chains, slowestMs, failed, failures };
    },
  };
}

function inLane(lane: Lane, lanes: string): boolean {
  return lanes === `${lane} ${lane} ${lane}`;
}
