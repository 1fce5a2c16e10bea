import { ApiError } from '@lanekeeper/kubernetes/api-error';
import type { Named } from '@lanekeeper/kubernetes/resources';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { afterEach, expect, it, vi } from 'vitest';
import { FieldReader } from '../../read/fields.ts';
import { readService } from '../../read/read-service.ts';
import type { KubeGateway } from '../objects.ts';
import { readGateway } from '../read/read-gateway.ts';
import { placesOf } from './gateway-places.ts';
import { GatewayServices, type ServiceWishes } from './gateway-services.ts';

const reader = new FieldReader(() => undefined);
let services: GatewayServices | undefined;
afterEach(() => services?.stop());

/** An API server that keeps what is applied, and fails as often as it is told to. */
function start(state: { isLeader: boolean; failures: number }) {
  const applied = new Map<string, object>();
  const attempt = (): void => {
    if (state.failures === 0) return;
    state.failures -= 1;
    throw new ApiError('it is away', { code: 'unreachable' });
  };
  const log = createRecordingLog();
  services = new GatewayServices({
    client: {
      async patch({ name }: Named, { body }) {
        await Promise.resolve();
        attempt();
        applied.set(name, body as object);
        return { metadata: { name } };
      },
      async delete({ name }) {
        await Promise.resolve();
        attempt();
        applied.delete(name);
      },
    },
    ...{ isLeader: () => state.isLeader, namespace: 'lanekeeper-system', type: 'ClusterIP', log },
  });
  return { services, applied, log };
}

function gateways(...names: readonly string[]): ReadonlyMap<string, KubeGateway> {
  const spec = { listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] };
  return new Map(
    names.map((name) => [
      `shop/${name}`,
      readGateway({ metadata: { name, namespace: 'shop' }, spec }, reader),
    ]),
  );
}

function present(applied: ReadonlyMap<string, object>): ServiceWishes['present'] {
  return placesOf([...applied.values()].map((object) => readService(object as never, reader)));
}

const NOBODY = { kept: new Set<string>(), present: new Map() };

it('gives target ports of its own to Gateways whose Services the watch has not shown yet', async () => {
  const { services: made, applied } = start({ isLeader: true, failures: 0 });
  const names = Array.from({ length: 200 }, (_, index) => `g${index}`);
  for (const count of [1, 50, 200]) made.want({ ...NOBODY, served: gateways(...names.slice(0, count)) });
  await vi.waitFor(() => expect(applied.size).toBe(200));
  const ports = [...present(applied).values()].flatMap(({ targetPorts }) => [...targetPorts.values()]);
  expect(new Set(ports).size).toBe(200);
});

it('tries again what failed, and says so once', async () => {
  const { services: made, applied, log } = start({ isLeader: true, failures: 3 });
  made.want({ ...NOBODY, served: gateways('edge') });
  await vi.waitFor(() => expect(applied.size).toBe(1), { timeout: 15_000 });
  expect(log.events.filter(({ event }) => event === 'gateway_service_not_written')).toHaveLength(1);
});

it('writes nothing while it does not lead, and all of it when it does', async () => {
  const state = { isLeader: false, failures: 0 };
  const { services: made, applied } = start(state);
  made.want({ ...NOBODY, served: gateways('edge', 'inner') });
  await Promise.resolve();
  expect(applied.size).toBe(0);
  state.isLeader = true;
  made.work();
  await vi.waitFor(() => expect(applied.size).toBe(2));
});

it('takes down the Service of a Gateway that is gone, and keeps that of one that cannot be served', async () => {
  const { services: made, applied } = start({ isLeader: true, failures: 0 });
  made.want({ ...NOBODY, served: gateways('gone', 'broken') });
  await vi.waitFor(() => expect(applied.size).toBe(2));
  made.want({ served: new Map(), kept: new Set(['shop/broken']), present: present(applied) });
  await vi.waitFor(() => expect([...applied.keys()]).toEqual([expect.stringContaining('gw-shop-broken-')]));
});
