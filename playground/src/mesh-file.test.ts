import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { meshFile } from './mesh-file.ts';

test('describes three services with a base and a gray endpoint each, behind the inbound port of their sidecars', () => {
  const mesh = parse(meshFile(15106));
  expect(mesh.services.map((service: { readonly name: string }) => service.name)).toEqual(['a', 'b', 'c']);
  expect(mesh.services[1].endpoints).toEqual([
    { address: '127.0.2.1', port: 15106, pod: 'B' },
    { address: '127.0.2.2', port: 15106, pod: 'Bgray', lane: 'gray' },
  ]);
});

test('colours requests for the gray host at the edge and sends every host to a', () => {
  const mesh = parse(meshFile(15006));
  expect(mesh.lanes).toEqual([{ name: 'gray', group: 'demo', match: [{ hosts: ['www.example.com'] }] }]);
  expect(mesh.gateway.routes).toEqual([{ hosts: ['*'], service: { name: 'a' }, port: 80 }]);
});
