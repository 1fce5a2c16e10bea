import { readFileSync } from 'node:fs';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { expect, test } from 'vitest';
import { decodeConfig } from './decode-config.ts';

function decoded(text: string): MeshConfig {
  const result = decodeConfig(text);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems, undefined, 1));
  return result.config;
}

/** `path: message` of every problem. */
function problemsOf(text: string): string[] {
  const result = decodeConfig(text);
  return 'problems' in result ? result.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

const DEMO = `
services:
- {name: a, port: 80}
- {name: b, port: 80}
- {name: c, namespace: other, port: 80}
groups:
- {name: demo, services: [a, b, other/c]}
lanes:
- {name: blue, group: demo}
`;

test('fills every default in', () => {
  const text =
    'services: [{name: a, port: 80, endpoints: [{address: 10.0.0.1}]}]\ngroups: [{name: g, services: [a]}]';
  expect(decoded(`${text}\nlanes: [{name: gray, group: g}]\ngateway: {routes: [{service: a}]}`)).toEqual({
    settings: {
      baggageKey: 'lane',
      explainHeader: false,
      traceHeaders: [],
      regionHeader: 'x-region',
      mode: 'permissive',
      evidence: { trace: true, inFlight: true, bridge: [] },
      balancing: { policy: 'least-request', zoneAware: false },
    },
    services: [
      {
        name: 'a',
        namespace: 'default',
        hosts: [],
        addresses: [],
        ports: [{ port: 80, protocol: 'auto' }],
        endpoints: [{ address: '10.0.0.1', ports: { 80: 80 }, weight: 100, healthy: true, source: 'file' }],
      },
    ],
    groups: [
      {
        name: 'g',
        services: [{ name: 'a', namespace: 'default' }],
        mode: 'permissive',
        evidence: { trace: true, inFlight: true, bridge: [] },
      },
    ],
    lanes: [
      {
        name: 'gray',
        group: 'g',
        fallback: ['base'],
        serviceFallback: {},
        match: [],
        entries: [],
        priority: 0,
      },
    ],
    colouring: [],
    gateway: {
      trustIncomingTag: false,
      routes: [{ hosts: ['*'], pathPrefix: '/', service: { name: 'a', namespace: 'default' }, port: 80 }],
    },
  });
});

test('reads the complete example of docs/config-file.md', () => {
  const page = readFileSync(new URL('../../docs/config-file.md', import.meta.url), 'utf8');
  const config = decoded(/```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  expect(config.services[0]?.endpoints[0]).toEqual({
    address: '127.0.1.1',
    ports: { 80: 8080, 9090: 9090 },
    lane: 'gray',
    weight: 100,
    zone: 'zone-1',
    pod: 'a-gray-0',
    healthy: true,
    aliases: ['fd00::1:1'],
    source: 'file',
  });
  expect(config.services[0]?.affinity).toBe('client-ip');
  expect(config.services[2]?.endpoints[2]).toMatchObject({ healthy: false, dropReason: 'terminating' });
  expect(config.groups[0]).toMatchObject({
    services: [
      { name: 'a', namespace: 'default' },
      { name: 'b', namespace: 'default' },
      { name: 'c', namespace: 'other' },
    ],
    mode: 'strict',
    evidence: { trace: true, inFlight: false, bridge: ['x-mse-tag'] },
  });
  expect(config.lanes[1]).toMatchObject({ fallback: ['blue', 'base'], serviceFallback: { 'other/c': [] } });
  expect(config.lanes[1]?.match[2]).toEqual({
    cookies: { tester: { exact: 'yes' } },
    query: { gray: { present: true }, version: { prefix: '2.' }, build: { suffix: '-rc' } },
  });
  expect(config.lanes[1]?.match[4]).toEqual({ percent: 0.5, key: { header: 'x-user-id' }, overwrite: true });
  expect(config.colouring).toMatchObject([{ lane: 'gray', entries: ['a'], priority: 5 }]);
});

test('lets a group inherit mode and evidence from the settings, field by field', () => {
  const settings = 'settings: {mode: strict, evidence: {trace: false, bridge: [X-Lane]}}\nservices: []\n';
  const { groups } = decoded(`${settings}groups: [{name: g, services: [], evidence: {trace: true}}]`);
  expect(groups[0]).toMatchObject({
    mode: 'strict',
    evidence: { trace: true, inFlight: true, bridge: ['x-lane'] },
  });
});

test('gives one spelling to hosts, header names and IPv6 addresses', () => {
  const config = decoded(`
services: [{name: a, port: 80, hosts: [WWW.Example.com], addresses: ["FD00:0:0::1"], endpoints: [{address: "::0001"}]}]
groups: [{name: g, services: [a]}]
lanes: [{name: gray, group: g, match: [{headers: {X-User: {exact: A}}, hosts: ["*.Example.com"]}]}]`);
  expect(config.services[0]).toMatchObject({ hosts: ['www.example.com'], addresses: ['fd00::1'] });
  expect(config.services[0]?.endpoints[0]?.address).toBe('::1');
  expect(config.lanes[0]?.match).toEqual([
    { headers: { 'x-user': { exact: 'A' } }, hosts: ['*.example.com'] },
  ]);
});

test('follows anchors and aliases', () => {
  const config = decoded(
    'services:\n- {name: a, port: 80, hosts: &h [x.com]}\ngroups: [{name: &n g, services: []}]\nlanes: [{name: gray, group: *n}]',
  );
  expect(config.lanes[0]?.group).toBe('g');
});

test('reports every mistake at once, each with its path, line and column', () => {
  expect(
    problemsOf(`services:
- name: a
  port: 80
  endpoints:
  - address: 127.0.0.1
    port: 80a
    weigth:
- port: 70000
lanes: gray
`),
  ).toEqual(
    [
      'services[0].endpoints[0].weigth (7:5): unknown key; did you mean weight?',
      'services[0].endpoints[0].port (6:11): expected an integer from 1 to 65535, found "80a"',
      'services[1].port (8:9): expected an integer from 1 to 65535, found 70000',
      'services[1] (8:3): name is missing',
      'lanes (9:8): expected a list, found "gray"',
    ].map((line) => line),
  );
});

test.each([
  [
    'lane: true',
    'expected a lane name: lower-case letters, digits and "-", at most 63 characters, found the boolean true; quote it: "true"',
  ],
  [
    'lane: 2024',
    'expected a lane name: lower-case letters, digits and "-", at most 63 characters, found the number 2024; quote it: "2024"',
  ],
  ['lane: yes', 'unquoted yes is a boolean to YAML 1.1 tools such as kubectl and Helm; quote it: "yes"'],
  ['pod: 0777', 'expected a string, found the number 0777; quote it: "0777"'],
  ['zone: 1.10', 'expected a string, found the number 1.10; quote it: "1.10"'],
  ['weight: 0777', 'expected an integer from 0 to 10000, found 0777'],
  ['weight: 1e2', 'expected an integer from 0 to 10000, found 1e2'],
  ['weight: "5"', 'expected an integer from 0 to 10000, found "5"'],
  ['healthy: yes', 'expected true or false, found "yes"'],
  ['lane: base', 'base is the baseline itself; leave lane out for a baseline endpoint'],
  [
    'lane: Gray_1',
    'expected a lane name: lower-case letters, digits and "-", at most 63 characters, found "Gray_1"',
  ],
  ['port: 0', 'expected an integer from 1 to 65535, found 0'],
  ['ports: {81: 8080}', 'the service has no port 81; it has 80'],
])('refuses %s on an endpoint and says what to write', (field, message) => {
  const problems = problemsOf(`services: [{name: a, port: 80, endpoints: [{address: 10.0.0.1, ${field}}]}]`);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`: ${message}`);
});

test('takes a quoted "yes" for a lane name', () => {
  const config = decoded('services: [{name: a, port: 80, endpoints: [{address: 10.0.0.1, lane: "yes"}]}]');
  expect(config.services[0]?.endpoints[0]?.lane).toBe('yes');
});

test.each([
  [
    'a service',
    'services: [{name: a, port: 1}, {name: a, namespace: default, port: 2}]',
    'service default/a is already declared by services[0]',
  ],
  [
    'an endpoint',
    'services: [{name: a, port: 1, endpoints: [{address: "::1"}, {address: "0::1"}]}]',
    'endpoint [::1]:1 is already declared by services[0].endpoints[0]',
  ],
  [
    'a host',
    'services: [{name: a, port: 1, hosts: [x.com]}, {name: b, port: 1, hosts: [X.com]}]',
    'host x.com is already declared by services[0]',
  ],
  [
    'a virtual address',
    'services: [{name: a, port: 1, addresses: [10.0.0.1]}, {name: b, port: 1, addresses: [10.0.0.1]}]',
    'address 10.0.0.1:1 is already declared by services[0]',
  ],
  ['a port', 'services: [{name: a, ports: [{port: 1}, {port: 1}]}]', 'port 1 is listed twice'],
  [
    'a group',
    'groups: [{name: g, services: []}, {name: g, services: []}]',
    'group g is already declared by groups[0]',
  ],
  [
    'a membership',
    'services: [{name: a, port: 1}]\ngroups: [{name: g, services: [a]}, {name: h, services: [default/a]}]',
    'membership of service default/a in a group is already declared by groups[0].services[0]',
  ],
  [
    'a lane of a group',
    `${DEMO}- {name: blue, group: demo}`,
    'lane blue of group demo is already declared by lanes[0]',
  ],
  [
    'a route',
    'services: [{name: a, port: 1}]\ngateway: {routes: [{service: a, pathPrefix: /x}, {service: a, pathPrefix: /x/}]}',
    'route for * /x/ is already declared by gateway.routes[0]',
  ],
  ['a key', 'services: []\nservices: []', 'stands here twice; keep one'],
])('refuses %s that is declared twice', (_, text, message) => {
  const problems = problemsOf(text);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`: ${message}`);
});

test.each([
  ['{name: gray, group: dmeo}', 'lanes[1].group (10:23): no group dmeo is declared; did you mean demo?'],
  [
    '{name: gray, group: demo, fallback: [bleu]}',
    'lanes[1].fallback[0] (10:40): no lane bleu is declared in group demo; did you mean blue?',
  ],
  ['{name: gray, group: demo, fallback: [gray]}', 'lane gray cannot fall back to itself'],
  [
    '{name: gray, group: demo, fallback: [base, blue]}',
    'base ends a chain, for every service has a baseline; nothing after it is tried',
  ],
  [
    '{name: gray, group: demo, fallback: [blue, blue]}',
    'lanes[1].fallback[1] (10:46): blue is in the chain already',
  ],
  [
    '{name: gray, group: demo, serviceFallback: {d: []}}',
    'lanes[1].serviceFallback.d (10:50): d is no member of group demo',
  ],
  [
    '{name: gray, group: demo, serviceFallback: {c: [purple]}}',
    'lanes[1].serviceFallback.c[0] (10:51): no lane purple is declared in group demo',
  ],
  [
    '{name: base, group: demo}',
    'base is the baseline, which every service has; call the lane something else',
  ],
])('refuses the lane %s', (lane, message) => {
  const problems = problemsOf(`${DEMO}- ${lane}`);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});

test.each([
  ['{}', 'a rule needs a condition: one of hosts, paths, methods, headers, cookies, query'],
  ['{hosts: []}', 'is empty and would match nothing or everything; leave it out or fill it'],
  ['{headers: {}}', 'is empty and would match nothing or everything; leave it out or fill it'],
  ['{headers: {x: {}}}', 'expected a condition such as exact: value, found a mapping'],
  ['{headers: {x: {in: []}}}', 'is empty and would match nothing or everything; leave it out or fill it'],
  ['{headers: {x: {exact: a, prefix: b}}}', 'expected one condition, found exact and prefix'],
  ['{cookies: {x: {exact: 1}}}', 'expected a string that is not empty, found the number 1; quote it: "1"'],
  ['{cookies: {x: {prefix: ""}}}', 'expected a string that is not empty, found ""'],
  ['{hosts: ["x.com:80"]}', 'expected a host name without port, *.example.com, or "*", found "x.com:80"'],
  ['{paths: [{prefix: a}]}', 'expected a path that starts with "/", without "?" and "#", found "a"'],
  ['{methods: [get]}', 'expected a method in capital letters, such as GET, found "get"'],
])('refuses the rule %s', (rule, message) => {
  const problems = problemsOf(`${DEMO}- {name: gray, group: demo, match: [${rule}]}`);
  expect(problems[0]).toContain(message);
});

test.each([
  ['ttl: 72h', 'kind Lane'],
  ['percent: 5', 'write match: [{percent: 5}]'],
  ['key: {header: x}', 'write match: [{percent: 5, key: {header: x-user-id}}]'],
  ['regions: [x]', 'write match: [{regions: [eu-1]}]'],
  ['selector: {a: b}', 'Kubernetes'],
])('says why %s is not read in a lane', (field, reason) => {
  expect(problemsOf(`${DEMO}- {name: gray, group: demo, ${field}}`)[0]).toContain(reason);
});

test.each([
  ['a service that is not there', '{service: d}', 'no service default/d is declared'],
  ['a service of another namespace', '{service: c}', 'no service default/c is declared; there is other/c'],
  ['a port that the service lacks', '{service: a, port: 81}', 'the service has no port 81; it has 80'],
  ['no host', '{service: a, hosts: []}', 'expected at least one host, or "*", found a list'],
])('refuses a route to %s', (_, route, message) => {
  const problems = problemsOf(`${DEMO}gateway: {routes: [${route}]}`);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});

test('asks which port is meant where a service has several', () => {
  const service = '{name: a, ports: [{port: 80}, {port: 81}], endpoints: [{address: 10.0.0.1, port: 8080}]}';
  expect(problemsOf(`services: [${service}]\ngateway: {routes: [{service: a}]}`)).toEqual([
    'services[0].endpoints[0].port (1:93): the service has 2 ports; say which is meant: ports: {80: …, 81: …}',
    'gateway.routes[0] (2:20): port is missing; the service has 80, 81',
  ]);
});

test.each([
  ['an empty file', '', /^document.*found nothing$/],
  ['a comment only', '# soon', /^document.*found nothing$/],
  ['a list', '- a', /^document \(1:1\): expected a mapping, found a list$/],
  ['broken YAML', 'services: [', /^document \(1:12\): /],
  ['two documents', 'services: []\n---\nservices: []', /expected one document/],
  ['a foreign tag', 'services: !ruby/object []', /Unresolved tag/],
  ['an alias without anchor', 'services: *x', /^\*x \(1:11\): no such anchor before this$/],
  ['merge keys', 'settings: {<<: {mode: strict}}', /merge keys \(<<\) are not part of YAML 1.2/],
  ['a key that is a list', 'settings: {[a]: 1}', /expected a plain key/],
])('refuses %s', (_, text, message) => expect(problemsOf(text)[0]).toMatch(message));

test('places the mistakes of a JSON file as well, repeated keys among them', () => {
  const json = (port: string): string => `{"services": [\n  {"name": "a", ${port}}\n]}`;
  expect(decoded(json('"port": 80')).services).toHaveLength(1);
  expect(problemsOf(json('"port": 0'))).toEqual([
    'services[0].port (2:25): expected an integer from 1 to 65535, found 0',
  ]);
  expect(problemsOf(json('"port": 80, "port": 81'))).toEqual([
    'services[0].port (2:29): stands here twice; keep one',
  ]);
});

test('stops at a limit of size and of aliases, and of problems', () => {
  expect(problemsOf(`services: [] #${'x'.repeat(4 * 1024 * 1024)}`)[0]).toMatch(/at most 4194304 characters/);
  const hosts = `hosts: &h [${'x, '.repeat(2000)}]`;
  const services = Array.from({ length: 100 }, (_, i) => `- {name: s${i}, port: 80, hosts: *h}`).join('\n');
  const problems = problemsOf(`services:\n- {name: a, port: 80, ${hosts}}\n${services}`);
  expect(problems.join()).toContain(
    'aliases lead to more than 100000 values; write them out, or split the file',
  );
  expect(problems).toHaveLength(101);
  expect(problems.at(-1)).toMatch(/^and more: \d+ further problems$/);
});
