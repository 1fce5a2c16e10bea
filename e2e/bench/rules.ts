import type { LaneConfig, MatchRule } from '@lanekeeper/protocol/model';
import { compileRules } from '@lanekeeper/sidecar/lane/match-rule';
import { RequestView } from '@lanekeeper/sidecar/lane/request-view';
import { createRuleSet } from '@lanekeeper/sidecar/lane/rule-set';
import type { RequestHead } from '@lanekeeper/sidecar/wire/head';

/**
 * How long it takes to find the rule for a request among 500 rules over 100 lanes, once by the index and once by asking them in a
 * row. `mixed` is a fleet with rules of every kind; the others have 500 of one kind, which no fleet has.
 * Run with `node e2e/bench/rules.ts`. Prints nanoseconds; the aim is a median under 10,000.
 */

const LANES = 100;
const RULES_EACH = 5;
const SAMPLES = 4_096;
const BATCH = 16;
/** The quietest counts: a neighbour on the machine only ever adds time. */
const ROUNDS = 7;

type MakeRule = (lane: number, place: number) => MatchRule;

const KINDS: readonly (readonly [name: string, rule: MakeRule])[] = [
  ['mixed', mixed],
  ['hosts', (lane, place) => ({ hosts: [`h${place}.l${lane}.example.com`] })],
  ['hosts below', (lane, place) => ({ hosts: [`*.h${place}.l${lane}.example.com`] })],
  ['path prefixes', (lane, place) => ({ paths: [{ prefix: `/s${lane}/v${place}` }] })],
  ['path patterns', (lane, place) => ({ paths: [{ regex: `/s${lane}/v${place}/[a-z]+/[0-9]+` }] })],
  ['patterns without a start', (lane, place) => ({ paths: [{ regex: `.*/s${lane}/v${place}` }] })],
  ['one header', (lane, place) => ({ headers: { 'x-user-id': { in: [`u${lane}-${place}`, `w${lane}`] } } })],
  ['many headers', (lane, place) => ({ headers: { [`x-${lane}-${place}`]: { present: true } } })],
  ['header patterns', (lane, place) => ({ headers: { 'x-user-id': { regex: `u${lane}-[0-9]*${place}` } } })],
  ['cookies', (lane, place) => ({ cookies: { session: { suffix: `.${lane}.${place}` } } })],
  ['query', (lane, place) => ({ query: { q: { exact: `${lane}/${place}` } } })],
  ['networks', (lane, place) => ({ sourceCidrs: [`10.${lane}.${place}.0/24`] })],
  ['percentages', (_, place) => ({ percent: place / 100, key: { header: 'x-user-id' } })],
];

process.stdout.write(`${LANES * RULES_EACH} rules over ${LANES} lanes, median nanoseconds a request\n`);
process.stdout.write(
  `${'rules'.padEnd(26)}${'by index'.padStart(10)}${'p99'.padStart(10)}${'in a row'.padStart(10)}\n`,
);
for (const [name, rule] of KINDS) {
  const rules = compileRules({ lanes: lanesOf(rule), colouring: [], settings: { regionHeader: 'x-region' } });
  const set = createRuleSet(rules);
  const views = Array.from({ length: SAMPLES }, (_, index) => headOf(index));
  const viewAt = (index: number): RequestView =>
    new RequestView(views[index % SAMPLES] as RequestHead, { clientAddress: `10.${index % 256}.7.1` });
  const byIndex = measure((index) => set.find(viewAt(index)));
  const inRow = measure((index) => rules.find((one) => one.matches(viewAt(index))), 1);
  print(name, byIndex, inRow.median);
}

function print(name: string, { median, p99 }: Figures, inRow: number): void {
  const columns = [median, p99, inRow].map((figure) => figure.toFixed(0).padStart(10));
  process.stdout.write(`${name.padEnd(26)}${columns.join('')}\n`);
}

interface Figures {
  readonly median: number;
  readonly p99: number;
}

function measure(find: (index: number) => unknown, rounds = ROUNDS): Figures {
  const all = Array.from({ length: rounds + 1 }, () => round(find)).slice(1);
  return {
    median: Math.min(...all.map((samples) => quantile(samples, 0.5))),
    p99: Math.min(...all.map((samples) => quantile(samples, 0.99))),
  };
}

/** Averaged over a batch: the clock costs too much to read it twice for each. */
function round(find: (index: number) => unknown): Float64Array {
  const samples = new Float64Array(SAMPLES / BATCH);
  for (let sample = 0; sample < samples.length; sample += 1) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < BATCH; index += 1) find(sample * BATCH + index);
    samples[sample] = Number(process.hrtime.bigint() - start) / BATCH;
  }
  return samples;
}

function quantile(samples: Float64Array, share: number): number {
  return samples.sort()[Math.floor(samples.length * share)] ?? Number.NaN;
}

/** Hosts with a header, users by name, testers by cookie, a region's paths, and a share of users on a host of the lane's own. */
function mixed(lane: number, place: number): MatchRule {
  const rules: readonly MatchRule[] = [
    { hosts: ['www.example.com'], headers: { 'x-lane': { exact: `l${lane}` } } },
    { headers: { 'x-user-id': { in: Array.from({ length: 20 }, (_, user) => `u${lane * 20 + user}`) } } },
    { cookies: { tester: { exact: `l${lane}` } }, paths: [{ prefix: `/s${lane % 20}` }] },
    {
      regions: [`r${lane % 10}`],
      paths: [{ regex: `/s${lane}/v[0-9]+/.*` }],
      query: { beta: { present: true } },
    },
    { hosts: [`*.l${lane}.example.com`], percent: 5, key: { header: 'x-user-id' } },
  ];
  return rules[place % rules.length] as MatchRule;
}

function lanesOf(rule: MakeRule): readonly LaneConfig[] {
  return Array.from({ length: LANES }, (_, lane) => ({
    ...{ name: `l${lane}`, group: 'all', fallback: ['base'], serviceFallback: {}, entries: [] },
    match: Array.from({ length: RULES_EACH }, (_unused, place) => rule(lane, place)),
    priority: lane % 7,
  }));
}

/** Most requests are nobody's, as most traffic is; some match a rule in the middle. */
function headOf(index: number): RequestHead {
  const fields = new Map([
    ['host', 'www.example.com'],
    [
      'user-agent',
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36',
    ],
    ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
    ['cookie', `session=abcdef0123456789.${index % 997}; theme=dark; _ga=GA1.2.1234567890.1700000000`],
    ['x-user-id', `u${(index * 37) % 100_000}`],
    ['x-region', `r${index % 50}`],
  ]);
  if (index % 10 === 0) fields.set('x-lane', `l${index % 100}`);
  return {
    protocol: 'http/1.1',
    method: 'GET',
    authority: index % 5 === 0 ? `shop.l${index % 100}.example.com` : 'www.example.com',
    path: `/s${index % 300}/v2/items/${index}?page=2&sort=price&q=books`,
    headers: { get: (name) => fields.get(name) },
  };
}
