import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { Rung } from '@lanekeeper/protocol/reasons';
import { HOPS_PER_REQUEST, gatherHops } from './gather-hops.ts';
import type { PlacedHop } from './gather-hops.ts';
import { GRAY, chainOf } from './layout.ts';
import type { LaneName } from './layout.ts';
import type { Playground } from './playground.ts';
import { ask } from './send.ts';
import type { Question } from './send.ts';

/** One request of the demonstration and what must come of it. */
export interface Act {
  readonly title: string;
  readonly question: Question;
  /** Ended before the request is sent. */
  readonly stops?: string;
  readonly expected: string;
  /** How B's sidecar must know the lane of the call that B makes; the hops are gathered and shown where this is set. */
  readonly evidenceAtB?: Rung;
}

export interface ActResult {
  readonly act: Act;
  readonly chain: string;
  readonly requestId: string;
  readonly traceId: string;
  /** Empty where the act does not ask for them. */
  readonly hops: readonly PlacedHop[];
  /** What differs from what was expected; empty: nothing. */
  readonly differences: readonly string[];
}

const GRAY_BUT_B: Readonly<Record<string, LaneName>> = { a: GRAY, b: BASELINE, c: GRAY };

export const ACTS: readonly Act[] = [
  {
    title: 'a request for the base host goes through the base versions',
    question: { lane: BASELINE, forwards: 'ids' },
    expected: chainOf({ a: BASELINE, b: BASELINE, c: BASELINE }),
  },
  {
    title: 'a request for the gray host stays gray at every hop',
    question: { lane: GRAY, forwards: 'ids' },
    expected: chainOf({ a: GRAY, b: GRAY, c: GRAY }),
  },
  {
    title: 'Bgray is gone: B stands in, and C is gray again, because B hands on the ids of the request',
    question: { lane: GRAY, forwards: 'ids' },
    stops: 'Bgray',
    expected: chainOf(GRAY_BUT_B),
    evidenceAtB: 'trace',
  },
  {
    title: 'the same while B hands on nothing at all: what is in flight at B tells the lane',
    question: { lane: GRAY, forwards: 'nothing' },
    expected: chainOf(GRAY_BUT_B),
    evidenceAtB: 'in-flight',
  },
];

/** `gray  Agray[127.0.1.2] -> …`: the line that people grep. */
export function chainLine(lane: LaneName, chain: string): string {
  return `${lane}  ${chain}`;
}

function hopDifferences(hops: readonly PlacedHop[], evidenceAtB: Rung): readonly string[] {
  const differences: string[] = [];
  if (hops.length !== HOPS_PER_REQUEST) {
    const places = hops.map(({ at, hop }) => `${at} ${hop.direction}`).join(', ') || 'none';
    differences.push(`expected ${HOPS_PER_REQUEST} hops, found ${hops.length}: ${places}`);
  }
  for (const { at, hop } of hops) {
    if (hop.lane !== GRAY)
      differences.push(`expected lane ${GRAY} at ${at} ${hop.direction}, found ${hop.lane}`);
  }
  const atB =
    hops.find(({ at, hop }) => at === 'B' && hop.direction === 'outbound')?.hop.evidence.rung ?? 'no hop';
  if (atB !== evidenceAtB)
    differences.push(`expected evidence ${evidenceAtB} for the call of B, found ${atB}`);
  return differences;
}

/** Plays one act on the running playground. */
export async function play(playground: Playground, act: Act, signal: AbortSignal): Promise<ActResult> {
  if (act.stops !== undefined) await playground.stopWorkload(act.stops);
  const answer = await ask(playground.gatewayUrl, act.question, signal);
  const { chain, requestId, traceId } = answer;
  const hops = act.evidenceAtB === undefined ? [] : await gatherHops(playground.admins(), answer);
  const { lane } = act.question;
  const wrongChain = `expected  ${chainLine(lane, act.expected)}\n  actual    ${chainLine(lane, chain)}`;
  const differences = [
    ...(chain === act.expected ? [] : [wrongChain]),
    ...(act.evidenceAtB === undefined ? [] : hopDifferences(hops, act.evidenceAtB)),
  ];
  return { act, chain, requestId, traceId, hops, differences };
}
