import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Hop } from '@lanekeeper/protocol/hop';
import type { AdminAddress } from './playground.ts';
import type { Answer } from './send.ts';

/** A hop, and at whose admin port it was read. */
export interface PlacedHop {
  readonly at: string;
  readonly hop: Hop;
}

/** gateway, A in, A out, B in, B out, C in. */
export const HOPS_PER_REQUEST = 6;

const DEADLINE_MS = 3_000;
const POLL_MS = 20;
const TIMEOUT_MS = 2_000;
const READ_LIMIT = 50;

async function readHops(admin: AdminAddress): Promise<readonly Hop[]> {
  const options = { agent: false, timeout: TIMEOUT_MS, headers: { accept: 'application/json' } };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = get(`${admin.url}/hops?limit=${READ_LIMIT}`, options, resolve);
    call.once('timeout', () => call.destroy(new Error(`${admin.url}/hops does not answer`)));
    call.once('error', reject);
  });
  const body = (await json(response)) as { readonly hops: readonly Hop[] };
  return body.hops;
}

/**
 * The request's hops, in the order of its way. They are found by its trace id; behind an application that handed on no id there
 * is none, so there those since it was sent are taken (the playground sends one request at a time).
 */
export async function gatherHops(
  admins: readonly AdminAddress[],
  answer: Answer,
): Promise<readonly PlacedHop[]> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await Promise.all(admins.map((admin) => placeHops(admin, answer)));
    const hops = found.flat();
    if (hops.length >= HOPS_PER_REQUEST || performance.now() > deadline) return hops;
    await delay(POLL_MS);
  }
}

async function placeHops(admin: AdminAddress, answer: Answer): Promise<readonly PlacedHop[]> {
  const hops = await readHops(admin);
  const belongs = (hop: Hop): boolean =>
    hop.traceId === answer.traceId || (hop.traceId === null && Date.parse(hop.time) >= answer.sentAt);
  const rank = { inbound: 0, outbound: 1, gateway: 1 };
  const own = hops.filter(belongs).sort((a, b) => rank[a.direction] - rank[b.direction]);
  return own.map((hop) => ({ at: admin.title, hop }));
}
