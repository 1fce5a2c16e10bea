import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import type { Ask, LoadOrder, LoadReport } from './actions.ts';
import { ask } from './ask.ts';

interface Load {
  readonly report: {
    -readonly [Name in keyof LoadReport]: LoadReport[Name] extends number | boolean
      ? LoadReport[Name]
      : Record<string, number>;
  };
  isStopped: boolean;
  started: number;
  over: Promise<unknown>;
}

export interface Loads {
  start(order: LoadOrder): Record<string, never>;
  report(name: string): LoadReport;
  stop(name: string): Promise<LoadReport>;
}

/** Loads that run in the background, each counted to the last request. */
export function createLoads(): Loads {
  const loads = new Map<string, Load>();
  const find = (name: string): Load => {
    const load = loads.get(name);
    if (load === undefined) throw new Error(`no load ${name} was started`);
    return load;
  };
  return {
    start(order) {
      const load: Load = {
        report: { isOver: false, ended: 0, ok: 0, errors: {}, answers: {}, firstSeen: {}, slowestMs: 0 },
        isStopped: false,
        started: 0,
        over: Promise.resolve(),
      };
      loads.set(order.name, load);
      load.over = run(order, load);
      return {};
    },
    report: (name) => find(name).report,
    async stop(name) {
      const load = find(name);
      load.isStopped = true;
      await load.over;
      return load.report;
    },
  };
}

async function run(order: LoadOrder, load: Load): Promise<void> {
  const agent = new Agent({ keepAlive: order.keepAlive, maxSockets: order.concurrency });
  const worker = async (): Promise<void> => {
    while (!load.isStopped && load.started < (order.total ?? Infinity)) {
      load.started += 1;
      await one(order, { load, agent });
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, worker));
  agent.destroy();
  load.report.isOver = true;
}

async function one(
  order: LoadOrder,
  { load: { report }, agent }: { readonly load: Load; readonly agent: Agent },
): Promise<void> {
  const started = performance.now();
  const outcome = await ask(numbered(order), agent).catch((error: NodeJS.ErrnoException) => error);
  report.slowestMs = Math.max(report.slowestMs, Math.round(performance.now() - started));
  report.ended += 1;
  if (outcome instanceof Error) return count(report.errors, outcome.code ?? outcome.message);
  if (outcome.status !== 200)
    return count(report.errors, `status ${outcome.status}: ${outcome.text.slice(0, 200)}`);
  report.ok += 1;
  report.firstSeen[outcome.text] ??= Date.now();
  count(report.answers, outcome.text);
}

function count(record: Record<string, number>, key: string): void {
  record[key] = (record[key] ?? 0) + 1;
}

function numbered(order: LoadOrder): Ask {
  if (order.numbered === undefined) return order;
  return { ...order, headers: { ...order.headers, [order.numbered]: randomUUID() } };
}
