import { describe, expect, it } from 'vitest';
import type { ServiceConfig } from '@lanekeeper/protocol/model';
import { at, contextOf, endpoint, group, mesh, service } from './mesh.fixture.ts';
import { resolveDestination } from './resolve-destination.ts';

const HERE = '10.0.0.1:8080';
const here = (more = {}) => endpoint('10.0.0.1', more);

function contextWith(services: readonly ServiceConfig[], members: readonly string[] = []) {
  return contextOf(mesh({ services, groups: [group(members)] }));
}

function meant(services: readonly ServiceConfig[], members: readonly string[] = [], authority = HERE) {
  const { servicePort } = resolveDestination(contextWith(services, members), at(HERE), authority);
  return `${servicePort?.service.name ?? ''}:${servicePort?.port ?? ''}`;
}

describe('an address that several services share, where the authority names none', () => {
  it('means the service that takes part in lanes', () => {
    const lanes = service('z', { endpoints: [here(), endpoint('10.0.0.2', { lane: 'gray' })] });
    expect(meant([service('a', { endpoints: [here()] }), lanes], ['a'])).toBe('z:80');
  });

  it('means the service that can serve the baseline too', () => {
    const onlyGray = service('a', { endpoints: [here({ lane: 'gray' })] });
    const both = service('z', { endpoints: [here({ lane: 'gray' }), endpoint('10.0.0.2')] });
    expect(meant([onlyGray, both], ['a'])).toBe('z:80');
  });

  it('means the service of a group before one of none', () => {
    const both = [service('a', { endpoints: [here()] }), service('z', { endpoints: [here()] })];
    expect(meant(both, ['z'])).toBe('z:80');
    expect(meant(both)).toBe('a:80');
  });

  it('means the lowest port of one service that two sources know by different ports', () => {
    const ports = [8080, 80].map((port) => ({ port, protocol: 'http' as const }));
    const merged = service('b', { ports, endpoints: [here({ ports: { 8080: 8080, 80: 8080 } })] });
    expect(meant([merged])).toBe('b:80');
    expect(meant([merged], [], 'b:8080')).toBe('b:8080');
  });

  it('still means the service that the authority names', () => {
    const lanes = service('z', { endpoints: [here({ lane: 'gray' })] });
    expect(meant([service('a', { endpoints: [here()] }), lanes], ['z'], 'a')).toBe('a:80');
  });
});

describe('a process that several services know', () => {
  const subsetsOf = (services: readonly ServiceConfig[], name: string) => {
    const { subsets } = contextWith(services).snapshot.services.get(`default/${name}`)?.ports.get(80) ?? {};
    return Object.fromEntries([...(subsets ?? [])].map(([lane, { usable }]) => [lane, usable.length]));
  };

  it('is of its lane in all of them, under each of its addresses', () => {
    const gray = service('a', { endpoints: [here({ lane: 'gray', aliases: ['fd00::1'] })] });
    const unaware = service('b', { endpoints: [endpoint('fd00::1'), endpoint('10.0.0.2')] });
    expect(subsetsOf([unaware, gray], 'b')).toEqual({ gray: 1, base: 1 });
  });

  it('is shown as the pod that names the lane, where two pods of a service stand at one address', () => {
    const gray = here({ lane: 'gray', pod: 'gray-1' });
    const gone = here({ pod: 'base-1' });
    for (const endpoints of [
      [gray, gone],
      [gone, gray],
    ]) {
      const { subsets } =
        contextWith([service('b', { endpoints })])
          .snapshot.services.get('default/b')
          ?.ports.get(80) ?? {};
      expect(subsets?.get('gray')?.usable.map(({ pod }) => pod)).toEqual(['gray-1']);
    }
  });

  it('is another one on another port', () => {
    const gray = service('a', { endpoints: [here({ lane: 'gray' })] });
    const neighbour = service('b', { endpoints: [here({ ports: { 80: 9090 } })] });
    expect(subsetsOf([gray, neighbour], 'b')).toEqual({ base: 1 });
  });

  it('serves neither lane where two are named for it, and says why', () => {
    const services = ['gray', 'green'].map((lane) => service(lane, { endpoints: [here({ lane })] }));
    const { services: compiled } = contextWith(services).snapshot;
    for (const lane of ['gray', 'green']) {
      const subset = compiled.get(`default/${lane}`)?.ports.get(80)?.subsets.get(lane);
      expect(subset?.usable).toEqual([]);
      expect(subset?.unusable).toEqual([{ endpoint: HERE, reason: 'disputed-lane' }]);
    }
  });
});
