import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Hop } from '@lanekeeper/protocol/hop';
import { someHop } from './hop.fixture.ts';
import type { Playground } from './playground.ts';
import { ACTS, play } from './scenario.ts';
import type { Act } from './scenario.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A gateway that always answers `chain`, and admin ports that show `hops` with the trace of the last request. */
async function fakePlayground(
  chain: string,
  hops: Readonly<Record<string, readonly Partial<Hop>[]>>,
): Promise<Playground> {
  let traceId = '';
  const serve = async (answer: (traceparent: string | undefined) => string): Promise<string> => {
    const server = createServer((request, response) => {
      const { traceparent } = request.headers;
      response.end(answer(typeof traceparent === 'string' ? traceparent : undefined));
    }).listen(0, '127.0.0.1');
    closers.push(() => server.close());
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const gatewayUrl = await serve((traceparent) => {
    traceId = traceparent?.split('-')[1] ?? '';
    return `${chain}\n`;
  });
  const starting = Object.entries(hops).map(async ([title, own]) => ({
    title,
    url: await serve(() => JSON.stringify({ hops: own.map((changes) => someHop({ traceId, ...changes })) })),
  }));
  const admins = await Promise.all(starting);
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    gatewayUrl,
    admins: () => admins,
    notes: [],
    pids: () => [],
    stopWorkload: nothing,
    close: nothing,
  };
}

const fallback = ACTS.find((act) => act.evidenceAtB === 'trace') as Act;
const { signal } = new AbortController();
const sixHops = {
  gateway: [{ direction: 'gateway' }],
  Agray: [{ direction: 'outbound' }, { direction: 'inbound' }],
  B: [{ direction: 'inbound' }, { direction: 'outbound' }],
  Cgray: [{ direction: 'inbound' }],
} as const;

test('finds nothing to complain about when the chain, the lanes and the evidence are as they must be', async () => {
  const result = await play(await fakePlayground(fallback.expected, sixHops), fallback, signal);
  expect(result.differences).toEqual([]);
  expect(result.hops.map(({ at, hop }) => `${at} ${hop.direction}`)).toEqual([
    'gateway gateway',
    'Agray inbound',
    'Agray outbound',
    'B inbound',
    'B outbound',
    'Cgray inbound',
  ]);
});

test('shows the expected and the actual line when the chain left its lane', async () => {
  const strayed = fallback.expected.replace('Cgray[127.0.3.2]', 'C[127.0.3.1]');
  const result = await play(await fakePlayground(strayed, sixHops), fallback, signal);
  expect(result.differences).toEqual([
    'expected  gray  Agray[127.0.1.2] -> B[127.0.2.1] -> Cgray[127.0.3.2]\n  actual    gray  Agray[127.0.1.2] -> B[127.0.2.1] -> C[127.0.3.1]',
  ]);
});

test('notices a hop in another lane and a lane known by other evidence, though the chain is right', async () => {
  const hops = {
    ...sixHops,
    B: [
      { direction: 'inbound', lane: 'base' },
      { direction: 'outbound', evidence: { rung: 'workload', detail: '' } },
    ],
  } as const;
  const result = await play(await fakePlayground(fallback.expected, hops), fallback, signal);
  expect(result.differences).toEqual([
    'expected lane gray at B inbound, found base',
    'expected evidence trace for the call of B, found workload',
  ]);
});
