import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check';
import { expect, test } from 'vitest';
import type { GrpcNacos } from '../testing/grpc-nacos.ts';
import {
  openTestClient,
  service,
  soon,
  startGrpcNacos,
  TEST_TIMINGS,
  type Followed,
  type OpenedClient,
} from '../testing/grpc-client.ts';
import { host } from '../testing/grpc-services.ts';

const NAMES = ['a', 'b', 'c'];
const TIMINGS = { ...TEST_TIMINGS, connect: 500, request: 500, healthTimeout: 500, auditEvery: 200 };

const steps = array(
  record({
    what: constantFrom(
      'change',
      'lose',
      'restart',
      'end',
      'reset',
      'silence',
      'speak',
      'garbage',
      'follow',
      'leave',
    ),
    name: constantFrom(...NAMES),
    size: integer({ min: 0, max: 3 }),
  }),
  { minLength: 1, maxLength: 12 },
);

interface World {
  readonly server: GrpcNacos;
  readonly opened: OpenedClient;
  readonly followed: Map<string, Followed>;
}

/** What may happen; `size` instances are what the service has then. */
async function happen(
  { server, opened, followed }: World,
  what: string,
  name: string,
  size: number,
): Promise<void> {
  const hosts = Array.from({ length: size }, (_, index) => host(`10.0.0.${index + 1}`));
  if (what === 'change') server.change(service(name), hosts);
  if (what === 'lose') server.book.set(service(name), hosts);
  if (what === 'end') server.endStreams();
  if (what === 'reset') server.tell('ConnectResetRequest', { requestId: '1' });
  if (what === 'garbage') server.tellBytes(Buffer.from([0x12, 0x7f]));
  if (what === 'silence') server.fault = () => 'silence';
  if (what === 'speak') server.fault = () => undefined;
  if (what === 'follow' && !followed.has(name)) followed.set(name, opened.follow(name));
  if (what === 'leave') {
    followed.get(name)?.end();
    followed.delete(name);
  }
  if (what === 'restart') {
    server.stop();
    server.book.set(service(name), hosts);
    await server.start();
  }
}

async function answered({ client }: OpenedClient, name: string): Promise<string> {
  const list = await client.query(service(name)).catch(() => undefined);
  return list?.instances.map(({ ip }) => ip).join(' ') ?? 'no answer';
}

test('whatever happens, each follower ends with what the server says, and is never told the same twice in a row', async () => {
  await assert(
    asyncProperty(steps, async (happenings) => {
      const server = await startGrpcNacos();
      const opened = openTestClient([server], {}, { timings: TIMINGS });
      const followed = new Map(NAMES.map((name) => [name, opened.follow(name)]));
      for (const { what, name, size } of happenings) {
        await happen({ server, opened, followed }, what, name, size);
        await new Promise(setImmediate);
      }
      server.fault = () => undefined;
      for (const [name, { told }] of followed) {
        const asked = (): Promise<string> => answered(opened, name);
        await soon(asked).not.toBe('no answer');
        const right = await asked();
        await soon(() => told.at(-1)).toBe(right);
        expect(told.filter((text, index) => text === told[index + 1])).toEqual([]);
      }
      await opened.client.close();
      server.stop();
    }),
    { numRuns: 25 },
  );
}, 120_000);
