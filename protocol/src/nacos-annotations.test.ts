import { describe, expect, it } from 'vitest';
import { readNacosWish } from './nacos-annotations.ts';

const of = (annotations: Record<string, string>, app: string | undefined = 'a') => ({
  annotations: Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [`lanekeeper.io/nacos-${name}`, value]),
  ),
  app,
});

describe('what a pod asks Nacos for', () => {
  it('is nothing without an annotation, and nothing wrong', () => {
    expect(readNacosWish(of({}))).toEqual({ wish: undefined, problems: [] });
    expect(readNacosWish(of({ port: ' ', service: '' }))).toEqual({ wish: undefined, problems: [] });
  });

  it('is its app at that port unless the annotations say more', () => {
    const nothing = { group: undefined, namespace: undefined, registry: undefined };
    expect(readNacosWish(of({ port: '8080' })).wish).toEqual({ port: 8080, service: 'a', ...nothing });
    const all = { port: ' 8080 ', service: '产品', group: 'G', namespace: 'test', registry: 'main' };
    expect(readNacosWish(of(all)).wish).toEqual({ ...all, port: 8080 });
  });

  it.each([
    ['port', ['0', '65536', '-1', '8080a', '1e3', '123456']],
    ['service', ['a b', 'G@@a', '@a', 'a/b', 'a,b', 'x'.repeat(256)]],
    ['group', ['a b', 'é', 'x'.repeat(129)]],
    ['namespace', ['a/b', '{}']],
    ['registry', ['a b']],
  ])('is refused where %s is wrong, with what was found', (name, values) => {
    for (const value of values) {
      const { wish, problems } = readNacosWish(of({ port: '8080', [name]: value }));
      expect(wish).toBeUndefined();
      expect(problems).toMatchObject([{ key: `lanekeeper.io/nacos-${name}`, found: value }]);
    }
  });

  it('has all that is wrong at once', () => {
    const { problems } = readNacosWish(of({ port: 'x', group: 'y z', namespace: '!' }));
    expect(problems.map(({ key }) => key.replace('lanekeeper.io/nacos-', ''))).toEqual([
      'port',
      'group',
      'namespace',
    ]);
  });

  it('is incomplete without a port, and where nothing names the service', () => {
    expect(readNacosWish(of({ service: 'a' })).problems).toEqual([
      {
        key: 'lanekeeper.io/nacos-port',
        expected: 'a port from 1 to 65535, without which lanekeeper.io/nacos-service has no effect',
        found: undefined,
      },
    ]);
    expect(readNacosWish({ ...of({ port: '80' }), app: undefined }).problems).toMatchObject([
      { key: 'lanekeeper.io/nacos-service', found: undefined },
    ]);
  });
});
