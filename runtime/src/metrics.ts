/**
 * Counters, gauges and histograms in the Prometheus text format 0.0.4. A family is asked once for the child of a label set; the
 * child is kept by its user, and its `inc`, `set` and `observe` touch numbers only: no look-up, no allocation.
 */

/** Value of a label whose own value would make one series too many. */
export const OTHER = 'other';

export interface MetricOptions {
  readonly name: string;
  /** One sentence for people; becomes the `# HELP` line. */
  readonly help: string;
  readonly labels?: readonly string[];
  /** Labels whose values come from outside; they turn to {@link OTHER} once there are `maxSeries` series. Default: all. */
  readonly open?: readonly string[];
  /** Default 500: some 50 kB of exposition, far above what a healthy mesh needs. */
  readonly maxSeries?: number;
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, ascending, without +Inf. */
  readonly buckets: readonly number[];
}

/** The children of one metric, by label values in the order of its labels. */
export interface MetricFamily<Child> {
  /** The child of this label set; the same one each time. Bind once, outside the hot path. */
  with(...values: readonly string[]): Child;
}

type MetricType = 'counter' | 'gauge' | 'histogram';

interface Child {
  /** Appends this child's sample lines. `labels` is `a="b",c="d"` or empty. */
  write(lines: string[], name: string, labels: string): void;
}

export class Counter implements Child {
  #value = 0;

  /** `by` is not negative. */
  inc(by = 1): void {
    this.#value += by;
  }

  get value(): number {
    return this.#value;
  }

  write(lines: string[], name: string, labels: string): void {
    lines.push(sample(name, labels, this.#value));
  }
}

export class Gauge implements Child {
  #value = 0;

  set(value: number): void {
    this.#value = value;
  }

  add(by: number): void {
    this.#value += by;
  }

  get value(): number {
    return this.#value;
  }

  write(lines: string[], name: string, labels: string): void {
    lines.push(sample(name, labels, this.#value));
  }
}

export class Histogram implements Child {
  readonly #bounds: Float64Array;
  /** One count a bucket (not cumulative), the last for +Inf, then the sum. */
  readonly #cells: Float64Array;

  constructor(bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds);
    this.#cells = new Float64Array(bounds.length + 2);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
    const cells = this.#cells;
    cells[bucket] = (cells[bucket] ?? 0) + 1;
    const sum = bounds.length + 1;
    cells[sum] = (cells[sum] ?? 0) + value;
  }

  get count(): number {
    return this.#cells.subarray(0, -1).reduce((total, cell) => total + cell, 0);
  }

  get sum(): number {
    return this.#cells.at(-1) ?? 0;
  }

  write(lines: string[], name: string, labels: string): void {
    let cumulative = 0;
    const prefix = labels === '' ? '' : `${labels},`;
    for (let bucket = 0; bucket <= this.#bounds.length; bucket++) {
      cumulative += this.#cells[bucket] ?? 0;
      const bound = formatNumber(this.#bounds[bucket] ?? Number.POSITIVE_INFINITY);
      lines.push(sample(`${name}_bucket`, `${prefix}le="${bound}"`, cumulative));
    }
    lines.push(sample(`${name}_sum`, labels, this.sum), sample(`${name}_count`, labels, cumulative));
  }
}

/** All metrics of a process. */
export class Metrics {
  readonly #families = new Map<string, Family<Child>>();
  readonly #collectors: (() => void)[] = [];

  counter(options: MetricOptions): MetricFamily<Counter> {
    return this.#register('counter', options, () => new Counter());
  }

  gauge(options: MetricOptions): MetricFamily<Gauge> {
    return this.#register('gauge', options, () => new Gauge());
  }

  histogram(options: HistogramOptions): MetricFamily<Histogram> {
    return this.#register('histogram', options, () => new Histogram(options.buckets));
  }

  /** `read` is called before each exposition: for values that are cheaper to read than to follow. */
  onCollect(read: () => void): void {
    this.#collectors.push(read);
  }

  /** The exposition, in an order that does not change from scrape to scrape: by metric name, then by label values. */
  expose(): string {
    for (const read of this.#collectors) read();
    const lines: string[] = [];
    for (const name of [...this.#families.keys()].sort()) this.#families.get(name)?.write(lines);
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  #register<C extends Child>(type: MetricType, options: MetricOptions, create: () => C): MetricFamily<C> {
    checkNames(options);
    if (this.#families.has(options.name)) throw new TypeError(`metric ${options.name} is declared twice`);
    const family = new Family(type, options, create);
    this.#families.set(options.name, family);
    return family;
  }
}

/** Media type of {@link Metrics.expose}. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

class Family<C extends Child> implements MetricFamily<C> {
  readonly #type: MetricType;
  readonly #options: MetricOptions;
  readonly #create: () => C;
  /** By the label block as it is written, which is unique for a label set. */
  readonly #children = new Map<string, C>();

  constructor(type: MetricType, options: MetricOptions, create: () => C) {
    this.#type = type;
    this.#options = options;
    this.#create = create;
    if ((options.labels ?? []).length === 0) this.with();
  }

  with(...values: readonly string[]): C {
    const { name, labels = [] } = this.#options;
    if (values.length !== labels.length) {
      throw new TypeError(`metric ${name} takes ${labels.length} label values, got ${values.length}`);
    }
    return this.#child(this.#bounded(values));
  }

  write(lines: string[]): void {
    const { name, help } = this.#options;
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${this.#type}`);
    for (const key of [...this.#children.keys()].sort()) this.#children.get(key)?.write(lines, name, key);
  }

  #child(key: string): C {
    let child = this.#children.get(key);
    if (child === undefined) {
      child = this.#create();
      this.#children.set(key, child);
    }
    return child;
  }

  /**
   * The label block of `values`, or of a coarser set when the metric is full: first its open labels become `other`, and should
   * even those sets double the bound, all of them.
   */
  #bounded(values: readonly string[]): string {
    const { labels = [], open = labels, maxSeries = 500 } = this.#options;
    const exact = labelBlock(labels, values);
    if (this.#children.has(exact) || this.#children.size < maxSeries) return exact;
    const coarse = values.map((value, index) => (open.includes(labels[index] ?? '') ? OTHER : value));
    const coarseBlock = labelBlock(labels, coarse);
    if (this.#children.has(coarseBlock) || this.#children.size < 2 * maxSeries) return coarseBlock;
    return labelBlock(
      labels,
      values.map(() => OTHER),
    );
  }
}

function labelBlock(labels: readonly string[], values: readonly string[]): string {
  return labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? '')}"`).join(',');
}

function sample(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${formatNumber(value)}` : `${name}{${labels}} ${formatNumber(value)}`;
}

function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function checkNames({ name, labels = [], open = [] }: MetricOptions): void {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new TypeError(`${name} is no metric name`);
  for (const label of labels) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) || label.startsWith('__') || label === 'le') {
      throw new TypeError(`${label} may not be a label of ${name}`);
    }
  }
  for (const label of open) {
    if (!labels.includes(label)) throw new TypeError(`${label} is open but no label of ${name}`);
  }
}
