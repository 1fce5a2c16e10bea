import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Metrics } from '@lanekeeper/runtime/metrics';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { createStatusServer } from '@lanekeeper/runtime/status-server';
import { ask } from '../admin/admin.fixture.ts';
import { probePages } from './probe-pages.ts';

let reasons: string[] = [];
const metrics = new Metrics();
const server = createStatusServer({
  metrics,
  notReady: () => reasons,
  pages: probePages({
    paths: ['/probe/app/liveness', '/probe/app/readiness'],
    ask(path) {
      if (!path.startsWith('/probe/app/')) return undefined;
      const isHealthy = path === '/probe/app/liveness';
      return Promise.resolve({ isHealthy, sentence: `it is ${isHealthy ? 'well' : 'ill'}` });
    },
  }),
});
let at: SocketAddress;

beforeEach(async () => {
  reasons = [];
  at = await server.listen({ address: '127.0.0.1', port: 0 });
});

afterEach(() => server.close());

describe('the status port', () => {
  it('is ready only while there is no reason not to be, and says the reasons', async () => {
    expect(await ask(at, '/ready')).toMatchObject({ status: 200, text: 'ready\n' });
    reasons = ['draining', 'no configuration yet'];
    expect(await ask(at, '/ready')).toMatchObject({
      status: 503,
      text: 'not ready: draining; no configuration yet\n',
    });
    expect(await ask(at, '/live')).toMatchObject({ status: 200, text: 'live\n' });
  });

  it('gives metrics to a scraper that asks by the address of the pod', async () => {
    metrics.counter({ name: 'lanekeeper_test_total', help: 'Test.' }).with().inc();
    const answer = await ask(at, '/metrics', { headers: { host: '10.1.2.3:15020' } });
    expect(answer.text).toContain('lanekeeper_test_total 1');
    expect(answer.headers['content-type']).toContain('version=0.0.4');
  });

  it("answers the kubelet's probes of the application, each with a sentence", async () => {
    expect(await ask(at, '/probe/app/liveness')).toMatchObject({ status: 200, text: 'it is well\n' });
    expect(await ask(at, '/probe/app/readiness')).toMatchObject({ status: 503, text: 'it is ill\n' });
    const unknown = await ask(at, '/probe/other/liveness');
    expect(unknown.status).toBe(404);
    expect(unknown.text).toContain('/probe/app/readiness');
  });

  it('answers nothing else', async () => {
    expect((await ask(at, '/hops')).status).toBe(404);
    expect((await ask(at, '/constructor')).status).toBe(404);
    expect((await ask(at, '/live', { method: 'POST' })).status).toBe(405);
  });
});
