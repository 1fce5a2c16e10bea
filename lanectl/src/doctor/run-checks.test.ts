import { readFileSync } from 'node:fs';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { describe, expect, it } from 'vitest';
import { deployment, fact, facts, NOW, pod, statusMap, webhooks } from './facts.fixture.ts';
import type { Fact, Facts } from './facts.ts';
import { CHECKS, runChecks } from './run-checks.ts';
import type { CheckResult } from './check-result.ts';

const FORBIDDEN: Fact<never> = { problem: 'may not list secrets (403)', isForbidden: true };
const IDS = ['api-reachable', ...CHECKS.map(({ id }) => id), 'lanes-lint'];

/** All results but those that are fine. */
function found(changes: Partial<Facts>): readonly CheckResult[] {
  return runChecks(facts(changes)).filter(({ result }) => result !== 'ok');
}

it('a cluster in which all is well has nothing but ok, and every check has looked', () => {
  const results = runChecks(facts());
  expect(results.filter(({ result }) => result !== 'ok')).toEqual([]);
  expect(results.map(({ id }) => id)).toEqual(IDS);
  expect(new Set(IDS).size).toBe(IDS.length);
});

it('the guide names every check', () => {
  const guide = readFileSync(new URL('../../../docs/lanectl.md', import.meta.url), 'utf8');
  expect(
    IDS.filter((id) => !guide.includes(`\`${id}\``) && !guide.includes(`[${id}](lint/${id}.md)`)),
  ).toEqual([]);
});

it('where nobody answers nothing else is looked at', () => {
  const version: Facts['version'] = { problem: 'connect ECONNREFUSED', isForbidden: false };
  expect(runChecks(facts({ version }))).toMatchObject([
    { id: 'api-reachable', result: 'fail', error: 'connect ECONNREFUSED' },
  ]);
});

it('what may not be read is skipped, and says why', () => {
  const unreadable = found({ crds: FORBIDDEN, namespaces: FORBIDDEN });
  expect(unreadable.map(({ id, result }) => `${id} ${result}`)).toEqual([
    ...[
      'crds-installed skip',
      'crds-version skip',
      'pods-missed skip',
      'pods-skipped skip',
      'lanes-lint skip',
    ],
  ]);
  expect(unreadable[0]).toMatchObject({
    error: 'may not list secrets (403)',
    hint: expect.stringContaining('rights'),
  });
});

const expired = `-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\n-----END CERTIFICATE-----\n`;
const HOUR = 3_600_000;

const WRONG: readonly (readonly [string, Partial<Facts>, string])[] = [
  [
    'an old cluster',
    { version: fact({ major: 1, minor: 27, gitVersion: 'v1.27.1' }) },
    'api-version fail: it is v1.27.1',
  ],
  [
    'no definitions',
    { crds: fact([]) },
    'crds-installed fail: lanegroups.lanekeeper.io, lanes.lanekeeper.io, gatewayconfigs.lanekeeper.io is not there, or not established',
  ],
  [
    'a control plane that is down',
    { deployments: fact([deployment('control-plane', 0), deployment('injector')]) },
    'control-plane-ready fail: 0 of 2 are ready',
  ],
  [
    'half a control plane',
    { deployments: fact([deployment('control-plane', 1), deployment('injector')]) },
    'control-plane-ready warn: 1 of 2 are ready',
  ],
  [
    'no injector',
    { deployments: fact([deployment('control-plane')]) },
    'injector-ready fail: there is no Deployment lanekeeper-injector',
  ],
  [
    'a replica with problems',
    { status: fact(statusMap({ replicas: [{ pod: 'x', problems: ['Pods are not watched'] }] })) },
    'control-plane-status fail: x: Pods are not watched',
  ],
  [
    'objects that cannot be used',
    { status: fact(statusMap({ objects: ['Service shop/a: no port'] })) },
    'objects-usable warn: Service shop/a: no port',
  ],
  [
    'no status yet',
    { status: fact(undefined) },
    'control-plane-status skip: the ConfigMap lanekeeper-status says nothing yet',
  ],
  [
    'no webhook',
    { mutating: fact(undefined) },
    'webhook-configured fail: there is no MutatingWebhookConfiguration lanekeeper-injector',
  ],
  [
    'no caBundle',
    { mutating: fact(webhooks('')) },
    'webhook-certificate fail: pod.injector.lanekeeper.io has no caBundle, so every call to it fails',
  ],
  [
    'a caBundle that is none',
    { validating: fact(webhooks(expired)) },
    'webhook-certificate fail: the caBundle of pod.injector.lanekeeper.io holds no certificate that can be read',
  ],
  [
    'certificates that have expired',
    { now: NOW + 40 * 24 * HOUR },
    'webhook-certificate fail: the certificates of pod.injector.lanekeeper.io have expired on DAY',
  ],
  [
    'certificates that expire soon',
    { mutating: fact(webhooks(makePair('soon', 3).cert)) },
    'webhook-certificate warn: the certificates of pod.injector.lanekeeper.io expire on DAY',
  ],
  [
    'pods that cannot start',
    {
      mutating: fact(webhooks(undefined, 'Fail')),
      deployments: fact([deployment('control-plane'), deployment('injector', 0)]),
    },
    'webhook-failure-policy fail: no injector is ready and pod.injector.lanekeeper.io fail: no pod of these namespaces can start',
  ],
  [
    'a pod that the injector has missed',
    { pods: fact([pod('a-1', { sidecar: false })]) },
    'pods-missed fail: without a sidecar are shop/a-1',
  ],
  [
    'a pod that could not be injected',
    {
      pods: fact([
        pod('a-1', {
          sidecar: false,
          annotations: {
            'lanekeeper.io/status':
              '{"result":"skipped","reason":"host-network","message":"it shares the network"}',
          },
        }),
      ]),
    },
    'pods-skipped warn: shop/a-1: it shares the network',
  ],
  [
    'two meshes',
    { pods: fact([pod('a-1', { more: [{ name: 'istio-proxy' }] })]) },
    'other-meshes fail: two meshes are in shop/a-1 (istio-proxy)',
  ],
  [
    'a newer sidecar',
    { status: fact(statusMap({ versions: { '0.1.0': 2, '0.2.0': 1 } })) },
    'LK0119 fail: the control plane is 0.1.0, sidecars are: 1 of 0.2.0',
  ],
  [
    'an older sidecar',
    { status: fact(statusMap({ versions: { '0.0.9': 1 } })) },
    'LK0119 warn: the control plane is 0.1.0, sidecars are: 1 of 0.0.9',
  ],
  [
    'a sidecar that is behind',
    { status: fact(statusMap({ inStep: 2, behind: [{ pod: 'shop/a-1', sinceMs: NOW - 9_000 }] })) },
    'LK0118 warn: 2 of 3 are in step; behind are shop/a-1 for 9 s',
  ],
  [
    'a sidecar that refuses',
    { status: fact(statusMap({ rejected: [{ pod: 'shop/a-1', problems: ['services: expected a list'] }] })) },
    'updates-accepted fail: shop/a-1: services: expected a list',
  ],
  ['no DNS', { dns: fact([]) }, 'dns-service warn: none is in kube-system'],
];

it.each(WRONG)('finds %s', (_, changes, expected) => {
  const lines = found(changes).map(({ id, result, error }) => `${id} ${result}: ${error ?? ''}`);
  expect(lines.map((line) => line.replace(/\d{4}-\d\d-\d\d/, 'DAY'))).toContain(expected);
});

it('every failure says what to do', () => {
  const failures = WRONG.flatMap(([, changes]) => found(changes)).filter(({ result }) => result === 'fail');
  expect(failures.filter(({ hint }) => hint === undefined)).toEqual([]);
});

it('a pod that has ended, opts out or is of a namespace that does not ask is nobody’s concern', () => {
  const pods = [
    pod('done', { sidecar: false, phase: 'Succeeded' }),
    pod('out', { sidecar: false, annotations: { 'lanekeeper.io/inject': 'false' } }),
    { ...pod('elsewhere', { sidecar: false }), metadata: { name: 'elsewhere', namespace: 'other' } },
  ];
  expect(found({ pods: fact(pods) })).toEqual([]);
});

it('a lane that waits for sidecars says for how many', () => {
  const condition = {
    type: 'Ready',
    status: 'False',
    reason: 'WaitingForSidecars',
    message: 'shop/a-1 has not',
  };
  const lane = {
    ...{ apiVersion: 'lanekeeper.io/v1alpha1', kind: 'Lane', metadata: { name: 'gray', namespace: 'shop' } },
    ...{ spec: { group: 'demo' }, status: { acknowledged: '2/3', conditions: [condition] } },
  };
  expect(found({ lanes: fact([lane]) })).toContainEqual(
    expect.objectContaining({ id: 'lanes-acknowledged', error: 'shop/gray 2/3: shop/a-1 has not' }),
  );
});

describe('lint of the cluster', () => {
  const group = {
    ...{
      apiVersion: 'lanekeeper.io/v1alpha1',
      kind: 'LaneGroup',
      metadata: { name: 'demo', namespace: 'shop' },
    },
    spec: { services: [{ name: 'a' }] },
  };
  const lane = {
    ...{ apiVersion: 'lanekeeper.io/v1alpha1', kind: 'Lane', metadata: { name: 'gray', namespace: 'shop' } },
    spec: { group: 'demo', fallback: ['nowhere'] },
  };

  it('has the findings of lanectl lint under their codes', () => {
    const results = found({ groups: fact([group]), lanes: fact([lane]) });
    expect(results.map(({ category }) => category)).toContain('lanes');
    expect(results.filter(({ id }) => /^LK\d{4}$/.test(id)).length).toBeGreaterThan(0);
  });

  it('is skipped where lanes cannot be read', () => {
    expect(found({ lanes: FORBIDDEN })).toContainEqual(
      expect.objectContaining({ id: 'lanes-lint', result: 'skip' }),
    );
  });
});
