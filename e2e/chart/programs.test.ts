import { parseConfig as parseControlPlane } from '@lanekeeper/control-plane/config';
import { decodeRegistries } from '@lanekeeper/control-plane/source/nacos/settings/decode-registries';
import { parseConfig as parseInjector } from '@lanekeeper/injector/config';
import { parseConfig as parseSidecar } from '@lanekeeper/sidecar/config';
import { TARGET_PORTS } from '@lanekeeper/control-plane/source/kubernetes/gateway-api/services/gateway-places';
import { describe, expect, it } from 'vitest';
import { HELMS, NAMESPACE, objectsIn, podOf, render, type Component } from './helm.ts';

const [{ program }] = HELMS;
const FULL = new URL('./testdata/every-value-is-set.values.yaml', import.meta.url).pathname;

/** The downward API's answers in a pod. */
const FIELDS: Readonly<Record<string, string>> = {
  'metadata.namespace': NAMESPACE,
  'metadata.name': 'lanekeeper-0',
  'status.podIP': '10.244.0.7',
};

function environmentOf(component: Component, manifest: string): Record<string, string> {
  const { env } = podOf(component, manifest).containers[0];
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => {
      const field = (valueFrom as { fieldRef?: { fieldPath: string } } | undefined)?.fieldRef?.fieldPath;
      const text = field === undefined ? value : FIELDS[field];
      if (text === undefined) throw new Error(`${name} has no value`);
      return [name, text];
    }),
  );
}

function nacosFileOf(manifest: string): string {
  const map = objectsIn(manifest).find(({ metadata }) => metadata.name === 'lanekeeper-nacos');
  const text = (map?.['data'] as { 'nacos.yaml'?: string } | undefined)?.['nacos.yaml'];
  if (text === undefined) throw new Error('no nacos.yaml was rendered');
  return text;
}

describe('what the chart sets for a program', () => {
  const defaults = render(program, '--set', 'gateway.enabled=true');
  const full = render(program, '--values', FULL);

  it.each(['self-signed', 'cert-manager', 'existing'])(
    'is understood by the injector, certificates %s',
    (source) => {
      const manifest = render(program, '--set', `certificates.source=${source}`);
      const config = parseInjector(environmentOf('injector', manifest));
      expect(config.source).toMatchObject({
        kind: 'kubernetes',
        certificates: source === 'self-signed' ? 'self-signed' : 'cert-manager',
        pod: 'lanekeeper-0',
        webhookConfiguration: 'lanekeeper-injector',
      });
      expect(config).toMatchObject({
        namespace: NAMESPACE,
        discoveryAddress: `lanekeeper-control-plane.${NAMESPACE}.svc:15010`,
        template: {
          sidecarImage: 'docker.io/lanekeeper/sidecar:0.1.0',
          redirectImage: 'docker.io/lanekeeper/redirect:0.1.0',
          imagePullPolicy: 'IfNotPresent',
          resources: { cpuRequest: '50m', memoryRequest: '96Mi', cpuLimit: undefined, memoryLimit: '256Mi' },
        },
      });
    },
  );

  it('carries the values of the user to the injector', () => {
    expect(parseInjector(environmentOf('injector', full))).toMatchObject({
      logLevel: 'debug',
      listen: { address: '::', port: 15443 },
      template: {
        sidecarImage: `registry.example:5000/mirror/lanekeeper/sidecar:0.1.0-rc.1@sha256:${'3'.repeat(64)}`,
        redirectImage: `registry.example:5000/mirror/lanekeeper/redirect:0.1.0-rc.1@sha256:${'4'.repeat(64)}`,
        imagePullPolicy: 'Always',
        resources: { cpuRequest: '20m', memoryRequest: '64Mi', cpuLimit: '0.5', memoryLimit: '128Mi' },
      },
    });
  });

  it('is understood by the control plane', () => {
    expect(parseControlPlane(environmentOf('control-plane', defaults))).toMatchObject({
      sources: { kubernetes: { namespace: NAMESPACE, pod: 'lanekeeper-0' } },
      authentication: { kind: 'token', audience: 'lanekeeper' },
      certificate: { certificateFile: '/var/run/lanekeeper/discovery-tls/tls.crt' },
      clusterDomain: 'cluster.local',
    });
    expect(parseControlPlane(environmentOf('control-plane', full))).toMatchObject({
      logLevel: 'warn',
      listen: { address: '::', port: 15010 },
      statusListen: { address: '::', port: 15020 },
      clusterDomain: 'cluster.example',
    });
  });

  it('is understood by the gateway, whose token the control plane knows by its account', () => {
    expect(parseSidecar(environmentOf('gateway', defaults))).toMatchObject({
      role: 'gateway',
      workload: { app: 'lanekeeper-gateway', namespace: NAMESPACE, pod: 'lanekeeper-0' },
      podAddress: '10.244.0.7',
      configFile: undefined,
      discovery: {
        address: { address: `lanekeeper-control-plane.${NAMESPACE}.svc`, port: 15010 },
        caFile: '/var/run/lanekeeper/discovery-ca/ca.crt',
        tokenFile: '/var/run/secrets/lanekeeper.io/token',
      },
      telemetry: { logLevel: 'info' },
    });
    expect(parseControlPlane(environmentOf('control-plane', defaults)).sources.kubernetes).toMatchObject({
      gatewayAccount: `${NAMESPACE}/lanekeeper-gateway`,
      gatewayServiceType: 'LoadBalancer',
    });
    const without = parseControlPlane(environmentOf('control-plane', render(program)));
    expect(without.sources.kubernetes).not.toHaveProperty('gatewayAccount', expect.any(String));
  });

  it('lets in at the gateway what listeners bind, Services of Gateways lead to and Prometheus asks', () => {
    const policy = objectsIn(defaults).find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'lanekeeper-gateway',
    );
    if (policy === undefined) throw new Error('no NetworkPolicy of the gateway was rendered');
    const { ingress, podSelector } = policy['spec'] as {
      readonly podSelector: { readonly matchLabels: object };
      readonly ingress: readonly { readonly from?: unknown; readonly ports: readonly object[] }[];
    };
    expect(podSelector.matchLabels).toEqual({
      ...{ 'app.kubernetes.io/name': 'lanekeeper', 'app.kubernetes.io/component': 'gateway' },
    });
    expect(ingress.map(({ from }) => from)).toEqual([undefined, undefined]);
    const { from, count } = TARGET_PORTS;
    expect(ingress.flatMap(({ ports }) => ports)).toEqual([
      ...[{ port: 'http' }, { port: 'https' }],
      ...[{ port: from, endPort: from + count - 1 }, { port: 'lk-status' }],
    ]);
    const named = podOf('gateway', defaults).containers[0]['ports'];
    expect(named).toEqual([
      { name: 'http', containerPort: 8080 },
      { name: 'https', containerPort: 8443 },
      { name: 'lk-status', containerPort: 15020 },
    ]);
    expect(render(program, '--set', 'gateway.enabled=true,networkPolicy.enabled=false')).not.toContain(
      'kind: NetworkPolicy',
    );
  });

  it('lets one gateway pod at a time be evicted', () => {
    expect(
      objectsIn(defaults).find(
        ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === 'lanekeeper-gateway',
      )?.['spec'],
    ).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
  });

  it('tells the control plane of the registries, each secret as a file of its own', () => {
    expect(parseControlPlane(environmentOf('control-plane', full)).sources).toMatchObject({
      kubernetes: { namespace: NAMESPACE },
      nacos: { path: '/var/run/lanekeeper/nacos/nacos.yaml' },
    });
    expect(parseControlPlane(environmentOf('control-plane', defaults)).sources.nacos).toBeUndefined();
    const decoded = decodeRegistries(nacosFileOf(full));
    expect(decoded).toMatchObject({
      value: [
        {
          name: 'main',
          servers: [{ address: 'nacos-0.nacos' }, { address: 'nacos-1.nacos' }],
          credentials: { username: 'lanekeeper', passwordFile: '/var/run/lanekeeper/nacos/main/password' },
          tls: { caFile: '/var/run/lanekeeper/nacos/main/ca.crt' },
          namespaces: [
            { id: '', meshNamespace: 'shop' },
            { meshNamespace: 'staging', groups: ['DEFAULT_GROUP', 'pay'] },
          ],
          recovery: { holdMs: 3_600_000, missingShare: 0.8 },
          configuration: { dataIds: ['lanekeeper-demo.yaml', 'more.yaml'] },
          ...{ protocol: 'grpc', grpcPortOffset: 2_000, contextPath: '/registry', clusters: ['HANGZHOU'] },
        },
        { name: 'other', servers: [{ address: '2001:db8::8' }], tls: { caFile: undefined } },
      ],
    });
    const mounted = JSON.stringify(podOf('control-plane', full)['volumes']);
    for (const path of ['main/password', 'main/ca.crt', 'nacos.yaml']) expect(mounted).toContain(`"${path}"`);
  });

  it('starts the control plane anew when the registries are others, and only then', () => {
    const checksum = (...options: readonly string[]): string | undefined =>
      /nacos-checksum: (\w+)/.exec(render(program, '--values', FULL, ...options))?.[1];
    const before = checksum();
    expect(before).toBeDefined();
    expect(checksum('--set', 'controlPlane.replicas=2')).toBe(before);
    expect(checksum('--set', 'nacos.registries[1].servers[0]=nacos:8848')).not.toBe(before);
    expect(defaults).not.toContain('nacos-checksum');
  });

  it('leaves a program the time that it takes to drain', () => {
    const programs = [
      ['injector', parseInjector(environmentOf('injector', defaults))],
      ['control-plane', parseControlPlane(environmentOf('control-plane', defaults))],
    ] as const;
    for (const [component, { drainDelayMs, drainTimeoutMs }] of programs) {
      const grace = podOf(component, defaults)['terminationGracePeriodSeconds'];
      expect(Number(grace) * 1000).toBeGreaterThan(drainDelayMs + drainTimeoutMs);
    }
    // Of a sidecar and a gateway the delay is a part of it.
    const { drainTimeoutMs } = parseSidecar(environmentOf('gateway', defaults)).limits;
    const grace = podOf('gateway', defaults)['terminationGracePeriodSeconds'];
    expect(Number(grace) * 1000).toBeGreaterThan(drainTimeoutMs);
  });

  it('gives the API server more time than the injector takes for what it must ask', () => {
    const config = parseInjector(environmentOf('injector', defaults));
    const timeouts = [...defaults.matchAll(/timeoutSeconds: (\d+)\n/g)].map(([, seconds]) => Number(seconds));
    expect(
      timeouts.filter((seconds) => seconds * 1000 > config.factsTimeoutMs).length,
    ).toBeGreaterThanOrEqual(4);
  });
});

describe.each(['injector', 'control-plane', 'gateway'] as const)('the pods of the %s', (component) => {
  const pod = podOf(component, render(program, '--set', 'gateway.enabled=true'));

  it('keep to the restricted profile of PodSecurity, and write nothing to their root', () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.containers).toHaveLength(1);
    expect(pod.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    });
    expect(pod.containers[0].volumeMounts?.filter(({ readOnly }) => readOnly !== true) ?? []).toEqual([]);
  });

  it('are probed, and say what they need', () => {
    expect(pod.containers[0]).toMatchObject({
      livenessProbe: { httpGet: { path: '/live' } },
      readinessProbe: { httpGet: { path: '/ready' } },
      startupProbe: { httpGet: { path: '/live' } },
      resources: {
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      },
    });
  });
});
