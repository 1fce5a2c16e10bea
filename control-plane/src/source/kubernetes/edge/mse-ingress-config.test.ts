import { expect, it } from 'vitest';
import { mapMseIngressConfig } from './mse-ingress-config.ts';

it('an MseIngressConfig gives replicas, access lists and the tracing rate, and names the rest', () => {
  const { spec, unmapped } = mapMseIngressConfig({
    name: 'edge-gw',
    common: { instance: { spec: '4c8g', replicas: 3 }, network: { vSwitches: ['vsw-1'] } },
    global: { ipAccessControl: { whitelist: ['10.0.0.0/8'], blacklist: ['10.1.2.3'] } },
    monitor: { tracing: { openTelemetry: { sampleRate: '12.5' } } },
    ingress: { local: { ingressClass: 'mse' } },
  });
  expect(spec).toMatchObject({
    replicas: { min: 3, max: 3 },
    allow: ['10.0.0.0/8'],
    deny: ['10.1.2.3'],
    sampleRate: 12.5,
  });
  expect(unmapped).toEqual([
    'spec.common.instance.spec',
    'spec.common.network.vSwitches',
    'spec.ingress.local.ingressClass',
    'spec.name',
  ]);
});

it('a list with something that is no network is told of, and so are replicas that cannot be', () => {
  const { spec, unmapped } = mapMseIngressConfig({
    common: { instance: { replicas: 0 } },
    global: { ipAccessControl: { whitelist: ['10.0.0.0/8', 'office'] } },
  });
  expect(spec.replicas).toBeUndefined();
  expect(unmapped).toEqual(['spec.common.instance.replicas', 'spec.global.ipAccessControl.whitelist']);
});

it('one without a spec is one without wishes', () => {
  expect(mapMseIngressConfig(undefined).unmapped).toEqual([]);
});

it('lets nobody in by a white list of which nothing can be read', () => {
  const { spec, unmapped } = mapMseIngressConfig({
    global: { ipAccessControl: { whitelist: ['everybody'] } },
  });
  expect(spec.deny).toEqual(['0.0.0.0/0', '::/0']);
  expect(unmapped).toEqual(['spec.global.ipAccessControl.whitelist']);
});
