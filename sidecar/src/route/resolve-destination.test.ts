import { describe, expect, it } from 'vitest';
import type { AppProtocol, MeshConfig } from '@lanekeeper/protocol/model';
import { at, contextOf, DEMO, endpoint, mesh, service } from './mesh.fixture.ts';
import { passThroughTarget, protocolAt, resolveDestination } from './resolve-destination.ts';

function resolve(config: MeshConfig, address: string | undefined, authority: string) {
  const found = resolveDestination(
    contextOf(config),
    address === undefined ? undefined : at(address),
    authority,
  );
  const { servicePort, preferred, by } = found;
  return {
    to: servicePort === undefined ? null : `${servicePort.service.name}:${servicePort.port}`,
    preferred: preferred?.key ?? null,
    by,
  };
}

describe('resolveDestination', () => {
  it('maps a virtual address to its service', () => {
    expect(resolve(DEMO, '10.96.0.2:80', '')).toEqual({ to: 'b:80', preferred: null, by: 'address' });
  });

  it('maps the address of one endpoint to its service and remembers which one the client chose', () => {
    const expected = { to: 'b:80', preferred: '10.0.2.2:8080', by: 'address' };
    expect(resolve(DEMO, '10.0.2.2:8080', '')).toEqual(expected);
    expect(resolve(DEMO, '::ffff:10.0.2.2:8080', '')).toEqual(expected);
  });

  it('reads the name that a CONNECT asks for like an address', () => {
    const expected = { to: 'b:80', preferred: null, by: 'address' };
    expect(resolve(DEMO, 'B.default:80', 'c')).toEqual(expected);
    expect(resolve(DEMO, 'b.default:4711', '')).toMatchObject({ to: null });
  });

  it('lets the address win where the authority names another service', () => {
    expect(resolve(DEMO, '10.96.0.2:80', 'c')).toMatchObject({ to: 'b:80', by: 'address' });
  });

  it('lets the authority decide where the address is unknown', () => {
    expect(resolve(DEMO, '203.0.113.7:80', 'c')).toMatchObject({ to: 'c:80', by: 'authority' });
  });

  it('lets the authority choose between services that share an address, else takes the first by id', () => {
    const endpoints = [endpoint('10.0.0.1')];
    const config = mesh({
      services: [service('y', { endpoints }), service('x', { endpoints }), service('q')],
    });
    expect(resolve(config, '10.0.0.1:8080', 'y.default.svc')).toMatchObject({ to: 'y:80', by: 'address' });
    expect(resolve(config, '10.0.0.1:8080', 'y:4711')).toMatchObject({ to: 'y:80' });
    expect(resolve(config, '10.0.0.1:8080', 'q')).toMatchObject({ to: 'x:80' });
    expect(resolve(config, '10.0.0.1:8080', '')).toMatchObject({ to: 'x:80' });
  });

  it('takes an authority without a port for port 80, else for the only port of the service', () => {
    const http = (port: number) => ({ port, protocol: 'http' as const });
    const config = mesh({
      services: [
        service('two', { ports: [http(8080), http(80)] }),
        service('one', { ports: [http(9000)] }),
        service('vague', { ports: [http(1), http(2)] }),
      ],
    });
    expect(resolve(config, undefined, 'two')).toMatchObject({ to: 'two:80' });
    expect(resolve(config, undefined, 'two:8080')).toMatchObject({ to: 'two:8080' });
    expect(resolve(config, undefined, 'one.default.')).toMatchObject({ to: 'one:9000' });
    expect(resolve(config, undefined, 'vague')).toEqual({ to: null, preferred: null, by: 'none' });
  });

  it('does not know a port that the service does not have', () => {
    expect(resolve(DEMO, undefined, 'b:9999')).toEqual({ to: null, preferred: null, by: 'none' });
  });

  it('reads an authority that is itself an address of the mesh', () => {
    const expected = { to: 'b:80', preferred: '10.0.2.1:8080', by: 'authority' };
    expect(resolve(DEMO, undefined, '10.0.2.1:8080')).toEqual(expected);
  });

  it.each(['[fd00::1]:8080', '[FD00:0::0:1]:8080'])(
    'knows an instance by its IPv6 address %s',
    (authority) => {
      const six = mesh({ services: [service('six', { endpoints: [endpoint('fd00::1')] })] });
      expect(resolve(six, undefined, authority)).toMatchObject({ to: 'six:80', preferred: '[fd00::1]:8080' });
    },
  );

  it.each([
    [undefined, 'order-1.internal:8080'],
    ['order-1.internal:8080', 'order-1.internal:8080'],
    ['203.0.113.7:8080', 'order-1.internal:8080'],
  ])('knows an instance by its host name: connected to %s, asked for %s', (address, authority) => {
    const named = mesh({ services: [service('order', { endpoints: [endpoint('order-1.internal')] })] });
    expect(resolve(named, address, authority)).toMatchObject({
      to: 'order:80',
      preferred: 'order-1.internal:8080',
    });
  });
});

describe('protocolAt', () => {
  const speaking = (...protocols: readonly AppProtocol[]) =>
    mesh({
      services: protocols.map((protocol, index) =>
        service(`s${index}`, { ports: [{ port: 80, protocol }], endpoints: [endpoint('10.0.0.1')] }),
      ),
    });

  it.each<[readonly AppProtocol[], AppProtocol]>([
    [['grpc'], 'grpc'],
    [['auto', 'tcp'], 'tcp'],
    [['auto', 'auto'], 'auto'],
    [['http', 'tcp'], 'auto'],
  ])('where services that share an instance say %s is %s', (said, expected) => {
    expect(protocolAt(contextOf(speaking(...said)).snapshot, at('10.0.0.1:8080'))).toBe(expected);
    expect(protocolAt(contextOf(speaking(...said)).snapshot, at('10.0.0.2:8080'))).toBe('auto');
  });
});

describe('passThroughTarget', () => {
  it.each([
    ['10.1.1.1:5432', 'example.com', '10.1.1.1', 5432],
    [undefined, 'example.com', 'example.com', 80],
    [undefined, 'example.com:8443', 'example.com', 8443],
    [undefined, '[2001:db8::1]', '2001:db8::1', 80],
  ])('leads from %s and "%s" to where the request was addressed', (address, authority, host, port) => {
    const original = address === undefined ? undefined : at(address);
    expect(passThroughTarget(original, authority)).toEqual({ address: host, port });
  });

  it.each(['', 'b:http', 'b:0', 'b:70000', '[::1', '[::1]80'])('has no target for "%s"', (authority) => {
    expect(passThroughTarget(undefined, authority)).toBeUndefined();
  });
});
