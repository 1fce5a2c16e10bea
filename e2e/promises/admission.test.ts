import { describe, expect, it } from 'vitest';
import { eventually } from './harness/eventually.ts';
import { tryKubectl, type KubeObject } from './harness/kubectl.ts';
import { container, deployment, podOf } from './harness/objects.ts';
import { sidecarOf, type Pod } from './harness/pod.ts';
import { useSpace, type Space } from './harness/space.ts';

interface Status {
  readonly result: string;
  readonly reason?: string;
  readonly notes?: readonly string[];
}

interface Event {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

interface Shape {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly container?: Readonly<Record<string, unknown>>;
}

const STATUS = 'lanekeeper.io/status';
const RESTRICTED = {
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    runAsUser: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  },
};

function shaped(name: string, shape: Shape): KubeObject {
  const { metadata, spec } = podOf(name, { args: ['idle'] });
  const own = { ...(container('app', { args: ['idle'] }) as object), ...shape.container };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata, ...shape.metadata } as KubeObject['metadata'],
    spec: { ...spec, containers: [own], ...shape.spec },
  } as KubeObject;
}

/** What the API server would make of it; `said` has warnings and refusals. */
async function dryRun(
  space: Space,
  object: KubeObject,
): Promise<{ readonly pod?: Pod; readonly said: string }> {
  const args = ['--namespace', space.name, 'create', '--dry-run=server', '--output=json', '--filename=-'];
  const { code, stdout, output } = await tryKubectl(args, { input: JSON.stringify(object) });
  return code === 0 ? { pod: JSON.parse(stdout) as Pod, said: output } : { said: output };
}

function statusOf(pod: Pod | undefined): Status {
  return JSON.parse(pod?.metadata.annotations?.[STATUS] ?? '{"result": "none"}') as Status;
}

describe('admission', () => {
  const space = useSpace('admission');

  it.each<readonly [string, Shape]>([
    ['made from generateName', { metadata: { name: undefined, generateName: 'p-' } }],
    [
      'that runs as a user, never as root',
      { spec: { securityContext: { runAsNonRoot: true, runAsUser: 1000 } } },
    ],
    ['that runs once', { spec: { restartPolicy: 'Never' } }],
    ['that must end at once', { spec: { terminationGracePeriodSeconds: 0 } }],
    [
      'with names of its own for addresses',
      { spec: { hostAliases: [{ ip: '192.0.2.9', hostnames: ['x'] }] } },
    ],
    ['with init containers of its own', { spec: { initContainers: [container('own', { args: ['idle'] })] } }],
    [
      'with resources of the whole pod',
      { spec: { resources: { requests: { cpu: '20m' }, limits: { memory: '64Mi' } } } },
    ],
  ])('injects a pod %s', async (_, shape) => {
    const { pod, said } = await dryRun(space, shaped('p', shape));
    expect(statusOf(pod), said).toMatchObject({ result: 'injected' });
    expect(pod?.spec.initContainers?.slice(0, 2).map(({ name }) => name)).toEqual([
      'lanekeeper-redirect',
      'lanekeeper-sidecar',
    ]);
  });

  it.each<readonly [string, Shape, string]>([
    ['processes that all see each other', { spec: { shareProcessNamespace: true } }, 'shareProcessNamespace'],
    [
      'DNS of its own',
      { spec: { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.53'] } } },
      'dnsPolicy',
    ],
  ])('injects a pod with %s, and says what that means', async (_, shape, note) => {
    const { pod, said } = await dryRun(space, shaped('p', shape));
    expect(statusOf(pod), said).toMatchObject({ result: 'injected', notes: [expect.stringContaining(note)] });
  });

  it.each<readonly [string, Shape, string]>([
    ['on the network of its node', { spec: { hostNetwork: true } }, 'host-network'],
    ['for Windows', { spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }, 'windows'],
    ['that runs as user 1337', { container: { securityContext: { runAsUser: 1337 } } }, 'proxy-user'],
    [
      'of another mesh',
      { spec: { initContainers: [container('istio-init', { args: ['idle'] })] } },
      'other-mesh',
    ],
    ['on a port of the sidecar’s', { container: { ports: [{ containerPort: 15_006 }] } }, 'port-taken'],
  ])('admits a pod %s as it is, with the reason', async (_, shape, reason) => {
    const { pod, said } = await dryRun(space, shaped('p', shape));
    expect(statusOf(pod), said).toMatchObject({ result: 'skipped', reason });
    expect(pod && sidecarOf(pod)).toBeUndefined();
    expect(said).toContain(`Warning: lanekeeper: not injected, ${reason}`);
  });

  it('leaves a pod alone that says no', async () => {
    const { pod } = await dryRun(
      space,
      shaped('p', { metadata: { labels: { 'lanekeeper.io/inject': 'false' } } }),
    );
    expect(pod && sidecarOf(pod)).toBeUndefined();
    expect(statusOf(pod)).toEqual({ result: 'none' });
  });

  it('refuses a wrong annotation with key, value and what was expected, in a template already', async () => {
    const annotations = { 'lanekeeper.io/exclude-inbound-ports': 'ssh' };
    const wrong =
      /metadata\.annotations\["lanekeeper\.io\/exclude-inbound-ports"\].*expected .* port .*found "ssh"/;
    expect((await dryRun(space, shaped('p', { metadata: { annotations } }))).said).toMatch(wrong);
    expect((await dryRun(space, deployment('d', { args: ['idle'], annotations }))).said).toMatch(wrong);
  });

  it('tells people of pods that could have no sidecar at what made them, and nobody of a dry run', async () => {
    const host = deployment('host', { args: ['idle'] });
    const template = (host as unknown as { spec: { template: { spec: object } } }).spec.template;
    Object.assign(template.spec, { hostNetwork: true });
    await space.apply(host);
    await eventually(async () => {
      const events = (await space.items<Event>('events')).filter(({ reason }) => reason === 'NotInjected');
      const told = events.map(
        ({ involvedObject: { kind, name } }) => `${kind} ${name.replace(/-[a-z0-9]+$/, '')}`,
      );
      expect(new Set(told)).toEqual(new Set(['ReplicaSet host']));
    });
  });

  it('lets people debug an injected pod by an ephemeral container', async () => {
    await space.apply(shaped('debugged', {}));
    await space.ready('debugged');
    const image = container('x', { args: [] }) as { image: string };
    const debug = ['debug', 'debugged', `--image=${image.image}`, '--image-pull-policy=IfNotPresent'];
    await space.kubectl(...debug, '--target=app', '--profile=general', '--container=look', '--', 'true');
    await eventually(async () => {
      const { status } = await space.get<{
        status: { ephemeralContainerStatuses?: readonly { name: string; state: object }[] };
      }>('pod', 'debugged');
      expect(status.ephemeralContainerStatuses).toMatchObject([
        { name: 'look', state: { terminated: { exitCode: 0 } } },
      ]);
    });
  });
});

describe('admission to a namespace with limits and quotas', () => {
  const space = useSpace('admission-limits');

  space.setUp(async () => {
    const limits = [
      {
        type: 'Container',
        min: { cpu: '60m' },
        max: { memory: '200Mi' },
        default: { cpu: '500m', memory: '200Mi' },
        defaultRequest: { cpu: '60m', memory: '150Mi' },
        maxLimitRequestRatio: { memory: '1.5' },
      },
    ];
    const hard = {
      'limits.cpu': '20',
      'limits.memory': '8Gi',
      'requests.cpu': '4',
      'requests.memory': '8Gi',
    };
    await space.apply(
      { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits } } as KubeObject,
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard } } as KubeObject,
    );
  });

  it('refuses no pod for the sake of its sidecar', async () => {
    await eventually(async () => {
      const { pod, said } = await dryRun(space, shaped('p', {}));
      expect(statusOf(pod), said).toMatchObject({ result: 'injected' });
    });
  });
});

describe('admission to a namespace that is restricted', () => {
  const space = useSpace('admission-restricted');

  space.setUp(async () => {
    await space.kubectl('label', 'namespace', space.name, 'pod-security.kubernetes.io/enforce=restricted');
  });

  it('says what to do, and admits the pod without a sidecar', async () => {
    await eventually(async () => {
      const { pod, said } = await dryRun(space, shaped('p', { container: RESTRICTED }));
      expect(statusOf(pod), said).toMatchObject({ result: 'skipped', reason: 'pod-security' });
      expect(said).toContain('lanekeeper.io/capture: none');
    });
  });

  it('gives a pod that captures nothing a sidecar that passes', async () => {
    const metadata = { annotations: { 'lanekeeper.io/capture': 'none' } };
    await space.apply(shaped('none', { metadata, container: RESTRICTED }));
    await space.ready('none');
    expect(statusOf(await space.get<Pod>('pod', 'none'))).toMatchObject({ result: 'injected' });
  });
});
