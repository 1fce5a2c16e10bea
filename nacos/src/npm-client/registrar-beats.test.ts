import { createRecordingLog, type RecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { test, type TestContext } from 'vitest';
import type { Registrar, Registration } from '../registrar.ts';
import { HttpNacos } from '../testing/http-nacos.ts';
import { serverOptions } from '../testing/server-options.ts';
import { openRegistrar } from './open-registrar.ts';

// The package beats for the first time after ten seconds: the promises wait together.
const SERVICE = 'G@@stock';
const BEAT = '/v1/ns/instance/beat';

function registration(ip: string, overrides: Partial<Registration> = {}): Registration {
  const service = { group: 'G', name: 'stock' };
  return { service, ip, port: 80, cluster: 'DEFAULT', weight: 1, metadata: {}, ...overrides };
}

interface Opened {
  readonly server: HttpNacos;
  readonly registrar: Registrar;
  readonly log: RecordingLog;
}

async function open({ onTestFinished }: TestContext): Promise<Opened> {
  const server = await new HttpNacos().start();
  const log = createRecordingLog();
  const registrar = openRegistrar(serverOptions([server]), { log });
  onTestFinished(async () => {
    await registrar.close();
    await server.stop();
  });
  return { server, registrar, log };
}

const addressesOf = (server: HttpNacos): string[] =>
  (server.services.instances.get(SERVICE) ?? []).map(({ ip }) => ip).toSorted();
const eventsOf = (log: RecordingLog): string[] =>
  log.events.map(({ event }) => event).filter((event) => event !== 'nacos_package');

test.concurrent(
  'keeps instances alive by beats that tell all of them, and registers again what the server has lost',
  async (context) => {
    const { server, registrar } = await open(context);
    registrar.keep([registration('10.0.0.1', { weight: 0.5, metadata: { version: 'gray' } })]);
    await context.expect.poll(() => addressesOf(server)).toHaveLength(1);
    server.services.instances.clear();
    await context.expect.poll(() => addressesOf(server), { timeout: 16_000 }).toEqual(['10.0.0.1']);
    context.expect(server.seen('PUT', BEAT)).toHaveLength(1);
    context.expect(JSON.parse(server.seen('PUT', BEAT)[0]?.params.get('beat') ?? '')).toEqual({
      ...{ serviceName: SERVICE, ip: '10.0.0.1', port: 80, cluster: 'DEFAULT' },
      ...{ weight: 0.5, metadata: { version: 'gray' } },
    });
  },
);

test.concurrent('never lets a beat bring back what is withdrawn', async (context) => {
  const { server, registrar } = await open(context);
  registrar.keep([registration('10.0.0.1')]);
  await context.expect.poll(() => addressesOf(server)).toHaveLength(1);
  // The server holds the beat for a moment: what is sent meanwhile would overtake it.
  server.holdMs = ({ path }) => (path === BEAT ? 300 : 0);
  await context.expect.poll(() => server.seen('PUT', BEAT).length, { timeout: 16_000 }).toBe(1);
  await registrar.withdraw(registration('10.0.0.1'));
  context
    .expect(server.answered.map(({ method, path }) => `${method} ${path}`).slice(-2))
    .toEqual([`PUT ${BEAT}`, 'DELETE /v1/ns/instance']);
  context.expect(addressesOf(server)).toEqual([]);
});

test.concurrent(
  'registers everything again when a server is back that has lost its data, before the next beat',
  async (context) => {
    const { server, registrar, log } = await open(context);
    registrar.keep([registration('10.0.0.1'), registration('10.0.0.2')]);
    await context.expect.poll(() => addressesOf(server)).toHaveLength(2);
    await server.stop();
    server.services.instances.clear();
    await context.expect.poll(() => registrar.problems().length, { timeout: 16_000 }).toBe(1);
    // So that it is no beat that does it.
    server.fault = ({ path }) => (path === BEAT ? 'stall' : undefined);
    await server.start();
    await context.expect.poll(() => addressesOf(server)).toHaveLength(2);
    context.expect(eventsOf(log)).toEqual(['nacos_registration_failing', 'nacos_registration_well']);
  },
);
