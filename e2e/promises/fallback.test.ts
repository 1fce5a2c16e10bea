import { describe, expect, it } from 'vitest';
import { namesIn } from './harness/chain.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { service } from './harness/objects.ts';
import { SEED_DEPLOYMENTS, seedManifests, seedServices } from './harness/seed.ts';
import { useSpace } from './harness/space.ts';

const BASE = { url: 'http://a-base:20001/a' };
const GRAY = { url: 'http://a-gray:20001/a' };

describe("where B has no gray pod, B's base serves and the request is gray again at C", () => {
  const space = useSpace('fallback');
  let client: Client;

  space.setUp(async () => {
    const deployments = seedManifests().filter(({ kind }) => kind === 'Deployment');
    await space.apply(
      ...deployments,
      ...seedServices(),
      service('a-base', { http: 20001 }, { app: 'spring-cloud-a' }),
      service('a-gray', { http: 20001 }, { app: 'spring-cloud-a-new' }),
    );
    client = await startClient(space, 'client', { injected: false });
    await space.rolledOut(...SEED_DEPLOYMENTS);
    // A client without a sidecar is refused until kube-proxy knows of the pods.
    await eventually(async () => expect((await client.ask(GRAY)).text).toMatch(/^Agray\[.*Bgray\[.*Cgray\[/));
  });

  it('falls back without an error while the gray pods of B go away', async () => {
    await client.start({ ...GRAY, name: 'through', concurrency: 2, keepAlive: false });
    await client.reached('through', 50);
    await space.kubectl('scale', 'deployment/spring-cloud-b-new', '--replicas=0');
    await space.kubectl('wait', '--for=delete', 'pod', '--selector=app=spring-cloud-b-new', '--timeout=120s');
    const gone = await client.report('through');
    await client.reached('through', gone.ended + 50);
    const { errors, answers } = await client.stop('through');
    expect(errors).toEqual({});
    expect(namesIn(answers)).toEqual(['Agray -> B -> Cgray', 'Agray -> Bgray -> Cgray']);
  });

  it('re-enters at C though B hands on nothing, while B serves gray requests only', async () => {
    const { ok, errors, answers } = await client.askMany({
      ...GRAY,
      total: 300,
      concurrency: 4,
      keepAlive: true,
    });
    expect({ ok, errors, names: namesIn(answers) }).toEqual({
      ok: 300,
      errors: {},
      names: ['Agray -> B -> Cgray'],
    });
  });

  it('keeps base and gray apart that meet in B, by the id that B hands on', async () => {
    const load = { total: 600, concurrency: 4, keepAlive: true, numbered: 'x-request-id' };
    const [base, gray] = await Promise.all([
      client.askMany({ ...BASE, ...load }),
      client.askMany({ ...GRAY, ...load }),
    ]);
    expect({ ok: base.ok, errors: base.errors, names: namesIn(base.answers) }).toEqual({
      ok: 600,
      errors: {},
      names: ['A -> B -> C'],
    });
    expect({ ok: gray.ok, errors: gray.errors, names: namesIn(gray.answers) }).toEqual({
      ok: 600,
      errors: {},
      names: ['Agray -> B -> Cgray'],
    });
  });

  it('never sends a baseline request into gray when nothing tells the two apart', async () => {
    const load = { total: 600, concurrency: 4, keepAlive: true };
    const [base, gray] = await Promise.all([
      client.askMany({ ...BASE, ...load }),
      client.askMany({ ...GRAY, ...load }),
    ]);
    expect({ ok: base.ok, names: namesIn(base.answers) }).toEqual({ ok: 600, names: ['A -> B -> C'] });
    expect(gray).toMatchObject({ ok: 600, errors: {} });
  });

  it('comes back to gray when B has gray pods again', async () => {
    await space.kubectl('scale', 'deployment/spring-cloud-b-new', '--replicas=1');
    await space.rolledOut('spring-cloud-b-new');
    await eventually(async () => {
      // A client without a sidecar is refused until kube-proxy knows of the pods.
      await eventually(async () =>
        expect((await client.ask(GRAY)).text).toMatch(/^Agray\[.*Bgray\[.*Cgray\[/),
      );
    });
  });
});
