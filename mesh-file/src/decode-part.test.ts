import { expect, it } from 'vitest';
import { decodeConfig } from './decode-config.ts';
import { decodePart } from './decode-part.ts';

function problemsOf(text: string): readonly string[] {
  const decoded = decodePart(text);
  return 'problems' in decoded ? decoded.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

const DEMO = `
settings: {mode: strict}
groups: [{name: demo, services: [a, other/b]}]
lanes: [{name: gray, group: demo, match: [{hosts: [gray.example.com]}]}]
colouring: [{name: testers, lane: gray, entries: [a], match: [{headers: {x-tester: {present: true}}}]}]
gateway: {routes: [{service: a, port: 80}]}
`;

it('a document without services says the same as a mesh file that has them', () => {
  const services = 'services: [{name: a, port: 80}, {name: b, namespace: other, port: 80}]';
  const decoded = decodeConfig(DEMO + services);
  if ('problems' in decoded) throw new Error(JSON.stringify(decoded.problems));
  const { settings, groups, lanes, colouring, gateway } = decoded.config;
  expect(decodePart(DEMO)).toEqual({ value: { settings, groups, lanes, colouring, gateway } });
  expect(colouring).toHaveLength(1);
});

it('is told its mistakes as a mesh file is', () => {
  expect(problemsOf('lanes: [{name: gray, group: demo}, {name: gray, group: ""}]\nmode: strict')).toEqual([
    'mode (2:1): unknown key; expected one of settings, groups, lanes, colouring, gateway',
    'lanes[0].group (1:29): no group demo is declared',
  ]);
  expect(problemsOf('groups: [{name: demo, services: [a]}\n')[0]).toMatch(/^document \(2:1\): /);
});

it('may not be empty, declare services, or leave out the port of a service that it does not know', () => {
  expect(problemsOf(' ')).toEqual([
    'document: expected settings, groups, lanes, colouring, gateway (for nothing at all write groups: []), found nothing',
  ]);
  expect(problemsOf('groups: []')).toEqual([]);
  expect(problemsOf('services: [{name: a, port: 80}]')).toEqual([
    'services (1:1): services are known from where they register; this document has settings, groups, lanes, colouring and gateway',
  ]);
  expect(problemsOf('gateway: {routes: [{service: a}]}')).toEqual([
    'gateway.routes[0] (1:20): port is missing; default/a is not declared here, so its port is not known',
  ]);
});

it('a mesh file beside other sources may name services that it does not declare', () => {
  expect(decodeConfig(DEMO, { otherServices: 'elsewhere' })).toMatchObject({ config: { services: [] } });
  expect(decodeConfig(DEMO)).toMatchObject({ problems: [{}, {}, {}] });
  const route = 'gateway: {routes: [{service: a}]}';
  const own = `services: [{name: a, port: 8080}]\n${route}`;
  expect(decodeConfig(own, { otherServices: 'elsewhere' })).toMatchObject({
    config: { gateway: { routes: [{ port: 8080 }] } },
  });
  expect(decodeConfig(route, { otherServices: 'elsewhere' })).toMatchObject({
    problems: [{ message: 'port is missing; default/a is not declared here, so its port is not known' }],
  });
});
