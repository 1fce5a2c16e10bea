import { describe, expect, it } from 'vitest';
import type { ClusterFacts } from '../decision/cluster-facts.ts';
import { contextOf, podOf, requestOf, type PodParts } from '../testing/admission.ts';
import { applied } from '../testing/apply-patch.ts';
import { toReview } from './respond.ts';
import { review } from './review.ts';

function workloadOf(
  annotations: Record<string, string>,
  labels: Record<string, string> = {},
  template = {},
): object {
  return {
    kind: 'Deployment',
    metadata: { name: 'b', annotations },
    spec: { template: { metadata: { labels, annotations: template }, spec: {} } },
  };
}

const deployment = { kind: 'Deployment', group: 'apps' };

describe('a request that is no creation of a pod', () => {
  it.each([
    ['an update', { operation: 'UPDATE' }],
    ['an ephemeral container', { operation: 'UPDATE', subResource: 'ephemeralcontainers' }],
    ['a deletion, which has no object', { operation: 'DELETE', object: undefined }],
    ['another kind', { kind: 'Service' }],
  ])('is admitted as it is: %s', async (_, changes) => {
    const answer = await review(requestOf(podOf(), changes), contextOf());
    expect(answer).toMatchObject({ result: 'skipped', operations: [] });
  });
});

describe('what the cluster does not tell', () => {
  const unreachable = { reason: 'facts-unavailable', operations: [] };
  it('leaves the pod as it is, with a warning: an unknown namespace', async () => {
    const answer = await review(requestOf(podOf(), { namespace: 'new' }), contextOf());
    expect(answer).toMatchObject(unreachable);
    expect(toReview('u', answer)).toMatchObject({
      response: { allowed: true, warnings: [expect.stringContaining('namespace new is not known')] },
    });
  });

  it.each<readonly [string, ClusterFacts['namespace']]>([
    ['a cluster that fails', () => Promise.reject(new Error('connection refused'))],
    ['a cluster that does not answer in time', () => new Promise(() => undefined)],
  ])('leaves the pod as it is: %s', async (_, namespace) => {
    const context = { ...contextOf(), facts: { ...contextOf().facts, namespace }, factsTimeoutMs: 20 };
    expect(await review(requestOf(podOf()), context)).toMatchObject(unreachable);
  });
});

describe('a workload', () => {
  it('whose template disagrees with its annotation is refused, for either choice could be the wrong lane', async () => {
    const object = workloadOf({ 'lanekeeper.io/lane': 'gray' }, { 'lanekeeper.io/lane': 'blue' });
    const answer = await review(requestOf(object, deployment), contextOf());
    expect(answer).toMatchObject({ result: 'refused', message: expect.stringContaining('="blue"') });
  });

  it('is refused for annotations that would have its pods refused, with the place in the template', async () => {
    const object = workloadOf(
      { 'lanekeeper.io/lane': 'Gray' },
      {},
      { 'lanekeeper.io/exclude-inbound-ports': 'ssh' },
    );
    const answer = await review(requestOf(object, deployment), contextOf());
    expect(toReview('u', answer)).toMatchObject({
      response: {
        allowed: false,
        status: {
          code: 422,
          message: expect.stringMatching(
            /"Gray".*spec\.template\.metadata\.annotations\["lanekeeper\.io\/exclude-inbound-ports"\].*"ssh"/s,
          ),
        },
      },
    });
  });

  it('with a mistake that stood there before may be updated, by a controller say', async () => {
    const object = workloadOf({ 'lanekeeper.io/lane': 'Gray' });
    const update = { ...deployment, operation: 'UPDATE', oldObject: object as Record<string, unknown> };
    expect(await review(requestOf(object, update), contextOf())).toMatchObject({ result: 'skipped' });
  });

  it('goes into a lane, into another, and out of it as its annotation is changed', async () => {
    const steps = [
      { 'lanekeeper.io/lane': 'gray' },
      { 'lanekeeper.io/lane': 'blue' },
      { 'lanekeeper.io/lane': 'base' },
    ];
    let object = workloadOf({}, { app: 'b' }) as Record<string, unknown>;
    const lanes: unknown[] = [];
    for (const annotations of steps) {
      const metadata = object['metadata'] as { annotations: Record<string, string> };
      const edited = {
        ...object,
        metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
      };
      const { operations } = await review(
        requestOf(edited, { ...deployment, operation: 'UPDATE' }),
        contextOf(),
      );
      object = applied(edited, operations) as Record<string, unknown>;
      lanes.push(
        (object['spec'] as { template: { metadata: { labels: unknown } } }).template.metadata.labels,
      );
    }
    expect(lanes).toEqual([
      { app: 'b', 'lanekeeper.io/lane': 'gray' },
      { app: 'b', 'lanekeeper.io/lane': 'blue' },
      { app: 'b' },
    ]);
  });
});

describe('a pod that comes again because another webhook has changed it', () => {
  const cluster = contextOf({ probes: 'rewrite' });
  const probe = (path: string) => ({ httpGet: { path, port: 8080 }, timeoutSeconds: 2 });
  const admit = async (pod: object): Promise<Admitted> => {
    const { operations } = await review(requestOf(pod), cluster);
    return applied(pod, operations) as Admitted;
  };
  const tableOf = ({ spec }: Admitted): unknown =>
    JSON.parse(
      spec.initContainers.flatMap(({ env = [] }) => env).find(({ name }) => name === 'LANEKEEPER_PROBES')
        ?.value ?? 'null',
    );
  const withContainer = (pod: Admitted, container: object): Admitted => ({
    ...pod,
    spec: { ...pod.spec, containers: [...pod.spec.containers, container] },
  });

  it.each<readonly [string, PodParts, readonly string[]]>([
    ['with probes of its own', { container: { readinessProbe: probe('/app') } }, ['/probe/app/readiness']],
    ['without any', {}, []],
  ])('has the probes of what was added go through its sidecar too: a pod %s', async (_, parts, own) => {
    const once = await admit(podOf(parts));
    const changed = withContainer(once, { name: 'late', image: 'x:1', livenessProbe: probe('/late') });
    const again = await admit(changed);
    expect(Object.keys(tableOf(again) as object)).toEqual([...own, '/probe/late/liveness']);
    expect(again.spec.containers.at(-1)).toMatchObject({
      livenessProbe: { httpGet: { path: '/probe/late/liveness', port: 15_020 }, timeoutSeconds: 2 },
    });
    expect(await admit(again)).toEqual(again);
  });

  it('is left alone where nothing was added, or nothing is redirected', async () => {
    const once = await admit(podOf({ container: { readinessProbe: probe('/app') } }));
    expect(await review(requestOf(once), cluster)).toMatchObject({ result: 'skipped', operations: [] });
    const none = await admit(podOf({ annotations: { 'lanekeeper.io/capture': 'none' } }));
    const changed = withContainer(none, { name: 'late', image: 'x:1', livenessProbe: probe('/late') });
    expect(await review(requestOf(changed), cluster)).toMatchObject({ result: 'skipped', operations: [] });
  });
});

interface Admitted {
  readonly spec: {
    readonly containers: readonly object[];
    readonly initContainers: readonly {
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

describe('a value that goes into a variable of the sidecar', () => {
  it('arrives as it is, though the kubelet expands references in it', async () => {
    const probe = { httpGet: { path: '/$(HOME)/$$/$x', port: 8080 } };
    const pod = podOf({ container: { readinessProbe: probe } });
    const { operations } = await review(requestOf(pod), contextOf({ probes: 'rewrite' }));
    const { spec } = applied(pod, operations) as {
      spec: { initContainers: readonly { env: readonly { name: string; value?: string }[] }[] };
    };
    const variables = spec.initContainers.flatMap(({ env }) => env);
    const table = variables.find(({ name }) => name === 'LANEKEEPER_PROBES')?.value ?? '';
    expect(expandedByKubelet(table)).toContain('"path":"/$(HOME)/$$/$x"');
  });
});

/** third_party/forked/golang/expansion: `$$` is a dollar, `$(NAME)` what the variable has, any other `$` itself. */
function expandedByKubelet(text: string): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) =>
    match === '$$' ? '$' : `<${name}>`,
  );
}
