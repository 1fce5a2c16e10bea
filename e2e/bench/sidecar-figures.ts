import { startSidecar, type SidecarProcess } from '../harness/sidecar-process.ts';
import { benchMesh, BENCH_HOST, type Origin } from './bench-mesh.ts';
import { wrk } from './load.ts';
import { residentMegabytes } from './memory.ts';

/** Milliseconds from spawn to the `ready` line, five times; the compile cache, if any, is warm after the first. */
export async function measureReadiness(origin: Origin): Promise<readonly number[]> {
  const times: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const started = performance.now();
    const sidecar = await startSidecar({ mesh: benchMesh(origin), meshFormat: 'json' });
    times.push(performance.now() - started);
    await sidecar.stop();
  }
  return times;
}

/** RSS, MB: after start, then after each of four times 100,000 requests. */
export async function measureSteadyMemory(origin: Origin, loadCore: number): Promise<readonly number[]> {
  const sidecar = await startSidecar({
    mesh: benchMesh(origin),
    meshFormat: 'json',
    variables: { accessLogSample: '0' },
  });
  try {
    const readings = [residentMegabytes(sidecar.pid)];
    for (let hundred = 1; hundred <= 4; hundred += 1) {
      await untilServed(sidecar, hundred * 100_000, loadCore);
      readings.push(residentMegabytes(sidecar.pid));
    }
    return readings;
  } finally {
    await sidecar.stop();
  }
}

async function untilServed(sidecar: SidecarProcess, requests: number, core: number): Promise<void> {
  const url = `http://${sidecar.outbound}/`;
  while ((await served(sidecar)) < requests) {
    await wrk({ url, host: BENCH_HOST, connections: 32, seconds: 2, core });
  }
}

async function served(sidecar: SidecarProcess): Promise<number> {
  const text = await (await fetch(`http://${sidecar.status}/metrics`)).text();
  const lines = text.matchAll(/^lanekeeper_requests_total\{[^}]*\} (\d+)/gm);
  return [...lines].reduce((sum, line) => sum + Number(line[1]), 0);
}
