import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';

describe('Metrics', () => {
  it('writes the text format with help, type, escaped labels and an order that never changes', () => {
    const metrics = new Metrics();
    const requests = metrics.counter({
      name: 'b_total',
      help: 'Line\nwith \\ slash',
      labels: ['lane', 'code'],
    });
    requests.with('gray', '200').inc(2);
    requests.with('a"\\\n', '503').inc();
    metrics.gauge({ name: 'a_open', help: 'Open.' }).with().set(-1.5);
    const once = metrics.expose();
    expect(once).toBe(
      [
        '# HELP a_open Open.',
        '# TYPE a_open gauge',
        'a_open -1.5',
        '# HELP b_total Line\\nwith \\\\ slash',
        '# TYPE b_total counter',
        'b_total{lane="a\\"\\\\\\n",code="503"} 1',
        'b_total{lane="gray",code="200"} 2',
        '',
      ].join('\n'),
    );
    expect(metrics.expose()).toBe(once);
  });

  it('writes histograms as cumulative buckets that end at +Inf, with sum and count', () => {
    const metrics = new Metrics();
    const seconds = metrics.histogram({ name: 's', help: 'S.', labels: ['d'], buckets: [0.1, 1] }).with('in');
    for (const value of [0.1, 0.5, 0.75, 7]) seconds.observe(value);
    expect(metrics.expose().split('\n').slice(2, -1)).toEqual([
      's_bucket{d="in",le="0.1"} 1',
      's_bucket{d="in",le="1"} 3',
      's_bucket{d="in",le="+Inf"} 4',
      's_sum{d="in"} 8.35',
      's_count{d="in"} 4',
    ]);
  });

  it('gives the same child for the same label set, even when values hold separators', () => {
    const family = new Metrics().counter({ name: 'x', help: 'X.', labels: ['a', 'b'] });
    expect(family.with('1', '2')).toBe(family.with('1', '2'));
    expect(family.with('1",b="2', '')).not.toBe(family.with('1', '2",b="'));
  });

  it('stops at its bound of series: open labels become other, closed ones stay, nothing is lost', () => {
    const metrics = new Metrics();
    const family = metrics.counter({
      name: 'x',
      help: 'X.',
      labels: ['service', 'code'],
      open: ['service'],
      maxSeries: 3,
    });
    for (let index = 0; index < 1000; index++) family.with(`s${index}`, '200').inc();
    family.with('s7', '503').inc();
    for (let code = 0; code < 1000; code++) family.with('s7', `${code}`).inc();
    const lines = metrics.expose().split('\n').slice(2, -1);
    expect(lines).toContain('x{service="other",code="200"} 998');
    expect(lines).toContain('x{service="other",code="503"} 2');
    expect(lines.length).toBeLessThanOrEqual(7);
    const total = lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
    expect(total).toBe(2001);
  });

  it('refuses names that Prometheus would refuse, and a second metric of the same name', () => {
    const metrics = new Metrics();
    expect(() => metrics.counter({ name: 'a-b', help: '' })).toThrow('a-b');
    expect(() => metrics.counter({ name: 'a', help: '', labels: ['le'] })).toThrow('le');
    metrics.counter({ name: 'a', help: '' });
    expect(() => metrics.gauge({ name: 'a', help: '' })).toThrow('twice');
    expect(() => metrics.counter({ name: 'c', help: '', labels: ['x'] }).with()).toThrow('1 label');
  });
});

describe('registerProcessMetrics', () => {
  it('reads memory, descriptors, CPU and uptime at each scrape', () => {
    const metrics = new Metrics();
    const stop = registerProcessMetrics(metrics);
    const read = (name: string) => Number(new RegExp(`^${name} (.+)$`, 'm').exec(metrics.expose())?.[1]);
    expect(read('process_resident_memory_bytes')).toBeGreaterThan(1e7);
    expect(read('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6);
    expect(read('process_cpu_seconds_total')).toBeGreaterThan(0);
    if (process.platform === 'linux') expect(read('process_open_fds')).toBeGreaterThan(2);
    const before = read('process_uptime_seconds');
    expect(read('process_uptime_seconds')).toBeGreaterThanOrEqual(before);
    stop();
  });
});
