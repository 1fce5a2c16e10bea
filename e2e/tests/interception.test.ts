import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hop } from '@lanekeeper/protocol/hop';
import { B_TCP_PORT, program, SERVICE_B, startMeshPods, type MeshPods } from './netns/mesh-pods.ts';
import type { Pod } from './netns/network.ts';
import { skipsWithoutNamespaces } from './netns/requirements.ts';

interface Answer {
  readonly name: string;
  readonly bytes: number;
  readonly peer: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Unmodified clients and servers in pods of their own; the kernel takes their connections to real sidecars. */
describe.skipIf(skipsWithoutNamespaces())('interception', () => {
  let mesh: MeshPods;
  let close: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    mesh = await startMeshPods();
    close = () => mesh.close();
  }, 60_000);

  afterAll(() => close());

  function curl(from: Pod, url: string, ...args: readonly string[]): string {
    return from.run(['curl', '--silent', '--show-error', '--max-time', '10', ...args, url]);
  }

  function answer(from: Pod, url: string, ...args: readonly string[]): Answer {
    return JSON.parse(curl(from, url, ...args)) as Answer;
  }

  function hops(pod: Pod, query = ''): readonly Hop[] {
    const body = JSON.parse(curl(pod, `http://127.0.0.1:15000/hops${query}`)) as
      readonly Hop[] | { hops: Hop[] };
    return 'hops' in body ? body.hops : body;
  }

  const tagged = (lane: string): readonly string[] => ['--header', `baggage: lane=${lane}`];

  it('takes curl to the baseline without a tag, to gray with one, by the address of the service', () => {
    expect(answer(mesh.caller, `http://${SERVICE_B}/`).name).toBe('base');
    const gray = answer(mesh.caller, `http://${SERVICE_B}/x`, ...tagged('gray'));
    expect(gray.name).toBe('gray');
    expect(gray.headers['baggage']).toBe('lane=gray');
    expect(gray.headers).not.toHaveProperty('x-lanekeeper-hop');
  });

  it('steers a client that chose a pod by itself', () => {
    const { base, gray, caller } = mesh;
    expect(answer(caller, `http://${base.address}:8080/`, ...tagged('gray')).name).toBe('gray');
    expect(answer(caller, `http://${gray.address}:8080/`).name).toBe('base');
    const [hop] = hops(caller, '?limit=1');
    expect(hop?.chosen).toMatchObject({ address: `${gray.address}:8080`, lane: 'gray' });
    expect(hop?.why).toContain('which a request of the baseline never goes to');
  });

  it('brings each call of one gRPC connection to a pod to its own lane', () => {
    for (const pod of [mesh.base, mesh.gray]) {
      const client = program('grpc-lanes-client.ts', `${pod.address}:9090`, ',gray,,gray');
      const names: unknown = JSON.parse(mesh.caller.run(client));
      expect(names).toEqual(['base', 'gray', 'base', 'gray'].map((name) => `${name} heard hello`));
    }
  });

  it.each([
    ['gray', 'gray'],
    ['', 'base'],
  ])('takes fetch, grpc-js and urllib of lane %j to %s', (lane, name) => {
    const args = lane === '' ? [] : [lane];
    const fetched = JSON.parse(
      mesh.caller.run(program('fetch-client.ts', `http://${SERVICE_B}/`, ...args)),
    ) as Answer[];
    expect(fetched.map((each) => [each.name, each.bytes])).toEqual([
      [name, 0],
      [name, 300_000],
    ]);
    const greeted: unknown = JSON.parse(
      mesh.caller.run(program('grpc-client.ts', `${SERVICE_B}:9090`, ...args)),
    );
    expect(greeted).toEqual([`${name} heard hello`, `${name} 1`, `${name} 2`, `${name} 3`]);
    const names = mesh.caller.run(program('urllib_client.py', SERVICE_B, lane)).trim();
    expect(names).toBe(`${name} ${name} base`);
  });

  it('keeps the lane through an application that passes nothing on', () => {
    const url = `http://${mesh.caller.address}:8080/call?url=http://${SERVICE_B}/`;
    expect(answer(mesh.stranger, url, ...tagged('gray')).name).toBe('gray');
    expect(answer(mesh.stranger, url, ...tagged('gray'), '--header', 'x-request-id: r-1').name).toBe('gray');
    expect(answer(mesh.stranger, url).name).toBe('base');
    const outbound = hops(mesh.caller, '?lane=gray').filter((hop) => hop.direction === 'outbound');
    expect(outbound.slice(0, 2).map((hop) => [hop.evidence.rung, hop.service, hop.subset])).toEqual([
      ['trace', 'default/b', 'gray'],
      ['in-flight', 'default/b', 'gray'],
    ]);
  });

  it('corrects at the destination what a caller without a sidecar sent to the wrong pod', () => {
    expect(answer(mesh.stranger, `http://${mesh.gray.address}:8080/`).name).toBe('base');
    expect(answer(mesh.stranger, `http://${mesh.base.address}:8080/`, ...tagged('gray')).name).toBe('gray');
  });

  it('leaves what a pod says to itself alone', () => {
    const before = hops(mesh.caller).length;
    const own = answer(mesh.caller, `http://${mesh.caller.address}:8080/`);
    const local = answer(mesh.caller, 'http://127.0.0.1:8080/');
    expect([own.name, own.peer, local.name, local.peer]).toEqual([
      'caller',
      mesh.caller.address,
      'caller',
      '127.0.0.1',
    ]);
    expect(hops(mesh.caller)).toHaveLength(before);
  });

  it('brings the greeting of a server that speaks first, whether its port is declared as TCP or not', () => {
    const targets = [`${SERVICE_B}:7000`, `${SERVICE_B}:${B_TCP_PORT}`, `${mesh.gray.address}:7000`];
    const answers: unknown = JSON.parse(mesh.caller.run(program('probe.ts', ...targets)));
    expect(answers).toEqual({
      [`${SERVICE_B}:7000`]: '220 base ready\r\n',
      [`${SERVICE_B}:${B_TCP_PORT}`]: '220 base ready\r\n',
      [`${mesh.gray.address}:7000`]: '220 gray ready\r\n',
    });
  });

  it('passes TLS through byte for byte', () => {
    expect(mesh.caller.run(program('tls-client.ts', SERVICE_B))).toBe('same bytes');
  });
});
