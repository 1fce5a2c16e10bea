import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CHART, HELMS, render } from './helm.ts';

/** Another value for each, with what it needs beside it to be seen. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  'image.registry': ['registry.example'],
  'image.repository': ['mirror/lanekeeper'],
  'image.tag': ['0.2.0'],
  'image.digests.injector': [`sha256:${'1'.repeat(64)}`],
  'image.digests.controlPlane': [`sha256:${'1'.repeat(64)}`],
  'image.digests.sidecar': [`sha256:${'1'.repeat(64)}`],
  'image.digests.redirect': [`sha256:${'1'.repeat(64)}`],
  'image.pullPolicy': ['Always'],
  'image.pullSecrets': ['{registry-password}'],
  'injector.replicas': ['3'],
  'injector.logLevel': ['debug'],
  'injector.resources.requests.cpu': ['1'],
  'injector.resources.requests.memory': ['1Gi'],
  'injector.resources.limits.memory': ['1Gi'],
  'injector.webhook.failurePolicy': ['Fail'],
  'injector.webhook.timeoutSeconds': ['10'],
  'controlPlane.replicas': ['3'],
  'controlPlane.logLevel': ['debug'],
  'controlPlane.resources.requests.cpu': ['1'],
  'controlPlane.resources.requests.memory': ['1Gi'],
  'controlPlane.resources.limits.memory': ['1Gi'],
  'controlPlane.clusterDomain': ['cluster.example'],
  'nacos.registries': ['[{"name":"main","servers":["nacos:8848"]}]'],
  'sidecar.resources.requests.cpu': ['1'],
  'sidecar.resources.requests.memory': ['1Gi'],
  'sidecar.resources.limits.cpu': ['1'],
  'sidecar.resources.limits.memory': ['1Gi'],
  'gateway.enabled': ['true'],
  'gateway.replicas': ['3', 'gateway.enabled=true'],
  'gateway.logLevel': ['debug', 'gateway.enabled=true'],
  'gateway.config': ['edge', 'gateway.enabled=true'],
  'gateway.isDefaultIngressClass': ['true', 'gateway.enabled=true'],
  'gateway.service.type': ['NodePort', 'gateway.enabled=true'],
  'gateway.service.externalTrafficPolicy': ['Cluster', 'gateway.enabled=true'],
  'gateway.service.annotations': ['{"example.com/balancer":"internal"}', 'gateway.enabled=true'],
  'gateway.autoscaling.enabled': ['true', 'gateway.enabled=true'],
  'gateway.autoscaling.minReplicas': ['3', 'gateway.enabled=true', 'gateway.autoscaling.enabled=true'],
  'gateway.autoscaling.maxReplicas': ['5', 'gateway.enabled=true', 'gateway.autoscaling.enabled=true'],
  'gateway.autoscaling.cpuUtilization': ['50', 'gateway.enabled=true', 'gateway.autoscaling.enabled=true'],
  'gateway.resources.requests.cpu': ['1', 'gateway.enabled=true'],
  'gateway.resources.requests.memory': ['1Gi', 'gateway.enabled=true'],
  'gateway.resources.limits.memory': ['1Gi', 'gateway.enabled=true'],
  ipv6: ['true'],
  'certificates.source': ['existing'],
  'certificates.certManager.issuer.name': ['corporate', 'certificates.source=cert-manager'],
  'certificates.certManager.issuer.kind': [
    'ClusterIssuer',
    'certificates.source=cert-manager',
    'certificates.certManager.issuer.name=corporate',
  ],
  'certificates.certManager.issuer.group': [
    'issuers.example.com',
    'certificates.source=cert-manager',
    'certificates.certManager.issuer.name=corporate',
  ],
  'certificates.certManager.duration': ['1000h', 'certificates.source=cert-manager'],
  'certificates.certManager.renewBefore': ['10h', 'certificates.source=cert-manager'],
  'crds.enabled': ['false'],
  'crds.keep': ['false'],
  'crds.openSergo': ['true'],
  'rbac.aggregateToDefaultRoles': ['false'],
  'networkPolicy.enabled': ['false'],
  'monitoring.enabled': ['true'],
  'pods.labels': ['{"team":"mesh"}'],
  'pods.annotations': ['{"example.com/owner":"mesh"}'],
  'pods.priorityClassName': ['system-cluster-critical'],
  'pods.nodeSelector': ['{"kubernetes.io/os":"linux"}'],
  'pods.tolerations': ['[{"operator":"Exists"}]'],
  'pods.affinity': ['{"podAffinity":{"x":[]}}'],
};

function leavesOf(value: unknown, path = ''): readonly string[] {
  const isBranch = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isBranch || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([key, below]) =>
    leavesOf(below, path === '' ? key : `${path}.${key}`),
  );
}

function options(path: string, [value = '', ...beside]: readonly string[]): readonly string[] {
  const set = value.startsWith('{"') || value.startsWith('[') ? '--set-json' : '--set';
  return [...beside.flatMap((each) => ['--set', each]), set, `${path}=${value}`];
}

describe('each value of the chart', () => {
  const leaves = leavesOf(parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')));

  it('is tried here', () => {
    expect(Object.keys(OTHERS)).toEqual(leaves);
  });

  it.each(Object.entries(OTHERS))('%s changes what is installed', (path, other) => {
    const [{ program }] = HELMS;
    const [, ...beside] = other;
    const before = render(program, ...beside.flatMap((each) => ['--set', each]));
    expect(render(program, ...options(path, other))).not.toBe(before);
  });
});
