import { describe, expect, it } from 'vitest';
import { endpoint, put, service } from '../catalog/catalog.fixture.ts';
import { createCatalog } from '../catalog/create-catalog.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import { translate } from './translate.ts';

const view = (mesh: string | undefined, ...held: readonly string[]) => ({
  namespace: 'shop',
  interests: ['host:b.shop', 'host:c.shop', 'ip:10.0.0.1'] as const,
  holds: { mesh, services: new Map(held.map((id) => [id, 'of before'])) },
});

describe('a catalog that is not whole yet', () => {
  it('takes nothing from who knows more, and tells what it knows', () => {
    const catalog = createCatalog({ clusterDomain: 'cluster.local' });
    const comes = catalog.expectMore();
    catalog.apply(put('kubernetes', service('b', { endpoints: [endpoint('10.0.0.2')] })));
    const delta = translate(catalog, view('of before', 'shop/b', 'shop/c'));
    expect(delta.services.map(({ id }) => id)).toEqual(['shop/b']);
    expect(delta.removed).toEqual([]);
    expect(delta.mesh).toBeUndefined();
    catalog.apply(put('kubernetes', service('e')));
    expect(translate(catalog, view('of before', 'shop/c', 'shop/e')).removed).toEqual(['shop/e']);
    expect(translate(catalog, view(undefined)).mesh).toBe(catalog.mesh());
    comes();
    const whole = translate(catalog, view('of before', 'shop/b', 'shop/c'));
    expect(whole.removed).toEqual(['shop/c']);
    expect(whole.mesh).toBe(catalog.mesh());
  });

  it('tells everybody when it is, once all that was awaited has come', () => {
    const catalog = createCatalog({ clusterDomain: 'cluster.local' });
    const changes: CatalogChange[] = [];
    catalog.subscribe((change) => void changes.push(change));
    const [first, second] = [catalog.expectMore(), catalog.expectMore()];
    first();
    first();
    expect(catalog.isWhole()).toBe(false);
    expect(changes).toEqual([]);
    second();
    expect(catalog.isWhole()).toBe(true);
    expect(changes).toEqual([{ mesh: true, edge: true, keys: new Set() }]);
  });
});

it('an address that has left its service means it still, for who may see it', () => {
  const catalog = createCatalog({ clusterDomain: 'cluster.local' });
  const b = (address: string, exportTo: '*' | ReadonlySet<string> = '*') =>
    put('nacos', service('d', { endpoints: [endpoint(address)], exportTo }));
  catalog.apply(b('10.0.0.1'));
  catalog.apply(b('10.0.0.2'));
  expect(translate(catalog, view(undefined)).services.map(({ id }) => id)).toEqual(['shop/d']);
  catalog.apply(b('10.0.0.2', new Set(['other'])));
  expect(translate(catalog, view(undefined, 'shop/d'))).toMatchObject({ services: [], removed: ['shop/d'] });
});
