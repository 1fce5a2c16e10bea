import { describe, expect, it } from 'vitest';
import { inputOf, type PodParts } from '../testing/admission.ts';
import { decide } from './decide.ts';
import type { Input } from './gather.ts';
import { SKIP_REASONS, type SkipReason } from './reasons.ts';

type Case = readonly [promise: string, reason: SkipReason, parts: PodParts, changes?: Partial<Input>];

const facts = (labels: Record<string, string>, annotations: Record<string, string> = {}): Partial<Input> => ({
  namespaceFacts: { labels: { 'lanekeeper.io/injection': 'enabled', ...labels }, annotations },
});
const unasked: Partial<Input> = { namespaceFacts: { labels: {}, annotations: {} } };
const container = (name: string, image = 'x:1'): PodParts => ({
  spec: { initContainers: [{ name, image }] },
});

function whole([promise, reason, parts, changes = {}]: Case) {
  return [promise, reason, parts, changes] as const;
}

describe('a pod that is not ours to touch', () => {
  const cases: readonly Case[] = [
    ['a mirror pod', 'mirror-pod', { annotations: { 'kubernetes.io/config.mirror': 'x' } }],
    ['kube-system', 'protected-namespace', {}, { namespace: 'kube-system' }],
    ['the injector’s own namespace', 'protected-namespace', {}, { namespace: 'lanekeeper-system' }],
    ['a pod with the sidecar in it', 'already-injected', container('lanekeeper-sidecar')],
    ['a label that says no', 'opted-out', { labels: { 'lanekeeper.io/inject': 'false' } }],
    ['an annotation that says no', 'opted-out', { annotations: { 'lanekeeper.io/inject': 'false' } }],
    ['MSE’s label that says no', 'opted-out', { labels: { msePilotAutoEnable: 'off' } }],
    ['a namespace that asks for nothing', 'not-asked-for', {}, unasked],
    ['a namespace that is disabled', 'opted-out', {}, facts({ 'lanekeeper.io/injection': 'disabled' })],
  ];
  it.each(cases.map(whole))('%s is left as it came', (_, reason, parts, changes) => {
    expect(decide(inputOf(parts, changes))).toMatchObject({ kind: 'untouched', skip: { reason } });
  });
});

describe('a pod that cannot work with a sidecar', () => {
  const job = { metadata: { ownerReferences: [{ kind: 'Job', name: 'j' }] } };
  const cases: readonly Case[] = [
    ['a port of the sidecar’s', 'port-taken', { container: { ports: [{ containerPort: 15_006 }] } }],
    ['host network', 'host-network', { spec: { hostNetwork: true } }],
    ['Windows by its os', 'windows', { spec: { os: { name: 'windows' } } }],
    ['Windows by its node', 'windows', { spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }],
    ['user 1337', 'proxy-user', { container: { securityContext: { runAsUser: 1337 } } }],
    ['group 1337 by the pod', 'proxy-user', { spec: { securityContext: { runAsGroup: 1337 } } }],
    ['Istio’s init container', 'other-mesh', container('istio-init')],
    ['Linkerd’s proxy', 'other-mesh', container('linkerd-proxy')],
    ['Kuma’s sidecar', 'other-mesh', container('kuma-sidecar')],
    ['Envoy', 'other-mesh', container('envoy')],
    ['another mesh by its image', 'other-mesh', container('p', 'registry.example/istio/proxyv2:1.27')],
    ['a Job without native sidecars', 'job-without-native-sidecars', job, { nativeSidecars: false }],
    [
      'a pod that runs once, without native sidecars',
      'job-without-native-sidecars',
      { spec: { restartPolicy: 'Never' } },
      { nativeSidecars: false },
    ],
    [
      'PodSecurity restricted',
      'pod-security',
      {},
      facts({ 'pod-security.kubernetes.io/enforce': 'restricted' }),
    ],
    ['PodSecurity baseline', 'pod-security', {}, facts({ 'pod-security.kubernetes.io/enforce': 'baseline' })],
    ['a name that is taken', 'name-taken', { spec: { volumes: [{ name: 'lanekeeper-token' }] } }],
  ];
  it.each(cases.map(whole))('%s is told so', (_, reason, parts, changes) => {
    expect(decide(inputOf(parts, changes))).toMatchObject({ kind: 'marked', skip: { reason } });
  });

  it('has a sentence for each reason', () => {
    expect(Object.values(SKIP_REASONS).every((sentence) => sentence.length > 20)).toBe(true);
  });
});

describe('a pod that is injected', () => {
  it.each<readonly [string, PodParts, Partial<Input>]>([
    ['its namespace is enabled', {}, {}],
    ['its label says so', { labels: { 'lanekeeper.io/inject': 'true' } }, unasked],
    ['MSE’s label says so', { labels: { msePilotAutoEnable: 'on' } }, unasked],
    [
      'MSE’s label on the namespace says so',
      {},
      { namespaceFacts: { labels: { msePilotAutoEnable: 'on' }, annotations: {} } },
    ],
    [
      'ours says yes where MSE’s says no',
      { labels: { 'lanekeeper.io/inject': 'true', msePilotAutoEnable: 'off' } },
      {},
    ],
    [
      'it is restricted but captures nothing',
      { annotations: { 'lanekeeper.io/capture': 'none' } },
      facts({ 'pod-security.kubernetes.io/enforce': 'restricted' }),
    ],
    [
      'its namespace captures nothing',
      {},
      facts({ 'pod-security.kubernetes.io/enforce': 'restricted' }, { 'lanekeeper.io/capture': 'none' }),
    ],
    [
      'a container overrules the pod’s user 1337',
      {
        spec: { securityContext: { runAsUser: 1337 } },
        container: { securityContext: { runAsUser: 1000 } },
      },
      {},
    ],
    ['a Job has native sidecars', { spec: { restartPolicy: 'Never' } }, {}],
  ])('because %s', (_, parts, changes) => {
    expect(decide(inputOf(parts, changes))).toMatchObject({ kind: 'injected' });
  });

  it('takes our names before those of MSE and OpenSergo, and says which it set aside', () => {
    const decision = decide(
      inputOf({
        labels: {
          'lanekeeper.io/lane': 'blue',
          'alicloud.service.tag': 'gray',
          'lanekeeper.io/app': 'b',
          msePilotCreateAppName: 'spring-cloud-b',
          app: 'spring-cloud-b-new',
          mseNamespace: 'default',
        },
        container: { env: [{ name: 'traffic.opensergo.io/label', value: 'Not A Lane' }] },
      }),
    );
    expect(decision).toMatchObject({
      kind: 'injected',
      plan: {
        identity: { lane: 'blue', app: 'b', adoptsUntagged: false },
        notes: [
          expect.stringContaining('env traffic.opensergo.io/label="Not A Lane" is no lane name'),
          expect.stringContaining('lanekeeper.io/lane=blue was taken, not alicloud.service.tag="gray"'),
          expect.stringContaining(
            'lanekeeper.io/app=b was taken, not msePilotCreateAppName="spring-cloud-b"',
          ),
          expect.stringContaining('mseNamespace=default has no effect'),
        ],
      },
    });
  });

  it('reads the seed’s names: app, lane, and that lane traffic enters here', () => {
    const decision = decide(
      inputOf({
        labels: {
          msePilotCreateAppName: 'spring-cloud-a',
          app: 'spring-cloud-a-new',
          'alicloud.service.tag': 'gray',
        },
        container: { env: [{ name: 'profiler.micro.service.tag.trace.enable', value: 'true' }] },
      }),
    );
    const identity = { lane: 'gray', app: 'spring-cloud-a', adoptsUntagged: true, notes: [] };
    expect(decision).toMatchObject({ kind: 'injected', plan: { identity } });
  });

  it('reads OpenSergo’s label from the environment', () => {
    const decision = decide(
      inputOf({ container: { env: [{ name: 'traffic.opensergo.io/label', value: 'gray' }] } }),
    );
    expect(decision).toMatchObject({ plan: { identity: { lane: 'gray' } } });
  });

  it('notes that a shared process namespace shows the sidecar', () => {
    const decision = decide(inputOf({ spec: { shareProcessNamespace: true } }));
    expect(decision).toMatchObject({ plan: { notes: [expect.stringContaining('shareProcessNamespace')] } });
  });
});

describe('wrong annotations', () => {
  it('are refused all at once, each with its key, its value and what was expected', () => {
    const decision = decide(
      inputOf({
        labels: { 'lanekeeper.io/lane': 'Gray_1' },
        annotations: {
          'lanekeeper.io/exclude-outbound-ports': '80,http',
          'lanekeeper.io/exclude-inbound-ports': '0',
          'lanekeeper.io/exclude-outbound-cidrs': '192.0.2.0/33',
          'lanekeeper.io/capture': 'some',
          'lanekeeper.io/inject': 'yes',
          'lanekeeper.io/config':
            '{"conectTimeoutMs": 1, "maxHeadBytes": 1, "logLevel": "loud", "tcpPorts": [[1]]}',
        },
      }),
    );
    const problems = decision.kind === 'refused' ? decision.problems : [];
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toMatchInlineSnapshot(`
      [
        "metadata.annotations["lanekeeper.io/inject"]: expected one of true, false, found "yes"",
        "metadata.labels["lanekeeper.io/lane"]: expected a lane name: a DNS label of at most 63 characters, found "Gray_1"",
        "metadata.annotations["lanekeeper.io/capture"]: expected one of redirect, none, found "some"",
        "metadata.annotations["lanekeeper.io/exclude-inbound-ports"]: expected a comma-separated list, each a port from 1 to 65535, or none, found "0"",
        "metadata.annotations["lanekeeper.io/exclude-outbound-ports"]: expected a comma-separated list, each a port from 1 to 65535, or none, found "80,http"",
        "metadata.annotations["lanekeeper.io/exclude-outbound-cidrs"]: expected a comma-separated list, each a network such as 192.0.2.0/24 or 2001:db8::/32, or none, found "192.0.2.0/33"",
        "metadata.annotations["lanekeeper.io/config"].conectTimeoutMs: no such setting; did you mean connectTimeoutMs?",
        "metadata.annotations["lanekeeper.io/config"].maxHeadBytes: expected an integer from 1024 to 1048576, found 1",
        "metadata.annotations["lanekeeper.io/config"].logLevel: expected one of debug, info, warn, error, found "loud"",
        "metadata.annotations["lanekeeper.io/config"].tcpPorts: expected a comma-separated list, each a port from 1 to 65535, or none, found [[1]]",
      ]
    `);
  });

  it('that ask for a registration in Nacos are refused in the same way', () => {
    const annotations = {
      'lanekeeper.io/nacos-port': 'http',
      'lanekeeper.io/nacos-service': 'G@@b',
      'lanekeeper.io/nacos-group': 'g h',
    };
    const decision = decide(inputOf({ annotations }));
    const problems = decision.kind === 'refused' ? decision.problems : [];
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toMatchInlineSnapshot(`
      [
        "metadata.annotations["lanekeeper.io/nacos-port"]: expected a port from 1 to 65535, found "http"",
        "metadata.annotations["lanekeeper.io/nacos-service"]: expected the name of a Nacos service without its group: at most 255 characters, no space, "/", "," or "@@", found "G@@b"",
        "metadata.annotations["lanekeeper.io/nacos-group"]: expected a Nacos group: letters, digits, "_", ".", ":" and "-", at most 128, found "g h"",
      ]
    `);
    const portless = decide(inputOf({ annotations: { 'lanekeeper.io/nacos-service': 'b' } }));
    expect(portless).toMatchObject({
      kind: 'refused',
      problems: [{ path: 'metadata.annotations["lanekeeper.io/nacos-port"]' }],
    });
  });

  it.each(['[]', '{', '"text"', 'null'])('that are no JSON object are refused: %s', (text) => {
    const decision = decide(inputOf({ annotations: { 'lanekeeper.io/config': text } }));
    expect(decision).toMatchObject({
      kind: 'refused',
      problems: [{ path: 'metadata.annotations["lanekeeper.io/config"]' }],
    });
  });

  it('do not matter on a pod that is not injected', () => {
    const parts = { annotations: { 'lanekeeper.io/exclude-outbound-ports': 'http' } };
    expect(decide(inputOf(parts, unasked))).toMatchObject({ kind: 'untouched' });
  });
});
