import { setTimeout as sleep } from 'node:timers/promises';
import type { Lifecycle, Program } from '@lanekeeper/runtime/lifecycle';
import { createLogger } from '@lanekeeper/runtime/log';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { createStatusServer } from '@lanekeeper/runtime/status-server';
import type { MeshState } from './admin/admin-deps.ts';
import { createAdminServer } from './admin/admin-server.ts';
import { showEdge } from './admin/show-edge.ts';
import { createEndpointReports } from './cluster/endpoint-reports.ts';
import { createRetryBudget, RETRY_BUDGET_DEFAULTS } from './cluster/retry-budget.ts';
import type { SidecarConfig } from './config.ts';
import { directionsOf, serveDirections } from './directions.ts';
import { createCallerIndex } from './exchange/caller-index.ts';
import { systemClock } from './exchange/clock.ts';
import { createExchanges, type Exchanges } from './exchange/request-exchange.ts';
import { traceIdOf, w3cTraceId } from './lane/trace-ids.ts';
import { createMeshSource, type MeshSource } from './mesh-source.ts';
import { createMeshView, type MeshView } from './mesh-view.ts';
import { probePages } from './probe/probe-pages.ts';
import { createProber } from './probe/prober.ts';
import { explain } from './route/explain.ts';
import type { ServedDirection } from './serve-direction.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';

/** Puts the sidecar together. Nothing listens and nothing is read before `start`. */
export async function buildSidecar(config: SidecarConfig, lifecycle: Lifecycle): Promise<Program> {
  const log = createLogger({ level: config.telemetry.logLevel, name: config.role });
  const mesh = createMeshView(config, systemClock.monotonicMs);
  const telemetry = await createTelemetry({ config, log, store: mesh.store });
  const source = createMeshSource({ config, mesh, metrics: telemetry.metrics, log });
  const exchanges = assembleExchanges(mesh, telemetry);
  const admin = createAdminServer({
    ...telemetry,
    config,
    log,
    mesh: () => ({ ...meshState(mesh, source), ...listenersOf(directions) }),
    snapshot: () => mesh.store.current(),
    endpointState: (key) => ({
      inFlight: mesh.loads.of(key),
      ejected: mesh.outliers.ejectedSince(key) !== undefined,
    }),
    explain: (request) => explain(request, mesh.context()),
    directions: directionsOf(config.role),
    drain: () => lifecycle.stop('POST /drain'),
  });
  const status = createStatusServer({
    metrics: telemetry.metrics,
    notReady: () => notReady(lifecycle, source),
    pages: probePages(createProber(config.probes, config.podAddress ?? '127.0.0.1')),
  });
  let directions: readonly ServedDirection[] = [];
  return {
    log,
    drainTimeoutMs: config.limits.drainTimeoutMs,
    async start() {
      await source.start();
      directions = await serveDirections({
        config,
        mesh,
        telemetry,
        exchanges,
        log,
        onDemand: mesh.onDemand,
      });
      const adminAt = await admin.listen(config.listen.admin);
      const statusAt = await status.listen(config.listen.status);
      const served = directions.flatMap((direction) => direction.addresses);
      const all = [...served, adminAt, statusAt].map(formatAddress);
      log.info({ addresses: all, workload: config.workload }, 'listening');
    },
    async drain() {
      source.drain();
      if (mesh.mayBeExpected()) await sleep(config.limits.drainDelayMs);
      // The application may call others for as long as it is called itself.
      const [outbound, others] = byDirection(directions);
      await Promise.all(others.map((direction) => direction.drain()));
      await Promise.all(outbound.map((direction) => direction.drain()));
    },
    async close() {
      source.close();
      for (const direction of directions) direction.close();
      await Promise.all([admin.close(), status.close()]);
      await telemetry.close();
    },
  };
}

function assembleExchanges(mesh: MeshView, telemetry: Telemetry): Exchanges {
  const { dataPath, hops, accessLog, audit, spans } = telemetry;
  return createExchanges({
    clock: systemClock,
    metrics: dataPath,
    hops,
    accessLog,
    audit,
    endpoints: createEndpointReports(mesh.loads, mesh.outliers),
    retryBudget: createRetryBudget({ ...RETRY_BUDGET_DEFAULTS, now: systemClock.monotonicMs }),
    traceIdOf,
    callerOf: createCallerIndex(() => mesh.store.current()),
    spans,
    random: Math.random,
    onTraceBegun: (traceId, lane) => mesh.seenIds.record([w3cTraceId(traceId)], lane),
  });
}

function meshState({ store, workload }: MeshView, source: MeshSource): MeshState {
  const { generation, acceptedAt, rejection } = store.status();
  const [discovery, edge] = [source.status(), source.edge()];
  return {
    ...{ generation, appliedAt: acceptedAt, rejected: rejection, lane: workload().lane },
    ...(discovery === undefined ? {} : { discovery }),
    ...(edge === undefined ? {} : { edge: showEdge(edge) }),
  };
}

function listenersOf(directions: readonly ServedDirection[]): Pick<MeshState, 'listeners'> {
  const listeners = directions.flatMap((direction) => direction.listeners?.() ?? []);
  return listeners.length === 0 ? {} : { listeners };
}

function notReady(lifecycle: Lifecycle, source: MeshSource): readonly string[] {
  const phase = lifecycle.phase();
  if (phase !== 'ready') return [phase];
  const reason = source.notReady();
  return reason === undefined ? [] : [reason];
}

function byDirection(
  directions: readonly ServedDirection[],
): readonly [outbound: readonly ServedDirection[], others: readonly ServedDirection[]] {
  const isOutbound = ({ direction }: ServedDirection): boolean => direction === 'outbound';
  return [directions.filter(isOutbound), directions.filter((one) => !isOutbound(one))];
}
