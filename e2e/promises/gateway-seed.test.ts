import { afterAll, describe, expect, it } from 'vitest';
import { installChart } from './harness/chart.ts';
import { namesIn } from './harness/chain.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { GATEWAY, ingress, WITH_GATEWAY } from './harness/lanes.ts';
import { SEED_DEPLOYMENTS, seedManifests, seedServices } from './harness/seed.ts';
import { useSpace } from './harness/space.ts';

const BASE_HOST = 'www.aliyundoc.com';
const GRAY_HOST = 'www.example.com';

describe('seed 001 through our own gateway', () => {
  const space = useSpace('gateway-seed');
  let client: Client;

  space.setUp(() => installChart(...WITH_GATEWAY));
  space.setUp(async () => {
    await space.apply(...seedManifests(), ...seedServices());
    await space.apply(
      ingress('spring-cloud-a', { [BASE_HOST]: 'spring-cloud-a-base:20001' }),
      ingress('spring-cloud-a-gray', { [GRAY_HOST]: 'spring-cloud-a-gray:20001' }),
    );
    client = await startClient(space, 'client', { injected: false });
    await space.rolledOut(...SEED_DEPLOYMENTS);
    for (const host of [BASE_HOST, GRAY_HOST]) {
      await eventually(async () => expect((await ask({ host })).status).toBe(200));
    }
  });
  afterAll(() => installChart());

  const ask = (headers: Readonly<Record<string, string>>) => client.ask({ url: `${GATEWAY}/a`, headers });

  it('each host stays in its lane at every hop: the Service behind it selects only pods of that lane', async () => {
    const load = { url: `${GATEWAY}/a`, total: 200, concurrency: 4, keepAlive: true };
    const [base, gray] = await Promise.all([
      client.askMany({ ...load, headers: { host: BASE_HOST } }),
      client.askMany({ ...load, headers: { host: GRAY_HOST } }),
    ]);
    expect(base).toMatchObject({ ok: 200, errors: {} });
    expect(gray).toMatchObject({ ok: 200, errors: {} });
    expect(namesIn(base.answers)).toEqual(['A -> B -> C']);
    expect(namesIn(gray.answers)).toEqual(['Agray -> Bgray -> Cgray']);
  });

  it('a host that nobody claims gets 404, and nobody’s backend', async () => {
    const { status, text } = await ask({ host: 'www.elsewhere.com' });
    expect(status).toBe(404);
    expect(text).toContain('no-route');
  });

  it('a canary by header leads to the gray Service, and the request stays gray behind it', async () => {
    const canary = {
      'nginx.ingress.kubernetes.io/canary': 'true',
      'nginx.ingress.kubernetes.io/canary-by-header': 'location',
      'nginx.ingress.kubernetes.io/canary-by-header-value': 'cn-shenzhen',
    };
    await space.apply(ingress('canary', { [BASE_HOST]: 'spring-cloud-a-gray:20001' }, canary));
    await eventually(async () => {
      const { text } = await ask({ host: BASE_HOST, location: 'cn-shenzhen' });
      expect(text).toMatch(/^Agray\[.*Bgray\[.*Cgray\[/);
    });
    expect((await ask({ host: BASE_HOST, location: 'cn-beijing' })).text).toMatch(/^A\[.*B\[.*C\[/);
  });

  it('says on an Ingress what of it has no effect', async () => {
    const annotations = { 'nginx.ingress.kubernetes.io/auth-url': 'http://login' };
    await space.apply(
      ingress('guarded', { 'guarded.example.com': 'spring-cloud-a-base:20001' }, annotations),
    );
    await eventually(async () => {
      expect(await space.kubectl('describe', 'ingress/guarded')).toMatch(
        /AnnotationIgnored.*auth-url has no effect/,
      );
    });
  });
});
