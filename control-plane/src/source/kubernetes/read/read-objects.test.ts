import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldReader } from './fields.ts';
import { readNamespace } from './read-meta.ts';
import { readPod } from './read-pod.ts';
import { readService } from './read-service.ts';
import { readSlice } from './read-slice.ts';

function createReader(): { reader: FieldReader; malformed: () => number } {
  let count = 0;
  return { reader: new FieldReader(() => (count += 1)), malformed: () => count };
}

const metadata = {
  name: 'b-1',
  namespace: 'shop',
  uid: 'u1',
  labels: { app: 'b', 'lanekeeper.io/lane': 'gray' },
  annotations: { 'lanekeeper.io/export-to': '.', 'kubectl.kubernetes.io/last-applied-configuration': 'long' },
  managedFields: [{ manager: 'kubectl' }],
};

describe('a pod', () => {
  it('becomes the few facts that matter', () => {
    const { reader, malformed } = createReader();
    const pod = readPod(
      {
        metadata,
        spec: {
          nodeName: 'n1',
          hostNetwork: false,
          restartPolicy: 'Never',
          initContainers: [
            { name: 'lanekeeper-sidecar', restartPolicy: 'Always', ports: [{ containerPort: 15020 }] },
            {
              name: 'agent',
              restartPolicy: 'Always',
              ports: [{ name: 'a', containerPort: 9000, protocol: 'UDP' }],
            },
            { name: 'migrate', ports: [{ containerPort: 1 }] },
          ],
          containers: [
            {
              name: 'app',
              env: [{ name: 'A' }, { name: 'traffic.opensergo.io/label', value: 'blue' }],
              ports: [{ name: 'http', containerPort: 8080 }],
            },
          ],
        },
        status: {
          phase: 'Running',
          podIP: '198.51.100.1',
          podIPs: [{ ip: '198.51.100.1' }, { ip: '2001:db8::1' }],
          conditions: [
            { type: 'Initialized', status: 'True' },
            { type: 'Ready', status: 'True' },
          ],
        },
      },
      reader,
    );
    expect(pod).toEqual({
      meta: {
        name: 'b-1',
        namespace: 'shop',
        uid: 'u1',
        labels: { app: 'b', 'lanekeeper.io/lane': 'gray' },
        annotations: { 'lanekeeper.io/export-to': '.' },
      },
      phase: 'Running',
      isReady: true,
      isTerminating: false,
      hostNetwork: false,
      runsToEnd: true,
      addresses: ['198.51.100.1', '2001:db8::1'],
      nodeName: 'n1',
      isInjected: true,
      laneFromEnv: 'blue',
      ports: [
        { name: 'http', containerPort: 8080, protocol: 'TCP' },
        { name: 'a', containerPort: 9000, protocol: 'UDP' },
      ],
    });
    expect(malformed()).toBe(0);
  });

  it('has no address before it has one, and is not ready before it says so', () => {
    const { reader } = createReader();
    const pod = readPod({ metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }, reader);
    expect(pod).toMatchObject({
      addresses: [],
      isReady: false,
      isInjected: false,
      isTerminating: true,
      ports: [],
    });
    expect(readPod({ metadata, status: { podIP: '198.51.100.1' } }, reader).addresses).toEqual([
      '198.51.100.1',
    ]);
  });

  it('is injected with a sidecar that is a plain container too', () => {
    const { reader } = createReader();
    expect(
      readPod({ metadata, spec: { containers: [{ name: 'lanekeeper-sidecar' }] } }, reader).isInjected,
    ).toBe(true);
  });

  it('shares what it has in common with others', () => {
    const { reader } = createReader();
    const spec = { nodeName: 'n1', containers: [{ name: 'app', ports: [{ containerPort: 80 }] }] };
    const copy = (name: string): Parameters<typeof readPod>[0] =>
      JSON.parse(JSON.stringify({ metadata: { ...metadata, name }, spec })) as Parameters<typeof readPod>[0];
    const [a, b] = [readPod(copy('a'), reader), readPod(copy('b'), reader)];
    expect(a.meta.labels).toBe(b.meta.labels);
    expect(a.ports).toBe(b.ports);
  });
});

describe('a service', () => {
  it('has its defaults said', () => {
    const { reader } = createReader();
    const spec = {
      clusterIP: '203.0.113.1',
      clusterIPs: ['203.0.113.1', '2001:db8:1::1'],
      selector: { app: 'b' },
      sessionAffinity: 'ClientIP',
      ports: [
        { port: 80 },
        { name: 'grpc', port: 90, targetPort: 'grpc', protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
      ],
    };
    expect(readService({ metadata, spec }, reader)).toMatchObject({
      type: 'ClusterIP',
      clusterIPs: ['203.0.113.1', '2001:db8:1::1'],
      selector: { app: 'b' },
      publishNotReadyAddresses: false,
      sessionAffinity: 'ClientIP',
      ports: [
        { name: '', port: 80, targetPort: 80, protocol: 'TCP' },
        { name: 'grpc', port: 90, targetPort: 'grpc', protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
      ],
    });
  });

  it('that is headless has no address, and one without a selector none', () => {
    const { reader } = createReader();
    const service = readService(
      { metadata, spec: { clusterIP: 'None', clusterIPs: ['None'], selector: {} } },
      reader,
    );
    expect(service.clusterIPs).toEqual([]);
    expect(service.selector).toBeUndefined();
  });
});

describe('an endpoint slice', () => {
  const slice = {
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'b' } },
    addressType: 'IPv4',
  };

  it('takes conditions that nobody has set as the API means them', () => {
    const { reader } = createReader();
    const endpoints = [
      { addresses: ['198.51.100.1'], targetRef: { kind: 'Pod', name: 'b-1' }, zone: 'z', nodeName: 'n' },
      { addresses: ['198.51.100.2'], conditions: { ready: false, serving: true, terminating: true } },
      { addresses: ['198.51.100.3'], conditions: { ready: false, serving: null } },
    ];
    expect(
      readSlice({ ...slice, endpoints, ports: [{ name: '', port: 8080, protocol: 'TCP' }] }, reader),
    ).toMatchObject({
      service: 'b',
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      endpoints: [
        {
          addresses: ['198.51.100.1'],
          ready: true,
          serving: true,
          terminating: false,
          pod: 'b-1',
          zone: 'z',
          nodeName: 'n',
        },
        { addresses: ['198.51.100.2'], ready: false, serving: true, terminating: true },
        { addresses: ['198.51.100.3'], ready: false, serving: false, terminating: false },
      ],
    });
  });

  it('of no service, and of unknown addresses, is not kept', () => {
    const { reader, malformed } = createReader();
    expect(readSlice({ ...slice, metadata }, reader)).toBeUndefined();
    expect(malformed()).toBe(0);
    expect(readSlice({ ...slice, addressType: 'IPv8' }, reader)).toBeUndefined();
    expect(malformed()).toBe(1);
  });
});

describe('an odd object', () => {
  it('loses its odd fields and keeps the others, and they are counted', () => {
    const { reader, malformed } = createReader();
    const pod = readPod(
      {
        metadata: { name: 'a', namespace: 'shop', labels: { app: 'b' } },
        spec: {
          nodeName: 7,
          containers: [{ name: 'app', ports: [{ containerPort: '80' }, { containerPort: 81 }] }, 3],
        },
        status: { podIPs: [{ ip: 9 }, { ip: '198.51.100.1' }] },
      },
      reader,
    );
    expect(pod).toMatchObject({ nodeName: '', addresses: ['198.51.100.1'], ports: [{ containerPort: 81 }] });
    expect(malformed()).toBe(5);
  });

  it('never throws, whatever is in it', () => {
    const words = [
      'spec',
      'status',
      'containers',
      'ports',
      'endpoints',
      'labels',
      'selector',
      'env',
      '__proto__',
    ];
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, true, 0, -1, 70_000, '', 'x', 'Always'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...words), tie('value')),
      ),
    })).value;
    const object = fc.record({
      spec: json,
      status: json,
      endpoints: json,
      ports: json,
      labels: json,
      addressType: json,
    });
    fc.assert(
      fc.property(object, json, (fields, labels) => {
        const odd = { ...fields, metadata: { name: 'a', labels } } as Parameters<typeof readPod>[0];
        const { reader } = createReader();
        for (const read of [readPod, readService, readSlice, readNamespace]) read(odd, reader);
      }),
    );
  });
});
